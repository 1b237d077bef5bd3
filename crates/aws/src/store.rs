//! The store on AWS: the table, and in a table of its own, which has no backups, the keys that seal its rows.

use std::sync::Arc;

use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{SealedEngine, Table};

use crate::client::Aws;
use crate::dynamodb::DynamoTable;

/// Table and keys.
pub struct Store {
    /// Rows of all tenants.
    pub table: Table,
    /// The keys that seal them.
    pub keyring: Arc<Keyring>,
}

impl Store {
    /// The store of these two tables. The master key is what `master_key` holds under its name. Opens the connection,
    /// best during init, where Lambda's CPU is not throttled.
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
