//! The statistics of some days, read from the counters.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Value};
use utoipa::ToSchema;

use super::{ALL_SERVICES, Lengths, Measure, day};
use crate::model::severity::Severity;
use crate::render::stats::{Spread, StatsRow};

const DAY: Duration = Duration::from_hours(24);

/// The lengths of one measure, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    /// Number of incidents that have this length.
    pub n: i64,
    /// The mean in milliseconds, exact.
    pub mean_ms: i64,
    /// The median, from buckets: exact to a fifth.
    pub median_ms: i64,
    /// The 90th percentile, from buckets: exact to a fifth.
    pub p90_ms: i64,
}

/// The incidents of one service and severity that were resolved in some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cell {
    /// The service; null for all of them together.
    pub service: Option<String>,
    /// The severity that the incidents had when they were resolved.
    pub severity: Severity,
    /// Number of incidents, at least 1.
    pub n: i64,
    /// Time from declaration to acknowledgment; null without data.
    pub mtta: Option<Summary>,
    /// Time from declaration to mitigation; null without data.
    pub mttm: Option<Summary>,
    /// Time from declaration to resolution; null without data.
    pub mttr: Option<Summary>,
}

/// The statistics of the `days` calendar days, in UTC, that end with the day of `now`: all services together first, then each
/// service; the worst severity first. If `service` is given, only its statistics. Makes one query for each month that the days fall
/// in.
pub async fn load(
    rows: &Rows,
    now: Timestamp,
    days: u16,
    service: Option<&str>,
) -> Result<Vec<Cell>, TableError> {
    let months = months(now, days).into_iter();
    let read = months.map(async |(month, (first, last))| read(rows, &month, &first, &last).await);
    Ok(cells(try_join_all(read).await?.iter().flatten(), service))
}

/// The statistics that some rows of counters add up to.
pub(super) fn cells<'a>(
    counters: impl IntoIterator<Item = &'a (RowKey, Item)>,
    service: Option<&str>,
) -> Vec<Cell> {
    let mut sums: BTreeMap<(Option<String>, Severity), Sum> = BTreeMap::new();
    for (key, item) in counters {
        let Some((of, severity)) = place(key) else {
            continue;
        };
        if service.is_none_or(|service| of.as_deref() == Some(service)) {
            sums.entry((of, severity)).or_default().add(item);
        }
    }
    let sums = sums.into_iter().filter(|(_, sum)| sum.n > 0);
    sums.map(|((service, severity), sum)| sum.cell(service, severity))
        .collect()
}

/// The months that the days fall in, each with its first and last of them, as their sort keys are written.
pub(super) fn months(now: Timestamp, days: u16) -> BTreeMap<String, (String, String)> {
    let mut months: BTreeMap<String, (String, String)> = BTreeMap::new();
    for back in (0..u32::from(days)).rev() {
        let before = DAY * back;
        let at = Timestamp(now.millis() - i64::try_from(before.as_millis()).unwrap_or(i64::MAX));
        let date = day(at);
        if let Some((month, day)) = date.rsplit_once('-') {
            let days = months.entry(month.to_owned());
            let (_, last) = days.or_insert_with(|| (day.to_owned(), String::new()));
            day.clone_into(last);
        }
    }
    months
}

async fn read(
    rows: &Rows,
    month: &str,
    first: &str,
    last: &str,
) -> Result<Vec<(RowKey, Item)>, TableError> {
    // `~` is greater than every character that can follow the day.
    let range = Range::Between(&[first], &[last, "~"]);
    rows.pages(&["incident_metrics", month], range).all().await
}

/// Service and severity of a row of counters.
fn place(key: &RowKey) -> Option<(Option<String>, Severity)> {
    let [_, service, severity]: [String; 3] = key.sort_parts().try_into().ok()?;
    let severity = Severity::parse(&severity)?;
    Some(((service != ALL_SERVICES).then_some(service), severity))
}

/// Counters of several days together.
#[derive(Default)]
struct Sum {
    n: i64,
    measures: BTreeMap<Measure, Lengths>,
}

impl Sum {
    fn add(&mut self, item: &Item) {
        self.n += item.number("n").unwrap_or(0);
        for measure in Measure::ALL {
            let lengths = self.measures.entry(measure).or_default();
            for (name, value) in &item.0 {
                let what = name
                    .strip_prefix(measure.as_str())
                    .and_then(|name| name.strip_prefix('_'));
                match (what, value) {
                    (Some("sum"), Value::N(ms)) => lengths.add_sum(*ms),
                    (Some(what), Value::N(n)) => {
                        let bucket = what.strip_prefix('b').and_then(|b| b.parse().ok());
                        if let Some(bucket) = bucket {
                            lengths.add(bucket, *n);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn cell(&self, service: Option<String>, severity: Severity) -> Cell {
        let of = |measure| self.measures.get(&measure).and_then(summary);
        Cell {
            service,
            severity,
            n: self.n,
            mtta: of(Measure::Acknowledged),
            mttm: of(Measure::Mitigated),
            mttr: of(Measure::Resolved),
        }
    }
}

fn summary(lengths: &Lengths) -> Option<Summary> {
    Some(Summary {
        n: lengths.n(),
        mean_ms: lengths.mean()?,
        median_ms: lengths.percentile(50)?,
        p90_ms: lengths.percentile(90)?,
    })
}

/// The statistics as Slack shows them.
pub fn rows_of(cells: &[Cell]) -> Vec<StatsRow> {
    let spread = |summary: &Summary| Spread {
        median: summary.median_ms,
        p90: summary.p90_ms,
    };
    let row = |cell: &Cell| StatsRow {
        service: cell.service.clone(),
        severity: cell.severity,
        n: u64::try_from(cell.n).unwrap_or(0),
        mtta: cell.mtta.as_ref().map(spread),
        mttm: cell.mttm.as_ref().map(spread),
        mttr: cell.mttr.as_ref().map(spread),
    };
    cells.iter().map(row).collect()
}

/// The statistics as comma-separated values (RFC 4180), with a line of names. The service `*` is all of them together;
/// times are milliseconds, and empty where nothing was measured.
pub fn csv(cells: &[Cell]) -> String {
    let mut out = "service,severity,incidents".to_owned();
    for measure in Measure::ALL.map(Measure::as_str) {
        // A String takes everything.
        let _ = write!(
            out,
            ",{measure}_incidents,{measure}_mean_ms,{measure}_median_ms,{measure}_p90_ms"
        );
    }
    out.push_str("\r\n");
    for cell in cells {
        // Slugs are lower case letters, digits and `-`: nothing in them has to be quoted.
        let service = cell.service.as_deref().unwrap_or(ALL_SERVICES);
        let _ = write!(out, "{service},{},{}", cell.severity, cell.n);
        for summary in [cell.mtta, cell.mttm, cell.mttr] {
            let _ = match summary {
                Some(Summary {
                    n,
                    mean_ms,
                    median_ms,
                    p90_ms,
                }) => write!(out, ",{n},{mean_ms},{median_ms},{p90_ms}"),
                None => write!(out, ",,,,"),
            };
        }
        out.push_str("\r\n");
    }
    out
}
