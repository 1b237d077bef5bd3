//! The words that people read in Slack.

pub(crate) mod notice;
