//! Rows that hold nonsense.

use tidegate_pipeline::keyring::{Keyring, Place};
use tidegate_pipeline::table::{Key, RowKey, Value, Write, WriteAction};

/// The put of a row with nonsense in a sealed attribute.
///
/// # Panics
///
/// If the write is no put.
pub fn spoiled(mut put: Write<RowKey>, attribute: &str) -> Write<RowKey> {
    let WriteAction::Put(row) = &mut put.action else {
        panic!("no put");
    };
    *row = std::mem::take(row).sealed(attribute, b"{".to_vec());
    put
}

/// A sealed value that opens nowhere but in a workspace of no test.
///
/// # Panics
///
/// If the keyring has no key for that workspace.
pub async fn foreign(keyring: &Keyring) -> Value {
    let row = Key {
        pk: "T0FOREIGN01#notes".to_owned(),
        sk: "1".to_owned(),
    };
    let place = Place {
        row: &row,
        attribute: "words",
    };
    let keys = keyring.of(&"T0FOREIGN01".into()).await.unwrap();
    Value::B(keys.seal(place, b"nonsense").unwrap())
}
