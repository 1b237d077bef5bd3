//! What people see of an incident: pure functions from values to Block Kit, mrkdwn, Markdown or HTML, one file per
//! thing shown. They read no row and no clock. Every text that somebody wrote passes `text`, which escapes it, and
//! every block passes `blocks`, which keeps Slack's limits.

pub mod announcement;
mod blocks;
mod facts;
pub mod header;
pub mod modals;
pub mod text;
pub mod topic;
pub mod value;

#[cfg(test)]
mod fixture;
