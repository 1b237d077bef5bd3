//! Records what an attempt at an effect may have changed, which decides whether the next attempt is in doubt.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tidegate_slack::api::Kind;

use super::Undone;

/// What an attempt may have changed outside.
#[derive(Default)]
pub(super) struct Traces {
    /// Whether a call to Slack that changes something was done or may have been done.
    acted: AtomicBool,
    /// Whether a post was sent or may have been sent.
    posted: AtomicBool,
    /// Whether it was posted again without a search.
    resent: AtomicBool,
    /// The number of turns taken for calls to other services.
    turns: AtomicU32,
}

impl Traces {
    /// Tells whether something may have happened in an attempt that ended with `undone`.
    pub(super) fn in_doubt(&self, undone: &Undone) -> bool {
        let turns = self.turns.load(Ordering::Relaxed);
        let elsewhere = match undone {
            Undone::Wait(_) | Undone::Retry(_) => turns > 0,
            // One turn belongs to the call that was refused.
            Undone::Refused(_) => turns > 1,
            Undone::Ambiguous(_) => true,
            Undone::Park(_) => false,
        };
        elsewhere || self.acted.load(Ordering::Relaxed)
    }

    /// Tells whether a post of the attempt may have arrived.
    pub(super) fn posted(&self) -> bool {
        self.posted.load(Ordering::Relaxed)
    }

    /// Tells whether it was posted again without a search.
    pub(super) fn resent(&self) -> bool {
        self.resent.load(Ordering::Relaxed)
    }

    pub(super) fn note_call(&self, kind: Kind) {
        if kind != Kind::Read {
            self.acted.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn note_post(&self, may_have_arrived: bool) {
        self.posted.store(may_have_arrived, Ordering::Relaxed);
    }

    pub(super) fn note_resend(&self, may_have_arrived: bool) {
        self.resent.store(may_have_arrived, Ordering::Relaxed);
    }

    pub(super) fn note_turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }
}
