//! What the page knows, in the shapes of Statuspage's answers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A component.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Component {
    /// Its id.
    pub id: String,
    /// The page it is on.
    pub page_id: String,
    /// As readers see it.
    pub name: String,
    /// `operational`, …
    pub status: String,
    /// Its place, from 1.
    pub position: usize,
    /// Always false: the stand-in has no groups.
    pub group: bool,
    /// Always null.
    pub group_id: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// The page it is on.
    pub page_id: String,
    /// Its headline.
    pub name: String,
    /// `investigating`, …
    pub status: String,
    /// What readers see: the override, or the worst of the components.
    pub impact: String,
    /// As it was set.
    pub impact_override: Option<String>,
    /// Where readers find it.
    pub shortlink: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
    /// RFC 3339, when it was last set to `monitoring`.
    pub monitoring_at: Option<String>,
    /// RFC 3339, when it was resolved.
    pub resolved_at: Option<String>,
    /// As it was sent.
    pub metadata: Value,
    /// The newest first.
    pub incident_updates: Vec<IncidentUpdate>,
    /// Ids of the components it affects; answers hold the whole components.
    #[serde(skip)]
    pub component_ids: Vec<String>,
    /// Its post-mortem.
    #[serde(skip)]
    pub postmortem: Postmortem,
}

/// An update of an incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentUpdate {
    /// Its id.
    pub id: String,
    /// The incident it is of.
    pub incident_id: String,
    /// The status that it set.
    pub status: String,
    /// The text.
    pub body: String,
    /// Whether subscribers were told.
    pub deliver_notifications: bool,
    /// What it changed: `code`, `name`, `old_status`, `new_status`.
    pub affected_components: Vec<BTreeMap<&'static str, String>>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
    /// RFC 3339.
    pub display_at: String,
}

/// A post-mortem, empty until somebody writes one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Postmortem {
    /// The draft.
    pub body_draft: Option<String>,
    /// RFC 3339.
    pub body_draft_updated_at: Option<String>,
    /// What is published.
    pub body: Option<String>,
    /// RFC 3339.
    pub published_at: Option<String>,
    /// Whether subscribers were told of it.
    pub notify_subscribers: bool,
}

/// One request as it came, without its key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// Milliseconds since the Unix epoch.
    pub at: u64,
    /// `GET`, …
    pub method: String,
    /// What follows `/v1/`.
    pub path: String,
    /// As it came, without the question mark.
    pub query: String,
    /// The JSON body; null if there was none or it was none.
    pub body: Value,
    /// The HTTP status of the answer; `None` while there is none, or if there never was.
    pub status: Option<u16>,
    /// Whether the request was carried out (it may have been, whatever was answered).
    pub applied: bool,
}
