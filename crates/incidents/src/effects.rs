//! Performs effects: makes the calls to Slack that decisions asked for, when the outbox reaches them.

pub mod home;
pub mod perform;
pub mod person;
