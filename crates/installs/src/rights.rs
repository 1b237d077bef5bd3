//! Who administers a workspace in Tidegate: Slack's own admins and owners, as Slack said at most an hour ago, and the person who
//! installed the app first, until another admin has signed in. A later install changes nobody's rights.

use tidegate_api::Role;
use tidegate_pipeline::people::People;
use tidegate_pipeline::table::{Item, RowKey, TableError, Write};
use tidegate_slack::ids::{TenantId, UserId};

use crate::Installs;
use crate::grant::Grant;

/// The person who installed the app first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct First {
    user: UserId,
    /// Whether another admin has signed in since.
    is_relieved: bool,
}

impl First {
    fn read(row: &Item) -> Option<Self> {
        Some(Self {
            user: row.text("user")?.into(),
            is_relieved: row.number("relieved_at").is_some(),
        })
    }
}

/// Makes the write that remembers who installed the app first. It changes nothing at a later install.
pub(crate) fn remember_first(installer: &UserId) -> Write<RowKey> {
    Write::update(first(), "SET #user = if_not_exists(#user, :user)")
        .value(":user", installer.as_str())
}

impl Installs {
    /// Returns the role of a person in a workspace that is connected. Without Slack's word, only the first installer administers.
    pub(crate) async fn role_of(
        &self,
        tenant: &TenantId,
        bot: &Grant,
        user: &UserId,
    ) -> Result<Role, TableError> {
        let rows = self.table.tenant(tenant);
        let slack_says = self.is_admin_at_slack(tenant, bot, user).await?;
        let first = rows.get(&first()).await?;
        let first = first.as_ref().and_then(First::read);
        Ok(decide(user, slack_says, first.as_ref()))
    }

    /// Notes that a person has signed in. Once an admin has who is not the first installer, the latter has no rights of their own.
    pub(crate) async fn note_sign_in(
        &self,
        tenant: &TenantId,
        bot: &Grant,
        user: &UserId,
    ) -> Result<(), TableError> {
        if self.is_admin_at_slack(tenant, bot, user).await? != Some(true) {
            return Ok(());
        }
        let relieve = Write::update(first(), "SET #relieved_at = :now")
            .when("#user <> :user AND attribute_not_exists(#relieved_at)")
            .value(":user", user.as_str())
            .value(":now", self.clock.now().millis());
        match self.table.tenant(tenant).write(relieve).await {
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(e) => Err(e),
        }
    }

    async fn is_admin_at_slack(
        &self,
        tenant: &TenantId,
        bot: &Grant,
        user: &UserId,
    ) -> Result<Option<bool>, TableError> {
        // Without the scope, Slack would refuse every question.
        if !bot.scopes.iter().any(|scope| scope == "users:read") {
            return Ok(None);
        }
        let people = People {
            slack: &self.slack,
            tokens: self,
            tenant,
            rows: &self.table.tenant(tenant),
        };
        people.is_admin(user, self.clock.now()).await
    }
}

fn decide(user: &UserId, slack_says: Option<bool>, first: Option<&First>) -> Role {
    let is_first = first.is_some_and(|first| first.user == *user && !first.is_relieved);
    if slack_says == Some(true) || is_first {
        Role::Admin
    } else {
        Role::Member
    }
}

fn first() -> RowKey {
    RowKey::new(&["admins"], &["first"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_decides_and_for_a_start_the_first_installer_administers() {
        let first = |is_relieved| First {
            user: "U1".into(),
            is_relieved,
        };
        for (user, slack_says, relieved, role) in [
            ("U1", None, false, Role::Admin),
            ("U1", Some(false), false, Role::Admin),
            ("U1", Some(false), true, Role::Member),
            ("U1", None, true, Role::Member),
            ("U1", Some(true), true, Role::Admin),
            ("U2", Some(true), false, Role::Admin),
            ("U2", Some(false), false, Role::Member),
            ("U2", None, false, Role::Member),
        ] {
            let decided = decide(&user.into(), slack_says, Some(&first(relieved)));
            assert_eq!(decided, role, "{user} {slack_says:?} {relieved}");
        }
        assert_eq!(decide(&"U1".into(), None, None), Role::Member);
    }
}
