//! Writes JSON logs and embedded metrics to standard output, from which Lambda passes them to `CloudWatch`.
//!
//! Only Tidegate's own lines follow the configured level. Lines of other crates begin at `warn`, because the SDK's debug lines hold
//! whole requests, including tokens and texts. No line holds a secret by intention; one that holds one by mistake is written without
//! it.

use std::io::{self, Write};
use std::sync::OnceLock;

use metrics_cloudwatch_embedded::{Builder, Collector};
use thiserror::Error;
use tidegate_slack::redaction::Redacted;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The setting that chooses the level: `error`, `warn`, `info`, `debug` or `trace`; `info` when absent.
pub const LEVEL_SETTING: &str = "TIDEGATE_LOG_LEVEL";

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Tidegate";

static METRICS: OnceLock<&'static Collector> = OnceLock::new();

/// The reason why telemetry could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TelemetryError {
    /// The configured level is not one of the five.
    #[error("`TIDEGATE_LOG_LEVEL` is `{0}`, not one of error, warn, info, debug, trace")]
    Level(String),
    /// Telemetry is already set up in this process.
    #[error("set up telemetry: {0}")]
    Setup(String),
}

/// Sets up logs, metrics and the panic log for the process. Call it once, first.
pub fn init() -> Result<(), TelemetryError> {
    let level = level(std::env::var(LEVEL_SETTING).ok().as_deref());
    let setup = |e: &dyn std::fmt::Display| TelemetryError::Setup(e.to_string());
    // Logging is set up first, because even a wrong level is reported by a log line.
    let lines = subscriber(level.clone().unwrap_or(LevelFilter::INFO), io::stdout);
    lines.try_init().map_err(|e| setup(&e))?;
    level?;
    log_panics();
    let metrics = Builder::new().cloudwatch_namespace(NAMESPACE);
    let metrics = metrics.init().map_err(|e| setup(&e))?;
    METRICS
        .set(metrics)
        .map_err(|_| setup(&"metrics are set up already"))
}

/// Writes the metrics gathered since the last time, once per invocation. Before [`init`] it does nothing.
pub fn flush() {
    if let Some(metrics) = METRICS.get() {
        let mut lines = Vec::new();
        // A single write keeps log lines from coming in between.
        let written = metrics
            .flush(&mut lines)
            .and_then(|()| io::stdout().write_all(&lines));
        if let Err(e) = written {
            tracing::warn!(error = %e, "metrics.lost");
        }
    }
}

fn level(setting: Option<&str>) -> Result<LevelFilter, TelemetryError> {
    Ok(match setting.map(str::trim).unwrap_or_default() {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "" | "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        other => return Err(TelemetryError::Level(other.to_owned())),
    })
}

fn subscriber<W: Write + 'static>(
    level: LevelFilter,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_writer(move || Redacted(writer()));
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("tidegate", level)
        // The span with the request id.
        .with_target(
            "lambda_runtime::layers::trace",
            level.min(LevelFilter::INFO),
        );
    tracing_subscriber::registry().with(targets).with(lines)
}

/// Logs only the location of a panic, because its message may quote data.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            place = place.as_deref().unwrap_or("unknown"),
            "process.panicked"
        );
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter) -> Vec<serde_json::Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(subscriber(level, move || writer.clone()), || {
            tracing::info_span!("job", kind = "slack.event", tenant = "T1").in_scope(|| {
                tracing::warn!(delay_ms = 5, "job.retry");
                tracing::debug!("detail");
            });
            tracing::debug!(target: "aws_smithy_runtime", body = "secret", "transmitting request");
            tracing::info!(target: "hyper", "noise");
            tracing::error!(target: "lambda_runtime", "trouble");
        });
        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_has_its_fields_and_those_of_its_spans() {
        let mut lines = logged(LevelFilter::INFO);
        for line in &mut lines {
            line.as_object_mut().unwrap().remove("timestamp");
        }
        insta::assert_json_snapshot!(lines, @r#"
        [
          {
            "delay_ms": 5,
            "level": "WARN",
            "message": "job.retry",
            "spans": [
              {
                "kind": "slack.event",
                "name": "job",
                "tenant": "T1"
              }
            ],
            "target": "tidegate_aws::telemetry::tests"
          },
          {
            "level": "ERROR",
            "message": "trouble",
            "target": "lambda_runtime"
          }
        ]
        "#);
    }

    #[test]
    fn a_line_that_holds_a_secret_by_mistake_is_written_without_it() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(LevelFilter::INFO, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("job", token = "sesame").in_scope(|| {
                tracing::error!(error = "Slack says {\"a\": \"xoxb-1-sesame\"}", "odd");
            });
        });
        let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(!written.contains("sesame"), "{written}");
        let line: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(line["error"], "Slack says {\"a\": \"(hidden)\"}");
        assert_eq!(line["spans"][0]["token"], "(hidden)");
    }

    #[test]
    fn only_our_own_lines_follow_the_level() {
        let messages = |level| -> Vec<String> {
            logged(level)
                .iter()
                .map(|line| line["message"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            messages(LevelFilter::TRACE),
            ["job.retry", "detail", "trouble"]
        );
        assert_eq!(messages(LevelFilter::ERROR), ["trouble"]);
    }

    #[test]
    fn an_unknown_level_is_told() {
        assert_eq!(
            level(Some("verbose")),
            Err(TelemetryError::Level("verbose".to_owned()))
        );
        assert_eq!(level(None), Ok(LevelFilter::INFO));
    }
}
