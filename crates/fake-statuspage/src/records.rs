//! What the page knows, in the shapes of Statuspage's answers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A component of the page, as answers show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Component {
    /// The id of the component, as the API uses it.
    pub id: String,
    /// The page it is on.
    pub page_id: String,
    /// As readers see it.
    pub name: String,
    /// The status, such as `operational` or `major_outage`.
    pub status: String,
    /// Its place, from 1.
    pub position: usize,
    /// Always false: the stand-in has no groups.
    pub group: bool,
    /// Always null: the stand-in has no groups.
    pub group_id: Option<String>,
    /// The time at which it was made, as RFC 3339.
    pub created_at: String,
    /// The time of its latest change, as RFC 3339.
    pub updated_at: String,
}

/// An incident of the page, as answers show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incident {
    /// The id of the incident, as the API uses it.
    pub id: String,
    /// The page it is on.
    pub page_id: String,
    /// The headline that readers see.
    pub name: String,
    /// The status, such as `investigating` or `resolved`.
    pub status: String,
    /// The impact that readers see: the override, or the worst of the components.
    pub impact: String,
    /// As it was set.
    pub impact_override: Option<String>,
    /// Where readers find it.
    pub shortlink: String,
    /// The time at which it was made, as RFC 3339.
    pub created_at: String,
    /// The time of its latest change, as RFC 3339.
    pub updated_at: String,
    /// RFC 3339, when it was last set to `monitoring`.
    pub monitoring_at: Option<String>,
    /// RFC 3339, when it was resolved.
    pub resolved_at: Option<String>,
    /// As it was sent.
    pub metadata: Value,
    /// The updates, the newest first.
    pub incident_updates: Vec<IncidentUpdate>,
    /// Ids of the components it affects; answers hold the whole components.
    #[serde(skip)]
    pub component_ids: Vec<String>,
    /// The post-mortem, which answers show by a call of its own.
    #[serde(skip)]
    pub postmortem: Postmortem,
}

/// An update of an incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentUpdate {
    /// The id of the update, as the API uses it.
    pub id: String,
    /// The incident it is of.
    pub incident_id: String,
    /// The status that it set.
    pub status: String,
    /// The text that readers see.
    pub body: String,
    /// Whether subscribers were told.
    pub deliver_notifications: bool,
    /// The components that it changed: `code`, `name`, `old_status`, `new_status`.
    pub affected_components: Vec<BTreeMap<&'static str, String>>,
    /// The time at which it was made, as RFC 3339.
    pub created_at: String,
    /// The time of its latest change, as RFC 3339.
    pub updated_at: String,
    /// The time that readers see, as RFC 3339.
    pub display_at: String,
}

/// A post-mortem, empty until somebody writes one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Postmortem {
    /// The text of the draft; `None` if there is none.
    pub body_draft: Option<String>,
    /// The time of the draft's latest change, as RFC 3339.
    pub body_draft_updated_at: Option<String>,
    /// The text that is published; `None` if none is.
    pub body: Option<String>,
    /// The time of its publication, as RFC 3339.
    pub published_at: Option<String>,
    /// Whether subscribers were told of it.
    pub notify_subscribers: bool,
}

/// One request as it came, without its key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// Milliseconds since the Unix epoch.
    pub at: u64,
    /// The HTTP method, such as `GET`.
    pub method: String,
    /// The path after `/v1/`, without a slash at its beginning.
    pub path: String,
    /// As it came, without the question mark.
    pub query: String,
    /// The JSON body; null if there was none or it was none.
    pub body: Value,
    /// The HTTP status of the answer; `None` while there is none, or if there never was.
    pub status: Option<u16>,
    /// Whether the request was carried out (it may have been, even if the answer was an error).
    pub applied: bool,
}
