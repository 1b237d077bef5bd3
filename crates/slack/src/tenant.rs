//! Whose data a request belongs to: the installation that Slack delivered it for.
//!
//! The top-level `team_id` of an event is never used alone: in a Slack Connect channel that is the workspace the author
//! belongs to, while `authorizations[0]` names the installation. An org-wide installation is one tenant, the
//! organisation, for events from all of its workspaces.

use std::borrow::Cow;

use serde::Deserialize;

use crate::ids::TenantId;
use crate::lenient;

/// One entry of an event's `authorizations`; Slack sends exactly one.
#[derive(Debug, Default, Deserialize)]
pub struct Authorization<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    enterprise_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    team_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_enterprise_install: bool,
}

/// The places of a payload that may name the installation, most trustworthy first.
#[derive(Debug, Default)]
pub struct Candidates<'a> {
    /// Whether the installation is org-wide.
    pub is_enterprise_install: bool,
    /// The organisation, if the payload names one.
    pub enterprise_id: Option<&'a str>,
    /// Workspaces in order of preference; absent ones are skipped.
    pub team_ids: [Option<&'a str>; 4],
}

impl Candidates<'_> {
    /// The tenant, or `None` when nothing usable is named.
    pub fn tenant(&self) -> Option<TenantId> {
        let enterprise = self.enterprise_id.filter(|id| is_id(id));
        if self.is_enterprise_install && enterprise.is_some() {
            return enterprise.map(TenantId::from);
        }
        let team = self.team_ids.iter().flatten().find(|id| is_id(id));
        team.copied().or(enterprise).map(TenantId::from)
    }
}

impl<'a> Authorization<'a> {
    /// The tenant of an event: this authorization, else the context or top-level team, else the organisation.
    pub fn tenant(
        authorization: Option<&'a Self>,
        context_team: Option<&'a str>,
        team: Option<&'a str>,
        enterprise: Option<&'a str>,
    ) -> Option<TenantId> {
        let named = authorization.and_then(|a| {
            Candidates {
                is_enterprise_install: a.is_enterprise_install,
                enterprise_id: a.enterprise_id.as_deref(),
                team_ids: [a.team_id.as_deref(), None, None, None],
            }
            .tenant()
        });
        named.or_else(|| {
            Candidates {
                is_enterprise_install: false,
                enterprise_id: enterprise,
                team_ids: [context_team, team, None, None],
            }
            .tenant()
        })
    }
}

/// Slack's ids are upper-case letters and digits. A payload that claims anything else has no tenant.
pub fn is_id(id: &str) -> bool {
    (2..=32).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Option<TenantId> {
        let authorization: Authorization<'_> = serde_json::from_str(json).unwrap();
        Authorization::tenant(
            Some(&authorization),
            Some("TCONTEXT"),
            Some("TTOP"),
            Some("ETOP"),
        )
    }

    #[test]
    fn an_event_belongs_to_the_installation_it_was_authorized_for() {
        assert_eq!(
            event(r#"{"team_id":"T1","enterprise_id":"E1"}"#),
            Some("T1".into())
        );
        let org = r#"{"team_id":"T1","enterprise_id":"E1","is_enterprise_install":true}"#;
        assert_eq!(event(org), Some("E1".into()));
        let org_only = r#"{"team_id":null,"enterprise_id":"E1","is_enterprise_install":true}"#;
        assert_eq!(event(org_only), Some("E1".into()));
    }

    #[test]
    fn without_an_authorization_the_context_team_comes_before_the_top_level_team() {
        assert_eq!(event("{}"), Some("TCONTEXT".into()));
        assert_eq!(
            Authorization::tenant(None, None, Some("TTOP"), None),
            Some("TTOP".into())
        );
        assert_eq!(
            Authorization::tenant(None, None, None, Some("E1")),
            Some("E1".into())
        );
    }

    #[test]
    fn what_is_not_an_id_names_no_tenant() {
        for odd in ["", "t1", "T1#T2", "T 1", "unreadable", "T\u{e9}"] {
            assert_eq!(
                Authorization::tenant(None, None, Some(odd), None),
                None,
                "{odd}"
            );
        }
    }
}
