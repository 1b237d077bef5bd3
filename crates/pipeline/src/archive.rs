//! The archive keeps every accepted request, compressed, for thirty days by default.
//!
//! The key of a row holds the hour and the second at which Slack dispatched the request. A retry repeats them, so a request
//! has one place even if it arrives several times, and one hour can be listed in order without an index.

use std::io::{Read, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use thiserror::Error;

use crate::clock::Timestamp;
use crate::job::{Job, Retry};
use crate::table::{Cursor, Item, Page, Range, RowKey, Rows, TableError, Write};

/// The most compressed bytes in one row. A DynamoDB item holds 400 kB, including names and keys.
const PART_BYTES: usize = 350 * 1000;

/// The most bytes that a stored body may expand to: twice what ingress accepts.
const EXPANDED_LIMIT: u64 = 1_500_000;

const HOUR: i64 = 3600;

/// A short description of a request, made from its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The name in lists and metrics, such as `message`, `app_mention` or `/tidegate`.
    pub name: String,
    /// The time when Slack dispatched the request. `None` if the payload does not say.
    pub dispatched_at: Option<Timestamp>,
}

/// The place of a request in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    second: i64,
}

impl Address {
    /// Returns the address of a job. A dispatch time that is further from the signature than Slack's longest retry is ignored.
    pub fn of(job: &Job, label: &Label) -> Self {
        let signed = job.signed_at.seconds();
        let dispatched = label.dispatched_at.map(Timestamp::seconds);
        let plausible = |second: &i64| (signed - 48 * HOUR..=signed + HOUR).contains(second);
        Self {
            second: dispatched.filter(plausible).unwrap_or(signed),
        }
    }

    /// Returns the Unix time in seconds that ledger rows store.
    pub fn second(&self) -> i64 {
        self.second
    }

    /// Makes the address from the number in a ledger row.
    pub fn at_second(second: i64) -> Self {
        Self { second }
    }

    fn key(&self, id: &str, part: usize) -> RowKey {
        RowKey::new(
            &["archive", &self.second.div_euclid(HOUR).to_string()],
            &[&format!("{:012}", self.second), id, &part.to_string()],
        )
    }
}

/// An archived request, with its parts put together again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// The request as a job that can be queued again.
    pub job: Job,
    /// The name from its [`Label`].
    pub name: String,
    /// The place where it is stored.
    pub address: Address,
}

/// The reason why a request could not be read.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The table did not answer.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Rows of the request are missing or damaged. Holds the job id.
    #[error("the archived request `{0}` is damaged")]
    Damaged(String),
}

/// Makes the rows of one request.
pub fn rows(job: &Job, label: &Label, keep: Duration) -> std::io::Result<Vec<(RowKey, Item)>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&job.body)?;
    let compressed = encoder.finish()?;
    let address = Address::of(job, label);
    let expires_at = job.received_at.plus(keep).seconds();
    let parts: Vec<&[u8]> = if compressed.is_empty() {
        vec![&[]]
    } else {
        compressed.chunks(PART_BYTES).collect()
    };
    let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
    let row = |(part, bytes): (usize, &&[u8])| {
        let item = Item::new()
            .sealed("body", *bytes)
            .with("expires_at", expires_at);
        let item = if part == 0 {
            head(item, job, label, count)
        } else {
            item
        };
        (address.key(&job.id, part), item)
    };
    Ok(parts.iter().enumerate().map(row).collect())
}

fn head(item: Item, job: &Job, label: &Label, parts: i64) -> Item {
    item.with("kind", job.kind.as_str())
        .with("event_id", job.id.as_str())
        .with("name", label.name.as_str())
        .with("parts", parts)
        .with("received_at", job.received_at.millis())
        .with("signed_at", job.signed_at.millis())
        .with_some("retry_num", job.retry.as_ref().map(|r| r.num))
        .with_some(
            "retry_reason",
            job.retry.as_ref().map(|r| r.reason.as_str()),
        )
}

/// Removes a request that is archived at another address too.
pub async fn remove(rows: &Rows, job: &Job, label: &Label) -> Result<(), ArchiveError> {
    let damaged = |_| ArchiveError::Damaged(job.id.clone());
    for (key, _) in self::rows(job, label, Duration::ZERO).map_err(damaged)? {
        rows.write(Write::delete(key)).await?;
    }
    Ok(())
}

/// Reads one request. `None` if it was never stored or has expired.
pub async fn read(
    rows: &Rows,
    tenant: &tidegate_slack::ids::TenantId,
    address: &Address,
    id: &str,
) -> Result<Option<Archived>, ArchiveError> {
    let Some(head) = rows.get(&address.key(id, 0)).await? else {
        return Ok(None);
    };
    let damaged = || ArchiveError::Damaged(id.to_owned());
    let mut compressed = head.opened("body").ok_or_else(damaged)?.to_vec();
    let parts = usize::try_from(head.number("parts").unwrap_or(1)).map_err(|_| damaged())?;
    for part in 1..parts {
        let row = rows
            .get(&address.key(id, part))
            .await?
            .ok_or_else(damaged)?;
        compressed.extend_from_slice(row.opened("body").ok_or_else(damaged)?);
    }
    let mut body = Vec::new();
    let decoder = DeflateDecoder::new(compressed.as_slice());
    decoder
        .take(EXPANDED_LIMIT)
        .read_to_end(&mut body)
        .map_err(|_| damaged())?;
    let job = Job {
        body,
        ..summary(&head, tenant).ok_or_else(damaged)?
    };
    let name = head.text("name").unwrap_or_default().to_owned();
    Ok(Some(Archived {
        job,
        name,
        address: address.clone(),
    }))
}

/// Lists one page of the requests of the hour that contains `second`, newest first. The jobs have no bodies.
pub async fn list_hour(
    rows: &Rows,
    tenant: &tidegate_slack::ids::TenantId,
    second: i64,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<(Vec<Archived>, Option<Cursor>), TableError> {
    let hour = second.div_euclid(HOUR).to_string();
    let Page { rows, next } = rows
        .query(&["archive", &hour], Range::All, true, limit, after)
        .await?;
    let entry = |(key, item): &(RowKey, Item)| {
        let second = key.sort_parts().first()?.parse().ok()?;
        let name = item.text("name")?.to_owned();
        Some(Archived {
            job: summary(item, tenant)?,
            name,
            address: Address { second },
        })
    };
    Ok((rows.iter().filter_map(entry).collect(), next))
}

fn summary(head: &Item, tenant: &tidegate_slack::ids::TenantId) -> Option<Job> {
    Some(Job {
        kind: head.text("kind")?.to_owned(),
        id: head.text("event_id")?.to_owned(),
        tenant: tenant.clone(),
        received_at: Timestamp(head.number("received_at")?),
        signed_at: Timestamp(head.number("signed_at")?),
        retry: head.number("retry_num").and_then(|num| {
            let reason = head.text("retry_reason").unwrap_or_default().to_owned();
            Some(Retry {
                num: u32::try_from(num).ok()?,
                reason,
            })
        }),
        body: Vec::new(),
    })
}
