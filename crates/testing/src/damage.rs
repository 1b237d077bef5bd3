//! Rows that hold nonsense.

use tidegate_pipeline::table::{RowKey, Write, WriteAction};

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
