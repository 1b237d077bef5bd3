//! Lists of incidents and of one person's tasks. Incidents that the asker may not see are left out before anything is
//! counted or cut, so that neither a number nor "there are more" tells of them.

use futures_util::future::try_join_all;
use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Rows, TableError};

use super::Unanswered;
use crate::command::Listed;
use crate::decide::context::{DecisionContext, RequestError};
use crate::decide::tasks;
use crate::model::incident::{Incident, IncidentId};
use crate::model::permissions::{self, Action};
use crate::model::rows::{self, Loaded};
use crate::render::list::{self, ListRow};
use crate::render::tasks::{self as shown, MyTask};

/// Most places of a list that are read.
const MOST_READ: usize = 500;

/// Incidents that are read at once.
const AT_ONCE: usize = 25;

/// Months that the list of all incidents looks back over, the present one included.
const MONTHS: u16 = 12;

/// Whether the asker may see an incident.
pub fn sees(context: &DecisionContext<'_>, incident: &Incident) -> bool {
    permissions::can_see(&context.standing_in(Some(incident)), incident)
}

/// The incidents behind ids, in their order, that are `wanted` and that the asker may know of. Reads on until there are
/// more than `enough`, so that the caller can say that there are more. An incident whose row is damaged is left out.
pub async fn visible(
    rows: &Rows,
    context: &DecisionContext<'_>,
    ids: &[IncidentId],
    wanted: impl Fn(&Incident) -> bool,
    enough: usize,
) -> Result<Vec<Loaded>, TableError> {
    let mut found = Vec::new();
    for ids in ids.chunks(AT_ONCE) {
        let load = async |id| rows::unless_damaged(id, rows::load(rows, id).await);
        let loaded = try_join_all(ids.iter().map(load)).await?;
        let loaded = loaded.into_iter().flatten();
        found.extend(loaded.filter(|l| wanted(&l.incident) && sees(context, &l.incident)));
        if found.len() > enough {
            break;
        }
    }
    Ok(found)
}

/// The open incidents that are `wanted` and that the asker may know of, the worst first.
pub(crate) async fn open(
    rows: &Rows,
    context: &DecisionContext<'_>,
    wanted: impl Fn(&Incident) -> bool,
    enough: usize,
) -> Result<Vec<Loaded>, TableError> {
    let ids = rows::listed(rows, &["incidents_open"], false, MOST_READ).await?;
    let wanted = |incident: &Incident| incident.status.is_open() && wanted(incident);
    visible(rows, context, &ids, wanted, enough).await
}

/// Answers `/incident list` with the incidents that the asker may see, at most [`list::MOST`].
pub(super) async fn message_of(
    rows: &Rows,
    context: &DecisionContext<'_>,
    listed: Listed,
) -> Result<Json, Unanswered> {
    context.may_at_all(Action::List)?;
    let (heading, found) = match listed {
        Listed::Open => (
            "Open incidents",
            open(rows, context, |_| true, list::MOST).await?,
        ),
        Listed::Mine => {
            let Some(user) = context.actor.person() else {
                return Err(people_only().into());
            };
            let mine = |incident: &Incident| incident.takes_part(user);
            let found = open(rows, context, mine, list::MOST).await?;
            ("Open incidents that you take part in", found)
        }
        Listed::All => (
            "Incidents of the last twelve months",
            all(rows, context).await?,
        ),
    };
    let lines: Vec<ListRow<'_>> = found.iter().take(list::MOST).map(row).collect();
    Ok(list::message_of(heading, &lines, found.len() > list::MOST))
}

/// An incident in a list.
pub(crate) fn row(loaded: &Loaded) -> ListRow<'_> {
    ListRow {
        incident: &loaded.incident,
        room: loaded.place.channel(),
    }
}

fn people_only() -> RequestError {
    RequestError::new(
        "people_only",
        "Only people take part in incidents and have tasks of their own.",
    )
}

/// The latest incidents, the newest first.
async fn all(rows: &Rows, context: &DecisionContext<'_>) -> Result<Vec<Loaded>, TableError> {
    let mut found = Vec::new();
    for month in months(context.now) {
        let ids = rows::listed(rows, &["incidents_month", &month], true, MOST_READ).await?;
        let enough = list::MOST - found.len();
        found.extend(visible(rows, context, &ids, |_| true, enough).await?);
        if found.len() > list::MOST {
            break;
        }
    }
    Ok(found)
}

/// The last months, the present one first.
fn months(now: Timestamp) -> Vec<String> {
    let this = rows::month(now);
    let number = |text: &str| text.parse::<u16>().ok();
    let read = this
        .split_once('-')
        .and_then(|(year, month)| Some(number(year)? * 12 + number(month)? - 1));
    let Some(latest) = read else {
        return Vec::new();
    };
    let name = |month: u16| format!("{:04}-{:02}", month / 12, month % 12 + 1);
    (0..MONTHS).map(|back| name(latest - back)).collect()
}

/// Answers `/incident task mine` with the asker's open tasks. Refuses a program, which has none.
pub(super) async fn my_tasks(
    rows: &Rows,
    context: &DecisionContext<'_>,
) -> Result<Json, Unanswered> {
    context.may_at_all(Action::List)?;
    let user = context.actor.person().ok_or_else(people_only)?;
    let found = tasks::load_mine(rows, user, |incident| sees(context, incident)).await?;
    let views: Vec<_> = found.iter().map(|(_, task)| task.view()).collect();
    let mine: Vec<MyTask<'_>> = found
        .iter()
        .zip(&views)
        .map(|((incident, _), task)| MyTask { incident, task })
        .collect();
    Ok(shown::mine(&mine, context.now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_go_back_over_the_turn_of_the_year() {
        // 2026-02-15.
        let months = months(Timestamp(1_771_113_600_000));
        assert_eq!(months[..3], ["2026-02", "2026-01", "2025-12"]);
        assert_eq!(months.len(), 12);
        assert_eq!(months[11], "2025-03");
    }
}
