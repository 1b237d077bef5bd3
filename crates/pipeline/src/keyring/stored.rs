//! The row of a tenant's keys: how it is parsed, and how a wrapped key is stored in it.

use std::collections::BTreeMap;

use super::KeyError;
use super::master::Wrapped;
use crate::table::{Item, Value};

/// The content of the row of a tenant's keys.
pub(super) struct Stored {
    /// Whether the tenant was erased and the app has not been installed again.
    pub(super) erased: bool,
    /// The number of the key that seals new values; 0 if there was none.
    pub(super) current: i64,
    /// The wrapped keys, by number.
    pub(super) wrapped: BTreeMap<i64, Wrapped>,
}

impl Stored {
    /// Parses the row. Fails if a wrapped key in it is damaged.
    pub(super) fn parse(row: &Item) -> Result<Self, KeyError> {
        let mut wrapped = BTreeMap::new();
        if let Some(Value::M(keys)) = row.0.get("wrapped") {
            for (number, key) in keys {
                let number = number.parse().map_err(|_| KeyError::Damaged)?;
                wrapped.insert(number, wrapped_from(key).ok_or(KeyError::Damaged)?);
            }
        }
        Ok(Self {
            erased: row.number("erased_at").is_some(),
            current: row.number("current").unwrap_or(0),
            wrapped,
        })
    }
}

/// Makes the attribute value of a wrapped key.
pub(super) fn value_of(wrapped: Wrapped) -> Value {
    Value::M(BTreeMap::from([
        ("master".to_owned(), wrapped.master.into()),
        ("bytes".to_owned(), wrapped.bytes.into()),
    ]))
}

/// Parses a wrapped key. `None` if the value is damaged.
pub(super) fn wrapped_from(value: &Value) -> Option<Wrapped> {
    let Value::M(fields) = value else { return None };
    match (fields.get("master")?, fields.get("bytes")?) {
        (Value::S(master), Value::B(bytes)) => Some(Wrapped {
            master: master.clone(),
            bytes: bytes.clone(),
        }),
        _ => None,
    }
}
