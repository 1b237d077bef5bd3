//! Incidents as the API shows them. Times are milliseconds since 1970.

use serde::Serialize;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::{ChannelId, TenantId, UserId};
use utoipa::ToSchema;

use super::call_context::CallContext;
use super::shown_actor::ShownActor;
use crate::decide::relations::Linked;
use crate::model::incident::{Incident, IncidentId, Milestones, Review};
use crate::model::role::RoleHolder;
use crate::model::rows::{self, Loaded, Place};
use crate::model::severity::Severity;
use crate::model::status::Status;
use crate::model::timeline::{Entry, EntryKind, Source};
use tidegate_api::ApiError;

/// An incident, without the parts that have operations of their own: timeline, tasks, deliveries and post-mortem.
#[derive(Serialize, ToSchema)]
pub(super) struct ShownIncident {
    id: IncidentId,
    /// Such as `INC-12`.
    name: String,
    number: u32,
    title: String,
    status: Status,
    severity: Severity,
    /// Slugs of services.
    services: Vec<String>,
    private: bool,
    drill: bool,
    reporter: ShownActor,
    commander: Option<UserId>,
    roles: Vec<ShownRole>,
    summary: Option<String>,
    milestones: ShownMilestones,
    /// The state of the post-mortem.
    review: Review,
    /// The number of times that it was reopened.
    reopened: u32,
    updated_at_ms: Timestamp,
    next_update_at_ms: Option<Timestamp>,
    paused_until_ms: Option<Timestamp>,
    channel: ShownChannel,
    version: u64,
}

/// A role, and who holds it.
#[derive(Serialize, ToSchema)]
struct ShownRole {
    role: String,
    user: UserId,
    since_ms: Timestamp,
    by: ShownActor,
}

/// When an incident reached each step; null for a step that it has not reached.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
struct ShownMilestones {
    impact_started_ms: Option<Timestamp>,
    detected_ms: Option<Timestamp>,
    declared_ms: Timestamp,
    acknowledged_ms: Option<Timestamp>,
    identified_ms: Option<Timestamp>,
    mitigated_ms: Option<Timestamp>,
    resolved_ms: Option<Timestamp>,
    closed_ms: Option<Timestamp>,
}

/// An incident's channel.
#[derive(Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
enum ShownChannel {
    /// It is not made yet.
    Pending {
        name: String,
    },
    Made {
        name: String,
        id: ChannelId,
    },
    Archived {
        name: String,
        id: ChannelId,
    },
    /// It was deleted or could not be made.
    Gone {
        name: String,
        reason: String,
    },
}

/// The name of an incident.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedIncident {
    id: IncidentId,
    /// Such as `INC-12`.
    name: String,
}

/// An incident as the caller may see it. A caller that may not see the incident that it has just declared learns its name only.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum MaybeShown {
    Whole(Box<ShownIncident>),
    Name(NamedIncident),
}

/// A link of an incident.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ShownLink {
    Page {
        url: String,
    },
    Incident {
        id: IncidentId,
        name: String,
        /// Such as `caused_by`.
        relation: &'static str,
    },
}

/// An entry of the timeline.
#[derive(Serialize, ToSchema)]
pub(super) struct ShownEntry {
    seq: u64,
    at_ms: Timestamp,
    recorded_at_ms: Timestamp,
    kind: EntryKind,
    actor: ShownActor,
    /// Null if the entry is hidden or its message was deleted.
    text: Option<String>,
    edited: bool,
    hidden: bool,
    removed_at_ms: Option<Timestamp>,
    /// The message that the entry was made from.
    source: Option<Source>,
}

impl ShownIncident {
    pub(super) fn of(loaded: &Loaded, tenant: &TenantId) -> Self {
        let incident = &loaded.incident;
        let roles = incident.roles.iter();
        let roles = roles.map(|held| ShownRole::of(held, tenant));
        Self {
            id: incident.id.clone(),
            name: incident.name(),
            number: incident.number,
            title: incident.title.clone(),
            status: incident.status,
            severity: incident.severity,
            services: incident.services.clone(),
            private: incident.private,
            drill: incident.drill,
            reporter: ShownActor::of(&incident.reporter, tenant),
            commander: incident.commander().cloned(),
            roles: roles.collect(),
            summary: incident.summary.clone(),
            milestones: ShownMilestones::of(&incident.milestones),
            review: incident.review,
            reopened: incident.reopened,
            updated_at_ms: incident.updated_at,
            next_update_at_ms: incident.next_update_at,
            paused_until_ms: incident.paused_until,
            channel: ShownChannel::of(incident, &loaded.place),
            version: incident.version,
        }
    }
}

impl ShownRole {
    fn of(held: &RoleHolder, tenant: &TenantId) -> Self {
        Self {
            role: held.role.as_str().to_owned(),
            user: held.user.clone(),
            since_ms: held.since,
            by: ShownActor::of(&held.by, tenant),
        }
    }
}

impl ShownMilestones {
    fn of(milestones: &Milestones) -> Self {
        Self {
            impact_started_ms: milestones.impact_started,
            detected_ms: milestones.detected,
            declared_ms: milestones.declared,
            acknowledged_ms: milestones.acknowledged,
            identified_ms: milestones.identified,
            mitigated_ms: milestones.mitigated,
            resolved_ms: milestones.resolved,
            closed_ms: milestones.closed,
        }
    }
}

impl ShownChannel {
    fn of(incident: &Incident, place: &Place) -> Self {
        let name = incident.channel_name.clone();
        match place {
            Place::Pending => Self::Pending { name },
            Place::Made { channel, archived } => {
                let id = channel.clone();
                if *archived {
                    Self::Archived { name, id }
                } else {
                    Self::Made { name, id }
                }
            }
            Place::Gone { reason } => Self::Gone {
                name,
                reason: reason.clone(),
            },
        }
    }
}

impl NamedIncident {
    pub(super) fn of(incident: &Incident) -> Self {
        Self {
            id: incident.id.clone(),
            name: incident.name(),
        }
    }
}

impl MaybeShown {
    pub(super) fn to(context: &CallContext<'_>, loaded: &Loaded) -> Self {
        if context.sees(&loaded.incident) {
            return Self::Whole(Box::new(ShownIncident::of(loaded, &context.tenant)));
        }
        Self::Name(NamedIncident::of(&loaded.incident))
    }
}

impl ShownEntry {
    pub(super) fn of(entry: &Entry, tenant: &TenantId) -> Self {
        Self {
            seq: entry.seq,
            at_ms: entry.at,
            recorded_at_ms: entry.recorded_at,
            kind: entry.kind,
            actor: ShownActor::of(&entry.actor, tenant),
            text: entry.is_shown().then(|| entry.words().to_owned()),
            edited: entry.edited.is_some(),
            hidden: entry.hidden_by.is_some(),
            removed_at_ms: entry.removed_at,
            source: entry.source.clone(),
        }
    }
}

/// The links of an incident, without those to incidents that the caller may not see.
pub(super) async fn links(
    context: &CallContext<'_>,
    links: &[Linked],
) -> Result<Vec<ShownLink>, ApiError> {
    let mut shown = Vec::new();
    for link in links {
        match link {
            Linked::Page(url) => shown.push(ShownLink::Page { url: url.clone() }),
            Linked::Incident(id, tie) => {
                let other = rows::load_alone(&context.rows, id).await;
                let other = rows::unless_damaged(id, other)?;
                if let Some(other) = other.filter(|other| context.sees(other)) {
                    shown.push(ShownLink::Incident {
                        id: other.id.clone(),
                        name: other.name(),
                        relation: tie.as_str(),
                    });
                }
            }
        }
    }
    Ok(shown)
}
