//! AES-256-GCM by `ring`. Each message has a fresh random nonce, and its owner and purpose are the associated data.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::zeroize::Zeroizing;
use thiserror::Error;

use super::tenant_keys::VERSION;
use crate::entropy::{EntropyError, random_bytes};

/// The length of a key in bytes.
pub(super) const KEY_BYTES: usize = 32;

/// The reason why data could not be sealed or opened. It reveals nothing of the content.
#[derive(Debug, Error)]
pub enum CipherError {
    /// The key or the associated data is wrong, or the data is damaged.
    #[error("sealed data cannot be opened with this key")]
    NotOpened,
    /// The value was sealed by another version of Tidegate. Holds the version of its format.
    #[error(
        "the value was sealed in format {0}, and this version of Tidegate reads format {VERSION} only"
    )]
    Version(u8),
    /// The data is longer than one call can seal, or there is no key.
    #[error("the data cannot be sealed")]
    NotSealed,
    /// The operating system gave no random bytes for a nonce or a key.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// A key. Its bytes are overwritten when it is dropped, and never shown.
#[derive(Clone)]
pub(super) struct AesKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    key: LessSafeKey,
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey")
    }
}

impl AesKey {
    pub(super) fn new(bytes: [u8; KEY_BYTES]) -> Result<Self, CipherError> {
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| CipherError::NotSealed)?;
        Ok(Self {
            bytes: Zeroizing::new(bytes),
            key: LessSafeKey::new(key),
        })
    }

    pub(super) fn random() -> Result<Self, CipherError> {
        Self::new(random_bytes()?)
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// Seals a message: the result is the nonce, the ciphertext and the tag.
    pub(super) fn seal(&self, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let nonce: [u8; NONCE_LEN] = random_bytes()?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(about), &mut sealed[NONCE_LEN..])
            .map_err(|_| CipherError::NotSealed)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub(super) fn open(&self, about: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (nonce, body) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(CipherError::NotOpened)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(about), &mut body)
            .map_err(|_| CipherError::NotOpened)?
            .len();
        body.truncate(plain);
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_sealed_opens_for_the_same_purpose_only(plain in prop::collection::vec(any::<u8>(), 0..300), flip in any::<prop::sample::Index>()) {
            let key = AesKey::random().unwrap();
            let mut sealed = key.seal(b"T1 token", &plain).unwrap();
            prop_assert_eq!(key.open(b"T1 token", &sealed).unwrap(), plain);
            prop_assert!(key.open(b"T2 token", &sealed).is_err());
            prop_assert!(AesKey::random().unwrap().open(b"T1 token", &sealed).is_err());
            let at = flip.index(sealed.len());
            sealed[at] ^= 1;
            prop_assert!(key.open(b"T1 token", &sealed).is_err());
        }

        #[test]
        fn any_bytes_open_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(AesKey::random().unwrap().open(b"", &bytes).is_err());
        }
    }
}
