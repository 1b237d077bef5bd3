//! The end of a tenant's keys. Marking a tenant as erased and destroying its keys are two steps: any function may do the first, and
//! on AWS only the one that erases has the right to do the second.

use tidegate_slack::ids::TenantId;

use super::stored::KeyRows;
use super::{KeyError, Keyring, TRIES};
use crate::table::{Item, Range, RowKey, TableError, Write};

impl Keyring {
    /// Marks a tenant as erased. From here on its keys are not used, and nothing is written for it. They are still there: only
    /// [`Keyring::destroy`] makes that final. Does nothing for a tenant that is marked.
    pub async fn mark_erased(&self, tenant: &TenantId) -> Result<(), KeyError> {
        let place = self.place_of(tenant).await?;
        for _ in 0..TRIES {
            // A key that is damaged must not keep anything from being erased, so keys are not read here.
            let state = State::of(self.rows.get(&place.state()).await?);
            if !state.is_erased {
                let mark = place.erase(state.current, self.clock.now().millis());
                match self.rows.write(mark).await {
                    Ok(_) => {}
                    // The keys have changed since they were read.
                    Err(TableError::Condition) => continue,
                    Err(e) => return Err(e.into()),
                }
            }
            self.forget(tenant);
            return Ok(());
        }
        Err(super::keep_changing())
    }

    /// Destroys the keys of a tenant that is marked as erased. Values that they sealed can never be read again, here or in a backup.
    /// Returns how many keys there were. An interrupted call can be repeated. `None` for a tenant that is not marked: a
    /// writer of the data table alone must not get keys destroyed.
    pub async fn destroy(&self, tenant: &TenantId) -> Result<Option<usize>, KeyError> {
        let place = self.place_of(tenant).await?;
        if !State::of(self.rows.get(&place.state()).await?).is_erased {
            return Ok(None);
        }
        // No key can be added once the tenant is marked, so the keys that are found here are all.
        let keys = self.key_rows(&place).await?;
        for key in &keys {
            self.rows.write(Write::delete(key.clone())).await?;
        }
        Ok(Some(keys.len()))
    }

    /// Returns the rows that hold keys, whatever is in them.
    async fn key_rows(&self, place: &KeyRows) -> Result<Vec<RowKey>, KeyError> {
        let partition = place.partition();
        let found = self.rows.pages(&partition, Range::Under(&["key"]));
        Ok(found.all().await?.into_iter().map(|(key, _)| key).collect())
    }

    /// Tells whether a tenant was erased and the app has not been installed again.
    pub async fn is_erased(&self, tenant: &TenantId) -> Result<bool, KeyError> {
        let state = self.place_of(tenant).await?.state();
        Ok(State::of(self.rows.get(&state).await?).is_erased)
    }

    /// Ends the erased state of a tenant, which then gets a new key. Does nothing for a tenant that was not erased. Fails with
    /// [`KeyError::Erased`] while its old keys are still there: the erasure has to come to its end first.
    pub async fn revive(&self, tenant: &TenantId) -> Result<(), KeyError> {
        let place = self.place_of(tenant).await?;
        let state = State::of(self.rows.get(&place.state()).await?);
        if state.is_erased {
            if !self.key_rows(&place).await?.is_empty() {
                return Err(KeyError::Erased);
            }
            match self.rows.write(place.revive(state.current)).await {
                Ok(_) | Err(TableError::Condition) => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.forget(tenant);
        Ok(())
    }
}

/// The row of a tenant's state.
struct State {
    is_erased: bool,
    current: i64,
}

impl State {
    fn of(row: Option<Item>) -> Self {
        let row = row.unwrap_or_default();
        Self {
            is_erased: row.number("erased_at").is_some(),
            current: row.number("current").unwrap_or(0),
        }
    }
}
