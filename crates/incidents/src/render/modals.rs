//! The modals, one file each. The id of a block is the name of what it asks for: ingress checks a field by its name in
//! the metadata, and the handler finds the answer by it.

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

/// What a modal remembers from its opening until it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// The incident that it is about.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The channel in which it was opened, where the answer is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The message that it was opened from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Metadata {
    /// Reads the `private_metadata` of a submitted modal. `None` if it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let metadata: Self = serde_json::from_str(text).ok()?;
        match &metadata.incident {
            Some(id) if IncidentId::parse(id.as_str()).is_none() => None,
            _ => Some(metadata),
        }
    }

    /// The metadata as the JSON object that a form remembers.
    fn memory(&self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(memory) => memory,
            _ => Map::new(),
        }
    }
}

/// A modal of these fields.
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
