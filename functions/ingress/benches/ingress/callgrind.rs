//! Instructions, counted by valgrind: the same on a busy machine as on an idle one, so the figure to compare between
//! commits. It hides hardware for hashing, which valgrind does not have.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::python;
use crate::sample::take;
use crate::session::Session;
use crate::subject::Subject;

/// Numbers of events of the runs. The slope between the last two is an event's cost; the first event also pays for what
/// is made at its first use.
const EVENTS: [u32; 4] = [0, 1, 21, 121];

/// The cost of the runs, in instructions.
pub(crate) struct Instructions {
    /// From the start to the first question for an invocation.
    pub(crate) init: f64,
    /// The cost of a run of one event above an event's cost: start, and first use.
    pub(crate) intercept: f64,
    pub(crate) per_event: f64,
    /// The events and instructions of all runs.
    pub(crate) runs: Vec<(u32, f64)>,
    /// Where the last run's profile lies.
    pub(crate) profile: PathBuf,
}

/// Counts the instructions that the function runs per event, by Valgrind.
pub(crate) fn count(subject: &Subject) -> Result<Instructions> {
    python::run(Path::new("valgrind"), ["--version"], None)?;
    let mut runs = Vec::new();
    let mut profile = PathBuf::new();
    for events in EVENTS {
        profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("callgrind.{events}.out"));
        let counted =
            total(subject, events, &profile).with_context(|| format!("{events} events"))?;
        runs.push((events, counted));
    }
    let of = |place: usize| runs.get(place).map_or(0.0, |(_, counted)| *counted);
    let per_event = (of(3) - of(2)) / 100.0;
    Ok(Instructions {
        init: of(0),
        intercept: of(1) - per_event,
        per_event,
        runs,
        profile,
    })
}

fn total(subject: &Subject, events: u32, profile: &Path) -> Result<f64> {
    let wrapper = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", profile.display()),
    ];
    let mut session = Session::start(subject, &wrapper)?;
    session.ready()?;
    for number in 0..events {
        take(subject, &mut session, number)?;
    }
    session.end()?;
    let text = fs::read_to_string(profile).context("valgrind wrote no profile")?;
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    totals
        .and_then(|n| n.trim().parse().ok())
        .context("the profile has no totals")
}
