//! What kind of account a person has, and where their clock stands: asked of Slack, and remembered for a day.

use std::time::Duration;

use tidegate_outcome::Outcome;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, Rows, TableError, Write};
use tidegate_slack::api::types::user::User;
use tidegate_slack::api::users::Info;
use tidegate_slack::ids::{TenantId, UserId};

use crate::model::permissions::PersonKind;
use crate::model::person::key;
use crate::service::Incidents;

/// How long Slack's answer counts.
const KEEP: Duration = Duration::from_hours(24);

/// How long a name is kept, for the records of incidents that the person had to do with.
const KEEP_NAMES: Duration = Duration::from_hours(24 * 365);

/// How long a command waits for it: an incident must be declared while Slack is down.
const PATIENCE: Duration = Duration::from_millis(1500);

/// A person as far as permissions and reminders care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// What kind of account they have.
    pub kind: PersonKind,
    /// Seconds that their clock is ahead of UTC, if Slack said.
    pub zone: Option<i32>,
}

/// Whom Slack tells nothing about counts as a member: an incident tool that shuts people out whenever Slack stumbles is of
/// no use in an incident.
const UNKNOWN: Person = Person {
    kind: PersonKind::Member,
    zone: None,
};

/// Who a request says comes from another workspace.
const FOREIGNER: Person = Person {
    kind: PersonKind::Outsider,
    zone: None,
};

/// What is known of a person of a workspace. `team` is the workspace that they belong to, if the request says so.
pub async fn look_up(
    incidents: &Incidents,
    tenant: &TenantId,
    rows: &Rows,
    user: &UserId,
    team: Option<&str>,
    now: Timestamp,
) -> Result<Person, TableError> {
    let known = known(incidents, tenant, rows, user, team, now).await?;
    Ok(known.unwrap_or(UNKNOWN))
}

/// The same, for what can wait until somebody is known: `None` of whom neither we nor Slack can say anything now.
pub async fn known(
    incidents: &Incidents,
    tenant: &TenantId,
    rows: &Rows,
    user: &UserId,
    team: Option<&str>,
    now: Timestamp,
) -> Result<Option<Person>, TableError> {
    // Before what is remembered, which may be of a time when nobody had said so.
    if is_foreign(tenant, team) {
        return Ok(Some(FOREIGNER));
    }
    let key = key(user);
    let row = rows.get(&key).await?;
    if let Some(person) = row.as_ref().and_then(|row| read(row, now)) {
        return Ok(Some(person));
    }
    let Some(user) = ask(incidents, tenant, user).await else {
        return Ok(None);
    };
    let person = Person {
        kind: kind(&user, tenant),
        zone: zone(&user),
    };
    rows.write(Write::put(key, written(person, &user, now)))
        .await?;
    Ok(Some(person))
}

/// What a person is called: as they want it, or else in full.
fn name(user: &User) -> String {
    let profile = user.profile.as_ref();
    let chosen = profile
        .map(|profile| profile.display_name.trim())
        .filter(|name| !name.is_empty());
    let full = user.real_name.as_deref().unwrap_or(&user.name);
    chosen.unwrap_or(full).to_owned()
}

async fn ask(incidents: &Incidents, tenant: &TenantId, user: &UserId) -> Option<User> {
    let request = Info {
        user: user.clone(),
        include_locale: None,
    };
    let asking = async {
        let token = incidents.tokens.token(tenant).await.ok()?;
        match incidents.slack.perform(&token, &request).await {
            Outcome::Done(answer) => Some(answer.user),
            Outcome::Refused(why) => {
                tracing::warn!(error = %why, "incident.person: Slack says nothing about them");
                None
            }
            Outcome::Ambiguous(why) => {
                tracing::warn!(error = %why, "incident.person: Slack says nothing about them");
                None
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.ok().flatten()
}

/// Whether `team` is another workspace than the tenant. Of an organisation (`E…`), on either side, only Slack itself can
/// say which workspaces belong to it.
fn is_foreign(tenant: &TenantId, team: Option<&str>) -> bool {
    let tenant = tenant.as_str();
    let is_other = |team: &str| team.starts_with('T') && team != tenant;
    tenant.starts_with('T') && team.is_some_and(is_other)
}

fn kind(user: &User, tenant: &TenantId) -> PersonKind {
    let team = user.team_id.as_ref().map(TenantId::as_str);
    // Workspaces of one organisation share their people.
    let foreign = user.enterprise_user.is_none() && is_foreign(tenant, team);
    if user.is_bot {
        PersonKind::Bot
    } else if user.is_stranger || foreign {
        PersonKind::Outsider
    } else if user.is_restricted || user.is_ultra_restricted {
        PersonKind::Guest
    } else {
        PersonKind::Member
    }
}

fn zone(user: &User) -> Option<i32> {
    user.tz_offset
        .and_then(|seconds| i32::try_from(seconds).ok())
}

fn written(person: Person, user: &User, now: Timestamp) -> Item {
    let kind = match person.kind {
        PersonKind::Member => "member",
        PersonKind::Guest => "guest",
        PersonKind::Outsider => "outsider",
        PersonKind::Bot => "bot",
    };
    Item::new()
        .with("kind", kind)
        .with_some("zone", person.zone.map(i64::from))
        .sealed("name", name(user))
        .with("until", now.plus(KEEP).millis())
        .with("expires_at", now.plus(KEEP_NAMES).seconds())
}

fn read(row: &Item, now: Timestamp) -> Option<Person> {
    if row.number("until")? < now.millis() {
        return None;
    }
    let kind = match row.text("kind")? {
        "guest" => PersonKind::Guest,
        "outsider" => PersonKind::Outsider,
        "bot" => PersonKind::Bot,
        _ => PersonKind::Member,
    };
    let zone = row
        .number("zone")
        .and_then(|seconds| i32::try_from(seconds).ok());
    Some(Person { kind, zone })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn kind_of(tenant: &str, user: Value) -> PersonKind {
        kind(&serde_json::from_value(user).unwrap(), &tenant.into())
    }

    #[test]
    fn another_workspaces_id_is_foreign_and_an_organisations_says_nothing() {
        for (tenant, team, foreign) in [
            ("T1", None, false),
            ("T1", Some("T1"), false),
            ("T1", Some("T2"), true),
            ("T1", Some("E1"), false),
            ("E1", Some("T2"), false),
        ] {
            assert_eq!(
                is_foreign(&tenant.into(), team),
                foreign,
                "{tenant} {team:?}"
            );
        }
    }

    #[test]
    fn whoever_slack_says_belongs_elsewhere_is_an_outsider() {
        let of = |team: &str| json!({"id": "U1", "team_id": team});
        assert_eq!(kind_of("T1", of("T1")), PersonKind::Member);
        assert_eq!(kind_of("T1", of("T2")), PersonKind::Outsider);
        assert_eq!(kind_of("E1", of("T2")), PersonKind::Member);
        assert_eq!(kind_of("T1", json!({"id": "U1"})), PersonKind::Member);
        let shared = json!({"id": "U1", "team_id": "T2", "enterprise_user": {"id": "W1"}});
        assert_eq!(kind_of("T1", shared), PersonKind::Member);
        let stranger = json!({"id": "U1", "team_id": "T1", "is_stranger": true});
        assert_eq!(kind_of("T1", stranger), PersonKind::Outsider);
        let bot = json!({"id": "U1", "team_id": "T2", "is_bot": true});
        assert_eq!(kind_of("T1", bot), PersonKind::Bot);
        let guest = json!({"id": "U1", "team_id": "T1", "is_restricted": true});
        assert_eq!(kind_of("T1", guest), PersonKind::Guest);
    }
}
