//! What every domain stands on, over the embedded table and queue: the seams, workers, delivery, shares and timers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod budget;
mod clock;
mod delivery_effect_worlds;
mod delivery_effects;
mod delivery_faults;
mod delivery_limits;
mod delivery_senders;
mod delivery_worlds;
mod events;
mod home;
mod keys;
mod panics;
mod queue;
mod sealed_places;
mod sealing;
mod secrets;
mod shares;
mod shares_worlds;
mod sweep;
mod table;
mod timers;
mod trail;
mod web_api;
mod worker_faults;
mod worker_worlds;
