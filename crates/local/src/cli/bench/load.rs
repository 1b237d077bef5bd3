//! The load: signed events at a fixed rate. Each has its moment; an answer's time counts from that moment on, so a
//! server that falls behind cannot hide it by slowing the sender.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Client;
use secrecy::SecretString;
use serde_json::json;
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_slack::http_client::build_with_timeout;
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use tokio::task::JoinSet;

use super::process::memory_mb;

/// Every hundredth event is a mention.
const MENTION_EVERY: u64 = 100;

/// Channels that mentions are spread over.
const CHANNELS: u64 = 200;

/// Size of an event's body.
const BODY_BYTES: usize = 2500;

const MEMORY_EVERY: Duration = Duration::from_secs(5);

/// The present moment, for measuring.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Where the load goes.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) url: String,
    pub(super) secret: SecretString,
    pub(super) tenants: u64,
}

/// One event of the load, all of it derived from its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) number: u64,
    tenants: u64,
}

/// The result of a load.
#[derive(Default)]
pub(super) struct Report {
    pub(super) sent: u64,
    pub(super) refused: u64,
    pub(super) acked: Vec<Event>,
    pub(super) memory_mb: Vec<u64>,
    times: Vec<Duration>,
    lasted: Duration,
}

impl Event {
    pub(super) fn tenant(&self) -> String {
        format!("T0BENCH{:04}", self.number % self.tenants)
    }

    pub(super) fn id(&self) -> String {
        format!("Ev0BENCH{:08}", self.number)
    }

    pub(super) fn channel(&self) -> String {
        let place = if self.is_mention() {
            self.number / MENTION_EVERY
        } else {
            self.number
        };
        // Channels of different tenants differ, as they do in Slack.
        format!(
            "C0B{:04}{:03}",
            self.number % self.tenants,
            place % CHANNELS
        )
    }

    pub(super) fn ts(&self) -> String {
        format!(
            "{}.{:06}",
            1_790_000_000 + self.number / 1_000_000,
            self.number % 1_000_000
        )
    }

    pub(super) fn is_mention(&self) -> bool {
        self.number.is_multiple_of(MENTION_EVERY)
    }

    fn body(&self, event_time: i64) -> String {
        let kind = if self.is_mention() {
            "app_mention"
        } else {
            "message"
        };
        let mut event = json!({
            "token": "retired", "team_id": self.tenant(), "api_app_id": "A0BENCH0001", "type": "event_callback",
            "event_id": self.id(), "event_time": event_time,
            "authorizations": [{"enterprise_id": null, "team_id": self.tenant(), "user_id": "U0BENCHBOT1",
                "is_bot": true, "is_enterprise_install": false}],
            "event": {"type": kind, "user": "U0BENCH0001", "channel": self.channel(), "ts": self.ts(),
                "event_ts": self.ts(), "text": ""},
        });
        let words = "the quick brown fox jumps over the lazy dog ";
        let missing = BODY_BYTES.saturating_sub(event.to_string().len());
        event["event"]["text"] = words
            .chars()
            .cycle()
            .take(missing)
            .collect::<String>()
            .into();
        event.to_string()
    }
}

impl Report {
    /// Time within which that share of the events was acked.
    pub(super) fn percentile(&self, percent: f64) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank"
        )]
        let rank =
            ((percent / 100.0 * times.len() as f64).ceil() as usize).clamp(1, times.len().max(1));
        times.get(rank - 1).copied().unwrap_or_default()
    }

    /// Acked events a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub(super) fn rate(&self) -> f64 {
        self.acked.len() as f64 / self.lasted.as_secs_f64()
    }
}

impl Load {
    /// Sends `rate` events a second for that long, numbered from `first`.
    pub(super) async fn run(
        &self,
        first: u64,
        rate: u64,
        seconds: u64,
        pid: Option<u32>,
    ) -> anyhow::Result<Report> {
        let client = build_with_timeout(Duration::from_secs(10))?;
        let answers = Arc::new(Mutex::new(Report::default()));
        let mut tasks = JoinSet::new();
        let began = now();
        let mut memory_at = began;
        let mut memory = Vec::new();
        for n in 0..rate * seconds {
            let moment = began + Duration::from_nanos(n * 1_000_000_000 / rate);
            SystemClock
                .sleep(moment.saturating_duration_since(now()))
                .await;
            if let (Some(pid), true) = (pid, now() >= memory_at) {
                memory.extend(memory_mb(pid));
                memory_at += MEMORY_EVERY;
            }
            let event = Event {
                number: first + n,
                tenants: self.tenants,
            };
            tasks.spawn(
                self.clone()
                    .send(client.clone(), event, moment, Arc::clone(&answers)),
            );
            while tasks.try_join_next().is_some() {}
        }
        while tasks.join_next().await.is_some() {}
        let lasted = began.elapsed();
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Report {
            sent: rate * seconds,
            memory_mb: memory,
            lasted,
            ..std::mem::take(&mut *answers)
        })
    }

    async fn send(
        self,
        client: Client,
        event: Event,
        moment: Instant,
        answers: Arc<Mutex<Report>>,
    ) {
        let signed_at = SystemClock.now().seconds();
        let body = event.body(signed_at);
        let signature = sign(&self.secret, signed_at, body.as_bytes()).unwrap_or_default();
        let answer = client
            .post(format!("{}/slack/events", self.url))
            .header("content-type", "application/json")
            .header(TIMESTAMP_HEADER, signed_at)
            .header(SIGNATURE_HEADER, signature)
            .body(body)
            .send()
            .await;
        let taken = answer.is_ok_and(|response| response.status().is_success());
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.times.push(moment.elapsed());
        if taken {
            answers.acked.push(event);
        } else {
            answers.refused += 1;
        }
    }
}
