//! Command: `/incident timeline verify`, which follows the chain of hashes through a timeline.

use tidegate_slack::prose;
use tidegate_slack::prose::{code, strong};

use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::rows::MAX_ENTRIES;
use crate::model::timeline::Entry;

/// Says whether the timeline is as it was written. `entries` are those of `rows::entries`.
pub fn verify(context: &DecisionContext<'_>, entries: &[Entry]) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::View)?;
    let n = entries.len();
    Ok(Verdict::words(match broken_at(incident, entries) {
        None => prose!(
            "The timeline of ",
            incident.name(),
            " is as it was written: ",
            n,
            " entries, each chained to the one before, the last with hash ",
            code(&incident.chain),
            "."
        ),
        Some(seq) => prose!(
            strong(format!(
                "The timeline of {} is not as it was written",
                incident.name()
            )),
            ", from entry ",
            seq,
            " on."
        ),
    }))
}

/// The number of the first entry that does not fit; entries missing at the end do not fit either. If a timeline is
/// longer than [`MAX_ENTRIES`], its latest entries are checked.
pub fn broken_at(incident: &Incident, entries: &[Entry]) -> Option<u64> {
    let first = entries.first();
    let (mut previous, mut seq) = match first {
        Some(first) if entries.len() >= MAX_ENTRIES => (first.previous.as_str(), first.seq),
        _ => ("", 1),
    };
    for entry in entries {
        if entry.seq != seq || entry.previous != previous || entry.hash != entry.digest() {
            return Some(seq);
        }
        (previous, seq) = (&entry.hash, seq + 1);
    }
    (seq != incident.seq + 1 || previous != incident.chain).then_some(seq)
}
