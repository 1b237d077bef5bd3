//! The seam for the table, in DynamoDB's own terms. A handler gets rows through [`Table::tenant`] only: the handle
//! prefixes every key, so it cannot name another tenant's rows.

mod engine;
mod key;
mod pages;
mod rows;
mod sealed;
mod system;
mod value;

pub use engine::{
    Engine, MAX_TRANSACTION_BYTES, MAX_TRANSACTION_WRITES, Query, TableError, Write, WriteAction,
    all_plain, names_in,
};
pub use key::{Key, RowKey, hash_text};
pub use pages::Pages;
pub use rows::{Cursor, Page, Range, Rows, Table};
pub use sealed::SealedEngine;
pub use system::{DUE_SHARDS, Due, DueRow, SystemRows};
pub use value::{Item, Value};

/// Name of the sparse index over what is due: hash `due`, range `due_at`, keys only.
pub const DUE_INDEX: &str = "due";
