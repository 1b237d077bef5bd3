//! Several processes on one store, as on Lambda.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidegate_app::api::{Api, Limits, Site};
use tidegate_app::installs::Installs;
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_pipeline::clock::{Clock, ManualClock};
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::{FixedSecret, Secrets};
use tidegate_pipeline::table::Table;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::product::OPERATOR_KEY;

/// The API as one process of several on one store has it.
pub(crate) fn api(
    table: &Table,
    keyring: &Arc<Keyring>,
    clock: &ManualClock,
    folder: &TempDir,
) -> Api {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let file = QueueFile::open(&folder.path().join("queues.db"), Arc::clone(&clock)).unwrap();
    let queue = || -> Arc<dyn Queue> {
        Arc::new(file.queue(QueueSettings {
            name: "events",
            visibility: Duration::from_mins(1),
            max_receives: 5,
            dead_letters: None,
        }))
    };
    let slack = SlackClient::new(http_client::build().unwrap(), "http://127.0.0.1:1/api").unwrap();
    let installs = Installs {
        table: table.clone(),
        keyring: Arc::clone(keyring),
        clock: Arc::clone(&clock),
        slack,
        wake_ups: queue(),
        app: None,
        exclusive: false,
    };
    let secrets: Arc<dyn Secrets> = Arc::new(FixedSecret(OPERATOR_KEY.into()));
    let operator_key = (secrets, "key".to_owned());
    Api {
        table: table.clone().into(),
        events: queue().into(),
        commands: queue().into(),
        clock,
        operator_key: operator_key.into(),
        keep: Duration::from_hours(24),
        keyring: Arc::clone(&installs.keyring).into(),
        audit: installs.audit().into(),
        wake_ups: Arc::clone(&installs.wake_ups),
        members: Arc::new(installs.clone()),
        domains: vec![Arc::new(installs)],
        site: Site::default(),
        limits: Limits::default(),
    }
}
