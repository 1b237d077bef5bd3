//! The data keys of one tenant, which seal and open values.
//!
//! A sealed value is a mark, the version of the format, the number of its key, the nonce, the ciphertext and the tag. The associated data name
//! its tenant, its row and its attribute, so a value that somebody with access to the table moves elsewhere does not open there.
//! They do not say how old a value is: an earlier value of the same attribute of the same row opens.

use std::collections::BTreeMap;

use tidegate_slack::ids::TenantId;

use super::cipher::{AesKey, CipherError};
use crate::table::Key;

/// The first bytes of every sealed value, of any version. No text in UTF-8 begins with them.
const MARK: [u8; 3] = [0xf5, b'T', b'G'];

/// The version of the format. Version 1 did not bind a value to its row.
pub(super) const VERSION: u8 = 2;

/// The place of a sealed value, which is needed to open it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The absolute key of the row.
    pub row: &'a Key,
    /// The name of the attribute.
    pub attribute: &'a str,
}

/// The keys of one tenant, by number. The current one seals new values.
pub struct TenantKeys {
    pub(super) tenant: TenantId,
    pub(super) current: i64,
    pub(super) keys: BTreeMap<i64, AesKey>,
}

impl TenantKeys {
    /// Seals one value for its place.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let key = self.keys.get(&self.current).ok_or(CipherError::NotSealed)?;
        let mut sealed = MARK.to_vec();
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.current.to_be_bytes());
        sealed.extend(key.seal(&self.about(place), plain)?);
        Ok(sealed)
    }

    /// Tells whether the key that sealed a value is among these.
    pub fn know(&self, sealed: &[u8]) -> bool {
        parse(sealed).is_ok_and(|(number, _)| self.keys.contains_key(&number))
    }

    /// Opens a value that [`TenantKeys::seal`] made for the same tenant and place, with the key that it names.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (number, body) = parse(sealed)?;
        let key = self.keys.get(&number).ok_or(CipherError::NotOpened)?;
        key.open(&self.about(place), body)
    }

    fn about(&self, place: Place<'_>) -> Vec<u8> {
        let Place { row, attribute } = place;
        associated_data([self.tenant.as_str(), &row.pk, &row.sk, attribute])
    }
}

/// Encodes the names as the associated data of a value. Each follows its length in bytes, 8 bytes big-endian, so that no two lists
/// of names have the same encoding.
fn associated_data(names: [&str; 4]) -> Vec<u8> {
    let mut data = Vec::with_capacity(names.iter().map(|name| 8 + name.len()).sum());
    for name in names {
        data.extend_from_slice(&(name.len() as u64).to_be_bytes());
        data.extend_from_slice(name.as_bytes());
    }
    data
}

/// Splits a sealed value into the number of its key and what the key sealed.
fn parse(sealed: &[u8]) -> Result<(i64, &[u8]), CipherError> {
    let (version, rest) = sealed
        .strip_prefix(&MARK)
        .and_then(<[u8]>::split_first)
        .ok_or(CipherError::NotOpened)?;
    if *version != VERSION {
        return Err(CipherError::Version(*version));
    }
    let (number, body) = rest.split_first_chunk().ok_or(CipherError::NotOpened)?;
    Ok((i64::from_be_bytes(*number), body))
}

/// Tells whether these bytes are a sealed value, of any version.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MARK)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names that run into each other when they are only joined.
    fn names() -> impl Strategy<Value = [String; 4]> {
        let name = || "[a#\0\u{8}]{0,9}";
        (name(), name(), name(), name()).prop_map(|(a, b, c, d)| [a, b, c, d])
    }

    fn keys(tenant: &str) -> TenantKeys {
        TenantKeys {
            tenant: tenant.into(),
            current: 1,
            keys: BTreeMap::from([(1, AesKey::new([7; 32]).unwrap())]),
        }
    }

    proptest! {
        #[test]
        fn different_names_have_different_encodings(one in names(), other in names()) {
            let encoded = |names: &[String; 4]| associated_data(names.each_ref().map(String::as_str));
            prop_assert_eq!(one == other, encoded(&one) == encoded(&other));
        }

        /// All tenants here have the same key, so only the associated data tell them apart.
        #[test]
        fn a_value_opens_in_its_own_place_only(one in names(), other in names()) {
            let row = |names: &[String; 4]| Key { pk: names[1].clone(), sk: names[2].clone() };
            let (here, there) = (row(&one), row(&other));
            let sealed = keys(&one[0]).seal(Place { row: &here, attribute: &one[3] }, b"words");
            let read = keys(&other[0]).open(Place { row: &there, attribute: &other[3] }, &sealed.unwrap());
            prop_assert_eq!(one == other, read.is_ok());
        }

        #[test]
        fn any_bytes_open_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let row = Key { pk: "T1#a".to_owned(), sk: "b".to_owned() };
            let place = Place { row: &row, attribute: "words" };
            prop_assert!(keys("T1").open(place, &bytes).is_err());
            let marked = [&MARK[..], &bytes].concat();
            prop_assert!(is_sealed(&marked) && keys("T1").open(place, &marked).is_err());
        }
    }

    #[test]
    fn an_earlier_version_is_named() {
        let row = Key {
            pk: "T1#a".to_owned(),
            sk: "b".to_owned(),
        };
        let place = Place {
            row: &row,
            attribute: "words",
        };
        let mut sealed = keys("T1").seal(place, b"words").unwrap();
        sealed[3] = 1;
        let why = keys("T1").open(place, &sealed).unwrap_err().to_string();
        assert_eq!(
            why,
            "the value was sealed in format 1, and this version of Tidegate reads format 2 only"
        );
    }
}
