//! The app's home tab.

use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_slack::ids::UserId;

use super::desk::Desk;

/// Shows a person the home tab as it stands for them.
pub async fn publish(_turn: &Turn<'_>, _desk: &Desk, _user: &UserId) -> Result<Done, Undone> {
    Err(Undone::Park("the home tab is not drawn yet".to_owned()))
}
