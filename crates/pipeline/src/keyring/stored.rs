//! The rows of a tenant's keys in the table of keys. One row says which key is the newest and whether the tenant was erased; it is
//! never deleted. Each wrapped key has a row of its own. So making keys only puts rows, and destroying keys is the one thing that
//! deletes any: on AWS these are different rights.

use std::collections::BTreeMap;

use super::KeyError;
use super::master::Wrapped;
use crate::table::{Item, RowKey, Value, Write};

/// The condition that the row of the state is as it was read, with `:seen` as its number, and that the tenant was not erased.
const UNCHANGED: &str =
    "attribute_not_exists(#erased_at) AND (attribute_not_exists(#current) OR #current = :seen)";

/// The partition of a tenant's keys.
pub(super) struct KeyRows {
    /// The keyed hash of the tenant's id.
    pub(super) hash: String,
}

impl KeyRows {
    /// The partition, for queries.
    pub(super) fn partition(&self) -> [&str; 2] {
        ["tenant_key", &self.hash]
    }

    /// The key of the row with the state.
    pub(super) fn state(&self) -> RowKey {
        RowKey::new(&["tenant_key", &self.hash], &["keys"])
    }

    /// The key of the row with one wrapped key.
    pub(super) fn key(&self, number: i64) -> RowKey {
        RowKey::new(&["tenant_key", &self.hash], &["key", &number.to_string()])
    }

    /// Sets the number of the newest key, unless the state has changed since `seen` was read or the tenant was erased.
    pub(super) fn advance(&self, seen: i64, current: i64) -> Write<RowKey> {
        Write::put(self.state(), Item::new().with("current", current))
            .when(UNCHANGED)
            .value(":seen", seen)
    }

    /// Marks the tenant as erased at `now`, in milliseconds, under the same condition. The number stays, so that a key that is made
    /// after a new install never has the number of a destroyed key.
    pub(super) fn erase(&self, seen: i64, now: i64) -> Write<RowKey> {
        let state = Item::new().with("current", seen).with("erased_at", now);
        Write::put(self.state(), state)
            .when(UNCHANGED)
            .value(":seen", seen)
    }

    /// Ends the erased state. No key is made in that state, so the number is still the one that was read.
    pub(super) fn revive(&self, seen: i64) -> Write<RowKey> {
        Write::put(self.state(), Item::new().with("current", seen))
            .when("attribute_exists(#erased_at)")
    }

    /// Stores a wrapped key.
    pub(super) fn put(&self, number: i64, wrapped: Wrapped) -> Write<RowKey> {
        let row = Item::new()
            .with("number", number)
            .with("wrapped", value_of(wrapped));
        Write::put(self.key(number), row)
    }
}

/// The content of the rows of a tenant's keys.
#[derive(Default)]
pub(super) struct Stored {
    /// Whether the tenant was erased and the app has not been installed again.
    pub(super) erased: bool,
    /// The number of the key that seals new values; 0 if there was none.
    pub(super) current: i64,
    /// The wrapped keys, by number.
    pub(super) wrapped: BTreeMap<i64, Wrapped>,
    /// Whether the row of the state holds keys too, as all rows did before each key had its own.
    pub(super) in_one_row: bool,
}

impl Stored {
    /// Parses the rows of the partition. Fails if one of them is damaged.
    pub(super) fn parse<'r>(rows: impl IntoIterator<Item = &'r Item>) -> Result<Self, KeyError> {
        let mut stored = Self::default();
        for row in rows {
            let wrapped = row.0.get("wrapped");
            if let Some(number) = row.number("number") {
                let wrapped = wrapped.and_then(wrapped_from).ok_or(KeyError::Damaged)?;
                stored.wrapped.insert(number, wrapped);
                continue;
            }
            stored.erased = row.number("erased_at").is_some();
            stored.current = row.number("current").unwrap_or(0);
            if let Some(Value::M(keys)) = wrapped {
                stored.in_one_row = true;
                for (number, key) in keys {
                    let number = number.parse().map_err(|_| KeyError::Damaged)?;
                    let wrapped = wrapped_from(key).ok_or(KeyError::Damaged)?;
                    stored.wrapped.insert(number, wrapped);
                }
            }
        }
        Ok(stored)
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
