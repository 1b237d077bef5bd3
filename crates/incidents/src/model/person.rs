//! What is kept of a person: one row each, with their kind of account, their clock and their name.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use tidegate_pipeline::table::{RowKey, Rows, TableError};
use tidegate_slack::ids::UserId;

use super::incident::Incident;

/// Names read for one record at most.
const MAX_NAMES: usize = 100;

/// The names of people, as far as they are known: of those who have asked for something within a year.
pub async fn names(
    rows: &Rows,
    users: impl IntoIterator<Item = UserId>,
) -> Result<BTreeMap<UserId, String>, TableError> {
    let reading = users.into_iter().take(MAX_NAMES).map(|user| async move {
        let row = rows.get(&key(&user)).await?;
        let name = row.and_then(|row| row.opened_text("name").map(str::to_owned));
        Ok::<_, TableError>(name.map(|name| (user, name)))
    });
    let read = try_join_all(reading).await?;
    Ok(read.into_iter().flatten().collect())
}

/// Everyone who has to do with an incident.
pub fn of_incident(incident: &Incident) -> BTreeSet<UserId> {
    let holders = incident.roles.iter().map(|held| held.user.clone());
    let reporter = incident.reporter.person().cloned();
    let others = incident.participants.iter().cloned();
    holders.chain(reporter).chain(others).collect()
}

/// The row of a person.
pub fn key(user: &UserId) -> RowKey {
    RowKey::new(&["person", user.as_str()], &["slack"])
}
