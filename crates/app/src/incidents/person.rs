//! What kind of account a person has, and where their clock stands: asked of Slack, and remembered for a day.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};
use tidegate_slack::api::types::user::User;
use tidegate_slack::api::users::Info;
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::outcome::Outcome;

use super::desk::Desk;
use super::permissions::PersonKind;

/// How long Slack's answer counts.
const KEEP: Duration = Duration::from_hours(24);

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

/// What is known of a person of a workspace. `team` is the workspace that they belong to, if the request says so.
pub async fn look_up(
    desk: &Desk,
    tenant: &TenantId,
    rows: &Rows,
    user: &UserId,
    team: Option<&str>,
    now: Timestamp,
) -> Result<Person, TableError> {
    let key = RowKey::new(&["person", user.as_str()], &["slack"]);
    let known = rows.get(&key).await?;
    if let Some(person) = known.as_ref().and_then(|row| read(row, now)) {
        return Ok(person);
    }
    let Some(user) = ask(desk, tenant, user).await else {
        return Ok(UNKNOWN);
    };
    let person = Person {
        kind: kind(&user, tenant, team),
        zone: zone(&user),
    };
    rows.write(Write::put(key, written(person, now))).await?;
    Ok(person)
}

async fn ask(desk: &Desk, tenant: &TenantId, user: &UserId) -> Option<User> {
    let request = Info {
        user: user.clone(),
        include_locale: None,
    };
    let asking = async {
        let token = desk.tokens.token(tenant).await.ok()?;
        match desk.slack.perform(&token, &request).await {
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

fn kind(user: &User, tenant: &TenantId, team: Option<&str>) -> PersonKind {
    // An organisation's tenant is no workspace's id, so that only Slack's own word counts there.
    let foreign =
        team.is_some_and(|team| tenant.as_str().starts_with('T') && team != tenant.as_str());
    if user.is_bot {
        PersonKind::Bot
    } else if user.is_stranger || (foreign && user.enterprise_user.is_none()) {
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

fn written(person: Person, now: Timestamp) -> Item {
    let kind = match person.kind {
        PersonKind::Member => "member",
        PersonKind::Guest => "guest",
        PersonKind::Outsider => "outsider",
        PersonKind::Bot => "bot",
    };
    Item::new()
        .with("kind", kind)
        .with_some("zone", person.zone.map(i64::from))
        .with("until", now.plus(KEEP).millis())
        .with("expires_at", now.plus(KEEP).seconds())
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
