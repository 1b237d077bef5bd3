//! The routes that replay deliveries: one at once, and those of a span of time through the drains of the hook, a few at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_api::idempotency::{Claim, KEPT};
use tidegate_api::values::Second;
use tidegate_api::{Api, ApiError, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Versioned;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::table::{Cursor, Item, Range, RowKey, Write};
use tidegate_pipeline::timers::disarm;
use utoipa::ToSchema;

use super::shown::HookDeliveryAnswer;
use super::submit::{CallContext, Made, must_be_enabled};
use crate::decide::event::hold;
use crate::model::delivery::{DELIVERY, Delivery, DeliveryId, State as DeliveryState};
use crate::model::drains;
use crate::model::rows;
use crate::model::stored::{Stored, readable};
use crate::model::work;

/// The most deliveries that one call replays: each takes at most four of the hundred writes of a transaction.
const MOST: usize = 20;

/// The most deliveries that one call looks at.
const MOST_READ: usize = 200;

/// Replay a delivery
///
/// It is sent at once, with the same `webhook-id` and body, even if the hook is interrupted.
#[utoipa::path(
    post,
    path = "/v1/hooks/{id}/deliveries/{delivery}/replay",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        ("delivery" = String, Path, description = "The delivery: `msg_…`"),
        OfTenant,
    ),
    responses((status = 202, body = HookDeliveryAnswer))
)]
pub(super) async fn replay_one(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    let found = context.delivery(&stored.id).await?;
    must_be_enabled(&stored)?;
    let replayed = found.value.replayed(&stored.hook);
    let mut writes = leave_place(&stored, &found.value);
    writes.push(replayed.store(&stored.id, found.version));
    let detail = format!("{} of {}", replayed.id, stored.id);
    let made = context
        .commit(&Decision {
            writes,
            posts: vec![work::asked(&stored.id, &replayed.id)],
            audit: Some(context.note("hooks.replay", detail)),
        })
        .await?;
    let shown = match made {
        Made::Now => replayed,
        Made::Before => context.delivery(&stored.id).await?.value,
    };
    let answer = HookDeliveryAnswer::of(&shown, &stored.hook);
    Ok(reply::json(StatusCode::ACCEPTED, &answer))
}

/// The writes that take a delivery from where it waits.
fn leave_place(stored: &Stored, delivery: &Delivery) -> Vec<Write<RowKey>> {
    let mut writes = vec![disarm(rows::retry_timer(&stored.id, &delivery.id))];
    if let Some(since) = delivery.held_at {
        let place = rows::held(&stored.id, delivery.round, &delivery.id, since);
        writes.push(Write::delete(place));
    }
    writes
}

/// The body of `POST /v1/hooks/{id}/replay`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SpanToReplay {
    /// Unix time in seconds: deliveries that were made then or later. Without it, from the oldest that is kept.
    since: Option<Second>,
    /// Unix time in seconds: deliveries that were made before. Without it, until now.
    until: Option<Second>,
    /// Which of them. Without it, those that failed.
    #[serde(default)]
    which: DeliveriesToReplay,
    /// The `next` of the call before.
    after: Option<String>,
}

/// Which deliveries of a span are replayed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum DeliveriesToReplay {
    /// Those that failed.
    #[default]
    Failed,
    /// Those that failed and those that the receiver has.
    All,
}

/// What one call has replayed.
#[derive(Serialize, ToSchema)]
struct ReplayedDeliveries {
    ok: bool,
    /// The number of deliveries that are sent again, at most 20.
    replayed: usize,
    /// The `after` of the call that goes on. Null if the whole span is done.
    next: Option<String>,
}

/// Replay the deliveries of a span of time
///
/// One call replays at most 20, oldest first. They are sent a few at a time; if the hook is interrupted, after it has recovered.
#[utoipa::path(
    post,
    path = "/v1/hooks/{id}/replay",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        OfTenant,
    ),
    request_body = SpanToReplay,
    responses((status = 202, body = ReplayedDeliveries))
)]
pub(super) async fn replay_range(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let span: SpanToReplay = call.json()?;
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    must_be_enabled(&stored)?;
    // Each page of a span is a call of its own, also under one key.
    let claim = Claim::of(&call, &format!("replay {} {:?}", stored.id, span.after));
    let place = rows::replay(&stored.id, &claim.id());
    if claim.is_keyed
        && let Some(kept) = ReplayedDeliveries::kept(&context, &place).await?
    {
        return Ok(reply::json(StatusCode::ACCEPTED, &kept));
    }
    let (from, to) = span.bounds(context.now)?;
    let after = span.after.as_deref().map(cursor).transpose()?;
    let partition = rows::deliveries(&stored.id);
    let (from, to) = ([from.as_str()], [to.as_str()]);
    // A cursor of another span is none of this one.
    if after
        .as_ref()
        .is_some_and(|after| !after.is_between(&from, &to))
    {
        return Err(no_cursor());
    }
    let range = Range::Between(&from, &to);
    let page = context
        .rows
        .query(&partition, range, false, MOST_READ, after.as_ref())
        .await?;
    let mut chosen = Vec::new();
    let mut next = page.next;
    for (key, row) in &page.rows {
        let Some(delivery) = readable(DELIVERY.read(row).map(Some))? else {
            continue;
        };
        if span.which.has(delivery.shown_state(&stored.hook)) {
            let version = row.number("version").unwrap_or(0);
            chosen.push(Versioned {
                value: delivery,
                version,
            });
        }
        if chosen.len() == MOST {
            next = Some(Cursor::after(key));
            break;
        }
    }
    let replayed = ReplayedDeliveries {
        ok: true,
        replayed: chosen.len(),
        next: next.as_ref().map(Cursor::encode),
    };
    if chosen.is_empty() {
        return Ok(reply::json(StatusCode::ACCEPTED, &replayed));
    }
    let mut decision = decide(&context, &stored, &chosen);
    if claim.is_keyed {
        decision
            .writes
            .push(replayed.keep(place.clone(), context.now));
    }
    let answer = match context.commit_as(&claim, &decision).await? {
        Made::Now => replayed,
        Made::Before => ReplayedDeliveries::kept(&context, &place)
            .await?
            .unwrap_or(replayed),
    };
    Ok(reply::json(StatusCode::ACCEPTED, &answer))
}

impl ReplayedDeliveries {
    /// Makes the write that keeps the answer, for a repeat of the call.
    fn keep(&self, place: RowKey, now: Timestamp) -> Write<RowKey> {
        let row = Item::new()
            .with("replayed", i64::try_from(self.replayed).unwrap_or(0))
            .with_some("next", self.next.as_deref())
            .with("expires_at", now.plus(KEPT).seconds());
        Write::put(place, row)
    }

    /// Returns the answer of the same call before. `None` if there was none.
    async fn kept(context: &CallContext<'_>, place: &RowKey) -> Result<Option<Self>, ApiError> {
        let row = context.rows.get(place).await?;
        Ok(row.map(|row| Self {
            ok: true,
            replayed: row
                .number("replayed")
                .and_then(|n| n.try_into().ok())
                .unwrap_or(0),
            next: row.text("next").map(str::to_owned),
        }))
    }
}

/// Holds the deliveries as new ones, and drains the parts that they are in.
fn decide(context: &CallContext<'_>, stored: &Stored, chosen: &[Versioned<Delivery>]) -> Decision {
    let mut writes = Vec::new();
    let mut parts = BTreeSet::new();
    for Versioned { value, version } in chosen {
        let replayed = value.replayed(&stored.hook);
        writes.extend(leave_place(stored, value));
        writes.extend(hold(stored, &replayed, *version, context.now));
        parts.insert(rows::part_of(&replayed.id));
    }
    let starts = parts
        .into_iter()
        .filter(|part| !stored.is_drained(*part, context.now));
    let (notes, posts) = drains::start(&stored.id, starts, context.now);
    writes.extend(notes);
    let detail = format!("{} deliveries of {}", chosen.len(), stored.id);
    Decision {
        writes,
        posts,
        audit: Some(context.note("hooks.replay", detail)),
    }
}

impl SpanToReplay {
    /// The first and the last possible id of the span.
    fn bounds(&self, now: Timestamp) -> Result<(String, String), ApiError> {
        let since = self.since.map_or(0, Second::get);
        let until = self.until.map_or(now.seconds() + 1, Second::get);
        if since > until {
            return Err(ApiError::field("until", "takes a time after `since`"));
        }
        let id = |second: i64| DeliveryId::at(Timestamp(second.saturating_mul(1000)));
        Ok((id(since), id(until)))
    }
}

impl DeliveriesToReplay {
    fn has(self, state: DeliveryState) -> bool {
        match state {
            DeliveryState::Waiting => false,
            DeliveryState::Failed => true,
            DeliveryState::Delivered => self == Self::All,
        }
    }
}

fn cursor(text: &str) -> Result<Cursor, ApiError> {
    Cursor::decode(text).ok_or_else(no_cursor)
}

fn no_cursor() -> ApiError {
    ApiError::field("after", "takes the `next` of the call before")
}
