//! Where tasks lie: in the incident's partition, and in the list of the person who has to do them.

use futures_util::future::try_join_all;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Document;
use tidegate_pipeline::table::{Range, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::UserId;

use super::Task;
use crate::decide::change::Change;
use crate::model::incident::{Incident, IncidentId};
use crate::model::rows;

/// A task as its row holds it.
pub(super) const TASK: Document<Task> = Document::new("task", "a task");

/// Most tasks of one person that are read, the first due first.
const MAX_MINE: usize = 50;

/// The writes of a task and of its place in a list. The incident's version guards them.
pub(super) fn write(change: &mut Change, before: Option<&Task>, task: &Task) {
    let id = change.incident.id.clone();
    change.write(TASK.put(key(&id, task.n), task));
    let (was, is) = (
        before.and_then(|before| listed(before, &id)),
        listed(task, &id),
    );
    if was == is {
        return;
    }
    if let Some(was) = was {
        change.write(Write::delete(was));
    }
    if let Some(is) = is {
        change.write(Write::put(
            is,
            rows::pointer(&id).with("n", i64::from(task.n)),
        ));
    }
}

fn key(id: &IncidentId, n: u32) -> RowKey {
    rows::row(id, &["task", &format!("{n:05}")])
}

/// A task by its number.
pub async fn load(rows: &Rows, id: &IncidentId, n: u32) -> Result<Option<Task>, TableError> {
    TASK.load(rows, &key(id, n)).await
}

/// An incident's tasks, by number.
pub async fn load_all(rows: &Rows, id: &IncidentId) -> Result<Vec<Task>, TableError> {
    let partition = rows::partition(id);
    let found = rows
        .pages(&partition, Range::Under(&["task"]))
        .all()
        .await?;
    let read = found.iter().map(|(_, item)| TASK.read(item).map(Some));
    let read = read.map(|task| rows::unless_damaged(id, task));
    read.filter_map(Result::transpose).collect()
}

/// A person's open tasks in all incidents that `may_see` accepts, the first due first.
pub async fn load_mine(
    rows: &Rows,
    user: &UserId,
    may_see: impl Fn(&Incident) -> bool,
) -> Result<Vec<(Incident, Task)>, TableError> {
    let list = ["incident_tasks", user.as_str()];
    let page = rows.query(&list, Range::All, false, MAX_MINE, None).await?;
    let places = page.rows.iter().filter_map(|(_, item)| {
        let n = u32::try_from(item.number("n")?).ok()?;
        Some((rows::pointed(item)?, n))
    });
    let loaded = places.map(async |(id, n)| {
        let incident = rows::unless_damaged(&id, rows::load_alone(rows, &id).await)?;
        let task = rows::unless_damaged(&id, load(rows, &id, n).await)?;
        Ok::<_, TableError>(incident.zip(task))
    });
    let loaded = try_join_all(loaded).await?.into_iter().flatten();
    Ok(loaded.filter(|(incident, _)| may_see(incident)).collect())
}

/// Its place in a person's list; `None` if it is done or assigned to nobody.
fn listed(task: &Task, id: &IncidentId) -> Option<RowKey> {
    let user = task.assignee.as_ref().filter(|_| task.done.is_none())?;
    // Tasks without a date come last.
    let due = task.due.map_or(999_999_999_999_999, Timestamp::millis);
    Some(RowKey::new(
        &["incident_tasks", user.as_str()],
        &[
            &format!("{due:015}"),
            id.as_str(),
            &format!("{:05}", task.n),
        ],
    ))
}
