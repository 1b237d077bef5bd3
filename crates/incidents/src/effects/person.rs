//! Looks up people of the workspace in Slack.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::{People, Person};
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::ids::{TenantId, UserId};

use crate::service::Incidents;

/// Looks up a person, as [`People::look_up`] does.
pub async fn look_up(
    incidents: &Incidents,
    tenant: &TenantId,
    rows: &Rows,
    user: &UserId,
    team: Option<&str>,
    now: Timestamp,
) -> Result<Person, TableError> {
    let people = of(incidents, tenant, rows);
    people.look_up(user, team, now).await
}

/// Looks up a person without calling Slack, as [`People::known`] does; `None` if nothing is stored.
pub async fn known(
    incidents: &Incidents,
    tenant: &TenantId,
    rows: &Rows,
    user: &UserId,
    team: Option<&str>,
    now: Timestamp,
) -> Result<Option<Person>, TableError> {
    let people = of(incidents, tenant, rows);
    people.known(user, team, now).await
}

fn of<'a>(incidents: &'a Incidents, tenant: &'a TenantId, rows: &'a Rows) -> People<'a> {
    People {
        slack: &incidents.slack,
        tokens: &*incidents.tokens,
        tenant,
        rows,
    }
}
