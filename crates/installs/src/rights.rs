//! Who administers a workspace in Tidegate: Slack's own admins and owners, as Slack said at most an hour ago; the people on the
//! list that an admin or the operator keeps; and the person who installed the app first, until another admin has signed in or the list
//! has had an entry. A later install changes nobody's rights. What makes an admin is sealed, so nobody becomes one who can only write
//! to the table.

use std::collections::BTreeSet;
use std::time::Duration;

use tidegate_api::{ApiError, Role};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::{self, People, Person};
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Value, Write};
use tidegate_slack::ids::{TenantId, UserId};

use crate::Installs;
use crate::grant::{Grant, State};

/// The partition of all rows about admins.
const PARTITION: &str = "admins";

/// The most people that a workspace's list holds.
pub(crate) const MOST_LISTED: i64 = 100;

/// The most admins who are told of something.
const MOST_TOLD: usize = 20;

/// How long after their last sign-in an admin is told of something.
const TOLD_FOR: Duration = Duration::from_hours(90 * 24);

/// The person who installed the app first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct First {
    pub(crate) user: UserId,
    /// Whether there has been another admin since, so that this person has no rights of their own.
    pub(crate) is_relieved: bool,
}

impl First {
    pub(crate) async fn load(rows: &Rows) -> Result<Option<Self>, TableError> {
        let row = rows.get_if_opened(&first()).await?;
        Ok(row.as_ref().and_then(Self::read))
    }

    fn read(row: &Item) -> Option<Self> {
        Some(Self {
            user: row.opened_text("user")?.into(),
            is_relieved: row.number("relieved_at").is_some(),
        })
    }
}

/// A person on the list of admins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) user: UserId,
    pub(crate) added_at: Timestamp,
}

/// Makes the write that remembers who installed the app first. It changes nothing at a later install.
pub(crate) fn remember_first(installer: &UserId) -> Write<RowKey> {
    Write::update(first(), "SET #user = if_not_exists(#user, :user)")
        .value(":user", Value::Sealed(installer.as_str().into()))
}

/// Loads the list of admins.
pub(crate) async fn list(rows: &Rows) -> Result<Vec<Listed>, TableError> {
    let pages = rows.pages(&[PARTITION], Range::Under(&["listed"]));
    let listed = pages.all().await?.into_iter().filter_map(|(key, row)| {
        Some(Listed {
            user: key.sort_parts().get(1)?.as_str().into(),
            added_at: added_at(&row)?,
        })
    });
    Ok(listed.collect())
}

/// Returns the time at which a person was put on the list. `None` for a row that nobody with the keys wrote.
fn added_at(row: &Item) -> Option<Timestamp> {
    row.opened_text("added_at")?.parse().ok().map(Timestamp)
}

/// Makes the writes that put a person on the list. From then on the first installer has no rights of their own. They fail if the
/// person is on the list, or it is full.
pub(crate) fn put_on_list(user: &UserId, now: Timestamp) -> Vec<Write<RowKey>> {
    let row = Item::new().sealed("added_at", now.millis().to_string());
    let relieve = "SET #relieved_at = if_not_exists(#relieved_at, :now) ADD #listed :one";
    vec![
        Write::put(listed(user), row).when("attribute_not_exists(#pk)"),
        Write::update(first(), relieve)
            .when("attribute_not_exists(#listed) OR #listed < :most")
            .value(":now", now.millis())
            .value(":one", 1i64)
            .value(":most", MOST_LISTED),
    ]
}

/// Makes the writes that take a person off the list. They fail if the person is not on it.
pub(crate) fn take_off_list(user: &UserId) -> Vec<Write<RowKey>> {
    vec![
        Write::delete(listed(user)).when("attribute_exists(#pk)"),
        Write::update(first(), "ADD #listed :less").value(":less", -1i64),
    ]
}

/// Returns the admins who are told of something: those on the list, those who have signed in of late, and the first installer while
/// they administer.
pub(crate) async fn told(rows: &Rows) -> Result<BTreeSet<UserId>, TableError> {
    let signed_in = rows.query(
        &[PARTITION],
        Range::Under(&["seen"]),
        false,
        MOST_TOLD,
        None,
    );
    let signed_in = signed_in.await?.rows.into_iter();
    let signed_in = signed_in.filter_map(|(key, _)| Some(key.sort_parts().get(1)?.as_str().into()));
    let first = First::load(rows).await?;
    let first = first.filter(|first| !first.is_relieved);
    let listed = list(rows).await?.into_iter().map(|listed| listed.user);
    let all = first.map(|first| first.user).into_iter();
    Ok(all.chain(listed).chain(signed_in).take(MOST_TOLD).collect())
}

impl Installs {
    /// Returns the role of a person in a workspace that is connected. `None` for a person whose account is deactivated. Without
    /// Slack's word, the list and the first installer count.
    pub(crate) async fn role_of(
        &self,
        tenant: &TenantId,
        bot: &Grant,
        user: &UserId,
    ) -> Result<Option<Role>, TableError> {
        let rows = self.table.tenant(tenant);
        let slack_says = match self.people(tenant, bot, &rows) {
            Some(people) => people.of_late(user, self.clock.now()).await?,
            // The app may have had the scope before.
            None => people::if_deactivated(&rows, user).await?,
        };
        let on_list = rows.get_if_opened(&listed(user)).await?;
        let is_listed = on_list.as_ref().and_then(added_at).is_some();
        let first = First::load(&rows).await?;
        Ok(decide(user, slack_says, is_listed, first.as_ref()))
    }

    /// Tells whether a person administers the workspace for no other reason than having installed the app first.
    pub(crate) async fn is_admin_only_as_first(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        user: &UserId,
    ) -> Result<bool, ApiError> {
        let first = First::load(rows).await?;
        if first.is_none_or(|first| first.user != *user || first.is_relieved) {
            return Ok(false);
        }
        if list(rows).await?.iter().any(|listed| listed.user == *user) {
            return Ok(false);
        }
        let bot = self.bot(tenant).await;
        let bot = bot.map_err(|e| ApiError::Internal(e.to_string()))?;
        let Some(people) = bot.and_then(|bot| self.people(tenant, &bot, rows)) else {
            return Ok(true);
        };
        let slack_says = people.of_late(user, self.clock.now()).await?;
        Ok(!slack_says.is_some_and(|person| person.is_admin))
    }

    /// Notes that a person signs in. Returns false for a person whose account is deactivated. Once an admin has signed in who is
    /// not the first installer, the latter has no rights of their own.
    pub(crate) async fn note_sign_in(
        &self,
        tenant: &TenantId,
        bot: &Grant,
        user: &UserId,
    ) -> Result<bool, TableError> {
        let (rows, now) = (self.table.tenant(tenant), self.clock.now());
        let slack_says = match self.people(tenant, bot, &rows) {
            Some(people) => people.at_sign_in(user, now).await?,
            None => None,
        };
        if slack_says.is_some_and(|person| person.is_deactivated) {
            return Ok(false);
        }
        if !slack_says.is_some_and(|person| person.is_admin) {
            return Ok(true);
        }
        let seen = Item::new().with("expires_at", now.plus(TOLD_FOR).seconds());
        let seen = Write::put(RowKey::new(&[PARTITION], &["seen", user.as_str()]), seen);
        rows.write(seen).await?;
        if First::load(&rows)
            .await?
            .is_some_and(|first| first.user == *user || first.is_relieved)
        {
            return Ok(true);
        }
        let relieve = Write::update(first(), "SET #relieved_at = :now")
            .when("attribute_not_exists(#relieved_at)")
            .value(":now", now.millis());
        match rows.write(relieve).await {
            Ok(_) | Err(TableError::Condition) => Ok(true),
            Err(e) => Err(e),
        }
    }

    /// Tells whether a person can be put on the list. Only Slack's word is against it: a person whom it does not know, or whose
    /// account is deactivated. Without the scope, or while Slack is silent, anybody can.
    pub(crate) async fn may_be_listed(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        user: &UserId,
    ) -> Result<bool, ApiError> {
        let bot = self.bot(tenant).await;
        let bot = bot.map_err(|e| ApiError::Internal(e.to_string()))?;
        let connected = bot.filter(|bot| bot.state == State::Connected);
        let Some(people) = connected.and_then(|bot| self.people(tenant, &bot, rows)) else {
            return Ok(true);
        };
        Ok(people.may_exist(user).await)
    }

    /// Returns the people of the workspace, as Slack describes them. `None` without the scope for it: Slack would refuse every
    /// question.
    fn people<'a>(
        &'a self,
        tenant: &'a TenantId,
        bot: &Grant,
        rows: &'a Rows,
    ) -> Option<People<'a>> {
        let may_ask = bot.scopes.iter().any(|scope| scope == "users:read");
        may_ask.then_some(People {
            slack: &self.slack,
            tokens: self,
            tenant,
            rows,
        })
    }
}

fn decide(
    user: &UserId,
    slack_says: Option<Person>,
    is_listed: bool,
    first: Option<&First>,
) -> Option<Role> {
    if slack_says.is_some_and(|person| person.is_deactivated) {
        return None;
    }
    let is_first = first.is_some_and(|first| first.user == *user && !first.is_relieved);
    let is_admin = slack_says.is_some_and(|person| person.is_admin);
    if is_admin || is_listed || is_first {
        Some(Role::Admin)
    } else {
        Some(Role::Member)
    }
}

fn first() -> RowKey {
    RowKey::new(&[PARTITION], &["first"])
}

fn listed(user: &UserId) -> RowKey {
    RowKey::new(&[PARTITION], &["listed", user.as_str()])
}

#[cfg(test)]
mod tests {
    use tidegate_pipeline::people::PersonKind;

    use super::*;

    const ADMIN: Person = Person {
        kind: PersonKind::Member,
        zone: None,
        is_admin: true,
        is_deactivated: false,
    };

    const MEMBER: Person = Person {
        is_admin: false,
        ..ADMIN
    };

    const GONE: Person = Person {
        is_deactivated: true,
        ..ADMIN
    };

    #[test]
    fn slack_and_the_list_decide_and_for_a_start_the_first_installer_administers() {
        let first = |is_relieved| First {
            user: "U1".into(),
            is_relieved,
        };
        for (user, slack_says, is_listed, relieved, role) in [
            ("U1", None, false, false, Some(Role::Admin)),
            ("U1", Some(MEMBER), false, false, Some(Role::Admin)),
            ("U1", Some(MEMBER), false, true, Some(Role::Member)),
            ("U1", None, false, true, Some(Role::Member)),
            ("U1", Some(ADMIN), false, true, Some(Role::Admin)),
            ("U2", Some(ADMIN), false, false, Some(Role::Admin)),
            ("U2", Some(MEMBER), false, false, Some(Role::Member)),
            ("U2", None, false, false, Some(Role::Member)),
            ("U2", None, true, true, Some(Role::Admin)),
            ("U2", Some(MEMBER), true, true, Some(Role::Admin)),
            ("U1", Some(GONE), false, false, None),
            ("U2", Some(GONE), true, true, None),
        ] {
            let decided = decide(&user.into(), slack_says, is_listed, Some(&first(relieved)));
            assert_eq!(
                decided, role,
                "{user} {slack_says:?} {is_listed} {relieved}"
            );
        }
        assert_eq!(decide(&"U1".into(), None, false, None), Some(Role::Member));
    }
}
