//! How effects are performed: the calls to Slack that a decision asked for, when their turn in the outbox comes.

pub mod home;
pub mod perform;
pub mod person;
