//! The bodies of changes, and what each asks for.

use serde::Deserialize;
use tidegate_api::values::{Text, Whole};
use tidegate_pipeline::clock::Timestamp;
use utoipa::ToSchema;

use super::{About, Asked};
use crate::api::input::{MAX_TEXT, Problems, moment, severity};
use crate::command::{Command, Timeline, When};
use crate::decide::lifecycle::Update;
use crate::decide::request::RequestKind;
use crate::model::permissions::Action;
use crate::model::severity::Severity;
use crate::model::status::Status;

/// Longest wait for the next update, in minutes: a week.
const MAX_NEXT: i64 = 7 * 24 * 60;

/// An update: new words, a new status, or both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusUpdate {
    status: Option<Step>,
    #[schema(value_type = Option<Text<0, 3000>>)]
    text: Option<Text<0, MAX_TEXT>>,
    /// Minutes until the next update.
    #[schema(value_type = Option<Whole<1, 10080>>)]
    next_minutes: Option<Whole<1, MAX_NEXT>>,
    /// The words for the status page.
    #[schema(value_type = Option<Text<0, 3000>>)]
    public: Option<Text<0, MAX_TEXT>>,
}

/// A step of the repair.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Step {
    Investigating,
    Identified,
    Monitoring,
}

impl StatusUpdate {
    pub(super) fn read(self, _: &About<'_>, problems: &mut Problems) -> Asked {
        let update = Update {
            to: self.status.map(|step| match step {
                Step::Investigating => Status::Investigating,
                Step::Identified => Status::Identified,
                Step::Monitoring => Status::Monitoring,
            }),
            text: self.text.and_then(Text::given),
            next_minutes: self.next_minutes.map(Whole::to),
        };
        if update.to.is_none() && update.text.is_none() {
            problems.note("text", "is needed, or `status`");
        }
        let action = if update.to.is_some() {
            Action::ChangeStatus
        } else {
            Action::Update
        };
        let public = self.public.and_then(Text::given);
        (RequestKind::Update(update, public), action)
    }
}

/// A new severity.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeverityChange {
    #[serde(default, deserialize_with = "severity")]
    #[schema(required, value_type = Severity)]
    severity: Option<Severity>,
    #[schema(value_type = Option<Text<0, 3000>>)]
    reason: Option<Text<0, MAX_TEXT>>,
}

impl SeverityChange {
    pub(super) fn read(self, _: &About<'_>, problems: &mut Problems) -> Asked {
        if self.severity.is_none() {
            problems.note("severity", "is needed");
        }
        let command = Command::Severity {
            to: self.severity.unwrap_or_default(),
            reason: self.reason.and_then(Text::given),
        };
        (RequestKind::Command(command), Action::ChangeSeverity)
    }
}

/// The end of an incident's effects.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resolution {
    /// What happened. A person has to give it for a P1 or P2.
    #[schema(value_type = Option<Text<0, 3000>>)]
    summary: Option<Text<0, MAX_TEXT>>,
    /// The words for the status page.
    #[schema(value_type = Option<Text<0, 3000>>)]
    public: Option<Text<0, MAX_TEXT>>,
}

impl Resolution {
    pub(super) fn read(self, about: &About<'_>, problems: &mut Problems) -> Asked {
        let summary = self.summary.and_then(Text::given);
        let incident = &about.loaded.incident;
        // In Slack a form would ask for the summary.
        let is_needed = incident.severity.is_broadcast() && incident.status.is_open();
        if summary.is_none() && is_needed && about.context.actor.person().is_some() {
            problems.note("summary", "is needed for a P1 or P2");
        }
        let public = self.public.and_then(Text::given);
        (RequestKind::Resolve(summary, public), Action::Resolve)
    }
}

/// The reason for a change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    #[schema(value_type = Text<1, 3000>)]
    why: Text<1, MAX_TEXT>,
}

impl Reason {
    pub(super) fn words(self) -> String {
        self.why.into_string()
    }
}

/// A change that needs no words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A note for the timeline.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    #[schema(value_type = Text<1, 3000>)]
    text: Text<1, MAX_TEXT>,
    /// When it happened, as in RFC 3339. Now if it is left out.
    #[serde(default, deserialize_with = "moment")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

impl Note {
    pub(super) fn read(self, about: &About<'_>, _: &mut Problems) -> Asked {
        // A clock that is ahead of ours means now.
        let at = self.at.map(|at| When::Exact(at.min(about.context.now)));
        let text = self.text.into_string();
        let command = Command::Timeline(Timeline::Add { at, text });
        (RequestKind::Command(command), Action::AddToTimeline)
    }
}
