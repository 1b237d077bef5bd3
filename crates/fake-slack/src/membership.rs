//! Who there is, and who is in which channel.

use std::collections::BTreeSet;

use crate::caller::Caller;
use crate::records::User;
use crate::world::{World, is_id};

impl World {
    pub(crate) fn add_user(
        &mut self,
        id: &str,
        name: &str,
        real_name: &str,
        team: &str,
        is_bot: bool,
    ) {
        let user = User {
            id: id.to_owned(),
            team: team.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            is_bot,
            is_guest: false,
            is_admin: false,
            is_deactivated: false,
        };
        self.users.insert(id.to_owned(), user);
        self.revision += 1;
    }

    /// Whether the caller may look a member of this workspace up: one of its own, or of one that shares a channel with it.
    pub(crate) fn knows(&self, by: &Caller, team: &str) -> bool {
        let mut shared = self.rooms.values().filter(|room| by.reaches(room));
        by.teams.iter().any(|own| own == team) || shared.any(|room| room.is_in(team))
    }

    /// The handle of a user; nothing for one who is not there.
    pub(crate) fn user_name(&self, id: &str) -> String {
        let user = self.users.get(id);
        user.map(|user| user.name.clone()).unwrap_or_default()
    }

    /// Where a user is a member; the first workspace for one who is not there yet.
    pub(crate) fn team_of_user(&self, id: &str) -> String {
        let user = self.users.get(id);
        user.map_or_else(|| self.home.clone(), |user| user.team.clone())
    }

    /// Who is in a channel.
    pub(crate) fn members(&self, channel: &str) -> BTreeSet<String> {
        let Some(room) = self.rooms.get(channel) else {
            return BTreeSet::new();
        };
        if let Some(members) = &room.members {
            return members.clone();
        }
        let everyone = self.users.values().filter(|user| room.is_in(&user.team));
        let is_im = room.kind() == "im";
        let partner = channel.replacen('D', "U", 1);
        everyone
            .filter(|user| !is_im || user.is_bot || user.id == partner)
            .map(|user| user.id.clone())
            .collect()
    }

    pub(crate) fn set_members(&mut self, channel: &str, members: BTreeSet<String>) {
        if let Some(room) = self.rooms.get_mut(channel) {
            room.members = Some(members);
        }
        self.revision += 1;
    }

    /// Makes sure that a user exists where the configuration allows it.
    pub(crate) fn meet_user(&mut self, id: &str) -> bool {
        let home = self.home.clone();
        self.meet_user_in(&home, id)
    }

    /// Makes sure that a user exists, in this workspace if it is a new one.
    pub(crate) fn meet_user_in(&mut self, team: &str, id: &str) -> bool {
        if self.auto_create && is_id(id, 'U') {
            self.add_person(id, team);
        }
        self.users.contains_key(id)
    }

    /// Makes sure that a user exists even if the configuration has none: a person on the consent page.
    pub(crate) fn add_person(&mut self, id: &str, team: &str) {
        if !self.users.contains_key(id) {
            let name = id.to_lowercase();
            self.add_user(id, &name, &name, team, false);
        }
    }
}
