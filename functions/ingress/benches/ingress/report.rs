//! The figures as a table for people and as JSON for programs.

use std::fmt;

use anyhow::Result;
use serde_json::{Value, json};

use crate::Observed;
use crate::callgrind::Instructions;
use crate::events::BODY_SIZE;
use crate::sample::{MEASURES, Measure, ROUND, Sample, least, median};
use crate::size::Size;

/// The factors by which ingress should be better than Bolt for Python: the measure's key, what is compared, how many times.
const TARGETS: [(&str, &str, f64); 4] = [
    ("init_cpu_ms", "start, CPU", 50.0),
    ("init_wall_ms", "start, wall", 50.0),
    ("warm_cpu_us", "CPU per event", 6.0),
    ("peak_mb", "peak memory", 6.0),
];

/// All that was measured.
pub(crate) struct Report<'a> {
    /// Version of Python, or why there is none.
    pub(crate) python: Result<String>,
    pub(crate) instructions: Result<Instructions>,
    pub(crate) size: Size,
    /// Rounds of each run.
    pub(crate) rounds: u32,
    /// First ingress, then the peers.
    pub(crate) observed: &'a [Observed],
    /// Peers that failed, and how.
    pub(crate) skipped: Vec<String>,
}

/// How many times better ingress is than a peer.
struct Ratio {
    title: &'static str,
    key: &'static str,
    peer: &'static str,
    of_medians: f64,
    of_minima: f64,
    /// None for raw Python, which is there to tell the framework's share from the language's.
    target: Option<f64>,
}

impl Ratio {
    /// By medians as by minima.
    fn reached(&self) -> Option<bool> {
        Some(self.of_medians.min(self.of_minima) >= self.target?)
    }
}

fn figures(samples: &[Sample], measure: &Measure) -> Vec<f64> {
    samples.iter().map(measure.of).collect()
}

impl Report<'_> {
    fn ratios(&self) -> Vec<Ratio> {
        let Some((ours, peers)) = self.observed.split_first() else {
            return Vec::new();
        };
        let mut ratios = Vec::new();
        for peer in peers {
            for (key, title, target) in TARGETS {
                let Some(measure) = MEASURES.iter().find(|m| m.key == key) else {
                    continue;
                };
                let (us, them) = (
                    figures(&ours.samples, measure),
                    figures(&peer.samples, measure),
                );
                ratios.push(Ratio {
                    title,
                    key,
                    peer: peer.subject.name,
                    of_medians: median(&them) / median(&us),
                    of_minima: least(&them) / least(&us),
                    target: peer.subject.is_target.then_some(target),
                });
            }
        }
        ratios
    }

    fn conditions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.observed.first().map_or(0, |one| one.samples.len());
        writeln!(
            f,
            "Local HTTP, no network, no TLS. {runs} runs of each; in a run {} rounds in turn, of {ROUND} events of {BODY_SIZE} bytes.",
            self.rounds
        )?;
        match &self.python {
            Ok(version) => writeln!(
                f,
                "Python {version}; slack_bolt, awslambdaric and boto3 as pinned in benches/bolt/requirements.txt."
            ),
            Err(e) => writeln!(f, "Bolt for Python and raw Python: skipped: {e:#}"),
        }?;
        if cfg!(debug_assertions) {
            writeln!(
                f,
                "NOT A RELEASE BUILD: the figures of tidegate mean nothing."
            )?;
        }
        self.skipped.iter().try_for_each(|one| writeln!(f, "{one}"))
    }

    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{:26}", "min / median")?;
        for one in self.observed {
            write!(f, "{:>22}", one.subject.name)?;
        }
        writeln!(f)?;
        for measure in &MEASURES {
            write!(f, "{:26}", measure.title)?;
            for one in self.observed {
                let figures = figures(&one.samples, measure);
                let decimals = measure.decimals;
                let cell = format!(
                    "{:.decimals$} / {:.decimals$}",
                    least(&figures),
                    median(&figures)
                );
                write!(f, "{cell:>22}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn comparison(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut peer = "";
        for ratio in self.ratios() {
            if ratio.peer != peer {
                peer = ratio.peer;
                writeln!(
                    f,
                    "\n{:26}{:>14}{:>14}{:>10}",
                    format!("{peer} / tidegate"),
                    "by medians",
                    "by minima",
                    "target"
                )?;
            }
            let verdict = match ratio.reached() {
                Some(true) => "  reached",
                Some(false) => "  falls short",
                None => "",
            };
            let target = ratio.target.map_or("-".to_owned(), |t| format!("{t}x"));
            writeln!(
                f,
                "{:26}{:>13.1}x{:>13.1}x{target:>10}{verdict}",
                ratio.title, ratio.of_medians, ratio.of_minima
            )?;
        }
        Ok(())
    }

    fn exact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.instructions {
            Ok(i) => {
                let [init, intercept, event] = [i.init, i.intercept, i.per_event].map(|n| n / 1e6);
                writeln!(
                    f,
                    "\ninstructions, millions     start {init:.3}   start and first use {intercept:.3}   per event {event:.4}"
                )?;
                writeln!(
                    f,
                    "                           profile: callgrind_annotate {}",
                    i.profile.display()
                )?;
            }
            Err(e) => writeln!(f, "\ninstructions               skipped: {e:#}")?,
        }
        let [binary, zip] = [self.size.binary, self.size.zip].map(|n| f64::from(n) / 1e6);
        writeln!(
            f,
            "binary                     {binary:.2} MB, zipped {zip:.2} MB"
        )
    }

    fn checks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in self.observed {
            let passed = one.checks.iter().filter(|check| check.passed).count();
            writeln!(
                f,
                "\n{}: {passed} of {} questions answered right",
                one.subject.name,
                one.checks.len()
            )?;
            for check in &one.checks {
                let verdict = if check.passed { "ok" } else { "WRONG" };
                writeln!(f, "  {verdict:6}{:36}{}", check.name, check.saw)?;
            }
        }
        Ok(())
    }

    /// All of it for programs.
    pub(crate) fn json(&self) -> Value {
        let subjects = self.observed.iter().map(|one| {
            let measures = MEASURES.iter().map(|m| {
                let figures = figures(&one.samples, m);
                (
                    m.key.to_owned(),
                    json!({"min": least(&figures), "median": median(&figures), "runs": figures}),
                )
            });
            let wrong: Vec<_> = one
                .checks
                .iter()
                .filter(|c| !c.passed)
                .map(|c| c.name)
                .collect();
            let found: serde_json::Map<_, _> = measures.collect();
            (
                one.subject.key.to_owned(),
                json!({"measures": found, "wrong": wrong}),
            )
        });
        let ratios: Vec<_> = self.ratios().iter().map(|r| {
            json!({"measure": r.key, "peer": r.peer, "of_medians": r.of_medians, "of_minima": r.of_minima,
                "target": r.target, "reached": r.reached()})
        }).collect();
        let instructions = match &self.instructions {
            Ok(i) => {
                json!({"init": i.init, "intercept": i.intercept, "per_event": i.per_event, "runs": i.runs})
            }
            Err(e) => json!({"skipped": format!("{e:#}")}),
        };
        let python = match &self.python {
            Ok(version) => json!({"version": version}),
            Err(e) => json!({"skipped": format!("{e:#}")}),
        };
        json!({
            "rounds": self.rounds, "round_events": ROUND, "body_bytes": BODY_SIZE, "python": python,
            "subjects": subjects.collect::<serde_json::Map<_, _>>(), "ratios": ratios,
            "instructions": instructions,
            "binary_bytes": self.size.binary, "zip_bytes": self.size.zip,
        })
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.conditions(f)?;
        self.table(f)?;
        self.comparison(f)?;
        self.exact(f)?;
        self.checks(f)
    }
}
