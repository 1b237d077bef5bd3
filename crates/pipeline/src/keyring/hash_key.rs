//! The key of [`Keyring::hash`], which hashes ids for rows that outlive an erasure. It is wrapped under a master key and stored
//! beside the tenants' keys.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::cipher::AesKey;
use super::stored::{value_of, wrapped_from};
use super::{KeyError, Keyring, TRIES};
use crate::table::{Item, RowKey, TableError, Write};

/// The associated data of the wrapped key.
const ABOUT: &str = "hash key";

impl Keyring {
    /// Returns a keyed hash of an id as 32 hex digits, for rows that outlive an erasure. Without the table of keys, nobody can tell
    /// which id it stands for.
    pub async fn hash(&self, id: &str) -> Result<String, KeyError> {
        let key = self
            .hash_key
            .get_or_try_init(|| self.read_hash_key())
            .await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).map_err(|_| KeyError::Damaged)?;
        mac.update(id.as_bytes());
        Ok(hex::encode(&mac.finalize().into_bytes()[..16]))
    }

    async fn read_hash_key(&self) -> Result<AesKey, KeyError> {
        let place = row_key();
        let masters = self.masters().await?;
        for _ in 0..TRIES {
            if let Some(row) = self.rows.get(&place).await? {
                let wrapped = row.0.get("wrapped").and_then(wrapped_from);
                let key = masters.unwrap(ABOUT, &wrapped.ok_or(KeyError::Damaged)?);
                let locked = |_| KeyError::Locked("the key of the keyed hashes".to_owned());
                return key.map_err(locked);
            }
            let made = value_of(masters.wrap(ABOUT, &AesKey::random()?)?);
            let put = Write::put(place.clone(), Item::new().with("wrapped", made));
            match self.rows.write(put.when("attribute_not_exists(#pk)")).await {
                Ok(_) | Err(TableError::Condition) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Err(KeyError::Damaged)
    }

    /// Wraps the key of [`Keyring::hash`] again, under the newest master key.
    pub async fn renew_hash_key(&self) -> Result<(), KeyError> {
        let key = self
            .hash_key
            .get_or_try_init(|| self.read_hash_key())
            .await?;
        let wrapped = value_of(self.masters().await?.wrap(ABOUT, key)?);
        let place = row_key();
        let put = Write::put(place, Item::new().with("wrapped", wrapped));
        self.rows.write(put).await?;
        Ok(())
    }
}

fn row_key() -> RowKey {
    RowKey::new(&["hash_key"], &["key"])
}
