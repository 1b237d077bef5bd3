//! Status pages: brings what the public reads to the state that the incidents want it in.

use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};

use super::desk::Desk;
use super::incident::IncidentId;
use super::settings::StatusPage;

/// The status pages of a deployment.
#[derive(Default)]
pub struct Pages {}

impl Pages {
    /// Brings a workspace's status page to the state that its incidents want it in.
    pub async fn sync(
        &self,
        turn: &Turn<'_>,
        desk: &Desk,
        _incident: &IncidentId,
    ) -> Result<Done, Undone> {
        match desk.settings(turn.rows).await?.settings.status_page {
            StatusPage::None => Ok(Done::default()),
            _ => Err(Undone::Park(
                "status pages are not connected yet".to_owned(),
            )),
        }
    }
}
