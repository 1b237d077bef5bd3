//! Documents: values that a domain stores as JSON, sealed under the tenant's key. A document with a version can be replaced only
//! by a writer that has read the current version.

pub mod input;
pub mod misfit;

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::{Item, RowKey, Rows, TableError, Write};

/// A kind of document: the attribute of its row, and its name in errors. A domain has one constant for each kind.
pub struct Document<T> {
    attribute: &'static str,
    name: &'static str,
    value: PhantomData<fn() -> T>,
}

/// A document with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versioned<T> {
    /// The document itself, as it was parsed from the row.
    pub value: T,
    /// The number of times that it has been written, from 1. 0 if the row has no version.
    pub version: i64,
}

/// The document in force in a workspace: its own, or the defaults while it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effective<T> {
    /// The document itself, or the defaults.
    pub value: T,
    /// The number of times that the workspace has written it. 0 for the defaults.
    pub version: i64,
    /// Whether the workspace has stored it. False for the defaults.
    pub own: bool,
}

impl<T: Serialize + DeserializeOwned> Document<T> {
    /// Describes documents in the given attribute. Errors say `<name> cannot be read`.
    pub const fn new(attribute: &'static str, name: &'static str) -> Self {
        Self {
            attribute,
            name,
            value: PhantomData,
        }
    }

    /// Returns the row with the sealed document.
    #[must_use]
    pub fn seal(&self, row: Item, value: &T) -> Item {
        // Documents are plain data and always serialize. If one does not, reading the row fails.
        row.sealed(
            self.attribute,
            serde_json::to_vec(value).unwrap_or_default(),
        )
    }

    /// Parses the document in a row. An error names the position of the damage and quotes nothing.
    pub fn read(&self, row: &Item) -> Result<T, TableError> {
        let damaged =
            |why: String| TableError::Invalid(format!("{} cannot be read: {why}", self.name));
        let json = row.opened(self.attribute);
        let json = json.ok_or_else(|| damaged(format!("its row has no `{}`", self.attribute)))?;
        serde_json::from_slice(json)
            .map_err(|e| damaged(format!("line {}, column {}", e.line(), e.column())))
    }

    /// Loads the document at a key. `None` if there is no row.
    pub async fn load(&self, rows: &Rows, key: &RowKey) -> Result<Option<T>, TableError> {
        let row = rows.get(key).await?;
        row.map(|row| self.read(&row)).transpose()
    }

    /// Loads the document at a key with its version, for [`Document::replace`]. `None` if there is no row.
    pub async fn load_versioned(
        &self,
        rows: &Rows,
        key: &RowKey,
    ) -> Result<Option<Versioned<T>>, TableError> {
        let read = |row: Item| {
            Ok(Versioned {
                value: self.read(&row)?,
                version: row.number("version").unwrap_or(0),
            })
        };
        rows.get(key).await?.map(read).transpose()
    }

    /// Loads the workspace's own document, or `defaults` if it has none.
    pub async fn load_or(
        &self,
        rows: &Rows,
        key: &RowKey,
        defaults: &T,
    ) -> Result<Effective<T>, TableError>
    where
        T: Clone,
    {
        let stored = self.load_versioned(rows, key).await?;
        Ok(match stored {
            Some(stored) => Effective {
                value: stored.value,
                version: stored.version,
                own: true,
            },
            None => Effective {
                value: defaults.clone(),
                version: 0,
                own: false,
            },
        })
    }

    /// Makes the write that stores a document without a condition.
    pub fn put(&self, key: RowKey, value: &T) -> Write<RowKey> {
        Write::put(key, self.seal(Item::new(), value))
    }

    /// Makes the write that stores a document as the version after `read`, which is 0 if there was none. It fails if another
    /// version was stored in the meantime.
    pub fn replace(&self, key: RowKey, value: &T, read: i64) -> Write<RowKey> {
        let row = Item::new().with("version", read + 1);
        unchanged_since(Write::put(key, self.seal(row, value)), read)
    }
}

/// Adds the condition that the row still has the version `read`, or is still absent if `read` is 0. This protects only rows whose
/// `version` increases with every write.
pub fn unchanged_since(write: Write<RowKey>, read: i64) -> Write<RowKey> {
    match read {
        0 => write.when("attribute_not_exists(#pk)"),
        read => write.when("#version = :read").value(":read", read),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::table::WriteAction;

    const WORDS: Document<BTreeMap<String, u8>> = Document::new("words", "a list of words");

    fn key() -> RowKey {
        RowKey::new(&["words"], &["all"])
    }

    #[test]
    fn a_damaged_row_is_named_by_its_place_and_not_by_its_words() {
        let row = Item::new().sealed("words", "{\"secret\": x}");
        let why = WORDS.read(&row).unwrap_err().to_string();
        assert!(
            why.contains("a list of words cannot be read: line 1, column 12"),
            "{why}"
        );
        assert!(!why.contains("secret"), "{why}");
        let why = WORDS.read(&Item::new()).unwrap_err().to_string();
        assert!(why.contains("its row has no `words`"), "{why}");
    }

    proptest! {
        #[test]
        fn a_document_comes_back_with_the_next_version(words: BTreeMap<String, u8>, read in 0..9i64) {
            let write = WORDS.replace(key(), &words, read);
            let condition = if read == 0 { "attribute_not_exists(#pk)" } else { "#version = :read" };
            prop_assert_eq!(write.condition.as_deref(), Some(condition));
            let WriteAction::Put(row) = write.action else {
                return Err(TestCaseError::fail("no put"));
            };
            prop_assert_eq!(row.number("version"), Some(read + 1));
            prop_assert_eq!(WORDS.read(&row).unwrap(), words);
        }
    }
}
