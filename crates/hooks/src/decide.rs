//! What is done about an event, and about the answer of a receiver. Nothing here reads or writes.

pub(crate) mod after_attempt;
pub(crate) mod answer;
pub(crate) mod event;
