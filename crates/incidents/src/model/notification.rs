//! The ledger of an incident's notifications: a row for each, with its recipient and its outcome.

use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::Ts;

use super::effect::Effect;
use super::incident::IncidentId;
use super::news::{Audience, News};
use super::rows;

/// Most notifications that [`list`] returns.
pub const MAX_SHOWN: usize = 50;

/// The outcome of a notification so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationState {
    /// Waits in the outbox.
    Pending,
    /// Slack accepted the message.
    Sent,
    /// Slack or the status page refused it for good; it is not tried again.
    Failed,
    /// Omitted, because the recipient got the same kind of news a short time before.
    Throttled,
}

impl NotificationState {
    /// The name that rows store and people see, such as `pending`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Throttled => "throttled",
        }
    }
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The event, as [`News::as_str`], or `public` for a text on the status page.
    pub news: String,
    /// Id of a channel or user, or `status page`.
    pub target: String,
    /// The outcome so far, as [`NotificationState::as_str`].
    pub state: String,
    /// Number of attempts; 0 before the first.
    pub attempts: i64,
    /// Why the notification failed; `None` unless it did.
    pub error: Option<String>,
    /// When the state last changed.
    pub at: Timestamp,
}

/// The write that creates the row of a notification. `seq` is the number of the timeline entry that caused it.
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

/// The write that creates the row for an effect; `None` for effects that notify nobody.
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

/// The write that records the outcome of an effect: the message's timestamp, or the reason of the failure. `None` for
/// effects that notify nobody.
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

/// Like [`ended`], for an effect that failed for good. `body` is the effect's outbox body.
pub fn given_up(body: &Json, reason: &str, now: Timestamp) -> Option<Write<RowKey>> {
    ended(&Effect::parse(body)?, Err(reason), 0, now)
}

/// The latest notifications of an incident, newest first, at most [`MAX_SHOWN`]. Skips damaged rows.
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
