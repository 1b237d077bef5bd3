//! What an attempt at an effect has left behind: from it follows whether the next one is in doubt.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tidegate_slack::api::Kind;

use super::Undone;

/// What an attempt may have left behind.
#[derive(Default)]
pub(super) struct Traces {
    /// A call to Slack that changes something was done, or may have been.
    acted: AtomicBool,
    /// So was a post.
    posted: AtomicBool,
    /// It was posted again although nobody could look for it.
    resent: AtomicBool,
    /// Turns taken for calls to other services.
    turns: AtomicU32,
}

impl Traces {
    /// Whether something may have happened in an attempt that ended so.
    pub(super) fn in_doubt(&self, undone: &Undone) -> bool {
        let turns = self.turns.load(Ordering::Relaxed);
        let elsewhere = match undone {
            Undone::Wait(_) | Undone::Retry(_) => turns > 0,
            // The turn before it was that of the call that was refused.
            Undone::Refused(_) => turns > 1,
            Undone::Ambiguous(_) => true,
            Undone::Park(_) => false,
        };
        elsewhere || self.acted.load(Ordering::Relaxed)
    }

    /// Whether its post may have arrived.
    pub(super) fn posted(&self) -> bool {
        self.posted.load(Ordering::Relaxed)
    }

    /// Whether it was posted again although nobody could look for it.
    pub(super) fn resent(&self) -> bool {
        self.resent.load(Ordering::Relaxed)
    }

    pub(super) fn note_call(&self, kind: Kind) {
        if kind != Kind::Read {
            self.acted.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn note_post(&self) {
        self.posted.store(true, Ordering::Relaxed);
    }

    pub(super) fn note_resend(&self) {
        self.resent.store(true, Ordering::Relaxed);
    }

    pub(super) fn note_turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }
}
