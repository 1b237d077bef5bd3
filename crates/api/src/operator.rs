//! The routes under `/operator`, for the engineer on call. `tidegate events` and `tidegate posts` are clients of them, in
//! local mode and against a deployment.

mod events;
mod find;
mod found;
mod posts;
mod redaction;
mod replay;
mod unreadable;

use tidegate_pipeline::table::Table;

use crate::reply;
use crate::{Access, Api, ApiError, Call, Route};

pub(crate) const ROUTES: &[Route] = &[
    Route::get("/operator/events", Access::Operator, |api, call| {
        Box::pin(async { Operator::of(api, call)?.list_events().await.map(reply::ok) })
    }),
    Route::get("/operator/events/{id}", Access::Operator, |api, call| {
        Box::pin(async { Operator::of(api, call)?.show_event().await.map(reply::ok) })
    }),
    Route::post(
        "/operator/events/{id}/replay",
        Access::Operator,
        |api, call| {
            Box::pin(async { Operator::of(api, call)?.replay_event().await.map(reply::ok) })
        },
    ),
    Route::get("/operator/posts", Access::Operator, |api, call| {
        Box::pin(async { Operator::of(api, call)?.list_posts().await.map(reply::ok) })
    }),
    Route::post(
        "/operator/posts/{id}/resend",
        Access::Operator,
        |api, call| Box::pin(async { Operator::of(api, call)?.resend_post().await.map(reply::ok) }),
    ),
];

/// A call that the operator key admitted.
struct Operator<'a> {
    api: &'a Api,
    call: &'a Call,
    /// The rows of all tenants.
    table: &'a Table,
}

impl<'a> Operator<'a> {
    fn of(api: &'a Api, call: &'a Call) -> Result<Self, ApiError> {
        let table = api.table.all(call)?;
        Ok(Self { api, call, table })
    }
}
