//! The context of every call about incidents: the caller, the workspace and its settings. On every route, an incident that the
//! caller may not see answers as one that does not exist.

use tidegate_pipeline::audit::Trail;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::table::Rows;
use tidegate_slack::ids::TenantId;

use tidegate_api::{Api, ApiError, Call, Caller, Identity};
use tidegate_pipeline::people::{Person, PersonKind};

use super::INCIDENTS_ADMIN;
use crate::decide::context::DecisionContext;
use crate::effects::person;
use crate::model::actor::Actor;
use crate::model::incident::{Incident, IncidentId};
use crate::model::permissions::{self, Action};
use crate::model::rows::{self, Loaded};
use crate::model::settings::store;
use crate::service::Incidents;

/// Reads of incidents that one call has under way at a time.
pub(super) const AT_A_TIME: usize = 25;

/// A workspace's incidents as one caller may see them.
pub(super) struct CallContext<'a> {
    /// The API, whose table and clock the call uses.
    pub(super) api: &'a Api,
    call: &'a Call,
    /// The workspace that the call is for: the caller's own, or the one that the call names.
    pub(super) tenant: TenantId,
    /// The rows of that workspace.
    pub(super) rows: Rows,
    /// The settings of that workspace, with the version that a change of them has to be based on.
    pub(super) settings: store::Loaded,
    /// The caller: a person, a key by its id, or the operator.
    pub(super) actor: Actor,
    /// Whether the credential may do everything with incidents.
    pub(super) admin: bool,
    /// The time of the call.
    pub(super) now: Timestamp,
    person: Person,
}

impl<'a> CallContext<'a> {
    /// The context of a call.
    pub(super) async fn enter(api: &'a Api, call: &'a Call) -> Result<Self, ApiError> {
        let tenant = call.tenant()?;
        let rows = api.table.rows(call, &tenant)?;
        let now = api.clock.now();
        let (actor, admin) = match &call.caller {
            Caller::Member(member) => {
                let actor = match &member.identity {
                    Identity::Key(id) => Actor::App(id.clone()),
                    Identity::Person(user) => Actor::Person(user.clone()),
                };
                (actor, member.scopes.contains(&INCIDENTS_ADMIN))
            }
            _ => (Actor::Operator, true),
        };
        let person = match actor.person() {
            Some(user) => {
                person::look_up(api.domain::<Incidents>()?, &tenant, &rows, user, None, now).await?
            }
            None => Person {
                kind: PersonKind::Member,
                zone: None,
                is_admin: false,
                is_deactivated: false,
            },
        };
        Ok(Self {
            settings: api.domain::<Incidents>()?.settings(&rows).await?,
            api,
            call,
            tenant,
            rows,
            actor,
            admin,
            now,
            person,
        })
    }

    /// The audit trail of the workspace.
    pub(super) fn trail(&self) -> Result<Trail<'_>, ApiError> {
        self.api.trail(self.call, &self.tenant)
    }

    /// The context of a decision about `subject`.
    pub(super) fn decision_context<'c>(
        &'c self,
        subject: Option<&'c Loaded>,
    ) -> DecisionContext<'c> {
        let settings = &self.settings.settings;
        DecisionContext {
            settings_version: self.settings.version,
            zone: self.person.zone,
            admin_key: self.admin,
            subject,
            ..DecisionContext::new(settings, self.actor.clone(), self.person.kind, self.now)
        }
    }

    /// Whether the caller may see an incident.
    pub(super) fn sees(&self, incident: &Incident) -> bool {
        permissions::can_see(
            &self.decision_context(None).standing_in(Some(incident)),
            incident,
        )
    }

    /// Fails if the caller may not do that: with the incident, which it may see, or in the workspace.
    pub(super) fn must(&self, action: Action, subject: Option<&Loaded>) -> Result<(), ApiError> {
        let decision = self.decision_context(subject);
        let allowed = match subject {
            Some(_) => decision.may(action).map(|_| ()),
            None => decision.may_at_all(action),
        };
        allowed.map_err(|refused| ApiError::forbidden(refused.text.plain()))
    }

    /// The incident with that id or number. Fails if there is none or the caller may not see it.
    pub(super) async fn find(&self, name: &str) -> Result<Loaded, ApiError> {
        let loaded = match IncidentId::parse(name) {
            Some(id) => rows::load(&self.rows, &id).await?,
            None => match number(name) {
                Some(n) => rows::load_pointed(&self.rows, &rows::by_number(n)).await?,
                None => None,
            },
        };
        let seen = loaded.filter(|loaded| self.sees(&loaded.incident));
        seen.ok_or_else(no_incident)
    }
}

/// The error for an incident that does not exist or that the caller may not see.
fn no_incident() -> ApiError {
    ApiError::not_found(
        "no incident with that id or number; `GET /v1/incidents` shows which there are",
    )
}

/// The number in `12` or `INC-12`.
fn number(name: &str) -> Option<u32> {
    let digits = match name.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("INC-") => &name[4..],
        _ => name,
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// The error for a job that failed, which is not the caller's fault; the reason goes to the log.
pub(super) fn undone(e: JobError) -> ApiError {
    match e {
        JobError::Erased => ApiError::not_found("the workspace has been erased"),
        e => ApiError::Internal(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_with_or_without_the_name_before_them() {
        for (name, found) in [
            ("12", Some(12)),
            ("INC-12", Some(12)),
            ("inc-012", Some(12)),
            ("+12", None),
            ("INC-", None),
            ("", None),
            ("INC12", None),
            ("日本語", None),
            ("4294967296", None),
        ] {
            assert_eq!(number(name), found, "{name}");
        }
    }
}
