//! The master keys, which wrap the tenants' keys. `TIDEGATE_MASTER_KEY` lists them, newest first, separated by commas, with 64
//! hex digits each. On AWS it is an SSM `SecureString`, which KMS encrypts.

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::cipher::{AesKey, CipherError, KEY_BYTES};
use crate::table::hash_text;

/// The error for a malformed list of master keys. Holds the position of the bad key from 1, and no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("master key {0} is not 64 hex digits (make one with `openssl rand -hex 32`)")]
pub struct MasterKeyError(pub usize);

/// A wrapped key, with the id of the master key that wraps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrapped {
    pub(super) master: String,
    pub(super) bytes: Vec<u8>,
}

/// The master keys by id, newest first.
pub(super) struct MasterKeys(Vec<(String, AesKey)>);

/// Checks the form of a list of master keys.
pub fn check(list: &SecretString) -> Result<(), MasterKeyError> {
    MasterKeys::parse(list).map(|_| ())
}

impl MasterKeys {
    pub(super) fn parse(list: &SecretString) -> Result<Self, MasterKeyError> {
        let parse = |(n, text): (usize, &str)| {
            let refused = || MasterKeyError(n + 1);
            let bytes = hex::decode(text.trim()).map_err(|_| refused())?;
            let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| refused())?;
            let id = hash_text(&bytes)[..8].to_owned();
            Ok((id, AesKey::new(bytes).map_err(|_| refused())?))
        };
        let keys = list.expose_secret().split(',').enumerate().map(parse);
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// Wraps a key under the newest master key.
    pub(super) fn wrap(&self, about: &str, key: &AesKey) -> Result<Wrapped, CipherError> {
        let (id, newest) = self.0.first().ok_or(CipherError::NotSealed)?;
        Ok(Wrapped {
            master: id.clone(),
            bytes: newest.seal(about.as_bytes(), key.bytes())?,
        })
    }

    pub(super) fn unwrap(&self, about: &str, wrapped: &Wrapped) -> Result<AesKey, CipherError> {
        let master = self.0.iter().find(|(id, _)| *id == wrapped.master);
        let (_, master) = master.ok_or(CipherError::NotOpened)?;
        let bytes = master.open(about.as_bytes(), &wrapped.bytes)?;
        AesKey::new(bytes.try_into().map_err(|_| CipherError::NotOpened)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_64_hex_digits_each_and_the_newest_wraps() {
        let (old, new) = ("ab".repeat(32), "cd".repeat(32));
        let before = MasterKeys::parse(&old.clone().into()).unwrap();
        let wrapped = before.wrap("T1", &AesKey::new([7; 32]).unwrap()).unwrap();
        let both = MasterKeys::parse(&format!("{new}, {old}").into()).unwrap();
        assert_eq!(both.unwrap("T1", &wrapped).unwrap().bytes(), &[7; 32]);
        assert!(both.unwrap("T2", &wrapped).is_err());
        let again = both
            .wrap("T1", &both.unwrap("T1", &wrapped).unwrap())
            .unwrap();
        assert_ne!(again.master, wrapped.master);
        for (bad, n) in [("", 1), ("abc", 1), (&format!("{old},"), 2)] {
            assert_eq!(check(&bad.to_owned().into()), Err(MasterKeyError(n)));
        }
    }
}
