//! The state of an incident, stored in its `meta` row. Timeline and tasks have rows of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::hash_text;
use tidegate_slack::ids::UserId;
use utoipa::ToSchema;

use super::actor::Actor;
use super::role::{RoleHolder, RoleName};
use super::severity::Severity;
use super::status::Status;
use super::timer_kind::{ReminderState, TimerKind};

/// Longest title, in characters.
pub const MAX_TITLE: usize = 100;

/// Most services of one incident. Resolving it writes counters for each of them.
pub const MAX_SERVICES: usize = 5;

/// Most published texts that the incident's row keeps. The timeline has the older ones.
pub const MAX_PUBLIC: usize = 20;

/// Identifies an incident: 24 lower-case hex digits, of which the first 12 are the time in
/// milliseconds. Later incidents have greater ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct IncidentId(String);

impl IncidentId {
    /// The id of the incident that `cause` declared at `now`. The same arguments always give the same id, so that a
    /// repeated job does not declare a second incident.
    pub fn new(now: Timestamp, cause: &str) -> Self {
        Self(format!(
            "{:012x}{}",
            now.millis(),
            &hash_text(cause.as_bytes())[..12]
        ))
    }

    /// Parses 24 lower-case hex digits; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 24 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The id as its 24 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When the stages of an incident were reached, in their usual order. People can correct them; each correction adds a
/// timeline entry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Milestones {
    /// When users were first affected; null while it is not known.
    pub impact_started: Option<Timestamp>,
    /// When a person or a monitor noticed the problem; null while it is not known.
    pub detected: Option<Timestamp>,
    /// When the incident was declared.
    pub declared: Timestamp,
    /// When somebody first took charge.
    pub acknowledged: Option<Timestamp>,
    /// When the status first became `identified`; null if it never did.
    pub identified: Option<Timestamp>,
    /// When users were no longer affected: the first change to `monitoring` or `resolved`.
    pub mitigated: Option<Timestamp>,
    /// When the incident was resolved; null again after a reopening.
    pub resolved: Option<Timestamp>,
    /// When the incident was closed, canceled or merged; null again after a reopening.
    pub closed: Option<Timestamp>,
}

/// The state of the post-mortem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// No post-mortem is required.
    #[default]
    None,
    /// A post-mortem is required, and there is no draft.
    Required,
    /// There is a draft, which is not published yet.
    Draft,
    /// The post-mortem is published.
    Published,
    /// Somebody decided, with a reason, that no post-mortem is needed.
    Waived,
}

/// An offer of command that has not been answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The person who is offered the command.
    pub to: UserId,
    /// The person who offers the command.
    pub from: UserId,
    /// Notes for the next commander; may be empty.
    pub notes: String,
    /// When the offer was made.
    pub at: Timestamp,
}

/// A text for the status page that waits for the commander's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicDraft {
    /// Number of the timeline entry that records the draft. A button for an older draft has no effect.
    pub n: u32,
    /// The text that will be published.
    pub text: String,
    /// The person or program that wrote the draft.
    pub by: Actor,
    /// When the draft was written.
    pub at: Timestamp,
}

/// A text that was published on the status page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicUpdate {
    /// Number of the text within the incident, from 1.
    pub n: u32,
    /// The text as the page shows it, without mark-up.
    pub text: String,
    /// The incident's status when the text was written.
    pub status: Status,
    /// When the text was published.
    pub at: Timestamp,
}

/// The counters that include the incident since it was resolved, so that a reopening can subtract it from them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// The UTC date whose counters include the incident, as `2026-11-21`.
    pub day: String,
    /// Slugs of the services whose counters include it, and the name that stands for all services together.
    pub services: Vec<String>,
    /// The severity whose counters include it.
    pub severity: Severity,
    /// Durations in milliseconds by measure: `mtta`, `mttm`, `mttr`.
    pub measures: BTreeMap<String, i64>,
}

/// The state of one incident. [`Incident::version`] guards every write.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The id that rows, jobs and the API use.
    pub id: IncidentId,
    /// The number that people use, from 1 in each workspace: 12 is shown as `INC-12`.
    pub number: u32,
    /// One line of at most [`MAX_TITLE`] characters.
    pub title: String,
    /// The status, from triage to closed.
    pub status: Status,
    /// The status before the incident was canceled or merged; `None` otherwise.
    #[serde(default)]
    pub previous: Option<Status>,
    /// The severity, which decides who is notified and how soon reminders come.
    pub severity: Severity,
    /// Slugs of the affected services, at most [`MAX_SERVICES`].
    pub services: Vec<String>,
    /// The person or program that declared the incident.
    pub reporter: Actor,
    /// Everyone who holds a role, including the commander.
    pub roles: Vec<RoleHolder>,
    /// People who joined the incident.
    pub participants: BTreeSet<UserId>,
    /// People who are notified but do not participate.
    pub watchers: BTreeSet<UserId>,
    /// Whether only participants and admins may see the incident.
    pub private: bool,
    /// Whether this is a rehearsal: reminders come 60 times as fast, and neither the status page nor the statistics
    /// change.
    pub drill: bool,
    /// No reminders are sent before this time. The durations in the statistics are unaffected.
    #[serde(default)]
    pub paused_until: Option<Timestamp>,
    /// The state of the post-mortem.
    #[serde(default)]
    pub review: Review,
    /// When each stage was reached.
    pub milestones: Milestones,
    /// How many times the incident was reopened.
    #[serde(default)]
    pub reopened: u32,
    /// The latest update that somebody wrote; `None` until there is one.
    #[serde(default)]
    pub summary: Option<String>,
    /// When the latest update or change of status was made.
    pub updated_at: Timestamp,
    /// When the incident got its present status.
    #[serde(default)]
    pub status_since: Timestamp,
    /// Offset of the commander's time zone from UTC, in seconds; `None` while it is unknown.
    #[serde(default)]
    pub zone: Option<i32>,
    /// Reminders sent so far, with snoozes and switches, by kind.
    #[serde(default)]
    pub timers: BTreeMap<TimerKind, ReminderState>,
    /// When the next update was promised; `None` without a promise.
    #[serde(default)]
    pub next_update_at: Option<Timestamp>,
    /// The offer of command that waits for an answer; `None` without one.
    #[serde(default)]
    pub handover: Option<Handover>,
    /// The public text that waits for approval; `None` without one.
    #[serde(default)]
    pub draft: Option<PublicDraft>,
    /// The latest published texts, oldest first, at most [`MAX_PUBLIC`].
    #[serde(default)]
    pub public: Vec<PublicUpdate>,
    /// The incident that this one was merged into; `None` unless the status is `merged`.
    #[serde(default)]
    pub merged_into: Option<IncidentId>,
    /// How many tasks were created: the number of the latest one.
    #[serde(default)]
    pub tasks: u32,
    /// When each audience was last notified of each kind of news. Keys have the form `<news>:<channel or user id>`.
    #[serde(default, rename = "told")]
    pub notified: BTreeMap<String, Timestamp>,
    /// The counters that include it; `None` while the incident is not counted.
    #[serde(default)]
    pub counted: Option<Counted>,
    /// The channel's intended name, used to create and rename it.
    pub channel_name: String,
    /// Number of timeline entries, which is the number of the latest one.
    pub seq: u64,
    /// Hash of the latest timeline entry, which the next one includes; empty before the first.
    pub chain: String,
    /// Increases by one with every change.
    pub version: u64,
}

impl Incident {
    /// The name that people use, such as `INC-12`.
    pub fn name(&self) -> String {
        format!("INC-{}", self.number)
    }

    /// The commander; `None` while there is none.
    pub fn commander(&self) -> Option<&UserId> {
        self.holder(&RoleName::Commander)
    }

    /// The first person who holds a role; `None` if nobody does.
    pub fn holder(&self, role: &RoleName) -> Option<&UserId> {
        self.roles
            .iter()
            .find(|held| held.role == *role)
            .map(|held| &held.user)
    }

    /// Whether a person holds a role.
    pub fn holds(&self, user: &UserId, role: &RoleName) -> bool {
        self.roles
            .iter()
            .any(|held| held.user == *user && held.role == *role)
    }

    /// Everyone involved: role holders, the reporter if it is a person, and participants.
    pub fn people(&self) -> BTreeSet<UserId> {
        let holders = self.roles.iter().map(|held| held.user.clone());
        let reporter = self.reporter.person().cloned();
        let others = self.participants.iter().cloned();
        holders.chain(reporter).chain(others).collect()
    }

    /// Whether a person joined the incident or holds a role in it.
    pub fn takes_part(&self, user: &UserId) -> bool {
        self.participants.contains(user) || self.roles.iter().any(|held| held.user == *user)
    }
}

/// Omits everything that people wrote.
impl fmt::Debug for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incident")
            .field("id", &self.id)
            .field("number", &self.number)
            .field("status", &self.status)
            .field("severity", &self.severity)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
