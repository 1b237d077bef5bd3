//! Sending one request to the app as Slack does: signed, within three seconds, and events again when they fail.

use std::time::Duration;

use serde::Serialize;
use tidegate_slack::redaction;

use crate::fake::FakeSlack;
use crate::signing::sign;

/// As much of the app's answer as is kept.
const BODY_LIMIT: usize = 16 * 1024;

/// The outcome of everything that one action sent to the app.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeliveryReport {
    /// Whether each request was taken with a 2xx in the end.
    pub ok: bool,
    /// The `ts` of the message that the action posted.
    pub ts: Option<String>,
    /// Why nothing was sent.
    pub error: Option<String>,
    /// Every attempt, in order.
    pub attempts: Vec<Attempt>,
}

/// One request to the app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    /// The event's type, `command`, or the interaction's type.
    pub kind: String,
    /// The event's id, `Ev…`; `None` for commands and interactions.
    pub event_id: Option<String>,
    /// Whether it went over a WebSocket of the app.
    pub socket: bool,
    /// 0, then the number in `X-Slack-Retry-Num`.
    pub retry_num: usize,
    /// When it was sent, in Unix milliseconds.
    pub at_ms: u64,
    /// How long the answer took.
    pub ms: u64,
    /// The HTTP status; none when no answer came, and over a WebSocket.
    pub status: Option<u16>,
    /// The body of the answer without secrets; over a WebSocket the payload of the acknowledgement.
    pub body: String,
    /// `http_error`, `http_timeout`, `connection_failed`, or `timeout` over a WebSocket.
    pub error: Option<String>,
}

/// A request on its way.
pub(crate) struct Outgoing {
    pub kind: String,
    pub path: &'static str,
    pub content_type: &'static str,
    pub body: String,
    pub event_id: Option<String>,
    pub retried: bool,
    /// Nobody waits for it, so it takes its turn: a flood of these must not open a flood of connections.
    pub in_background: bool,
}

impl DeliveryReport {
    pub(crate) fn of(attempts: Vec<Attempt>) -> Self {
        Self {
            ok: attempts.last().is_some_and(Attempt::succeeded),
            attempts,
            ..Self::default()
        }
    }

    pub(crate) fn refused(error: &str) -> Self {
        Self {
            error: Some(error.to_owned()),
            ..Self::default()
        }
    }

    /// The report of an action of which the app need not be told.
    pub(crate) fn nothing_to_tell() -> Self {
        Self {
            ok: true,
            ..Self::default()
        }
    }

    /// Both reports as one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.ok &= other.ok;
        self.attempts.extend(other.attempts);
        self
    }
}

impl Attempt {
    /// Whether the app took it.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.error.is_none()
    }
}

impl FakeSlack {
    /// Sends until the app takes it or the retries are used up.
    pub(crate) async fn deliver(&self, outgoing: Outgoing) -> DeliveryReport {
        if !self.has_app() {
            return DeliveryReport::refused("no_app_url");
        }
        let mut connection = None;
        let delays: &[Duration] = if outgoing.retried {
            &self.config().retry_delays
        } else {
            &[]
        };
        let mut attempts = Vec::new();
        for retry_num in 0..=delays.len() {
            if let Some(delay) = retry_num.checked_sub(1).and_then(|at| delays.get(at)) {
                self.clock().sleep(*delay).await;
            }
            let reason = attempts
                .last()
                .and_then(|last: &Attempt| last.error.clone());
            connection = self.connection_for(connection);
            let (attempt, wanted) = self
                .attempt(connection, &outgoing, retry_num, reason.as_deref())
                .await;
            self.world().log_attempt(attempt.clone());
            attempts.push(attempt);
            if !wanted {
                break;
            }
        }
        DeliveryReport::of(attempts)
    }

    /// One request, and whether it should be followed by another.
    async fn attempt(
        &self,
        connection: Option<u64>,
        outgoing: &Outgoing,
        retry_num: usize,
        reason: Option<&str>,
    ) -> (Attempt, bool) {
        // Held for one attempt only: the wait between two may be minutes.
        let _turn = if outgoing.in_background {
            self.echoes().acquire_owned().await.ok()
        } else {
            None
        };
        let started = self.now();
        let mut attempt = Attempt {
            kind: outgoing.kind.clone(),
            event_id: outgoing.event_id.clone(),
            socket: connection.is_some(),
            retry_num,
            at_ms: millis(started),
            ms: 0,
            status: None,
            body: String::new(),
            error: None,
        };
        let taken = match connection {
            Some(id) => self.send_by_socket(id, outgoing, retry_num, reason).await,
            None => self.request(outgoing, retry_num, reason).await,
        };
        let no_retry = match taken {
            Ok(taken) => {
                let refused = taken.status.is_some_and(|code| !(200..300).contains(&code));
                attempt.status = taken.status;
                attempt.error = refused.then(|| "http_error".to_owned());
                attempt.body = redaction::json_text(&taken.body).into_owned();
                taken.no_retry
            }
            Err(error) => {
                attempt.error = Some(error.reason().to_owned());
                false
            }
        };
        attempt.ms = millis(self.now().saturating_sub(started));
        tracing::debug!(
            kind = %attempt.kind,
            retry_num,
            status = attempt.status,
            elapsed_ms = attempt.ms,
            "sent a request to the app"
        );
        let again = attempt.error.is_some() && !no_retry;
        (attempt, again)
    }

    async fn request(
        &self,
        outgoing: &Outgoing,
        retry_num: usize,
        reason: Option<&str>,
    ) -> Result<Taken, SendError> {
        // Neither a client nor an address, now that a WebSocket is gone, is as if nothing listened.
        let client = self.client().ok_or(SendError::Closed)?;
        let app_url = self.app_url().ok_or(SendError::Closed)?;
        let url = format!("{app_url}{}", outgoing.path);
        // Slack's verifiers refuse a signature older than five minutes, so each retry is signed anew.
        let timestamp = self.now().as_secs();
        let mut request = client
            .post(url)
            .timeout(self.config().answer_timeout)
            .header("content-type", outgoing.content_type)
            .header("x-slack-request-timestamp", timestamp)
            .header(
                "x-slack-signature",
                sign(
                    &self.config().signing_secret,
                    timestamp,
                    outgoing.body.as_bytes(),
                ),
            );
        if let Some(reason) = reason {
            request = request
                .header("x-slack-retry-num", retry_num)
                .header("x-slack-retry-reason", reason);
        }
        let answer = request.body(outgoing.body.clone()).send().await?;
        let status = answer.status().as_u16();
        // Slack heeds this header only on answers that are not a 200.
        let no_retry = status != 200
            && answer
                .headers()
                .get("x-slack-no-retry")
                .is_some_and(|value| value == "1");
        let mut body = answer.text().await?;
        if body.len() > BODY_LIMIT {
            body.truncate(body.floor_char_boundary(BODY_LIMIT));
        }
        Ok(Taken {
            status: Some(status),
            no_retry,
            body,
        })
    }
}

/// The app's answer to one request.
pub(crate) struct Taken {
    pub status: Option<u16>,
    pub no_retry: bool,
    pub body: String,
}

/// Why no answer came.
pub(crate) enum SendError {
    /// Nothing to send over, or the connection ended.
    Closed,
    /// No acknowledgement came over a WebSocket.
    Unacked,
    Http(reqwest::Error),
}

impl SendError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Unacked => "timeout",
            Self::Http(error) if error.is_timeout() => "http_timeout",
            Self::Closed | Self::Http(_) => "connection_failed",
        }
    }
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
