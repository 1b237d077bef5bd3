//! The seam for the table, in DynamoDB's own terms. A handler gets rows through [`Table::tenant`] only: the handle
//! prefixes every key, so it cannot name another tenant's rows.

mod engine;
mod key;
mod rows;
mod sealed;
mod value;

pub use engine::{
    Engine, MAX_TRANSACTION_BYTES, MAX_TRANSACTION_WRITES, Query, TableError, Write, WriteAction,
    all_plain, names_in,
};
pub use key::{Key, RowKey, hash_text};
pub use rows::{Cursor, DUE_SHARDS, Due, DueRow, Page, Range, Rows, SystemRows, Table};
pub use sealed::SealedEngine;
pub use value::{Item, Value};

/// Name of the sparse index over what is due: hash `due`, range `due_at`, keys only.
pub const DUE_INDEX: &str = "due";
