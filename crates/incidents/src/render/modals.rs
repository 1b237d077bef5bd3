//! The modals, one file each. Their block ids are the names of what is asked for, so that ingress can refuse a field by
//! what the metadata says, and the handler finds each by its name.

pub mod declare;
mod input;
pub mod severity;
pub mod update;

pub mod resolve;
pub mod task;
pub mod timeline;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tidegate_slack::ids::ChannelId;

use super::blocks::{VIEW_BLOCKS, plain_text};
use super::text::length;
use crate::model::incident::IncidentId;
use crate::model::timeline::Source;
use input::Field;

/// Slack's limit for a modal's title and its buttons.
const TITLE: usize = 24;
/// Slack's limit for what a modal remembers.
const METADATA: usize = 3000;

/// What a modal remembers from its opening until it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// The incident that it is about.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Where it was opened, which is where an answer is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The message that it was opened from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Metadata {
    /// What a submitted modal remembers; `None` if it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let metadata: Self = serde_json::from_str(text).ok()?;
        match &metadata.incident {
            Some(id) if IncidentId::parse(id.as_str()).is_none() => None,
            _ => Some(metadata),
        }
    }

    /// With the limits that ingress checks. Ids are short; a memory that Slack would refuse is left out but for the
    /// limits, rather than that nobody can open the modal.
    fn with_limits(&self, fields: &[Field]) -> String {
        let limits: Map<String, Value> = fields.iter().filter_map(Field::limit).collect();
        let mut all = json!(self);
        all["limits"] = Value::Object(limits.clone());
        let text = all.to_string();
        if length(&text) <= METADATA {
            return text;
        }
        json!({"limits": limits}).to_string()
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
    let metadata = metadata.with_limits(&fields);
    let mut blocks: Vec<Value> = fields.into_iter().map(|field| field.block).collect();
    blocks.truncate(VIEW_BLOCKS);
    json!({
        "type": "modal",
        "callback_id": callback,
        "title": plain_text(title, TITLE),
        "submit": plain_text(submit, TITLE),
        "close": plain_text("Cancel", TITLE),
        "private_metadata": metadata,
        "blocks": blocks,
    })
}
