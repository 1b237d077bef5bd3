//! Slack's rate tiers: how many calls of a method a minute one installation may make, where the configuration asks for it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// The calls of the last minute, by installation and method.
#[derive(Default)]
pub(crate) struct Pace(HashMap<(String, String), VecDeque<Duration>>);

impl Pace {
    /// Counts one more call, or tells in how many seconds it may come again.
    pub(crate) fn admit(&mut self, place: &str, method: &str, now: Duration) -> Result<(), u64> {
        let recent = self
            .0
            .entry((place.to_owned(), method.to_owned()))
            .or_default();
        while recent.front().is_some_and(|at| *at + MINUTE <= now) {
            recent.pop_front();
        }
        match recent.front() {
            Some(oldest) if recent.len() >= per_minute(method) => {
                let wait = (*oldest + MINUTE).saturating_sub(now);
                Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
            }
            _ => {
                recent.push_back(now);
                Ok(())
            }
        }
    }
}

/// Calls a minute. Slack gives each tier as "at least"; the stand-in takes it at its word.
fn per_minute(method: &str) -> usize {
    match method {
        "apps.connections.open" => 1,
        "auth.test" | "chat.getPermalink" => 600,
        "chat.postMessage" => 300,
        "bookmarks.add"
        | "bookmarks.edit"
        | "bookmarks.remove"
        | "conversations.archive"
        | "conversations.create"
        | "conversations.list"
        | "conversations.rename"
        | "conversations.setPurpose"
        | "conversations.setTopic"
        | "conversations.unarchive"
        | "pins.add"
        | "pins.list"
        | "pins.remove"
        | "reactions.remove"
        | "search.messages"
        | "emoji.list"
        | "search.files"
        | "usergroups.list"
        | "users.conversations"
        | "users.list" => 20,
        "apps.event.authorizations.list"
        | "chat.postEphemeral"
        | "conversations.members"
        | "files.completeUploadExternal"
        | "files.getUploadURLExternal"
        | "files.info"
        | "users.info"
        | "users.profile.get"
        | "views.open"
        | "views.publish"
        | "views.push"
        | "views.update" => 100,
        _ => 50,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_later_there_is_room_again() {
        let mut pace = Pace::default();
        let start = Duration::from_secs(100);
        for _ in 0..20 {
            assert_eq!(pace.admit("T1", "users.list", start), Ok(()));
        }
        let later = start + Duration::from_millis(500);
        assert_eq!(pace.admit("T1", "users.list", later), Err(60));
        assert_eq!(pace.admit("T2", "users.list", later), Ok(()));
        assert_eq!(pace.admit("T1", "users.list", start + MINUTE), Ok(()));
    }
}
