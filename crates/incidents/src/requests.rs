//! The requests that come in: commands, clicks, filled-in forms, events and timers. Each is read, decided on the rows as they
//! stand, and committed.

pub mod dispatch;
pub mod events;
pub mod forms;
pub mod handle;
pub mod interaction;
