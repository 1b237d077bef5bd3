//! The data keys of one tenant, which seal and open values.

use std::collections::BTreeMap;

use tidegate_slack::ids::TenantId;

use super::cipher::{AesKey, CipherError};

/// The first bytes of every sealed value: a mark and the version of the format.
const MAGIC: [u8; 4] = [0xf5, b'T', b'G', 1];

/// The keys of one tenant, by number. The current one seals new values.
pub struct TenantKeys {
    pub(super) tenant: TenantId,
    pub(super) current: i64,
    pub(super) keys: BTreeMap<i64, AesKey>,
}

impl TenantKeys {
    /// Seals one value. `kind` is its purpose, for example the name of its attribute, and is needed to open it.
    pub fn seal(&self, kind: &str, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let key = self.keys.get(&self.current).ok_or(CipherError::NotSealed)?;
        let mut sealed = MAGIC.to_vec();
        sealed.extend_from_slice(&self.current.to_be_bytes());
        sealed.extend(key.seal(&self.about(kind), plain)?);
        Ok(sealed)
    }

    /// Tells whether the key that sealed a value is among these.
    pub fn know(&self, sealed: &[u8]) -> bool {
        number_of(sealed).is_some_and(|(number, _)| self.keys.contains_key(&number))
    }

    /// Opens a value that [`TenantKeys::seal`] made for the same tenant and kind, with the key that it names.
    pub fn open(&self, kind: &str, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (number, body) = number_of(sealed).ok_or(CipherError::NotOpened)?;
        let key = self.keys.get(&number);
        key.ok_or(CipherError::NotOpened)?
            .open(&self.about(kind), body)
    }

    fn about(&self, kind: &str) -> Vec<u8> {
        format!("{}\0{kind}", self.tenant).into_bytes()
    }
}

/// Splits a sealed value into the number of its key and the sealed bytes.
fn number_of(sealed: &[u8]) -> Option<(i64, &[u8])> {
    let (number, body) = sealed.strip_prefix(&MAGIC)?.split_first_chunk()?;
    Some((i64::from_be_bytes(*number), body))
}

/// Tells whether these bytes are a sealed value.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}
