//! The route `GET /v1/operator/posts`, which lists parked posts.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_pipeline::outbox::Settled;
use tidegate_pipeline::table::{Due, DueRow, TableError};
use utoipa::{IntoParams, ToSchema};

use super::unreadable::Unreadable;
use super::{LOOKS, Operator, position};
use crate::values::Whole;
use crate::{Api, ApiError, ApiResult, Call, OnlyOf, reply};

/// The number of posts in one page by default.
const LIMIT: usize = 100;

/// The part of the list that a call asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The most posts of the page; 100 if it is left out
    #[param(inline)]
    limit: Option<Whole<1, 1000>>,
    /// The `next` of the page before
    after: Option<String>,
}

/// One page of parked posts.
#[derive(Serialize, ToSchema)]
struct PostPage {
    ok: bool,
    posts: Vec<ParkedPost>,
    /// The `after` of the next page. Null on the last one. A page may have less than `limit` posts, or none, and yet not be the last.
    next: Option<String>,
    /// Workspaces whose data cannot be read; the log says why.
    unreadable: Vec<String>,
}

/// A post that waits for a person.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum ParkedPost {
    Whole(Box<WholePost>),
    Damaged(DamagedPost),
}

#[derive(Serialize, ToSchema)]
struct WholePost {
    tenant: String,
    #[serde(flatten)]
    line: PostLine,
}

/// A post whose row cannot be read.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DamagedPost {
    tenant: String,
    message_id: Option<String>,
    /// Always `parked`.
    state: &'static str,
    reason: &'static str,
}

/// A post that is settled.
#[derive(Serialize, ToSchema)]
pub(super) struct PostLine {
    message_id: String,
    /// `done`, `parked` or `requeued`.
    state: &'static str,
    reason: Option<String>,
    event_id: String,
    lane: String,
    purpose: String,
    /// The time by which Slack names the message.
    ts: Option<String>,
    attempts: i64,
    /// Unix time in milliseconds.
    settled_at_ms: i64,
}

impl PostLine {
    pub(super) fn of(post: &Settled) -> Self {
        Self {
            message_id: post.message_id.clone(),
            state: post.state.as_str(),
            reason: post.reason.clone(),
            event_id: post.event_id.clone(),
            lane: post.lane.as_str().to_owned(),
            purpose: post.purpose.clone(),
            ts: post.ts.as_ref().map(ToString::to_string),
            attempts: post.attempts,
            settled_at_ms: post.settled_at.millis(),
        }
    }
}

/// List parked posts
///
/// The post that was parked first comes first.
#[utoipa::path(
    get,
    path = "/v1/operator/posts",
    tag = "operator",
    params(OnlyOf, Asked),
    responses((status = 200, body = PostPage))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let asked: Asked = call.query()?;
    let tenant = call.only_tenant()?;
    let operator = Operator::of(&api, &call)?;
    let limit = asked.limit.map_or(LIMIT, Whole::to);
    let system = operator.table.system();
    let mut parked = system.due_list(Due::ParkedPost, position(asked.after.as_deref())?.as_ref());
    let (mut posts, mut unreadable) = (Vec::new(), Unreadable::default());
    for _ in 0..LOOKS {
        if posts.len() == limit {
            break;
        }
        let Some(due) = parked.next().await? else {
            break;
        };
        if tenant.as_ref().is_none_or(|tenant| *tenant == due.tenant) {
            let post = operator.parked(&due).await;
            posts.extend(unreadable.unless(&due.tenant, post).flatten());
        }
    }
    let page = PostPage {
        ok: true,
        posts,
        next: parked.position().await?.map(|position| position.encode()),
        unreadable: unreadable.tenants(),
    };
    Ok(reply::json(StatusCode::OK, &page))
}

impl Operator<'_> {
    /// One line of the list. `None` if the post has been settled meanwhile, or its workspace is being erased.
    async fn parked(&self, due: &DueRow) -> Result<Option<ParkedPost>, ApiError> {
        let row = match self.table.tenant(&due.tenant).get(&due.key).await {
            Err(TableError::Erased) => return Ok(None),
            // Whoever lists it has to know that it is there, and cannot resend it.
            Err(TableError::Invalid(_)) => {
                return Ok(Some(ParkedPost::Damaged(DamagedPost {
                    tenant: due.tenant.to_string(),
                    message_id: message_id_of(due),
                    state: "parked",
                    reason: "its row cannot be read: it is damaged",
                })));
            }
            row => row?,
        };
        let post = row.as_ref().and_then(|row| Settled::parse(&due.key, row));
        let whole = |post: Settled| WholePost {
            tenant: due.tenant.to_string(),
            line: PostLine::of(&post),
        };
        Ok(post.map(|post| ParkedPost::Whole(Box::new(whole(post)))))
    }
}

pub(super) fn message_id_of(due: &DueRow) -> Option<String> {
    due.key.sort_parts().into_iter().next()
}
