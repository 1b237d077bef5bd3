//! One run of one subject, and what it shows. A run takes its events in rounds, so that the runs of several subjects can
//! take turns: what else the machine does then hits all of them alike.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::events::{Signed, invocation, message};
use crate::process::Usage;
use crate::session::{Outcome, Session};
use crate::subject::Subject;

/// The measurements of one run.
pub(crate) struct Sample {
    init_cpu_ms: f64,
    init_wall_ms: f64,
    init_rss_mb: f64,
    first_cpu_ms: f64,
    first_wall_ms: f64,
    warm_cpu_us: f64,
    warm_wall_us: f64,
    peak_mb: f64,
    threads: f64,
    connections: f64,
    sent_bytes: f64,
    log_bytes: f64,
}

/// A row of the table.
pub(crate) struct Measure {
    /// Its key in the JSON result.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) decimals: usize,
    pub(crate) of: fn(&Sample) -> f64,
}

const fn measure(
    key: &'static str,
    title: &'static str,
    decimals: usize,
    of: fn(&Sample) -> f64,
) -> Measure {
    Measure {
        key,
        title,
        decimals,
        of,
    }
}

/// All rows of the table.
pub(crate) const MEASURES: [Measure; 12] = [
    measure("init_cpu_ms", "start, CPU ms", 2, |s| s.init_cpu_ms),
    measure("init_wall_ms", "start, wall ms", 2, |s| s.init_wall_ms),
    measure("init_rss_mb", "memory after start, MB", 1, |s| {
        s.init_rss_mb
    }),
    measure("first_cpu_ms", "first event, CPU ms", 2, |s| s.first_cpu_ms),
    measure("first_wall_ms", "first event, wall ms", 2, |s| {
        s.first_wall_ms
    }),
    measure("warm_cpu_us", "warm event, CPU us", 0, |s| s.warm_cpu_us),
    measure("warm_wall_us", "warm event, wall us", 0, |s| s.warm_wall_us),
    measure("peak_mb", "peak memory, MB", 1, |s| s.peak_mb),
    measure("threads", "threads", 0, |s| s.threads),
    measure("sqs_connections", "connections to SQS", 0, |s| {
        s.connections
    }),
    measure("sqs_bytes_per_event", "bytes to SQS per event", 0, |s| {
        s.sent_bytes
    }),
    measure("log_bytes_per_event", "bytes logged per event", 0, |s| {
        s.log_bytes
    }),
];

/// Events of a round.
pub(crate) const ROUND: u32 = 20;

/// A process of a subject that has taken its first event and waits for more.
pub(crate) struct Run<'s> {
    subject: &'s Subject,
    session: Session,
    init: Usage,
    init_wall: Duration,
    first: Usage,
    first_wall: Duration,
    /// Bytes logged, and sent to SQS, up to the first event.
    logged: u32,
    sent: u32,
    /// CPU of an event, by round, in microseconds.
    cpus: Vec<f64>,
    /// Wall time of each event, in microseconds.
    walls: Vec<f64>,
}

impl<'s> Run<'s> {
    /// Starts the subject and has it take the first event.
    pub(crate) fn start(subject: &'s Subject) -> Result<Self> {
        let mut session = Session::start(subject, &[])?;
        let init_wall = session.ready()?;
        let init = session.usage()?;
        let first_wall = take(subject, &mut session, 0)?;
        Ok(Self {
            subject,
            init,
            init_wall,
            first: session.usage()?,
            first_wall,
            logged: session.logged(),
            sent: bytes(&session),
            session,
            cpus: Vec::new(),
            walls: Vec::new(),
        })
    }

    /// Has it take a round of events, and checks that each arrived before its 200.
    pub(crate) fn round(&mut self) -> Result<()> {
        let before = self.session.usage()?;
        for number in 0..ROUND {
            let wall = take(self.subject, &mut self.session, number)?;
            self.walls.push(wall.as_secs_f64() * 1e6);
        }
        let used = self.session.usage()?.cpu_ms - before.cpu_ms;
        self.cpus.push(used * 1e3 / f64::from(ROUND));
        Ok(())
    }

    /// Ends it; what it has shown.
    pub(crate) fn end(self) -> Result<Sample> {
        let (session, last) = (&self.session, self.session.usage()?);
        let events = f64::from(ROUND) * f64::from(u32::try_from(self.cpus.len())?);
        let connections = &session.sqs.server.traffic.connections;
        Ok(Sample {
            init_cpu_ms: self.init.cpu_ms,
            init_wall_ms: self.init_wall.as_secs_f64() * 1e3,
            init_rss_mb: self.init.rss_mb,
            first_cpu_ms: self.first.cpu_ms - self.init.cpu_ms,
            first_wall_ms: self.first_wall.as_secs_f64() * 1e3,
            warm_cpu_us: median(&self.cpus),
            warm_wall_us: median(&self.walls),
            peak_mb: last.peak_mb,
            threads: last.threads,
            connections: f64::from(connections.load(Ordering::SeqCst)),
            sent_bytes: f64::from(bytes(session) - self.sent) / events,
            log_bytes: f64::from(session.logged() - self.logged) / events,
        })
    }
}

/// One good event: 200, and at that moment the queue has exactly it.
pub(crate) fn take(subject: &Subject, session: &mut Session, number: u32) -> Result<Duration> {
    let body = message(number);
    let (outcome, wall) = session.invoke(invocation(&body, Signed::Well, &[], false))?;
    let answered = matches!(outcome, Outcome::Answered { status: 200, .. });
    ensure!(
        answered,
        "{}: event {number} was not answered with 200: {outcome:?}",
        subject.name
    );
    let messages = session.sqs.take();
    let arrived = matches!(&messages[..], [one] if subject.carries(one, &body));
    ensure!(
        arrived,
        "{}: event {number} was answered with 200, but the queue has {messages:?}",
        subject.name
    );
    Ok(wall)
}

fn bytes(session: &Session) -> u32 {
    session.sqs.server.traffic.bytes.load(Ordering::SeqCst)
}

/// The middle of some figures.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = |place: usize| sorted.get(place).copied().unwrap_or_default();
    f64::midpoint(
        middle(sorted.len().saturating_sub(1) / 2),
        middle(sorted.len() / 2),
    )
}

/// The least of some figures.
pub(crate) fn least(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(f64::INFINITY, f64::min)
}
