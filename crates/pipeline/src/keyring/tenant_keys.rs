//! The data keys of one tenant: they seal values and open them.

use std::collections::BTreeMap;

use tidegate_slack::ids::TenantId;

use super::cipher::{AesKey, CipherError};

/// Begins every sealed value: a mark, and the version of this format.
const MAGIC: [u8; 4] = [0xf5, b'T', b'G', 1];

/// The keys of one tenant, by number; the current one seals.
pub struct TenantKeys {
    pub(super) tenant: TenantId,
    pub(super) current: i64,
    pub(super) keys: BTreeMap<i64, AesKey>,
}

impl TenantKeys {
    /// Seals one value. `kind` is what it is, for example the name of its attribute.
    pub fn seal(&self, kind: &str, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let key = self.keys.get(&self.current).ok_or(CipherError::NotSealed)?;
        let mut sealed = MAGIC.to_vec();
        sealed.extend_from_slice(&self.current.to_be_bytes());
        sealed.extend(key.seal(&self.about(kind), plain)?);
        Ok(sealed)
    }

    /// Opens what [`TenantKeys::seal`] made for the same tenant and kind, with whichever of the keys it names.
    pub fn open(&self, kind: &str, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let number = sealed
            .strip_prefix(&MAGIC)
            .and_then(|s| s.split_first_chunk());
        let (number, body) = number.ok_or(CipherError::NotOpened)?;
        let key = self.keys.get(&i64::from_be_bytes(*number));
        key.ok_or(CipherError::NotOpened)?
            .open(&self.about(kind), body)
    }

    fn about(&self, kind: &str) -> Vec<u8> {
        format!("{}\0{kind}", self.tenant).into_bytes()
    }
}

/// Whether these bytes are a sealed value.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}
