//! The data keys of tenants. Texts that people wrote and credentials of workspaces are stored only under the key of their tenant.
//!
//! There are three layers. A master key comes from [`Secrets`]. It wraps the data keys of each tenant, which are stored in a
//! separate table without backups, so that destroying them makes the tenant's rows unreadable in every backup too. A data key
//! seals values, with the tenant, the key of the row and the name of the attribute as associated data. The sealed value holds the
//! number of its key.
//!
//! Beside the keys, the table records that a tenant was erased. Nothing more is written for it then.

mod cipher;
mod erasing;
mod error;
mod hash_key;
mod master;
mod stored;
mod tenant_keys;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidegate_slack::ids::TenantId;
use tokio::sync::OnceCell;

use self::cipher::AesKey;
pub use self::cipher::CipherError;
pub use self::error::KeyError;
pub use self::master::{MasterKeyError, check as check_master_keys};
use self::master::{MasterKeys, Wrapped};
use self::stored::{KeyRows, Stored};
pub use self::tenant_keys::{Place, TenantKeys, is_sealed};
use crate::clock::{Clock, Timestamp};
use crate::secrets::Secrets;
use crate::table::{Range, RowKey, Rows, Table, TableError, Write};

/// How long a process uses the keys that it has read. For that time, it may still write for a tenant that another process erased.
pub const CACHED_FOR: Duration = Duration::from_mins(1);

/// The most tenants whose keys a process caches.
const CACHED_TENANTS: usize = 10_000;

/// The number of attempts to add a key while other processes add keys too.
const TRIES: usize = 5;

/// What becomes of a tenant that has no key.
#[derive(Clone, Copy, PartialEq)]
enum IfNone {
    /// It gets one.
    Make,
    /// It stays without.
    Leave,
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

    /// Returns a tenant's keys. `None` if it has none yet.
    pub async fn find(&self, tenant: &TenantId) -> Result<Option<Arc<TenantKeys>>, KeyError> {
        self.cached_or(tenant, IfNone::Leave).await
    }

    /// Returns a tenant's keys, and makes the first one if it has none. A caller that stores rows lists the tenant before that.
    pub async fn of(&self, tenant: &TenantId) -> Result<Arc<TenantKeys>, KeyError> {
        let keys = self.cached_or(tenant, IfNone::Make).await?;
        keys.ok_or_else(keep_changing)
    }

    async fn cached_or(
        &self,
        tenant: &TenantId,
        if_none: IfNone,
    ) -> Result<Option<Arc<TenantKeys>>, KeyError> {
        let now = self.clock.now();
        if let Some((read_at, keys)) = self.cache().get(tenant)
            && now.since(*read_at) < CACHED_FOR
        {
            return Ok(Some(Arc::clone(keys)));
        }
        let changes = self.changes.load(Ordering::SeqCst);
        let Some(keys) = self.read(tenant, if_none).await?.map(Arc::new) else {
            return Ok(None);
        };
        let mut cache = self.cache();
        // The keys may have changed since the read, so they are used once and not cached.
        if self.changes.load(Ordering::SeqCst) != changes {
            return Ok(Some(keys));
        }
        if cache.len() >= CACHED_TENANTS {
            cache.clear();
        }
        cache.insert(tenant.clone(), (now, Arc::clone(&keys)));
        Ok(Some(keys))
    }

    /// Gives a tenant a new key under the newest master key, and wraps its older keys under that master key too. Values that the
    /// older keys sealed stay readable. An interrupted call can be repeated.
    pub async fn renew(&self, tenant: &TenantId) -> Result<(), KeyError> {
        let place = self.place_of(tenant).await?;
        for _ in 0..TRIES {
            let stored = self.stored(&place).await?;
            if stored.erased {
                return Err(KeyError::Erased);
            }
            let settled = !stored.in_one_row || self.move_apart(&place, &stored).await?;
            if settled
                && self.wrap_again(tenant, &place, &stored).await?
                && self.add_key(tenant, &place, stored.current).await?
            {
                self.forget(tenant);
                return Ok(());
            }
        }
        Err(keep_changing())
    }

    /// Drops a tenant's keys from the cache, so that they are read again when they are needed.
    pub fn forget(&self, tenant: &TenantId) {
        let mut cache = self.cache();
        self.changes.fetch_add(1, Ordering::SeqCst);
        cache.remove(tenant);
    }

    async fn read(
        &self,
        tenant: &TenantId,
        if_none: IfNone,
    ) -> Result<Option<TenantKeys>, KeyError> {
        let place = self.place_of(tenant).await?;
        for attempt in 1..=TRIES {
            let stored = self.stored(&place).await?;
            if stored.erased {
                return Err(KeyError::Erased);
            }
            // While a key is added, a query may see the new state without the new key. If that stays so, the key is lost, and what
            // the others sealed can still be read.
            let is_whole = stored.wrapped.contains_key(&stored.current);
            if !stored.in_one_row && !stored.wrapped.is_empty() && !is_whole && attempt < TRIES {
                continue;
            }
            if stored.in_one_row {
                self.move_apart(&place, &stored).await?;
            } else if !stored.wrapped.is_empty() {
                return Ok(Some(TenantKeys {
                    tenant: tenant.clone(),
                    current: stored.current,
                    keys: self.unwrapped(tenant, &stored).await?,
                }));
            } else if if_none == IfNone::Leave {
                return Ok(None);
            } else {
                self.add_key(tenant, &place, stored.current).await?;
            }
        }
        Err(keep_changing())
    }

    /// Adds a key with the number after `seen`. Returns false if another process was faster.
    async fn add_key(
        &self,
        tenant: &TenantId,
        place: &KeyRows,
        seen: i64,
    ) -> Result<bool, KeyError> {
        let number = seen + 1;
        let wrapped = (self.masters().await?).wrap(&about(tenant, number), &AesKey::random()?)?;
        let put = place.put(number, wrapped).when("attribute_not_exists(#pk)");
        self.put_together(vec![place.advance(seen, number), put])
            .await
    }

    /// Wraps the keys again, under the newest master key. Returns false if one was destroyed meanwhile.
    async fn wrap_again(
        &self,
        tenant: &TenantId,
        place: &KeyRows,
        stored: &Stored,
    ) -> Result<bool, KeyError> {
        let masters = self.masters().await?;
        for (number, key) in self.unwrapped(tenant, stored).await? {
            let wrapped = masters.wrap(&about(tenant, number), &key)?;
            let put = place.put(number, wrapped).when("attribute_exists(#pk)");
            match self.rows.write(put).await {
                Ok(_) => {}
                Err(TableError::Condition) => return Ok(false),
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }

    /// Gives each key a row of its own, where an older release stored all of them in one. Returns false if another process was
    /// faster.
    async fn move_apart(&self, place: &KeyRows, stored: &Stored) -> Result<bool, KeyError> {
        let keys = stored.wrapped.iter();
        let puts = keys.map(|(number, wrapped)| place.put(*number, wrapped.clone()));
        let state = place.advance(stored.current, stored.current);
        self.put_together(std::iter::once(state).chain(puts).collect())
            .await
    }

    /// Does the writes together. Returns false if a condition does not hold.
    async fn put_together(&self, writes: Vec<Write<RowKey>>) -> Result<bool, KeyError> {
        match self.rows.transact(writes).await {
            Ok(()) => Ok(true),
            Err(TableError::Cancelled(_)) => Ok(false),
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
            let key = masters.unwrap(&about(tenant, *number), wrapped);
            let locked = |_| KeyError::Locked(format!("the data key of {tenant}"));
            Ok((*number, key.map_err(locked)?))
        };
        stored.wrapped.iter().map(unwrap).collect()
    }

    async fn stored(&self, place: &KeyRows) -> Result<Stored, KeyError> {
        let partition = place.partition();
        let rows = self.rows.pages(&partition, Range::All).all().await?;
        Stored::parse(rows.iter().map(|(_, row)| row))
    }

    async fn place_of(&self, tenant: &TenantId) -> Result<KeyRows, KeyError> {
        let hash = self.hash(tenant.as_str()).await?;
        Ok(KeyRows { hash })
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

fn keep_changing() -> KeyError {
    TableError::Busy("the tenant's keys keep changing".to_owned()).into()
}

fn about(tenant: &TenantId, number: i64) -> String {
    format!("tenant key\0{tenant}\0{number}")
}
