//! What a stand-in starts with: channels, people and the app's bot in each workspace.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::config::FakeConfig;
use crate::oauth::store::Installs;
use crate::pace::Pace;
use crate::workspaces::Place;
use crate::world::World;

/// The public channels of the first workspace.
const CHANNELS: [(&str, &str); 4] = [
    ("C0GENERAL01", "general"),
    ("C0ENGINEER1", "engineering"),
    ("C0INCIDENT1", "incidents"),
    ("C0RANDOM001", "random"),
];

/// Id, handle and name of each person in the sandbox workspace.
const PEOPLE: [(&str, &str, &str); 5] = [
    ("U0ALICE0001", "alice", "Alice"),
    ("U0BOB000001", "bob", "Bob"),
    ("U0CAROL0001", "carol", "Carol"),
    ("U0DAVE00001", "dave", "Dave"),
    (GUEST, "gwen", "Gwen (guest)"),
];

/// Who sees only some channels in a real workspace.
const GUEST: &str = "U0GWEN00001";

impl World {
    /// The sandbox workspace, with its channels, people and bot.
    pub(crate) fn seed(config: &FakeConfig, now: Duration) -> Self {
        let mut world = Self {
            rooms: BTreeMap::new(),
            users: BTreeMap::new(),
            ephemerals: VecDeque::new(),
            faults: Vec::new(),
            calls: VecDeque::new(),
            attempts: VecDeque::new(),
            triggers: HashMap::new(),
            response_urls: BTreeMap::new(),
            views: BTreeMap::new(),
            revision: 1,
            files: BTreeMap::new(),
            homes: BTreeMap::new(),
            event_contexts: BTreeMap::new(),
            pace: Pace::default(),
            scheduled: BTreeMap::new(),
            installs: Installs::seed(config, now),
            home: config.team_id.clone(),
            auto_create: config.auto_channels,
            deleted: BTreeSet::new(),
            last_tick: 0,
        };
        let home = config.team_id.as_str();
        for (id, name) in CHANNELS {
            world.add_channel(id, name, home, false, now);
        }
        for (id, name, real_name) in PEOPLE {
            world.add_user(id, name, real_name, home, false);
        }
        if let Some(guest) = world.users.get_mut(GUEST) {
            guest.is_guest = true;
        }
        world.seed_other_workspaces(config, now);
        world.add_user(&config.bot_user_id, "tidegate", "Tidegate", home, true);
        world
    }

    /// A channel, a person and the app's bot for each of the others; an organisation's bot is at home in its first one.
    fn seed_other_workspaces(&mut self, config: &FakeConfig, now: Duration) {
        for workspace in config.all_workspaces().into_iter().skip(1) {
            let (team, admin) = (workspace.team_id.as_str(), workspace.admin());
            self.add_channel(&workspace.general(), "general", team, false, now);
            let handle = format!("{}-admin", workspace.domain());
            self.add_user(&admin, &handle, &handle, team, false);
            let bot = config.bot_user_of(&Place::Team(team.to_owned()));
            self.add_user(&bot, "tidegate", "Tidegate", team, true);
        }
        for enterprise in config.enterprises() {
            let teams = config.teams_of(&enterprise);
            let bot = config.bot_user_of(&Place::Org(enterprise));
            let home = teams.first().map_or("", String::as_str);
            self.add_user(&bot, "tidegate", "Tidegate", home, true);
        }
    }
}
