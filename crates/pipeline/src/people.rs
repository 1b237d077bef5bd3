//! The people of a workspace, as Slack knows them: what kind of account they have, where their clock stands, what they are
//! called. Slack is asked about each once a day at most; names are kept for a year.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use tidegate_outcome::Outcome;
use tidegate_slack::api::types::user::User;
use tidegate_slack::api::users::Info;
use tidegate_slack::client::SlackClient;
use tidegate_slack::ids::{TenantId, UserId};

use crate::clock::Timestamp;
use crate::delivery::BotTokens;
use crate::table::{Item, RowKey, Rows, TableError, Write};

/// How long Slack's answer counts.
const KEEP: Duration = Duration::from_hours(24);

/// How long a name is kept, for records of what the person had to do with.
const KEEP_NAMES: Duration = Duration::from_hours(24 * 365);

/// Most names that [`names`] reads.
const MAX_NAMES: usize = 100;

/// How long a caller waits for Slack: what is asked must go on while Slack is down.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What kind of account somebody has in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonKind {
    /// A full member.
    Member,
    /// A guest, with one channel or several.
    Guest,
    /// From another workspace, through a shared channel.
    Outsider,
    /// A bot user.
    Bot,
}

/// A person as far as permissions and reminders care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// What kind of account they have.
    pub kind: PersonKind,
    /// Seconds that their clock is ahead of UTC, if Slack said.
    pub zone: Option<i32>,
}

impl Person {
    /// Somebody of whom Slack tells nothing. They count as a member: a tool that shuts people out whenever Slack stumbles
    /// is of no use.
    const UNKNOWN: Self = Self {
        kind: PersonKind::Member,
        zone: None,
    };

    /// Somebody who comes from another workspace, as the request itself says.
    const FOREIGNER: Self = Self {
        kind: PersonKind::Outsider,
        zone: None,
    };
}

/// The people of one workspace.
pub struct People<'a> {
    /// Asks Slack.
    pub slack: &'a SlackClient,
    /// The workspaces' bot tokens.
    pub tokens: &'a dyn BotTokens,
    /// The workspace.
    pub tenant: &'a TenantId,
    /// Its rows, in which the answers are kept.
    pub rows: &'a Rows,
}

impl People<'_> {
    /// Who somebody is. `team` is the workspace that they belong to, if the request says so. Somebody of whom neither the
    /// rows nor Slack can say anything now counts as a member.
    pub async fn look_up(
        &self,
        user: &UserId,
        team: Option<&str>,
        now: Timestamp,
    ) -> Result<Person, TableError> {
        let known = self.known(user, team, now).await?;
        Ok(known.unwrap_or(Person::UNKNOWN))
    }

    /// The same for callers that can wait: `None` for somebody of whom nothing can be said now.
    pub async fn known(
        &self,
        user: &UserId,
        team: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Person>, TableError> {
        // Before what is remembered, which may be of a time when nobody had said so.
        if is_foreign(self.tenant, team) {
            return Ok(Some(Person::FOREIGNER));
        }
        let key = key(user);
        let row = self.rows.get(&key).await?;
        if let Some(person) = row.as_ref().and_then(|row| read(row, now)) {
            return Ok(Some(person));
        }
        let Some(user) = self.ask(user).await else {
            return Ok(None);
        };
        let person = Person {
            kind: kind(&user, self.tenant),
            zone: zone(&user),
        };
        let row = row_of(person, &user, now);
        self.rows.write(Write::put(key, row)).await?;
        Ok(Some(person))
    }

    /// Slack's answer, if it comes in time.
    async fn ask(&self, user: &UserId) -> Option<User> {
        let request = Info {
            user: user.clone(),
            include_locale: None,
        };
        let asking = async {
            let token = self.tokens.token(self.tenant).await.ok()?;
            match self.slack.perform(&token, &request).await {
                Outcome::Done(answer) => Some(answer.user),
                Outcome::Refused(why) => {
                    tracing::warn!(error = %why, "people: Slack says nothing about them");
                    None
                }
                Outcome::Ambiguous(why) => {
                    tracing::warn!(error = %why, "people: Slack says nothing about them");
                    None
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.ok().flatten()
    }
}

/// The names of people, of those that are kept: [`MAX_NAMES`] at most.
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

/// The row of a person.
fn key(user: &UserId) -> RowKey {
    RowKey::new(&["person", user.as_str()], &["slack"])
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

/// Whether `team` is another workspace than the tenant. Of an organisation (`E…`), on either side, only Slack itself can
/// say which workspaces belong to it.
fn is_foreign(tenant: &TenantId, team: Option<&str>) -> bool {
    let tenant = tenant.as_str();
    let is_other = |team: &str| team.starts_with('T') && team != tenant;
    tenant.starts_with('T') && team.is_some_and(is_other)
}

/// What kind of account Slack says that a person has, from the view of the tenant.
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

/// Seconds ahead of UTC.
fn zone(user: &User) -> Option<i32> {
    user.tz_offset
        .and_then(|seconds| i32::try_from(seconds).ok())
}

fn row_of(person: Person, user: &User, now: Timestamp) -> Item {
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
