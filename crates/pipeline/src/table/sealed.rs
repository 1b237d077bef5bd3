//! The layer between the handles and the engine. It seals and opens values that only their tenant may read, and writes nothing
//! for a tenant that was erased.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tidegate_slack::ids::TenantId;

use super::engine::{Engine, Query, TableError, Write, WriteAction};
use super::key::{Key, tenant_of};
use super::rows::{SYSTEM, Table};
use super::value::{Item, Value};
use crate::keyring::{KeyError, Keyring, Place, TenantKeys, is_sealed};
use crate::tenants;

/// An engine that seals values under their tenants' keys before it stores them in another engine.
pub struct SealedEngine {
    inner: Arc<dyn Engine>,
    keyring: Arc<Keyring>,
}

impl SealedEngine {
    /// Wraps `inner`, with the keys of `keyring`.
    pub fn new(inner: Arc<dyn Engine>, keyring: Arc<Keyring>) -> Self {
        Self { inner, keyring }
    }

    /// Returns the keys of the tenant whose partition this is, for a write. `None` for a partition of the system. A tenant is listed
    /// before its first key is made, so the list holds every tenant that has rows. If the process dies in between, the list names
    /// one that has none, which does no harm.
    async fn keys(&self, pk: &str) -> Result<Option<Arc<TenantKeys>>, TableError> {
        let Some(tenant) = tenant_in(pk) else {
            return Ok(None);
        };
        if let Some(keys) = self.keyring.find(&tenant).await? {
            return Ok(Some(keys));
        }
        let open = Table::new(Arc::clone(&self.inner));
        open.system().rows().write(tenants::add(&tenant)).await?;
        Ok(Some(self.keyring.of(&tenant).await?))
    }

    /// Returns the keys of a tenant, to open what they sealed.
    async fn keys_to_open(&self, tenant: &TenantId) -> Result<Arc<TenantKeys>, TableError> {
        let keys = self.keyring.find(tenant).await?;
        keys.ok_or_else(|| TableError::Invalid("the keys of a sealed value are gone".to_owned()))
    }

    /// Opens the sealed values of the row at `row`.
    async fn opened(&self, row: &Key, item: Item) -> Result<Item, TableError> {
        if sealed_in(&item).next().is_none() {
            return Ok(item);
        }
        let tenant = tenant_in(&row.pk).ok_or_else(no_keys)?;
        let mut keys = self.keys_to_open(&tenant).await?;
        if !sealed_in(&item).all(|bytes| keys.know(bytes)) {
            // Another process has made a new key since this one read them.
            self.keyring.forget(&tenant);
            keys = self.keys_to_open(&tenant).await?;
        }
        let open = |(name, value): (String, Value)| match value {
            Value::B(bytes) if is_sealed(&bytes) => {
                let attribute = name.as_str();
                let plain = keys
                    .open(Place { row, attribute }, &bytes)
                    .map_err(|e| TableError::Invalid(format!("`{attribute}`: {e}")))?;
                Ok((name, Value::Sealed(plain)))
            }
            plain => Ok((name, plain)),
        };
        item.0
            .into_iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map(Item)
    }

    async fn sealed(&self, mut write: Write<Key>) -> Result<Write<Key>, TableError> {
        let keys = self.keys(&write.key.pk).await?;
        let (keys, row) = (keys.as_deref(), &write.key);
        if let WriteAction::Put(item) = &mut write.action {
            item.0 = seal(keys, row, std::mem::take(&mut item.0), |name| name)?;
        }
        // In an expression, the placeholder of a sealed value has the name of its attribute.
        write.values = seal(keys, row, write.values, |name| name.trim_start_matches(':'))?;
        Ok(write)
    }

    /// Opens a row as far as it can be opened. A value that cannot be stays sealed, so that its row hides no other and a write that
    /// was done is not reported as failed. Its reader finds it damaged.
    async fn opened_if_whole(&self, item: Item) -> Result<Item, TableError> {
        let part = |name| item.text(name).unwrap_or_default().to_owned();
        let row = Key {
            pk: part("pk"),
            sk: part("sk"),
        };
        match self.opened(&row, item.clone()).await {
            Err(TableError::Invalid(why)) => {
                tracing::error!(why, pk = row.pk, sk = row.sk, "table.row_not_opened");
                Ok(item)
            }
            opened => opened,
        }
    }
}

/// Seals values for the row at `row`. `attribute` turns the name of a value into that of its attribute.
fn seal(
    keys: Option<&TenantKeys>,
    row: &Key,
    values: BTreeMap<String, Value>,
    attribute: impl Fn(&str) -> &str,
) -> Result<BTreeMap<String, Value>, TableError> {
    let seal = |(name, value): (String, Value)| match value {
        Value::Sealed(plain) => {
            let attribute = attribute(&name);
            let place = Place { row, attribute };
            let sealed = keys.ok_or_else(no_keys)?.seal(place, &plain);
            Ok((
                name,
                Value::B(sealed.map_err(|e| TableError::Busy(e.to_string()))?),
            ))
        }
        plain => Ok((name, plain)),
    };
    values.into_iter().map(seal).collect()
}

fn sealed_in(item: &Item) -> impl Iterator<Item = &[u8]> {
    item.0.values().filter_map(|value| match value {
        Value::B(bytes) if is_sealed(bytes) => Some(bytes.as_slice()),
        _ => None,
    })
}

fn no_keys() -> TableError {
    TableError::Invalid("only a tenant's rows hold sealed values".to_owned())
}

fn tenant_in(pk: &str) -> Option<TenantId> {
    let (prefix, _) = pk.split_once('#')?;
    (prefix != SYSTEM).then(|| tenant_of(prefix))
}

impl From<KeyError> for TableError {
    fn from(e: KeyError) -> Self {
        match e {
            KeyError::Erased => Self::Erased,
            KeyError::Table(e) => e,
            KeyError::Secret(_) => Self::Busy(e.to_string()),
            KeyError::Locked(_) | KeyError::Master(_) | KeyError::Cipher(_) | KeyError::Damaged => {
                Self::Keys(e.to_string())
            }
        }
    }
}

#[async_trait]
impl Engine for SealedEngine {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        match self.inner.get(key).await? {
            Some(item) => self.opened(key, item).await.map(Some),
            None => Ok(None),
        }
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        let (items, next) = self.inner.query(query).await?;
        let mut opened = Vec::with_capacity(items.len());
        for item in items {
            opened.push(self.opened_if_whole(item).await?);
        }
        Ok((opened, next))
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        let write = self.sealed(write).await?;
        match self.inner.write(write).await? {
            Some(item) => self.opened_if_whole(item).await.map(Some),
            None => Ok(None),
        }
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        let mut sealed = Vec::with_capacity(writes.len());
        for write in writes {
            sealed.push(self.sealed(write).await?);
        }
        self.inner.transact(sealed).await
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        let mut sealed = Vec::with_capacity(rows.len());
        for (key, item) in rows {
            let keys = self.keys(&key.pk).await?;
            let values = seal(keys.as_deref(), &key, item.0, |name| name)?;
            sealed.push((key, Item(values)));
        }
        self.inner.put_all(sealed).await
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        self.inner.scan(prefix, after, limit).await
    }

    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError> {
        // This skips the check of `write`, because the rows of an erased tenant must be removable.
        self.inner.remove(keys).await
    }
}
