//! Lists what is due, in order of time over all partitions of the index, from a position that a caller can come back to.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::DUE_INDEX;
use super::due::{DUE_SHARDS, Due, DueRow, due_row};
use super::engine::{Engine, Query, TableError};
use super::value::Item;

/// The rows that one read takes from a partition of the index.
const AT_ONCE: usize = 100;

/// The longest text of a position, in bytes: eight keys, each of up to two kilobytes.
const LONGEST_POSITION: usize = 32 * 1024;

/// A position in the list: of each partition, the time and the key of the last row that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePosition(Vec<Option<Given>>);

/// Time, partition key and sort key of a row.
type Given = (i64, String, String);

impl DuePosition {
    /// Encodes the position as text for a URL.
    pub fn encode(&self) -> String {
        let json = serde_json::to_vec(&self.0).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode(json)
    }

    /// Decodes the text of [`DuePosition::encode`]. `None` for any other text.
    pub fn decode(text: &str) -> Option<Self> {
        if text.len() > LONGEST_POSITION {
            return None;
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let given: Vec<Option<Given>> = serde_json::from_slice(&json).ok()?;
        let is_key = |given: &Option<Given>| {
            given
                .as_ref()
                .is_none_or(|(at, pk, sk)| *at >= 0 && is_part(pk) && is_part(sk))
        };
        let fits = u64::try_from(given.len()) == Ok(DUE_SHARDS) && given.iter().all(is_key);
        fits.then_some(Self(given))
    }
}

/// Whether a text can be a key of the table (DynamoDB takes 1 to 2,048 bytes).
fn is_part(text: &str) -> bool {
    (1..=2048).contains(&text.len())
}

/// The list of what is due of one kind, earliest first.
pub struct DueList<'a> {
    engine: &'a dyn Engine,
    kind: Due,
    shards: Vec<Shard>,
}

/// One partition of the index.
struct Shard {
    /// The row that was given out last.
    given: Option<Given>,
    /// The rows that were read and not given out yet.
    read: VecDeque<(Given, DueRow)>,
    /// The key after which the next read begins.
    after: Option<Item>,
    is_read_to_its_end: bool,
}

impl<'a> DueList<'a> {
    pub(super) fn new(engine: &'a dyn Engine, kind: Due, from: Option<&DuePosition>) -> Self {
        let shards = (0..DUE_SHARDS).zip(0usize..).map(|(shard, place)| {
            let given = from.and_then(|from| from.0.get(place)?.clone());
            Shard {
                after: given.as_ref().map(|given| index_key(kind, shard, given)),
                given,
                read: VecDeque::new(),
                is_read_to_its_end: false,
            }
        });
        Self {
            engine,
            kind,
            shards: shards.collect(),
        }
    }

    /// Gives out the next row. `None` at the end of the list.
    pub async fn next(&mut self) -> Result<Option<DueRow>, TableError> {
        let Some(shard) = self.earliest().await? else {
            return Ok(None);
        };
        let next = shard.read.pop_front();
        Ok(next.map(|(given, row)| {
            shard.given = Some(given);
            row
        }))
    }

    /// Returns the next row without giving it out.
    pub async fn peek(&mut self) -> Result<Option<&DueRow>, TableError> {
        let shard = self.earliest().await?;
        Ok(shard.and_then(|shard| shard.read.front().map(|(_, row)| row)))
    }

    /// Returns the partition that has the earliest row.
    async fn earliest(&mut self) -> Result<Option<&mut Shard>, TableError> {
        self.fill().await?;
        let with_rows = self
            .shards
            .iter_mut()
            .filter(|shard| !shard.read.is_empty());
        Ok(with_rows.min_by(|a, b| {
            let first = |shard: &Shard| shard.read.front().map(|(given, _)| given.clone());
            first(a).cmp(&first(b))
        }))
    }

    /// Returns the position behind the rows that were given out. `None` if there are no others.
    pub async fn position(&mut self) -> Result<Option<DuePosition>, TableError> {
        self.fill().await?;
        let given = self.shards.iter().map(|shard| shard.given.clone());
        let is_over = self.shards.iter().all(|shard| shard.read.is_empty());
        Ok((!is_over).then(|| DuePosition(given.collect())))
    }

    /// Reads on in every partition of which no row is left to be given out.
    async fn fill(&mut self) -> Result<(), TableError> {
        for (number, shard) in (0..).zip(&mut self.shards) {
            while shard.read.is_empty() && !shard.is_read_to_its_end {
                let query = Query {
                    index: Some(DUE_INDEX),
                    condition: "#due = :due".to_owned(),
                    values: BTreeMap::from([(":due".to_owned(), self.kind.shard(number).into())]),
                    descending: false,
                    limit: AT_ONCE,
                    after: shard.after.take(),
                };
                let (items, next) = self.engine.query(query).await?;
                shard.read.extend(items.iter().filter_map(given));
                shard.is_read_to_its_end = next.is_none();
                shard.after = next;
            }
        }
        Ok(())
    }
}

fn given(item: &Item) -> Option<(Given, DueRow)> {
    let row = due_row(item)?;
    let (pk, sk) = (item.text("pk")?.to_owned(), item.text("sk")?.to_owned());
    Some(((row.due_at.millis(), pk, sk), row))
}

fn index_key(kind: Due, shard: u64, (at, pk, sk): &Given) -> Item {
    Item::new()
        .with("due", kind.shard(shard))
        .with("due_at", *at)
        .with("pk", pk.as_str())
        .with("sk", sk.as_str())
}
