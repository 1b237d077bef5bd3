//! Renders incidents: pure functions from values to Block Kit, mrkdwn, Markdown or HTML, one file per kind of output.
//! They read neither rows nor the clock. Everything that people wrote goes through `text`, which escapes it, and
//! `tidegate_slack::blocks` makes every block, which enforces Slack's limits.

pub mod announcement;
pub mod approval;
pub mod bookmarks;
pub mod catchup;
pub mod expired_form;
pub mod export;
pub mod export_json;
mod facts;
pub mod handover;
pub mod header;
pub mod help;
pub mod home;
pub mod info;
pub mod kept_form;
pub mod list;
mod markdown;
pub mod menu;
pub mod modals;
pub mod notifications;
pub mod postmortem;
pub mod public_page;
pub mod reminder;
pub mod roles;
pub mod stats;
pub mod tasks;
pub mod text;
pub mod timeline;
pub mod topic;
pub mod value;
pub mod welcome;

#[cfg(test)]
pub(crate) mod fixture;
