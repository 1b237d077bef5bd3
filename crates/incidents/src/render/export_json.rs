//! Exports an incident as JSON, for programs: the incident's fields, and a part of the timeline with its hashes. Times are
//! milliseconds since 1970.

use serde::Serialize;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::UserId;
use utoipa::ToSchema;

use super::tasks::TaskView;
use crate::model::actor::Actor;
use crate::model::incident::{Incident, IncidentId, Milestones, PublicUpdate, Review};
use crate::model::role::RoleHolder;
use crate::model::severity::Severity;
use crate::model::status::Status;
use crate::model::timeline::{Entry, EntryKind, Source, broken_at};

/// The record of an incident, or a part of it.
#[derive(Serialize, ToSchema)]
pub struct Exported {
    incident: ExportedIncident,
    /// The latest texts that were published on the status page, oldest first.
    public_updates: Vec<PublicUpdate>,
    tasks: Vec<ExportedTask>,
    /// In the order in which it was written.
    timeline: Vec<ExportedEntry>,
    chain: ExportedChain,
}

#[derive(Serialize, ToSchema)]
struct ExportedIncident {
    id: IncidentId,
    /// Such as `INC-12`.
    name: String,
    title: String,
    status: Status,
    severity: Severity,
    /// Slugs of services.
    services: Vec<String>,
    private: bool,
    drill: bool,
    reporter: Actor,
    roles: Vec<RoleHolder>,
    milestones: Milestones,
    /// The number of times that it was reopened.
    reopened: u32,
    /// The state of the post-mortem.
    review: Review,
    summary: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ExportedTask {
    n: u32,
    text: String,
    assignee: Option<UserId>,
    due: Option<Timestamp>,
    done: bool,
}

#[derive(Serialize, ToSchema)]
struct ExportedEntry {
    seq: u64,
    at: Timestamp,
    recorded_at: Timestamp,
    kind: EntryKind,
    actor: Actor,
    /// Null if the entry is hidden or its message was deleted.
    text: Option<String>,
    /// The present text, if it was edited later.
    edited: Option<String>,
    hidden_by: Option<Actor>,
    removed_at: Option<Timestamp>,
    source: Option<Source>,
    /// The hash of the entry before. Empty for the first.
    previous: String,
    /// SHA-256 of the entry and `previous`, in hex.
    hash: String,
}

/// Whether the timeline is as it was written.
#[derive(Serialize, ToSchema)]
struct ExportedChain {
    /// The number of entries of the whole timeline.
    entries: u64,
    /// The hash of the last entry of the whole timeline.
    head: String,
    /// Whether the entries of this answer follow each other, and the one before them.
    intact: bool,
    /// The first entry that does not.
    broken_at: Option<u64>,
}

/// How far the entries of an export go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To the end of a page.
    Page,
    /// To the end of the timeline.
    End,
}

impl Exported {
    /// Makes the record with those entries, which follow `before` (`None` for the beginning of the timeline) and end at its end
    /// or at the end of a page.
    pub fn of(
        incident: &Incident,
        before: Option<&Entry>,
        entries: &[Entry],
        until: Until,
        tasks: &[TaskView],
    ) -> Self {
        let ends = entries.last().or(before).map_or("", |last| &last.hash);
        // If the last entries are gone, the others still fit each other.
        let cut = (until == Until::End && ends != incident.chain).then_some(incident.seq);
        let broken_at = broken_at(before, entries).or(cut);
        Self {
            incident: ExportedIncident::of(incident),
            public_updates: incident.public.clone(),
            tasks: tasks.iter().map(ExportedTask::of).collect(),
            timeline: entries.iter().map(ExportedEntry::of).collect(),
            chain: ExportedChain {
                entries: incident.seq,
                head: incident.chain.clone(),
                intact: broken_at.is_none(),
                broken_at,
            },
        }
    }
}

impl ExportedIncident {
    fn of(incident: &Incident) -> Self {
        Self {
            id: incident.id.clone(),
            name: incident.name(),
            title: incident.title.clone(),
            status: incident.status,
            severity: incident.severity,
            services: incident.services.clone(),
            private: incident.private,
            drill: incident.drill,
            reporter: incident.reporter.clone(),
            roles: incident.roles.clone(),
            milestones: incident.milestones.clone(),
            reopened: incident.reopened,
            review: incident.review,
            summary: incident.summary.clone(),
        }
    }
}

impl ExportedTask {
    fn of(task: &TaskView) -> Self {
        Self {
            n: task.n,
            text: task.text.clone(),
            assignee: task.assignee.clone(),
            due: task.due,
            done: task.done,
        }
    }
}

impl ExportedEntry {
    fn of(entry: &Entry) -> Self {
        let is_shown = entry.is_shown();
        Self {
            seq: entry.seq,
            at: entry.at,
            recorded_at: entry.recorded_at,
            kind: entry.kind,
            actor: entry.actor.clone(),
            text: is_shown.then(|| entry.text.clone()),
            edited: entry.edited.clone().filter(|_| is_shown),
            hidden_by: entry.hidden_by.clone(),
            removed_at: entry.removed_at,
            source: entry.source.clone(),
            previous: entry.previous.clone(),
            hash: entry.hash.clone(),
        }
    }
}
