//! Who asks: people of the workspace, as Slack knows them.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::{People, Person};
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::ids::{TenantId, UserId};

use crate::service::Incidents;

/// Who somebody is, see [`People::look_up`].
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

/// Who somebody is, if it is known now, see [`People::known`].
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
