//! Statistics of incidents: median and 90th percentile of each measure, by service and severity.

use serde_json::Value;
use tidegate_slack::blocks::{context, message, paragraphs, section};

use super::text::{line, span};
use crate::model::severity::Severity;

/// Most rows in one table.
const MOST: usize = 60;

/// Median and 90th percentile of a measure, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// At least half of the incidents took no longer than this.
    pub median: i64,
    /// At least nine of ten incidents took no longer than this.
    pub p90: i64,
}

/// The measures for one service and severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsRow {
    /// The slug of the service; `None` for all services together.
    pub service: Option<String>,
    /// The severity of the counted incidents.
    pub severity: Severity,
    /// Number of incidents with this service and severity.
    pub n: u64,
    /// Time from declaration to acknowledgment; `None` without data.
    pub mtta: Option<Spread>,
    /// Time to mitigation; `None` without data.
    pub mttm: Option<Spread>,
    /// Time to resolution; `None` without data.
    pub mttr: Option<Spread>,
}

/// The input of the table.
#[derive(Debug, Clone, Copy)]
pub struct StatsView<'a> {
    /// The length of the period in days.
    pub days: u16,
    /// The service that the table is limited to; `None` for all.
    pub service: Option<&'a str>,
    /// The rows in the order in which they are shown.
    pub rows: &'a [StatsRow],
}

/// Renders the table as a message.
pub fn message_of(stats: &StatsView<'_>) -> Value {
    let of = stats
        .service
        .map_or_else(String::new, |s| format!(" of {}", line(s, 60)));
    let head = format!("*Resolved incidents{of} in the last {} days*", stats.days);
    let mut blocks = vec![section(&head)];
    if stats.rows.is_empty() {
        blocks.push(section("There were none."));
    }
    let lines: Vec<_> = stats.rows.iter().take(MOST).map(row_text).collect();
    blocks.extend(paragraphs(&lines));
    if stats.rows.len() > MOST {
        blocks.push(context(&format!(
            "{} rows more: ask for one service with `service:`.",
            stats.rows.len() - MOST
        )));
    }
    blocks.push(context(
        "Median / 90th percentile, from the declaration on. Private, cancelled and merged incidents and drills are not counted.",
    ));
    // An incident that affects two services is counted in the rows of both.
    let whole = |row: &&StatsRow| stats.service.is_some() || row.service.is_none();
    let n: u64 = stats.rows.iter().filter(whole).map(|row| row.n).sum();
    message(&format!("{head}: {n}"), blocks)
}

fn row_text(row: &StatsRow) -> String {
    let service = row
        .service
        .as_deref()
        .map_or_else(|| "all services".to_owned(), |s| line(s, 60));
    let measures = [
        ("acknowledged", row.mtta),
        ("mitigated", row.mttm),
        ("resolved", row.mttr),
    ];
    let measures_text = measures.into_iter().filter_map(|(name, spread)| {
        let spread = spread?;
        Some(format!(
            "{name} in {} / {}",
            span(spread.median),
            span(spread.p90)
        ))
    });
    let measures_text: Vec<_> = measures_text.collect();
    format!(
        "*{service}* · {} · {} incidents\n{}",
        row.severity,
        row.n,
        measures_text.join(" · ")
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile};
    use super::*;

    fn row(service: &str) -> StatsRow {
        let minutes = |m: i64| {
            Some(Spread {
                median: m * 60_000,
                p90: m * 120_000,
            })
        };
        StatsRow {
            service: Some(service.to_owned()),
            severity: Severity::P1,
            n: 3,
            mtta: minutes(5),
            mttm: None,
            mttr: minutes(45),
        }
    }

    #[test]
    fn measures_are_told_as_median_and_p90() {
        assert_eq!(
            row_text(&row("checkout")),
            "*checkout* · P1 · 3 incidents\nacknowledged in 5 min / 10 min · resolved in 45 min / 1 h 30 min"
        );
    }

    proptest! {
        #[test]
        fn any_service_makes_a_table_that_slack_takes(service in hostile(), n in 0usize..80) {
            let rows = vec![row(&service); n];
            check(&message_of(&StatsView { days: 30, service: Some(&service), rows: &rows }));
        }
    }
}
