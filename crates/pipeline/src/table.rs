//! The seam for the table, in DynamoDB's own terms. A handler gets its rows from [`Table::tenant`]. That handle prefixes every
//! key, so it cannot reach another tenant's rows.

mod due;
mod due_list;
mod engine;
mod key;
mod pages;
mod read_only;
mod rows;
mod sealed;
mod system;
mod value;

pub use due::{DUE_SHARDS, Due, DuePages, DueRow};
pub use due_list::{DueList, DuePosition};
pub use engine::{
    Engine, MAX_TRANSACTION_BYTES, MAX_TRANSACTION_WRITES, Query, TableError, Write, WriteAction,
    all_plain, names_in,
};
pub use key::{Key, RowKey, hash_text};
pub use pages::Pages;
pub use rows::{Cursor, Page, Range, Rows, Table};
pub use sealed::SealedEngine;
pub use system::SystemRows;
pub use value::{Item, Value};

/// The name of the sparse index over due rows. Its hash key is `due`, its range key is `due_at`, and it holds keys only.
pub const DUE_INDEX: &str = "due";
