//! Modals, one file each. A block's id is the name of its field: ingress validates fields by the names in the metadata,
//! and handlers find values by them.

pub mod declare;
pub mod severity;
pub mod update;

pub mod resolve;
pub mod task;
pub mod timeline;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tidegate_slack::blocks::{Field, Form};
use tidegate_slack::ids::ChannelId;

use crate::model::incident::IncidentId;
use crate::model::timeline::Source;

/// The data that a modal carries from its opening to its submission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// The incident that the modal is about; `None` for a declaration.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The channel in which the modal was opened, and in which the response is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The message that the modal was opened from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Metadata {
    /// Parses the `private_metadata` of a submitted modal; `None` if it is not Tidegate's.
    pub fn parse(text: &str) -> Option<Self> {
        let metadata: Self = serde_json::from_str(text).ok()?;
        match &metadata.incident {
            Some(id) if IncidentId::parse(id.as_str()).is_none() => None,
            _ => Some(metadata),
        }
    }

    /// The metadata as the JSON object that a form stores.
    fn memory(&self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(memory) => memory,
            _ => Map::new(),
        }
    }
}

/// Makes a modal with these fields.
fn view(
    callback: &str,
    title: &str,
    submit: &str,
    metadata: &Metadata,
    fields: Vec<Field>,
) -> Value {
    let memory = metadata.memory();
    let form = Form {
        callback,
        title,
        submit,
        memory,
        fields,
    };
    form.view()
}
