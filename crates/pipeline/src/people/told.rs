//! What Slack told of a person, from the view of a workspace or organization.

use tidegate_slack::api::types::user::User;
use tidegate_slack::ids::TenantId;

use super::PersonKind;

/// Returns a person's display name, or else their full name.
pub(super) fn name(user: &User) -> String {
    let profile = user.profile.as_ref();
    let chosen = profile
        .map(|profile| profile.display_name.trim())
        .filter(|name| !name.is_empty());
    let full = user.real_name.as_deref().unwrap_or(&user.name);
    chosen.unwrap_or(full).to_owned()
}

/// Tells whether `team` is another workspace than the tenant. An organization (`E…`) on either side is never foreign, because
/// only Slack knows which workspaces belong to it.
pub(super) fn is_foreign(tenant: &TenantId, team: Option<&str>) -> bool {
    let tenant = tenant.as_str();
    let is_other = |team: &str| team.starts_with('T') && team != tenant;
    tenant.starts_with('T') && team.is_some_and(is_other)
}

/// Returns the kind of account that a person has from the view of the tenant.
pub(super) fn kind(user: &User, tenant: &TenantId) -> PersonKind {
    let team = user.team_id.as_ref().map(TenantId::as_str);
    // Workspaces of one organization share their people.
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

/// Tells whether a person administers the tenant. Only an organization's own admins and owners administer it: Slack also calls
/// a person admin who administers one workspace of it.
pub(super) fn is_admin(user: &User, tenant: &TenantId) -> bool {
    if tenant.as_str().starts_with('E') {
        let within = user.enterprise_user.as_ref();
        return within.is_some_and(|user| user.is_admin || user.is_owner);
    }
    user.is_admin || user.is_owner
}

/// Returns the offset from UTC in seconds.
pub(super) fn zone(user: &User) -> Option<i32> {
    user.tz_offset
        .and_then(|seconds| i32::try_from(seconds).ok())
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
    fn an_organization_is_administered_by_its_own_admins_only() {
        let of_workspace = json!({"id": "U1", "is_admin": true, "is_owner": true});
        let within = |role: &str| json!({"id": "U1", "enterprise_user": {"id": "W1", role: true}});
        for (tenant, user, admin) in [
            ("T1", of_workspace.clone(), true),
            ("E1", of_workspace, false),
            ("E1", within("is_admin"), true),
            ("E1", within("is_owner"), true),
            ("T1", within("is_admin"), false),
            ("T1", json!({"id": "U1"}), false),
        ] {
            let user = serde_json::from_value(user).unwrap();
            assert_eq!(is_admin(&user, &tenant.into()), admin, "{tenant} {user:?}");
        }
    }

    #[test]
    fn a_person_of_another_workspace_is_an_outsider() {
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
