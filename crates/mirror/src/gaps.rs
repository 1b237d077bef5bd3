//! Records gaps: minutes in which Slack withheld events because the workspace exceeded 30,000 events in an hour.
//! Contract: `docs.slack.dev/reference/events/app_rate_limited`.

use std::time::Duration;

use metrics::counter;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_slack::event::Envelope;

/// How long the row of a gap is kept: 90 days.
const KEEP: Duration = Duration::from_hours(2160);

/// Records the minute that `app_rate_limited` names, or else the minute in which the event was received.
pub fn decide(envelope: &Envelope, received_at: Timestamp) -> Decision {
    counter!("app_rate_limited_total").increment(1);
    let minute = envelope
        .minute_rate_limited()
        .unwrap_or_else(|| received_at.seconds().div_euclid(60) * 60);
    tracing::error!(
        minute,
        "Slack withholds events: the workspace is over 30,000 an hour"
    );
    let gap = Item::new()
        .with("minute", minute)
        .with("received_at", received_at.millis())
        .with("expires_at", received_at.plus(KEEP).seconds());
    let write = Write::put(RowKey::new(&["gaps"], &[&format!("{minute:012}")]), gap);
    Decision {
        writes: vec![write],
        ..Decision::default()
    }
}
