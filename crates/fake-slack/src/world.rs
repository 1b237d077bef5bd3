//! The workspaces in memory: channels and people, and what is known of each. Every posted message is kept; logs are capped.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::api::scheduled::Scheduled;
use crate::caller::Caller;
use crate::delivery::Attempt;
use crate::faults::{Armed, Fault};
use crate::files::File;
use crate::oauth::store::Installs;
use crate::pace::Pace;
use crate::records::{Call, Channel, Ephemeral, OpenView, PostedMessage, User};
use crate::response_urls::ResponseUrl;
use crate::room::Room;
use crate::signing::keyed_hash;
use crate::workspaces::Place;

/// Logs longer than this lose their oldest entries.
const LOG_LIMIT: usize = 100_000;

/// Everything that changes, behind one lock.
pub(crate) struct World {
    pub rooms: BTreeMap<String, Room>,
    pub users: BTreeMap<String, User>,
    pub ephemerals: VecDeque<Ephemeral>,
    pub faults: Vec<Armed>,
    pub calls: VecDeque<Call>,
    pub attempts: VecDeque<Attempt>,
    pub triggers: HashMap<String, Trigger>,
    pub response_urls: BTreeMap<u64, ResponseUrl>,
    pub views: BTreeMap<String, OpenView>,
    /// Goes up with every change that the page shows.
    pub revision: u64,
    pub installs: Installs,
    pub files: BTreeMap<String, File>,
    /// The home tab of each user, by workspace and user.
    pub homes: BTreeMap<(String, String), Value>,
    /// The installations that each recent event is visible to, by its `event_context`.
    pub event_contexts: BTreeMap<String, Vec<Place>>,
    pub pace: Pace,
    /// Messages for later, by their id.
    pub scheduled: BTreeMap<String, Scheduled>,
    /// The workspace that things are made in unless another is named.
    pub home: String,
    pub auto_create: bool,
    /// Channels that are gone for good: naming one does not make it again.
    pub deleted: BTreeSet<String>,
    pub last_tick: u64,
}

/// Permission to open one modal.
pub(crate) struct Trigger {
    pub user: String,
    /// The workspace it was given in.
    pub team: String,
    pub made_at: Duration,
    pub used: bool,
}

impl World {
    /// A trigger id, good for one modal in the next three seconds.
    pub(crate) fn next_trigger(
        &mut self,
        secret: &str,
        user: &str,
        team: &str,
        now: Duration,
    ) -> String {
        self.triggers
            .retain(|_, trigger| now.saturating_sub(trigger.made_at) < Duration::from_mins(1));
        let tick = self.tick(now);
        let hash = keyed_hash(secret, &[b"trigger", &tick.to_be_bytes()]);
        let id = format!("{tick}.0.{}", hash.get(..32).unwrap_or(&hash));
        self.triggers.insert(
            id.clone(),
            Trigger {
                user: user.to_owned(),
                team: team.to_owned(),
                made_at: now,
                used: false,
            },
        );
        id
    }

    pub(crate) fn add_channel(
        &mut self,
        id: &str,
        name: &str,
        team: &str,
        is_private: bool,
        now: Duration,
    ) {
        let channel = Channel {
            id: id.to_owned(),
            team: team.to_owned(),
            shared_with: Vec::new(),
            name: name.to_owned(),
            is_private,
            is_archived: false,
            created: now.as_secs(),
            creator: String::new(),
        };
        self.rooms.insert(id.to_owned(), Room::new(channel));
        self.revision += 1;
    }

    /// Whether a workspace has a channel of that name, archived or not.
    pub(crate) fn has_channel_named(&self, team: &str, name: &str) -> bool {
        let mut rooms = self.rooms.values().filter(|room| room.kind() != "im");
        rooms.any(|room| room.channel.name == name && room.channel.team == team)
    }

    /// The id behind what a person of the first workspace names: an id, `#name`, or a user for the direct message.
    pub(crate) fn channel_id(&self, given: &str) -> String {
        self.channel_id_in(std::slice::from_ref(&self.home), given)
    }

    /// The id behind what a call names, whose names are those of these workspaces.
    pub(crate) fn channel_id_in(&self, teams: &[String], given: &str) -> String {
        if self.rooms.contains_key(given) {
            return given.to_owned();
        }
        if self.users.contains_key(given) {
            return given.replacen('U', "D", 1);
        }
        let name = given.strip_prefix('#').unwrap_or(given);
        let mut rooms = self.rooms.values();
        let named = rooms
            .find(|room| room.channel.name == name && teams.iter().any(|team| room.is_in(team)));
        named.map_or_else(|| given.to_owned(), |room| room.channel.id.clone())
    }

    /// The room with this id, made on demand in the first workspace where the configuration allows it.
    pub(crate) fn room(&mut self, id: &str, now: Duration) -> Option<&mut Room> {
        let home = self.home.clone();
        self.room_in(&home, id, now)
    }

    /// The room with this id, made on demand in this workspace.
    pub(crate) fn room_in(&mut self, team: &str, id: &str, now: Duration) -> Option<&mut Room> {
        if !self.rooms.contains_key(id) {
            if id.starts_with('D') {
                let partner = self.users.get(&id.replacen('D', "U", 1))?;
                let (name, team) = (partner.name.clone(), partner.team.clone());
                self.add_channel(id, &name, &team, true, now);
            } else if self.auto_create && is_id(id, 'C') && !self.deleted.contains(id) {
                self.add_channel(id, &id.to_lowercase(), team, false, now);
            }
        }
        self.rooms.get_mut(id)
    }

    /// The room with this id if the caller may act in it; one of another workspace is as if it were not there.
    pub(crate) fn room_of(&mut self, by: &Caller, id: &str, now: Duration) -> Option<&mut Room> {
        self.room_in(by.home(), id, now)
            .filter(|room| by.reaches(room))
    }

    /// The channel that an argument of a call names; an empty or unknown id is passed on as it is.
    pub(crate) fn named_channel(&self, by: &Caller, given: Option<&str>) -> String {
        self.channel_id_in(&by.teams, given.unwrap_or_default())
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

    /// Takes the first fault that fits this call and uses it up by one, unless it lasts for a time.
    pub(crate) fn take_fault(
        &mut self,
        method: &str,
        channel: Option<&str>,
        now: Duration,
    ) -> Option<Fault> {
        self.faults.retain(|armed| !armed.is_over(now));
        let mut armed = self.faults.iter_mut();
        let taken = armed.find(|armed| armed.fault.fits(method, channel))?;
        if taken.until.is_none() {
            taken.fault.times = taken.fault.times.saturating_sub(1);
        }
        Some(taken.fault.clone())
    }
}

fn push_capped<T>(log: &mut VecDeque<T>, entry: T) {
    if log.len() == LOG_LIMIT {
        log.pop_front();
    }
    log.push_back(entry);
}

pub(crate) fn is_id(text: &str, kind: char) -> bool {
    text.len() >= 3
        && text.starts_with(kind)
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_capped() {
        let mut log = VecDeque::from(vec![0; LOG_LIMIT]);
        push_capped(&mut log, 1);
        assert_eq!((log.len(), log.back()), (LOG_LIMIT, Some(&1)));
    }
}
