//! The data keys of tenants. Texts that people wrote and credentials of workspaces are stored only under the key of their tenant.
//!
//! There are three layers. A master key comes from [`Secrets`]. It wraps the data keys of each tenant, which are stored in a
//! separate table without backups, so that destroying them makes the tenant's rows unreadable in every backup too. A data key
//! seals values, with the tenant, the key of the row and the name of the attribute as associated data. The sealed value holds the
//! number of its key.
//!
//! The row of a tenant's keys also records that the tenant was erased. Nothing more is written for it then.

mod cipher;
mod hash_key;
mod master;
mod stored;
mod tenant_keys;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tidegate_slack::ids::TenantId;
use tokio::sync::OnceCell;

use self::cipher::AesKey;
pub use self::cipher::CipherError;
pub use self::master::{MasterKeyError, check as check_master_keys};
use self::master::{MasterKeys, Wrapped};
use self::stored::{Stored, value_of};
pub use self::tenant_keys::{Place, TenantKeys, is_sealed};
use crate::clock::{Clock, Timestamp};
use crate::secrets::{SecretError, Secrets};
use crate::table::{RowKey, Rows, Table, TableError, Value, Write};

/// How long a process uses the keys that it has read. For that time, it may still write for a tenant that another process erased.
pub const CACHED_FOR: Duration = Duration::from_mins(1);

/// The most tenants whose keys a process caches.
const CACHED_TENANTS: usize = 10_000;

/// The number of attempts to add a key while other processes add keys too.
const TRIES: usize = 5;

/// The reason why a key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The tenant was erased, and the app has not been installed again.
    #[error("the workspace has been erased")]
    Erased,
    /// The table of keys failed.
    #[error("tenant keys: {0}")]
    Table(#[from] TableError),
    /// The master keys could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The list of master keys is malformed.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    /// A key is wrapped under a master key that is not in the list, or is damaged.
    #[error("tenant keys: {0}")]
    Cipher(#[from] CipherError),
    /// A row of the keys' table is damaged.
    #[error("the row of a tenant's keys is damaged")]
    Damaged,
}

/// The keys of all tenants.
pub struct Keyring {
    rows: Rows,
    secrets: Arc<dyn Secrets>,
    master_name: String,
    clock: Arc<dyn Clock>,
    cached: Mutex<HashMap<TenantId, (Timestamp, Arc<TenantKeys>)>>,
    /// Counts the calls of [`Keyring::forget`]. Keys that were read before such a call are not cached.
    changes: AtomicU64,
    hash_key: OnceCell<AesKey>,
}

impl Keyring {
    /// Uses the keys in `table`, wrapped under the master keys that `secrets` holds under `master_name`.
    pub fn new(
        table: &Table,
        secrets: Arc<dyn Secrets>,
        master_name: impl Into<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            rows: table.system().rows().clone(),
            secrets,
            master_name: master_name.into(),
            clock,
            cached: Mutex::default(),
            changes: AtomicU64::new(0),
            hash_key: OnceCell::new(),
        }
    }

    /// Returns a tenant's keys, and makes the first one if it has none.
    pub async fn of(&self, tenant: &TenantId) -> Result<Arc<TenantKeys>, KeyError> {
        let now = self.clock.now();
        if let Some((read_at, keys)) = self.cache().get(tenant)
            && now.since(*read_at) < CACHED_FOR
        {
            return Ok(Arc::clone(keys));
        }
        let changes = self.changes.load(Ordering::SeqCst);
        let keys = Arc::new(self.read_or_make(tenant).await?);
        let mut cache = self.cache();
        // The keys may have changed since the read, so they are used once and not cached.
        if self.changes.load(Ordering::SeqCst) != changes {
            return Ok(keys);
        }
        if cache.len() >= CACHED_TENANTS {
            cache.clear();
        }
        cache.insert(tenant.clone(), (now, Arc::clone(&keys)));
        Ok(keys)
    }

    /// Destroys a tenant's keys. Values that they sealed can never be read again, here or in a backup, and nothing more is written
    /// for the tenant.
    pub async fn destroy(&self, tenant: &TenantId) -> Result<(), KeyError> {
        let key = self.key_of(tenant).await?;
        let now = self.clock.now();
        // The number stays, so that a key that is made after a new install never has the number of a destroyed key.
        let erase = Write::update(key, "SET #erased_at = :now REMOVE #wrapped");
        self.rows.write(erase.value(":now", now.millis())).await?;
        self.forget(tenant);
        Ok(())
    }

    /// Tells whether a tenant was erased and the app has not been installed again.
    pub async fn is_erased(&self, tenant: &TenantId) -> Result<bool, KeyError> {
        let stored = self.stored(tenant).await?;
        Ok(stored.is_some_and(|stored| stored.erased))
    }

    /// Ends the erased state of a tenant, which then gets a new key. Does nothing for a tenant that was not erased.
    pub async fn revive(&self, tenant: &TenantId) -> Result<(), KeyError> {
        let key = self.key_of(tenant).await?;
        let begun = Write::update(key, "REMOVE #erased_at").when("attribute_exists(#erased_at)");
        match self.rows.write(begun).await {
            Ok(_) | Err(TableError::Condition) => {}
            Err(e) => return Err(e.into()),
        }
        self.forget(tenant);
        Ok(())
    }

    /// Gives a tenant a new key under the newest master key, and wraps its older keys under that master key too. Values that the
    /// older keys sealed stay readable. An interrupted call can be repeated.
    pub async fn renew(&self, tenant: &TenantId) -> Result<(), KeyError> {
        for _ in 0..TRIES {
            let stored = self.stored(tenant).await?.ok_or(KeyError::Damaged)?;
            if stored.erased {
                return Err(KeyError::Erased);
            }
            let keys = self.unwrapped(tenant, &stored).await?;
            if self.add_key(tenant, stored.current, keys).await? {
                self.forget(tenant);
                return Ok(());
            }
        }
        Err(TableError::Busy("the tenant's keys keep changing".to_owned()).into())
    }

    /// Drops a tenant's keys from the cache, so that they are read again when they are needed.
    pub fn forget(&self, tenant: &TenantId) {
        let mut cache = self.cache();
        self.changes.fetch_add(1, Ordering::SeqCst);
        cache.remove(tenant);
    }

    async fn read_or_make(&self, tenant: &TenantId) -> Result<TenantKeys, KeyError> {
        for _ in 0..TRIES {
            let stored = self.stored(tenant).await?;
            match &stored {
                Some(stored) if stored.erased => return Err(KeyError::Erased),
                Some(stored) if !stored.wrapped.is_empty() => {
                    return Ok(TenantKeys {
                        tenant: tenant.clone(),
                        current: stored.current,
                        keys: self.unwrapped(tenant, stored).await?,
                    });
                }
                _ => {}
            }
            let current = stored.map_or(0, |stored| stored.current);
            self.add_key(tenant, current, BTreeMap::new()).await?;
        }
        Err(TableError::Busy("the tenant's keys keep changing".to_owned()).into())
    }

    /// Adds a key with the number after `current`. Returns false if another process was faster.
    async fn add_key(
        &self,
        tenant: &TenantId,
        current: i64,
        mut keys: BTreeMap<i64, AesKey>,
    ) -> Result<bool, KeyError> {
        keys.insert(current + 1, AesKey::random()?);
        let (key, masters) = (self.key_of(tenant).await?, self.masters().await?);
        let mut wrapped = BTreeMap::new();
        for (number, key) in &keys {
            let about = about(tenant, *number);
            wrapped.insert(number.to_string(), value_of(masters.wrap(&about, key)?));
        }
        let add = Write::update(key, "SET #current = :next, #wrapped = :wrapped")
            .when("attribute_not_exists(#erased_at) AND (attribute_not_exists(#pk) OR attribute_not_exists(#current) OR #current = :seen)")
            .value(":seen", current)
            .value(":next", current + 1)
            .value(":wrapped", Value::M(wrapped));
        match self.rows.write(add).await {
            Ok(_) => Ok(true),
            Err(TableError::Condition) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    async fn unwrapped(
        &self,
        tenant: &TenantId,
        stored: &Stored,
    ) -> Result<BTreeMap<i64, AesKey>, KeyError> {
        let masters = self.masters().await?;
        let unwrap = |(number, wrapped): (&i64, &Wrapped)| {
            Ok((*number, masters.unwrap(&about(tenant, *number), wrapped)?))
        };
        stored.wrapped.iter().map(unwrap).collect()
    }

    async fn stored(&self, tenant: &TenantId) -> Result<Option<Stored>, KeyError> {
        let row = self.rows.get(&self.key_of(tenant).await?).await?;
        row.map(|row| Stored::parse(&row)).transpose()
    }

    async fn key_of(&self, tenant: &TenantId) -> Result<RowKey, KeyError> {
        Ok(RowKey::new(
            &["tenant_key", &self.hash(tenant.as_str()).await?],
            &["keys"],
        ))
    }

    async fn masters(&self) -> Result<MasterKeys, KeyError> {
        Ok(MasterKeys::parse(
            &self.secrets.get(&self.master_name).await?,
        )?)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, (Timestamp, Arc<TenantKeys>)>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn about(tenant: &TenantId, number: i64) -> String {
    format!("tenant key\0{tenant}\0{number}")
}
