//! The initial values of a form, and the content of a declaration. Both are values that travel as JSON: a form that
//! Slack did not open in time waits in the value of a button, and comes back as it was.

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::UserId;

use super::severity::Severity;
use super::timeline::Source;

/// An incident that somebody declares, as far as they have described it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(Debug))]
#[serde(default)]
pub struct Declaration {
    /// One line; empty if it is not known yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// `None` takes the template's severity, or P2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Slugs of the affected services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Leads the incident. `None` makes the declarer lead, if they are a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commander: Option<UserId>,
    /// A description of several lines, in plain text; `None` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Only its participants may know of the incident.
    #[serde(skip_serializing_if = "is_false")]
    pub private: bool,
    /// Whether the incident is a rehearsal.
    #[serde(skip_serializing_if = "is_false")]
    pub drill: bool,
    /// It may turn out not to be an incident.
    #[serde(skip_serializing_if = "is_false")]
    pub triage: bool,
    /// Name of a template; it may not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The message that it was declared from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// When the problem was noticed, if that was before the declaration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Timestamp>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A form that a modal shows, with what it begins with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Declares an incident; the fields begin with what the declaration holds.
    Declare(Box<Declaration>),
    /// Posts an update of an incident.
    Update,
    /// Changes the severity of an incident.
    Severity,
    /// Resolves an incident, with a summary and a text for the public.
    Resolve,
    /// Puts a message, with this text, on the timeline of an incident.
    AddToTimeline(Source, String),
    /// Makes a task of a message with this text.
    MakeTask(Source, String),
}

impl Form {
    /// Takes the longest kind of text out of the form, and names it; `None` if no text is left.
    pub fn leave_out(&mut self) -> Option<&'static str> {
        match self {
            Self::Declare(declaration) => leave_out(declaration),
            Self::AddToTimeline(_, text) | Self::MakeTask(_, text) => {
                (!std::mem::take(text).is_empty()).then_some("the text of the message")
            }
            Self::Update | Self::Severity | Self::Resolve => None,
        }
    }
}

fn leave_out(declaration: &mut Declaration) -> Option<&'static str> {
    if declaration.description.take().is_some() {
        return Some("the description");
    }
    if !std::mem::take(&mut declaration.services).is_empty() {
        return Some("the services");
    }
    if declaration.template.take().is_some() {
        return Some("the template");
    }
    (!std::mem::take(&mut declaration.title).is_empty()).then_some("the title")
}
