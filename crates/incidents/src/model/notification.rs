//! The delivery ledger of an incident: whom it had told, of what, and what came of it.

use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::Ts;

use super::effect::Effect;
use super::incident::IncidentId;
use super::news::{Audience, News};
use super::rows;

/// Deliveries shown at most, the latest.
pub const MAX_SHOWN: usize = 50;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationState {
    /// It waits for its turn.
    Pending,
    /// Slack has it.
    Sent,
    /// It was given up.
    Failed,
    /// It was left out: the person heard the same kind of news just before.
    Throttled,
}

impl NotificationState {
    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Throttled => "throttled",
        }
    }
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Of what.
    pub news: String,
    /// A channel or a person.
    pub target: String,
    /// What became of it.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// When it came to be as it is.
    pub at: Timestamp,
}

/// The write that opens a delivery.
pub fn begin(
    incident: &IncidentId,
    news: News,
    to: &Audience,
    seq: u64,
    state: NotificationState,
    now: Timestamp,
) -> Write<RowKey> {
    let row = Item::new()
        .with("news", news.as_str())
        .with("target", to.as_str())
        .with("state", state.as_str())
        .with("at", now.millis());
    Write::put(key(incident, news, to, seq), row)
}

/// The write that opens the delivery behind an effect; `None` for effects that are none.
pub fn pending(effect: &Effect, now: Timestamp) -> Option<Write<RowKey>> {
    let Effect::Tell {
        incident,
        to,
        news,
        seq,
        ..
    } = effect
    else {
        return None;
    };
    Some(begin(
        incident,
        *news,
        to,
        *seq,
        NotificationState::Pending,
        now,
    ))
}

/// The write that says what became of the delivery behind an effect; `None` for effects that are none.
pub fn ended(
    effect: &Effect,
    sent: Result<&Ts, &str>,
    attempts: i64,
    now: Timestamp,
) -> Option<Write<RowKey>> {
    let Effect::Tell {
        incident,
        to,
        news,
        seq,
        ..
    } = effect
    else {
        return None;
    };
    let key = key(incident, *news, to, *seq);
    let write = match sent {
        Ok(ts) => Write::update(
            key,
            "SET #state = :state, #at = :at, #attempts = :attempts, #ts = :ts REMOVE #error",
        )
        .value(":state", NotificationState::Sent.as_str())
        .value(":ts", ts.as_str()),
        Err(reason) => Write::update(
            key,
            "SET #state = :state, #at = :at, #attempts = :attempts, #error = :error",
        )
        .value(":state", NotificationState::Failed.as_str())
        .value(":error", reason),
    };
    Some(
        write
            .value(":at", now.millis())
            .value(":attempts", attempts),
    )
}

/// The same for an effect that was given up.
pub fn given_up(body: &Json, reason: &str, now: Timestamp) -> Option<Write<RowKey>> {
    ended(&Effect::parse(body)?, Err(reason), 0, now)
}

/// The latest deliveries of an incident, newest first.
pub async fn list(rows: &Rows, incident: &IncidentId) -> Result<Vec<Notification>, TableError> {
    let range = Range::Under(&["delivery"]);
    let page = rows
        .query(&rows::partition(incident), range, true, MAX_SHOWN, None)
        .await?;
    let read = |item: &Item| {
        Some(Notification {
            news: item.text("news")?.to_owned(),
            target: item.text("target")?.to_owned(),
            state: item.text("state")?.to_owned(),
            attempts: item.number("attempts").unwrap_or(0),
            error: item.text("error").map(str::to_owned),
            at: Timestamp(item.number("at")?),
        })
    };
    Ok(page
        .rows
        .iter()
        .filter_map(|(_, item)| read(item))
        .collect())
}

fn key(incident: &IncidentId, news: News, to: &Audience, seq: u64) -> RowKey {
    rows::row(
        incident,
        &["delivery", &format!("{seq:08}"), news.as_str(), to.as_str()],
    )
}
