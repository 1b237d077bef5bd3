//! The store on AWS: the table, and the keys that seal its rows, in a separate table without backups.

use std::sync::Arc;

use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::config::StoreConfig;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{SealedEngine, Table};
use tidegate_pipeline::world::World;

use crate::client::Aws;
use crate::dynamodb::DynamoTable;
use crate::secrets::SsmSecrets;
use crate::sqs::SqsQueue;

/// The table and the keys.
pub struct Store {
    /// The rows of all tenants.
    pub table: Table,
    /// The data keys that seal the rows.
    pub keyring: Arc<Keyring>,
}

impl Store {
    /// Opens the store of two tables and its connection. `master_key` is the store of the master keys and their name there. This is
    /// best done during init, when Lambda's CPU is not throttled.
    pub async fn open(
        aws: &Aws,
        table: String,
        keys_table: String,
        master_key: (Arc<dyn Secrets>, String),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let rows = DynamoTable::new(aws, table, Arc::clone(&clock));
        let keys = rows.sibling(keys_table);
        rows.warm_up().await;
        let (secrets, name) = master_key;
        let keyring = Keyring::new(&Table::new(Arc::new(keys)), secrets, name, clock);
        let keyring = Arc::new(keyring);
        let table = Table::new(Arc::new(SealedEngine::new(
            Arc::new(rows),
            Arc::clone(&keyring),
        )));
        Self { table, keyring }
    }
}

/// Opens the seams of a function: the configured store, and the queue of wake-ups at the URL `wake_ups`.
pub async fn open(aws: &Aws, config: StoreConfig, wake_ups: String) -> World {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let parameters: Arc<dyn Secrets> = Arc::new(SsmSecrets::new(aws, Arc::clone(&clock)));
    let master_key = config
        .master_key
        .open("TIDEGATE_MASTER_KEY", || Arc::clone(&parameters));
    let (table, keys_table) = (config.table, config.keys_table);
    let store = Store::open(aws, table, keys_table, master_key, Arc::clone(&clock)).await;
    World {
        table: store.table,
        keyring: store.keyring,
        clock,
        wake_ups: Arc::new(SqsQueue::new(aws, wake_ups)),
        parameters,
    }
}
