//! The ledger rows of an event and of its shares, taken together.

use tidegate_pipeline::ledger::{Entry, EventState, Share, ShareState};

/// The ledger rows of an event and its shares.
pub(super) struct Found {
    /// The event's own row. `None` while it is under way.
    pub(super) entry: Option<Entry>,
    /// The shares of the domains that failed at the event.
    pub(super) shares: Vec<Share>,
}

impl Found {
    /// Returns the worst state of the event and its shares.
    pub(super) fn state(&self) -> &'static str {
        let worst = self.shares.iter().map(|share| share.state).max();
        match (&self.entry, worst) {
            (None, _) => "pending",
            (Some(entry), Some(worst)) if entry.state == EventState::Done => worst.as_str(),
            (Some(entry), _) => entry.state.as_str(),
        }
    }

    /// Returns the reason why the event, or the share in the worst state, is not done.
    pub(super) fn reason(&self) -> Option<&str> {
        let own = self
            .entry
            .as_ref()
            .and_then(|entry| entry.reason.as_deref());
        let open = self
            .shares
            .iter()
            .filter(|share| share.state != ShareState::Done);
        let worst = open.max_by_key(|share| share.state);
        own.or_else(|| worst?.reason.as_deref())
    }

    /// Returns the number of posts that the event caused, in its own commit and in its shares.
    pub(super) fn posts(&self) -> i64 {
        let own = self.entry.as_ref().map_or(0, |entry| entry.posts);
        own + self.shares.iter().map(|share| share.posts).sum::<i64>()
    }
}
