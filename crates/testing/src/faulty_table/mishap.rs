//! What can go wrong with a call.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::chance::Chance;

/// How often out of a thousand calls something goes wrong.
#[derive(Clone, Copy, Default)]
pub struct Rates {
    /// Throttled or in conflict: not done.
    pub busy: usize,
    /// Written, but the answer is lost.
    pub answer_lost: usize,
    /// Not written, and no answer.
    pub request_lost: usize,
}

impl Rates {
    /// Everything goes wrong now and then, and a world still comes to its rest.
    pub const ROUGH: Self = Self {
        busy: 30,
        answer_lost: 20,
        request_lost: 20,
    };

    /// Rates that each world draws for itself.
    pub fn drawn(chance: &Chance) -> Self {
        Self {
            busy: chance.below("busy", 50),
            answer_lost: chance.below("answer lost", 40),
            request_lost: chance.below("request lost", 40),
        }
    }
}

/// What happens to one call.
#[derive(Clone)]
pub enum Mishap {
    /// The table throttles the call and does nothing.
    Busy,
    /// The table does the call, and the caller hears nothing.
    AnswerLost,
    /// The table hears nothing, and so does the caller.
    RequestLost,
    /// The table will never take it.
    Refused,
    /// It is done, then this happens.
    Then(Arc<dyn Fn() + Send + Sync>),
    /// Its caller never wakes up again; the call was done or not.
    Freeze {
        /// Whether the table does the call.
        done: bool,
        /// Told once the caller has frozen.
        frozen: Arc<Notify>,
    },
    /// Its caller sleeps until it is woken, before the call or after.
    Hold {
        /// Whether the table does the call before the caller sleeps, and not after.
        done: bool,
        /// Tells the test where the caller is, and wakes the caller.
        held: Arc<Held>,
    },
}

/// Where a held call is.
#[derive(Default)]
pub struct Held {
    /// Told once the caller sleeps.
    pub reached: Notify,
    /// Told by the test when the caller may go on.
    pub go_on: Notify,
}
