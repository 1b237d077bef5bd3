//! Documents: values that a domain keeps as JSON in rows, readable by their tenant only. A document with a version is
//! replaced only by those who have read the version that stands.

pub mod input;

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::{Item, RowKey, Rows, TableError, Write};

/// A kind of document: in which attribute of its row it lies, and what errors call it. A domain has one constant for
/// each kind.
pub struct Document<T> {
    attribute: &'static str,
    name: &'static str,
    value: PhantomData<fn() -> T>,
}

/// A document as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// How often it has been put, from 1; 0 for a row that was put without a version.
    pub version: i64,
}

/// A document that holds for every workspace: its own, or the defaults while it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effective<T> {
    /// The value.
    pub value: T,
    /// How often the workspace has put one; 0 for the defaults.
    pub version: i64,
    /// Whether it is the workspace's own.
    pub own: bool,
}

impl<T: Serialize + DeserializeOwned> Document<T> {
    /// Documents in that attribute. Errors say `<name> cannot be read`.
    pub const fn new(attribute: &'static str, name: &'static str) -> Self {
        Self {
            attribute,
            name,
            value: PhantomData,
        }
    }

    /// The row with the value sealed in it.
    #[must_use]
    pub fn seal(&self, row: Item, value: &T) -> Item {
        // Documents are plain data and always serialise. Should one not, the row is refused when it is read.
        row.sealed(
            self.attribute,
            serde_json::to_vec(value).unwrap_or_default(),
        )
    }

    /// The value in a row. Errors tell the place of what is damaged, and none of its words.
    pub fn read(&self, row: &Item) -> Result<T, TableError> {
        let damaged =
            |why: String| TableError::Invalid(format!("{} cannot be read: {why}", self.name));
        let json = row.opened(self.attribute);
        let json = json.ok_or_else(|| damaged(format!("its row has no `{}`", self.attribute)))?;
        serde_json::from_slice(json)
            .map_err(|e| damaged(format!("line {}, column {}", e.line(), e.column())))
    }

    /// The value in the row at that key; `None` if there is no row.
    pub async fn load(&self, rows: &Rows, key: &RowKey) -> Result<Option<T>, TableError> {
        let row = rows.get(key).await?;
        row.map(|row| self.read(&row)).transpose()
    }

    /// The same, with the version to hand to [`Document::replace`].
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

    /// The workspace's own value, or `defaults` while it has none.
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

    /// Puts a value, whatever is there.
    pub fn put(&self, key: RowKey, value: &T) -> Write<RowKey> {
        Write::put(key, self.seal(Item::new(), value))
    }

    /// Puts a value as the version after the one that was read, 0 for none: on the condition that nobody has put one
    /// since.
    pub fn replace(&self, key: RowKey, value: &T, read: i64) -> Write<RowKey> {
        let row = Item::new().with("version", read + 1);
        unchanged_since(Write::put(key, self.seal(row, value)), read)
    }
}

/// A write on the condition that its row still has the version that was read, or is still absent if that is 0. Only writes
/// of rows whose `version` grows with every write are guarded by it.
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
