//! The routes under `/v1/operator`, for the engineer on call. `tidegate events` and `tidegate posts` are clients of them, in
//! local mode and against a deployment.

mod event;
mod events;
mod find;
mod found;
mod posts;
mod recent;
mod redaction;
mod replay;
mod resend;
mod unreadable;

use tidegate_pipeline::table::{DuePosition, Table};
use utoipa_axum::routes;

use crate::query::NO_CURSOR;
use crate::{Access, Api, ApiError, Call, Routes};

pub(crate) fn routes() -> Routes {
    let access = &Access::Operator;
    Routes::default()
        .at(access, routes!(events::list))
        .at(access, routes!(event::show))
        .at(access, routes!(replay::replay))
        .at(access, routes!(posts::list))
        .at(access, routes!(resend::resend))
}

/// The rows of the index that one call looks at. Then it answers with what it has found, and where to go on.
const LOOKS: usize = 1000;

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

/// Reads where a list of what is due goes on.
fn position(after: Option<&str>) -> Result<Option<DuePosition>, ApiError> {
    let position = after.map(|text| DuePosition::decode(text).ok_or_else(no_cursor));
    position.transpose()
}

fn no_cursor() -> ApiError {
    ApiError::field("after", NO_CURSOR)
}
