//! Reads a range of a partition page by page.

use super::engine::TableError;
use super::key::RowKey;
use super::rows::{Cursor, Range, Rows};
use super::value::Item;

/// The most rows in one page.
const PAGE: usize = 250;

/// A range of a partition that is read page by page. A row that is written during the reading is seen if it lies ahead.
pub struct Pages<'a> {
    rows: &'a Rows,
    partition: &'a [&'a str],
    range: Range<'a>,
    descending: bool,
    at: Position,
}

/// The position of the reading.
enum Position {
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
            at: Position::Begin,
        }
    }

    /// Reads from the greatest sort key to the least.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// Reads the next page, which may be empty. `None` after the last page.
    pub async fn next(&mut self) -> Result<Option<Vec<(RowKey, Item)>>, TableError> {
        self.read(PAGE).await
    }

    /// Reads all remaining rows into memory. This is only for partitions that stay small.
    pub async fn all(self) -> Result<Vec<(RowKey, Item)>, TableError> {
        self.first(usize::MAX).await
    }

    /// Reads at most `most` of the remaining rows.
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
            Position::Begin => None,
            Position::After(cursor) => Some(cursor),
            Position::End => return Ok(None),
        };
        let page = self
            .rows
            .query(self.partition, self.range, self.descending, limit, after)
            .await?;
        self.at = page.next.map_or(Position::End, Position::After);
        Ok(Some(page.rows))
    }
}
