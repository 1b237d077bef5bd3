//! The store of local mode: the embedded table, and beside it, in a file of its own, the keys under which tenants' rows are sealed.
//! A backup of the data folder should leave `keys.db` out: then erased data is erased there too.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Engine, SealedEngine, Table};

use crate::data_dir::DataDir;
use crate::table::EmbeddedTable;

/// File in the data folder with the master key that local mode made.
pub const MASTER_KEY_FILE: &str = "master-key";

/// Hex digits that a master key has.
const MASTER_KEY_BYTES: usize = 32;

/// How long a purge waits for other writers.
const PURGE_PATIENCE: Duration = Duration::from_secs(10);

/// The table, and the keys that seal its values.
#[derive(Clone)]
pub struct Store {
    /// The table as it is on disk, for what DynamoDB does by itself.
    pub embedded: EmbeddedTable,
    /// Rows of all tenants.
    pub table: Table,
    /// The keys that seal them.
    pub keyring: Arc<Keyring>,
    /// The files of the data folder; none in memory.
    files: Vec<PathBuf>,
}

impl Store {
    /// Opens the store of a data folder. Without a master key the folder's own is taken, or made.
    pub fn open(
        data: &DataDir,
        master_key: Option<SecretString>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        data.check_format()?;
        let master_key = match master_key {
            Some(key) => key,
            None => data.secret_or_new(MASTER_KEY_FILE, MASTER_KEY_BYTES)?,
        };
        let embedded = EmbeddedTable::open(&data.table()).context("open the table")?;
        let keys = EmbeddedTable::open(&data.keys()).context("open the table of keys")?;
        let store = Self::sealed(
            Arc::new(embedded.clone()),
            embedded,
            keys,
            master_key,
            clock,
        );
        Ok(Self {
            files: vec![data.table(), data.keys(), data.queues()],
            ..store
        })
    }

    /// Writes the files anew without what was deleted: SQLite keeps deleted rows in free pages and in its log. To be
    /// called once a workspace has been erased.
    pub async fn purge(&self) -> anyhow::Result<()> {
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || files.iter().try_for_each(|file| purge(file))).await?
    }

    /// An empty store in memory, for tests.
    pub fn in_memory(clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let embedded = EmbeddedTable::in_memory()?;
        Self::in_front_of(Arc::new(embedded.clone()), embedded, clock)
    }

    /// A store whose rows go through `engine` to `embedded`, with keys in memory: for tests.
    pub fn in_front_of(
        engine: Arc<dyn Engine>,
        embedded: EmbeddedTable,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let keys = EmbeddedTable::in_memory()?;
        let master_key = random_hex(MASTER_KEY_BYTES)?.into();
        Ok(Self::sealed(engine, embedded, keys, master_key, clock))
    }

    fn sealed(
        engine: Arc<dyn Engine>,
        embedded: EmbeddedTable,
        keys: EmbeddedTable,
        master_key: SecretString,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let master_key = Arc::new(FixedSecret(master_key));
        let keys = Table::new(Arc::new(keys));
        let keyring = Arc::new(Keyring::new(
            &keys,
            master_key,
            "TIDEGATE_MASTER_KEY",
            clock,
        ));
        let table = Table::new(Arc::new(SealedEngine::new(engine, Arc::clone(&keyring))));
        Self {
            embedded,
            table,
            keyring,
            files: Vec::new(),
        }
    }
}

fn purge(file: &Path) -> anyhow::Result<()> {
    if !file.exists() {
        return Ok(());
    }
    let connection = rusqlite::Connection::open(file)?;
    connection.busy_timeout(PURGE_PATIENCE)?;
    connection
        .execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
        .with_context(|| format!("purge {}", file.display()))
}
