//! Logs and metrics of local mode: logs on standard error (text on a terminal, JSON otherwise), metrics as Prometheus
//! text at `/metrics`. No line of a log holds a secret by intention; one that holds one by mistake is written without it.

use std::io::IsTerminal;

use anyhow::{Context, bail};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tidegate_slack::redaction::Redacted;
use tracing::Level;
use tracing_subscriber::fmt;

/// Bounds of the histograms, in seconds.
const SECONDS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
];

/// Reads the value of `TIDEGATE_LOG_LEVEL`. Fails with words that name the setting.
pub fn level(text: &str) -> anyhow::Result<Level> {
    match text.parse() {
        Ok(level) => Ok(level),
        Err(_) => bail!("`TIDEGATE_LOG_LEVEL` is `{text}`: it takes error, warn, info or debug"),
    }
}

/// Starts the log. `level` is `error`, `warn`, `info` or `debug`.
pub fn start_log(level: &str) -> anyhow::Result<()> {
    let level = self::level(level)?;
    // Only the place: a panic's message can quote what somebody wrote.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    let log = fmt()
        .with_max_level(level)
        .with_writer(|| Redacted(std::io::stderr()));
    let started = if std::io::stderr().is_terminal() {
        log.with_target(false).compact().try_init()
    } else {
        log.json()
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    };
    started.map_err(|e| anyhow::anyhow!("start the log: {e}"))
}

/// Starts the metrics of this process. A second call fails: there is one recorder.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    builder()?.install_recorder().context("start the metrics")
}

/// Metrics that nobody else records into, for tests that run side by side.
pub fn detached_metrics() -> anyhow::Result<PrometheusHandle> {
    Ok(builder()?.build_recorder().handle())
}

fn builder() -> anyhow::Result<PrometheusBuilder> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("seconds".to_owned()), &SECONDS)
        .context("set the histogram bounds")
}
