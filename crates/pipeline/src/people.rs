//! The people of a workspace as Slack describes them: kind of account, time zone and name, and whether they administer the
//! workspace. Slack is asked about each person at most once a day, or once an hour where it matters who administers. Names are kept
//! for a year.

mod row;
mod told;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::types::user::User;
use tidegate_slack::api::users::Info;
use tidegate_slack::client::SlackClient;
use tidegate_slack::ids::{TenantId, UserId};

use self::row::Seen;
use self::told::{is_admin, is_foreign, kind, name, zone};
use crate::clock::Timestamp;
use crate::delivery::BotTokens;
use crate::table::{Item, RowKey, Rows, TableError, Write};

/// How long Slack's answer is used.
const KEEP: Duration = Duration::from_hours(24);

/// How long Slack's word counts that a person administers the workspace.
const ADMIN_FOR: Duration = Duration::from_hours(1);

/// How long Slack is not asked again about a person after it gave no answer.
const SILENT_FOR: Duration = Duration::from_mins(1);

/// How long a name is kept, for records that mention the person.
const KEEP_NAMES: Duration = Duration::from_hours(24 * 365);

/// The most names that [`names`] reads.
const MAX_NAMES: usize = 100;

/// How long a caller waits for Slack. The caller's own work must go on while Slack is down.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The kind of account that a person has in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    /// A full member of the workspace.
    Member,
    /// A guest, who sees one or several channels.
    Guest,
    /// A person from another workspace, in a shared channel.
    Outsider,
    /// A bot user, of this app or another.
    Bot,
}

/// What permissions and reminders need to know about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The kind of account.
    pub kind: PersonKind,
    /// The offset of their time zone from UTC in seconds. `None` if Slack did not say.
    pub zone: Option<i32>,
    /// Whether they are an admin or owner of the workspace, as far as Slack has said.
    pub is_admin: bool,
    /// Whether their account has been deactivated.
    pub is_deactivated: bool,
}

impl Person {
    /// A person about whom Slack says nothing. They count as a member, because a tool that shuts people out while Slack is down
    /// is of no use.
    const UNKNOWN: Self = Self {
        kind: PersonKind::Member,
        zone: None,
        is_admin: false,
        is_deactivated: false,
    };

    /// A person from another workspace, according to the request itself.
    const FOREIGNER: Self = Self {
        kind: PersonKind::Outsider,
        zone: None,
        is_admin: false,
        is_deactivated: false,
    };
}

/// The people of one workspace.
pub struct People<'a> {
    /// The client that asks Slack.
    pub slack: &'a SlackClient,
    /// The bot tokens of all workspaces.
    pub tokens: &'a dyn BotTokens,
    /// The workspace whose people are looked up.
    pub tenant: &'a TenantId,
    /// The rows of that workspace, which cache Slack's answers.
    pub rows: &'a Rows,
}

impl People<'_> {
    /// Looks up a person. `team` is their own workspace, if the request names it. A person about whom neither the rows nor Slack
    /// say anything counts as a member.
    pub async fn look_up(
        &self,
        user: &UserId,
        team: Option<&str>,
        now: Timestamp,
    ) -> Result<Person, TableError> {
        let known = self.known(user, team, now).await?;
        Ok(known.unwrap_or(Person::UNKNOWN))
    }

    /// Looks up a person for a caller that can wait. `None` if neither the rows nor Slack say anything now.
    pub async fn known(
        &self,
        user: &UserId,
        team: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Person>, TableError> {
        // This comes before the cached row, which may be older than the first request that named the team.
        if is_foreign(self.tenant, team) {
            return Ok(Some(Person::FOREIGNER));
        }
        let row = self.rows.get_if_opened(&key(user)).await?;
        let seen = row.as_ref().and_then(Seen::read);
        if let Some(seen) = seen.filter(|seen| seen.is_fresh(KEEP, now)) {
            return Ok(Some(seen.person));
        }
        if let Some(told) = self.ask_and_store(user, row.as_ref(), now).await? {
            return Ok(Some(told));
        }
        // Somebody who was limited when last seen stays limited while Slack does not answer.
        let last_seen = seen.map(|seen| seen.person);
        Ok(last_seen.filter(|person| person.kind != PersonKind::Member))
    }

    /// Looks up a person for a decision about rights. The answer is at most an hour old. `None` if Slack says nothing now.
    pub async fn of_late(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Person>, TableError> {
        let row = self.rows.get_if_opened(&key(user)).await?;
        let seen = row.as_ref().and_then(Seen::read);
        if let Some(seen) = seen.filter(|seen| seen.is_fresh(ADMIN_FOR, now)) {
            return Ok(Some(seen.person));
        }
        if let Some(told) = self.ask_and_store(user, row.as_ref(), now).await? {
            return Ok(Some(told));
        }
        // An account that was deactivated when Slack last said so stays that while it says nothing.
        if_deactivated(self.rows, user).await
    }

    /// Looks up a person who signs in. Slack is asked, and what it said in the last hour counts only if it says nothing now.
    pub async fn at_sign_in(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Person>, TableError> {
        match self.ask_and_store(user, None, now).await? {
            Some(person) => Ok(Some(person)),
            None => self.of_late(user, now).await,
        }
    }

    /// Asks Slack, unless it gave no answer a moment ago: nobody has to wait for it with every call while it is down.
    async fn ask_and_store(
        &self,
        user: &UserId,
        row: Option<&Item>,
        now: Timestamp,
    ) -> Result<Option<Person>, TableError> {
        let silent_at = row.and_then(|row| row.number("silent_at")).map(Timestamp);
        if silent_at.is_some_and(|at| now.since(at) < SILENT_FOR) {
            return Ok(None);
        }
        let Some(Said::Person(told)) = self.ask(user).await else {
            let silent = Write::update(
                key(user),
                "SET #silent_at = :now, #expires_at = if_not_exists(#expires_at, :end)",
            );
            let silent = silent
                .value(":now", now.millis())
                .value(":end", now.plus(KEEP).seconds());
            self.rows.write(silent).await?;
            return Ok(None);
        };
        let person = Person {
            kind: kind(&told, self.tenant),
            zone: zone(&told),
            is_admin: is_admin(&told, self.tenant),
            is_deactivated: told.deleted,
        };
        let seen = Seen {
            person,
            asked_at: now,
        };
        let row = seen.row(&name(&told), KEEP_NAMES);
        self.rows.write(Write::put(key(user), row)).await?;
        Ok(Some(person))
    }

    /// Tells whether somebody can be a person in the workspace: Slack neither says that there is no such person, nor that it is a bot,
    /// nor that their account is deactivated.
    pub async fn may_exist(&self, user: &UserId) -> bool {
        match self.ask(user).await {
            Some(Said::Person(person)) => !person.deleted && !person.is_bot,
            Some(Said::NoSuchPerson) => false,
            None => true,
        }
    }

    /// Asks Slack about a person. `None` if Slack refuses or does not answer in time.
    async fn ask(&self, user: &UserId) -> Option<Said> {
        let request = Info {
            user: user.clone(),
            include_locale: None,
        };
        let asking = async {
            let token = self.tokens.token(self.tenant).await.ok()?;
            match self.slack.perform(&token, &request).await {
                Outcome::Done(answer) => Some(Said::Person(Box::new(answer.user))),
                Outcome::Refused(Refusal::Rejected(SlackRejection::Permanent(code)))
                    if code == "user_not_found" =>
                {
                    Some(Said::NoSuchPerson)
                }
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

/// What Slack said about an id.
enum Said {
    Person(Box<User>),
    NoSuchPerson,
}

/// Returns a person whose account was deactivated when Slack last described it.
pub async fn if_deactivated(rows: &Rows, user: &UserId) -> Result<Option<Person>, TableError> {
    let row = rows.get_if_opened(&key(user)).await?;
    let last_seen = row.as_ref().and_then(Seen::read).map(|seen| seen.person);
    Ok(last_seen.filter(|person| person.is_deactivated))
}

/// Returns the names of people from the rows. Reads at most 100 people; those without a row are left out.
pub async fn names(
    rows: &Rows,
    users: impl IntoIterator<Item = UserId>,
) -> Result<BTreeMap<UserId, String>, TableError> {
    let reading = users.into_iter().take(MAX_NAMES).map(|user| async move {
        let row = rows.get_if_opened(&key(&user)).await?;
        let name = row.and_then(|row| row.opened_text("name").map(str::to_owned));
        Ok::<_, TableError>(name.map(|name| (user, name)))
    });
    let read = try_join_all(reading).await?;
    Ok(read.into_iter().flatten().collect())
}

/// Returns the key of a person's row.
fn key(user: &UserId) -> RowKey {
    RowKey::new(&["person", user.as_str()], &["slack"])
}
