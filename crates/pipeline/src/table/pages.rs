//! Reading a range of a partition to its end, or as far as its reader wants it.

use super::engine::TableError;
use super::key::RowKey;
use super::rows::{Cursor, Range, Rows};
use super::value::Item;

/// Most rows of one page.
const PAGE: usize = 250;

/// A range of a partition, read page by page. What is written meanwhile is seen if it lies ahead.
pub struct Pages<'a> {
    rows: &'a Rows,
    partition: &'a [&'a str],
    range: Range<'a>,
    descending: bool,
    at: Place,
}

/// How far the reading has come.
enum Place {
    Begin,
    After(Cursor),
    End,
}

impl<'a> Pages<'a> {
    pub(super) fn new(rows: &'a Rows, partition: &'a [&'a str], range: Range<'a>) -> Self {
        Self {
            rows,
            partition,
            range,
            descending: false,
            at: Place::Begin,
        }
    }

    /// From the greatest sort key to the least.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// The rows of the next page, which may be empty; `None` after the last page.
    pub async fn next(&mut self) -> Result<Option<Vec<(RowKey, Item)>>, TableError> {
        self.read(PAGE).await
    }

    /// All rows that are left. They are held in memory together: for partitions that stay small.
    pub async fn all(self) -> Result<Vec<(RowKey, Item)>, TableError> {
        self.first(usize::MAX).await
    }

    /// The first rows of those that are left, `most` at most.
    pub async fn first(mut self, most: usize) -> Result<Vec<(RowKey, Item)>, TableError> {
        let mut found = Vec::new();
        while found.len() < most
            && let Some(rows) = self.read(PAGE.min(most - found.len())).await?
        {
            found.extend(rows);
        }
        Ok(found)
    }

    async fn read(&mut self, limit: usize) -> Result<Option<Vec<(RowKey, Item)>>, TableError> {
        let after = match &self.at {
            Place::Begin => None,
            Place::After(cursor) => Some(cursor),
            Place::End => return Ok(None),
        };
        let page = self
            .rows
            .query(self.partition, self.range, self.descending, limit, after)
            .await?;
        self.at = page.next.map_or(Place::End, Place::After);
        Ok(Some(page.rows))
    }
}
