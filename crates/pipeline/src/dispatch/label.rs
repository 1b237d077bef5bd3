//! What a request is, told from its body alone: its name for lists and logs, and what makes an event itself.

use crate::archive::Label;
use crate::clock::Timestamp;
use crate::job::{Job, kind};
use crate::ledger::ShareId;
use tidegate_slack::command::Form;
use tidegate_slack::event::Envelope;
use tidegate_slack::interaction::Interaction;

/// The label of a job.
pub(super) fn of(job: &Job) -> Label {
    let name = match job.kind.as_str() {
        kind::SLACK_EVENT => return event_label(&job.body),
        kind::SHARE => ShareId::of(job).map(|id| format!("share/{}", id.domain)),
        kind::SLACK_COMMAND => Form::parse(&job.body).get("command").map(str::to_owned),
        kind::SLACK_INTERACTION => {
            let form = Form::parse(&job.body);
            let interaction = Interaction::parse(form.get("payload").unwrap_or_default());
            interaction
                .ok()
                .and_then(|i| i.kind.map(std::borrow::Cow::into_owned))
        }
        _ => None,
    };
    Label {
        name: bounded(name.as_deref()),
        dispatched_at: None,
    }
}

/// The natural key, which is the same for every event id under which an event comes: Slack has delivered one message up
/// to eleven times with as many ids. Events without any timestamp have no natural key: only their id tells them apart.
pub(super) fn natural_key(envelope: &Envelope) -> Option<Vec<String>> {
    let event = envelope.event()?;
    event.ts().or(event.event_ts())?;
    let parts = [
        Some(envelope.app()),
        Some(event.kind()),
        event.subtype(),
        event.channel(),
        // Two people joining at the same moment are two events.
        event.user(),
        event.ts(),
        event.event_ts(),
    ];
    Some(
        parts
            .into_iter()
            .map(|part| part.unwrap_or_default().to_owned())
            .collect(),
    )
}

fn event_label(body: &[u8]) -> Label {
    let Ok(envelope) = Envelope::parse(body) else {
        return Label {
            name: "unreadable".to_owned(),
            dispatched_at: None,
        };
    };
    let name = match envelope.event() {
        Some(event) => match event.subtype() {
            Some(subtype) => format!("{}.{subtype}", event.kind()),
            None => event.kind().to_owned(),
        },
        None => envelope.kind().to_owned(),
    };
    let dispatched_at = envelope
        .event_time()
        .map(|seconds| Timestamp(seconds.saturating_mul(1000)));
    Label {
        name: bounded(Some(&name)),
        dispatched_at,
    }
}

/// A label goes to logs, lists and rows: short, and of plain characters.
fn bounded(name: Option<&str>) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    let name: String = name
        .unwrap_or_default()
        .chars()
        .filter(plain)
        .take(80)
        .collect();
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}
