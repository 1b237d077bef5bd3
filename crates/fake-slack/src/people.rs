//! What people do in the workspace besides posting and typing commands: they edit, delete, react, pin, join, archive,
//! click and fill in forms. The app hears of it as it would from Slack.

mod changes;
mod clicks;
pub(crate) mod control;
mod inputs;
mod items;
