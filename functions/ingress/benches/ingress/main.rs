//! The ingress function as Lambda runs it, beside Bolt for Python doing the same job: start, CPU per event and memory
//! of the release binary, against stand-ins for the Runtime API and SQS that run here. Needs Linux; for the peers
//! `python3`, for the instruction counts `valgrind`: without them it says so and measures the rest.
//!
//! `cargo bench -p ingress --bench ingress [-- --quick] [--json FILE]`. Fails if ingress does its job wrong, never on
//! a time: what falls short of its target is printed as such.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures with the wall clock and signs for the present time"
)]
#![expect(clippy::print_stdout, reason = "the figures go there")]

mod callgrind;
mod checks;
mod events;
mod http;
mod options;
mod process;
mod python;
mod report;
mod runtime_api;
mod sample;
mod session;
mod size;
mod sqs;
mod subject;

use anyhow::{Context as _, Result, ensure};

use crate::checks::Check;
use crate::options::Options;
use crate::report::Report;
use crate::sample::{Run, Sample};
use crate::subject::Subject;

/// A subject with all that was seen of it.
pub(crate) struct Observed {
    pub(crate) subject: Subject,
    pub(crate) checks: Vec<Check>,
    pub(crate) samples: Vec<Sample>,
}

fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let peers = python::peers();
    let mut subjects = vec![Subject::tidegate()];
    let python = match peers {
        Ok(peers) => {
            subjects.extend(peers.subjects);
            Ok(peers.version)
        }
        Err(e) => Err(e),
    };
    let (observed, skipped) = observe(subjects, &options)?;
    let ours = observed.first().context("no subject")?;
    let report = Report {
        python,
        instructions: callgrind::count(&ours.subject),
        size: size::of(&ours.subject.program)?,
        rounds: options.rounds(),
        observed: &observed,
        skipped,
    };
    println!("{report}");
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{:#}\n", report.json()))?;
    }
    let wrong: Vec<_> = ours
        .checks
        .iter()
        .filter(|c| !c.passed)
        .map(|c| c.name)
        .collect();
    ensure!(wrong.is_empty(), "ingress does its job wrong: {wrong:?}");
    Ok(())
}

/// Asks each subject whether it does the job, then runs those that do. A peer that fails is left out, and the second list says why.
fn observe(subjects: Vec<Subject>, options: &Options) -> Result<(Vec<Observed>, Vec<String>)> {
    let (mut observed, mut skipped) = (Vec::new(), Vec::new());
    for subject in subjects {
        match checks::check(&subject) {
            Ok(checks) => observed.push(Observed {
                subject,
                checks,
                samples: Vec::new(),
            }),
            Err(e) if subject.is_peer => skipped.push(format!("{}: skipped: {e:#}", subject.name)),
            Err(e) => return Err(e),
        }
    }
    for _ in 0..options.runs() {
        let samples = measure(&observed, options.rounds())?;
        for (one, sample) in observed.iter_mut().zip(samples) {
            one.samples.push(sample);
        }
    }
    Ok((observed, skipped))
}

/// One run of each subject, all at once, with rounds in turn.
fn measure(observed: &[Observed], rounds: u32) -> Result<Vec<Sample>> {
    let mut runs = Vec::new();
    for one in observed {
        runs.push(Run::start(&one.subject)?);
    }
    for _ in 0..rounds {
        for run in &mut runs {
            run.round()?;
        }
    }
    runs.into_iter().map(Run::end).collect()
}
