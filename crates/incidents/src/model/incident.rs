//! An incident as it stands: what is stored in its `meta` row, without its timeline and tasks, which have rows of
//! their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::hash_text;
use tidegate_slack::ids::UserId;

use super::actor::Actor;
use super::role::{RoleHolder, RoleName};
use super::severity::Severity;
use super::status::Status;
use super::timer_kind::{ReminderState, TimerKind};

/// Longest title, in characters.
pub const MAX_TITLE: usize = 100;

/// Most services that one incident concerns: each has counters that a resolve writes.
pub const MAX_SERVICES: usize = 5;

/// Most published texts that the incident itself keeps; older ones stand in the timeline.
pub const MAX_PUBLIC: usize = 20;

/// An incident's name in rows, jobs and the API. Later incidents have greater ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(String);

impl IncidentId {
    /// The id of what `cause` declared at `now`: the same cause has one incident, however often it is handled.
    pub fn new(now: Timestamp, cause: &str) -> Self {
        Self(format!(
            "{:012x}{}",
            now.millis(),
            &hash_text(cause.as_bytes())[..12]
        ))
    }

    /// The id behind a text, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 24 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Moments that matter, in the order in which they usually come. Each can be corrected, with a note in the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Milestones {
    /// When users first felt it, if anyone has said.
    pub impact_started: Option<Timestamp>,
    /// When somebody or something noticed.
    pub detected: Option<Timestamp>,
    /// When it was declared.
    pub declared: Timestamp,
    /// When somebody took it up.
    pub acknowledged: Option<Timestamp>,
    /// When the cause was found.
    pub identified: Option<Timestamp>,
    /// When users stopped feeling it.
    pub mitigated: Option<Timestamp>,
    /// When it was over.
    pub resolved: Option<Timestamp>,
    /// When it was put away.
    pub closed: Option<Timestamp>,
}

/// Where the post-mortem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// Nobody asked for one.
    #[default]
    None,
    /// One is due.
    Required,
    /// There is a draft.
    Draft,
    /// It is published.
    Published,
    /// Somebody decided that none is needed, and said why.
    Waived,
}

/// A commander to be, who has not said yes yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Who is asked.
    pub to: UserId,
    /// Who asks.
    pub from: UserId,
    /// What the next commander should know.
    pub notes: String,
    /// When.
    pub at: Timestamp,
}

/// A text for the status page that waits for the commander.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicDraft {
    /// Counts the drafts of this incident, so that a button for an old one does nothing.
    pub n: u32,
    /// What the public would read.
    pub text: String,
    /// Who wrote it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Something said to the public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicUpdate {
    /// Counts what was published of this incident, from 1.
    pub n: u32,
    /// What the public reads.
    pub text: String,
    /// The status that it was said under.
    pub status: Status,
    /// When.
    pub at: Timestamp,
}

/// What was counted for the statistics when the incident was resolved, so that a reopening can take it back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counted {
    /// Day whose counters hold it, in UTC: `2026-11-21`.
    pub day: String,
    /// Services that it was counted for.
    pub services: Vec<String>,
    /// Severity that it was counted under.
    pub severity: Severity,
    /// Milliseconds by measure: `mtta`, `mttm`, `mttr`.
    pub measures: BTreeMap<String, i64>,
}

/// An incident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its name.
    pub id: IncidentId,
    /// Its name for people, from 1 in each workspace: `INC-12`.
    pub number: u32,
    /// What it is, in a line.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// Where it stood before it was cancelled or merged.
    #[serde(default)]
    pub previous: Option<Status>,
    /// How bad it is.
    pub severity: Severity,
    /// Which services it concerns; [`MAX_SERVICES`] at most.
    pub services: Vec<String>,
    /// Who declared it.
    pub reporter: Actor,
    /// Who does what, the commander included.
    pub roles: Vec<RoleHolder>,
    /// Who takes part.
    pub participants: BTreeSet<UserId>,
    /// Who wants to hear of it without taking part.
    pub watchers: BTreeSet<UserId>,
    /// Only participants and admins may know of it.
    pub private: bool,
    /// A rehearsal: a sped-up clock, no status page, no statistics.
    pub drill: bool,
    /// Reminders are quiet until then. The clocks of the statistics go on.
    #[serde(default)]
    pub paused_until: Option<Timestamp>,
    /// Where the post-mortem stands.
    #[serde(default)]
    pub review: Review,
    /// When what happened.
    pub milestones: Milestones,
    /// How often it was reopened.
    #[serde(default)]
    pub reopened: u32,
    /// What was said last about where it stands.
    #[serde(default)]
    pub summary: Option<String>,
    /// When somebody last said where it stands.
    pub updated_at: Timestamp,
    /// Since when it stands there.
    #[serde(default)]
    pub status_since: Timestamp,
    /// Seconds that the commander's clock is ahead of UTC, as far as is known.
    #[serde(default)]
    pub zone: Option<i32>,
    /// Reminders so far, and what people asked of them.
    #[serde(default)]
    pub timers: BTreeMap<TimerKind, ReminderState>,
    /// When the next word is promised.
    #[serde(default)]
    pub next_update_at: Option<Timestamp>,
    /// A handover that waits for a yes.
    #[serde(default)]
    pub handover: Option<Handover>,
    /// A public text that waits for the commander.
    #[serde(default)]
    pub draft: Option<PublicDraft>,
    /// Texts that were published; the last of them, [`MAX_PUBLIC`] at most.
    #[serde(default)]
    pub public: Vec<PublicUpdate>,
    /// The incident that this one was merged into.
    #[serde(default)]
    pub merged_into: Option<IncidentId>,
    /// How many tasks it has had.
    #[serde(default)]
    pub tasks: u32,
    /// When whom was told of what last, as `<kind>:<channel or person>`.
    #[serde(default, rename = "told")]
    pub notified: BTreeMap<String, Timestamp>,
    /// What the statistics hold of it.
    #[serde(default)]
    pub counted: Option<Counted>,
    /// Name that its channel is made under, and renamed to.
    pub channel_name: String,
    /// Timeline entries so far: the number of the last one.
    pub seq: u64,
    /// Hash of the last timeline entry, which the next one is chained to.
    pub chain: String,
    /// Grows with every change, by one.
    pub version: u64,
}

impl Incident {
    /// Its name for people.
    pub fn name(&self) -> String {
        format!("INC-{}", self.number)
    }

    /// Who leads it.
    pub fn commander(&self) -> Option<&UserId> {
        self.holder(&RoleName::Commander)
    }

    /// Who holds a role; the first of them.
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

    /// Everyone who has to do with it: who has a role, declared it or takes part.
    pub fn people(&self) -> BTreeSet<UserId> {
        let holders = self.roles.iter().map(|held| held.user.clone());
        let reporter = self.reporter.person().cloned();
        let others = self.participants.iter().cloned();
        holders.chain(reporter).chain(others).collect()
    }

    /// Whether a person takes part in it: by a role, by joining, or by having declared it.
    pub fn takes_part(&self, user: &UserId) -> bool {
        self.participants.contains(user) || self.roles.iter().any(|held| held.user == *user)
    }
}

/// What people wrote is left out.
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
