//! Operation: the whole record of an incident as a file. In JSON, a long timeline comes page by page, and each page is checked
//! against the chain of the one before.

use std::sync::Arc;

use axum::extract::State;
use futures_util::future::try_join;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::parts::{Format, file, viewed};
use crate::decide::tasks::{self, Task};
use crate::model::incident::IncidentId;
use crate::model::permissions::Action;
use crate::model::rows;
use crate::model::timeline::Entry;
use crate::render::export::{self, Export, Names};
use crate::render::export_json::{Exported, Until};
use tidegate_api::values::Whole;
use tidegate_api::{Api, ApiError, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::table::{Range, Rows, TableError};

/// Entries in one page, which has a megabyte or two then.
const PAGE: u64 = 1000;

/// The most entries in Markdown, which has no pages. A function of AWS answers with six megabytes at most.
const MOST_IN_MARKDOWN: u64 = 2000;

/// The part of the record that a call asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// The `next` of the page before. Only in JSON
    #[param(inline)]
    after: Option<Whole<1, 99_999_999>>,
}

/// The record of an incident, or its part with one page of the timeline.
#[derive(Serialize, ToSchema)]
struct ExportPage {
    ok: bool,
    #[serde(flatten)]
    exported: Exported,
    /// The `after` of the next page. Null on the last one.
    next: Option<u64>,
}

/// Export the whole record of an incident
///
/// A key needs the scope `incidents:admin`, and a person has to be an admin. In JSON, 1,000 entries of the timeline are in one page.
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/export",
    tag = "incidents",
    params(("id" = String, Path, description = "The id or number of the incident"), OfTenant, Asked),
    responses((status = 200, content((ExportPage = "application/json"), (String = "text/markdown"))))
)]
pub(super) async fn export(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let asked: Asked = call.query()?;
    let (context, loaded) = viewed(&api, &call).await?;
    context.must(Action::Export, Some(&loaded))?;
    let (rows, incident) = (&context.rows, &loaded.incident);
    if asked.format == Format::Markdown {
        if asked.after.is_some() {
            return Err(ApiError::field(
                "after",
                "is for `json`: Markdown has no pages",
            ));
        }
        if incident.seq > MOST_IN_MARKDOWN {
            let words = format!(
                "takes `json` here: the timeline has {} entries, and Markdown holds {MOST_IN_MARKDOWN} at most",
                incident.seq
            );
            return Err(ApiError::field("format", &words));
        }
        let record = try_join(
            rows::all_entries(rows, &incident.id),
            tasks::load_all(rows, &incident.id),
        );
        let (entries, tasks) = record.await?;
        let tasks: Vec<_> = tasks.iter().map(Task::view).collect();
        let markdown = export::markdown(&Export {
            incident,
            entries: &entries,
            tasks: &tasks,
            names: &Names::new(),
        });
        return Ok(file("text/markdown; charset=utf-8", markdown));
    }
    let after = asked.after.map_or(0, Whole::to).min(incident.seq);
    let last = incident.seq.min(after + PAGE);
    let part = try_join(
        part_of_timeline(rows, &incident.id, after, last),
        tasks::load_all(rows, &incident.id),
    );
    let ((before, entries), tasks) = part.await?;
    let tasks: Vec<_> = tasks.iter().map(Task::view).collect();
    let next = (last < incident.seq).then_some(last);
    let until = next.map_or(Until::End, |_| Until::Page);
    let page = ExportPage {
        ok: true,
        exported: Exported::of(incident, before.as_ref(), &entries, until, &tasks),
        next,
    };
    Ok(reply::json(StatusCode::OK, &page))
}

/// Reads the entry with the number `after`, and those that follow it until `last`.
async fn part_of_timeline(
    rows: &Rows,
    id: &IncidentId,
    after: u64,
    last: u64,
) -> Result<(Option<Entry>, Vec<Entry>), TableError> {
    let (from, to) = (rows::entry_number(after), rows::entry_number(last));
    let (from, to) = (["entry", from.as_str()], ["entry", to.as_str()]);
    let partition = rows::partition(id);
    let found = rows.pages(&partition, Range::Between(&from, &to));
    let found = found.all().await?;
    // An entry that is damaged is left out: the chain shows that.
    let read = found.iter().map(|(_, row)| rows::ENTRY.read(row));
    let mut entries: Vec<Entry> = read.filter_map(Result::ok).collect();
    let has_before = entries.first().is_some_and(|first| first.seq == after);
    let before = has_before.then(|| entries.remove(0));
    Ok((before, entries))
}
