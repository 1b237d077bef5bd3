//! The workspace in memory: seed data, ids, channels and people. Every posted message is kept; logs are capped.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use crate::config::FakeConfig;
use crate::delivery::Attempt;
use crate::faults::Fault;
use crate::records::{Call, Channel, Ephemeral, OpenView, PostedMessage, User};
use crate::response_urls::ResponseUrl;
use crate::room::Room;
use crate::signing::keyed_hash;

/// Logs longer than this lose their oldest entries.
const LOG_LIMIT: usize = 100_000;

/// Everything that changes, behind one lock.
pub(crate) struct World {
    pub rooms: BTreeMap<String, Room>,
    pub users: BTreeMap<String, User>,
    pub ephemerals: VecDeque<Ephemeral>,
    pub faults: Vec<Fault>,
    pub calls: VecDeque<Call>,
    pub attempts: VecDeque<Attempt>,
    pub triggers: HashMap<String, Trigger>,
    pub response_urls: BTreeMap<u64, ResponseUrl>,
    pub views: BTreeMap<String, OpenView>,
    /// Goes up with every change that the page shows.
    pub revision: u64,
    auto_create: bool,
    last_tick: u64,
}

/// Permission to open one modal.
pub(crate) struct Trigger {
    pub user: String,
    pub made_at: Duration,
    pub used: bool,
}

impl World {
    /// The sandbox workspace.
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
            auto_create: config.auto_channels,
            last_tick: 0,
        };
        for (id, name) in [
            ("C0GENERAL01", "general"),
            ("C0INCIDENT1", "incidents"),
            ("C0RANDOM001", "random"),
        ] {
            world.add_channel(id, name, false, now);
        }
        world.add_user("U0ALICE0001", "alice", "Alice", false);
        world.add_user("U0BOB000001", "bob", "Bob", false);
        world.add_user(&config.bot_user_id, "tidegate", "Tidegate", true);
        world
    }

    /// A number that is unique in this process and, because it follows the clock, across its restarts.
    pub(crate) fn tick(&mut self, now: Duration) -> u64 {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        self.last_tick = now.max(self.last_tick + 1);
        self.last_tick
    }

    /// A message id: unique, increasing, `seconds.micros`.
    pub(crate) fn next_ts(&mut self, now: Duration) -> String {
        let tick = self.tick(now);
        format!("{}.{:06}", tick / 1_000_000, tick % 1_000_000)
    }

    /// An id in Slack's manner: a prefix and capitals.
    pub(crate) fn next_id(&mut self, prefix: &str, now: Duration) -> String {
        format!("{prefix}{:0>11}", base36(self.tick(now)))
    }

    /// A trigger id, good for one modal in the next three seconds.
    pub(crate) fn next_trigger(&mut self, secret: &str, user: &str, now: Duration) -> String {
        self.triggers
            .retain(|_, trigger| now.saturating_sub(trigger.made_at) < Duration::from_mins(1));
        let tick = self.tick(now);
        let hash = keyed_hash(secret, &[b"trigger", &tick.to_be_bytes()]);
        let id = format!("{tick}.0.{}", hash.get(..32).unwrap_or(&hash));
        self.triggers.insert(
            id.clone(),
            Trigger {
                user: user.to_owned(),
                made_at: now,
                used: false,
            },
        );
        id
    }

    pub(crate) fn add_channel(&mut self, id: &str, name: &str, is_private: bool, now: Duration) {
        let channel = Channel {
            id: id.to_owned(),
            name: name.to_owned(),
            is_private,
            is_archived: false,
            created: now.as_secs(),
        };
        self.rooms.insert(id.to_owned(), Room::new(channel));
        self.revision += 1;
    }

    fn add_user(&mut self, id: &str, name: &str, real_name: &str, is_bot: bool) {
        let user = User {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            is_bot,
        };
        self.users.insert(id.to_owned(), user);
        self.revision += 1;
    }

    /// The id behind what a request names: an id, `#name`, or a user for the direct message with them.
    pub(crate) fn channel_id(&self, given: &str) -> String {
        if self.rooms.contains_key(given) {
            return given.to_owned();
        }
        if self.users.contains_key(given) {
            return given.replacen('U', "D", 1);
        }
        let name = given.strip_prefix('#').unwrap_or(given);
        let named = self.rooms.values().find(|room| room.channel.name == name);
        named.map_or_else(|| given.to_owned(), |room| room.channel.id.clone())
    }

    /// The room with this id, made on demand where the configuration allows it.
    pub(crate) fn room(&mut self, id: &str, now: Duration) -> Option<&mut Room> {
        if !self.rooms.contains_key(id) {
            if id.starts_with('D') {
                let partner = self.users.get(&id.replacen('D', "U", 1))?.name.clone();
                self.add_channel(id, &partner, true, now);
            } else if self.auto_create && is_id(id, 'C') {
                self.add_channel(id, &id.to_lowercase(), false, now);
            }
        }
        self.rooms.get_mut(id)
    }

    /// Makes sure that a user exists where the configuration allows it.
    pub(crate) fn meet_user(&mut self, id: &str) -> bool {
        if !self.users.contains_key(id) && self.auto_create && is_id(id, 'U') {
            let name = id.to_lowercase();
            self.add_user(id, &name, &name, false);
        }
        self.users.contains_key(id)
    }

    /// The messages of one channel in order; none when it does not exist.
    pub(crate) fn messages(&self, channel: &str) -> Vec<PostedMessage> {
        self.rooms
            .get(channel)
            .map(|room| room.messages.values().cloned().collect())
            .unwrap_or_default()
    }

    pub(crate) fn log_call(&mut self, call: Call) {
        push_capped(&mut self.calls, call);
    }

    pub(crate) fn log_attempt(&mut self, attempt: Attempt) {
        push_capped(&mut self.attempts, attempt);
        self.revision += 1;
    }

    pub(crate) fn add_ephemeral(&mut self, ephemeral: Ephemeral) {
        push_capped(&mut self.ephemerals, ephemeral);
        self.revision += 1;
    }

    /// Takes the first fault that fits this call and uses it up by one.
    pub(crate) fn take_fault(&mut self, method: &str, channel: Option<&str>) -> Option<Fault> {
        let at = self
            .faults
            .iter()
            .position(|fault| fault.fits(method, channel))?;
        let fault = self.faults[at].clone();
        self.faults[at].times = fault.times.saturating_sub(1);
        self.faults.retain(|fault| fault.times > 0);
        Some(fault)
    }
}

fn push_capped<T>(log: &mut VecDeque<T>, entry: T) {
    if log.len() == LOG_LIMIT {
        log.pop_front();
    }
    log.push_back(entry);
}

fn is_id(text: &str, kind: char) -> bool {
    text.len() >= 3
        && text.starts_with(kind)
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        number /= 36;
    }
    digits.iter().rev().map(char::to_ascii_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_unique_and_increase_while_the_clock_stands() {
        let now = Duration::from_secs(1_700_000_000);
        let mut world = World::seed(&FakeConfig::default(), now);
        let made: Vec<String> = (0..3).map(|_| world.next_ts(now)).collect();
        assert_eq!(
            made,
            [
                "1700000000.000000",
                "1700000000.000001",
                "1700000000.000002"
            ]
        );
    }

    #[test]
    fn logs_are_capped() {
        let mut log = VecDeque::from(vec![0; LOG_LIMIT]);
        push_capped(&mut log, 1);
        assert_eq!((log.len(), log.back()), (LOG_LIMIT, Some(&1)));
    }
}
