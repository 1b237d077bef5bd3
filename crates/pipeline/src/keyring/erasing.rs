//! The end of a tenant's keys. Marking a tenant as erased and destroying its keys are two steps: any function may do the first, and
//! on AWS only the one that erases has the right to do the second.

use tidegate_slack::ids::TenantId;

use super::{KeyError, Keyring, TRIES};
use crate::table::{TableError, Write};

impl Keyring {
    /// Marks a tenant as erased. From here on its keys are not used, and nothing is written for it. They are still there: only
    /// [`Keyring::destroy`] makes that final. Does nothing for a tenant that is marked.
    pub async fn mark_erased(&self, tenant: &TenantId) -> Result<(), KeyError> {
        let place = self.place_of(tenant).await?;
        for _ in 0..TRIES {
            let stored = self.stored(&place).await?;
            if !stored.erased {
                let mark = place.erase(stored.current, self.clock.now().millis());
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
    /// Returns how many keys there were. An interrupted call can be repeated. `None` for a tenant that is not marked: whoever can
    /// write to the data table alone must not get keys destroyed.
    pub async fn destroy(&self, tenant: &TenantId) -> Result<Option<usize>, KeyError> {
        let place = self.place_of(tenant).await?;
        let stored = self.stored(&place).await?;
        if !stored.erased {
            return Ok(None);
        }
        // No key can be added once the tenant is marked, so the keys that are found here are all.
        for number in stored.wrapped.keys() {
            self.rows.write(Write::delete(place.key(*number))).await?;
        }
        Ok(Some(stored.wrapped.len()))
    }

    /// Tells whether a tenant was erased and the app has not been installed again.
    pub async fn is_erased(&self, tenant: &TenantId) -> Result<bool, KeyError> {
        let state = self.place_of(tenant).await?.state();
        let row = self.rows.get(&state).await?;
        Ok(row.is_some_and(|row| row.number("erased_at").is_some()))
    }

    /// Ends the erased state of a tenant, which then gets a new key. Does nothing for a tenant that was not erased.
    pub async fn revive(&self, tenant: &TenantId) -> Result<(), KeyError> {
        let place = self.place_of(tenant).await?;
        let stored = self.stored(&place).await?;
        if stored.erased {
            match self.rows.write(place.revive(stored.current)).await {
                Ok(_) | Err(TableError::Condition) => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.forget(tenant);
        Ok(())
    }
}
