//! One connection, from its `hello` to its end.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use metrics::{counter, gauge};
use tidegate_ingress::Intake;
use tidegate_pipeline::clock::Clock;
use tidegate_slack::socket::{Message, Reason};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use super::dial::Socket;
use super::take::take;

/// Nothing was heard for so long: the other end is asked, and given as long again to answer.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a connection that Slack wants to end is kept, should Slack not end it. Its successor stands by then.
const LEAVING: Duration = Duration::from_mins(1);

/// Envelopes in work at once. Beyond that nothing is read, which Slack's own buffers bear.
const IN_WORK: usize = 64;

/// How long a message to Slack may take to leave.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// How long Slack may take to say goodbye too. Often it never does.
const GOODBYE: Duration = Duration::from_secs(1);

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Slack has not greeted yet.
    Opening,
    /// Slack has greeted, and envelopes may come.
    Up,
    /// Slack will end it soon, and wants another one. Envelopes still come.
    Leaving,
    /// Slack has ended it, because Socket Mode was switched off.
    Disabled,
    /// The connection has ended without a word from Slack.
    Lost,
}

impl State {
    /// Whether another connection is needed.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Leaving | Self::Disabled | Self::Lost)
    }

    /// The reason for the end, as the metrics name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Leaving => "refresh",
            Self::Disabled => "link_disabled",
            Self::Opening | Self::Up | Self::Lost => "lost",
        }
    }
}

/// The next action of the connection, after a message or a pause.
enum Next {
    GoOn,
    /// Say goodbye, and then close the connection.
    Close,
    /// There is nobody to say goodbye to.
    Gone,
}

type Wait<'c> = Pin<Box<dyn Future<Output = ()> + Send + 'c>>;

/// One connection to Slack, from its greeting to its end.
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) intake: Intake,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stopped: watch::Receiver<bool>,
    /// Where it stands, for the keeper.
    pub(super) state: watch::Sender<State>,
    /// Whether it counts as connected.
    pub(super) greeted: bool,
}

impl Connection {
    /// Takes what comes until it ends.
    pub(super) async fn run(mut self) {
        let mut in_work = JoinSet::new();
        let good = matches!(self.converse(&mut in_work).await, Next::Close);
        if self.greeted {
            gauge!("socket_connections").decrement(1.0);
        }
        // Envelopes in work are finished in any case, and acknowledged if that is still possible.
        let mut sent = good;
        while let Some(done) = in_work.join_next().await {
            if let (true, Ok(Some(ack))) = (sent, done) {
                sent = self.send(Frame::text(ack)).await;
            }
        }
        if sent && self.send(Frame::Close(None)).await {
            let goodbye = async { while let Some(Ok(_)) = self.socket.next().await {} };
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
        self.state.send_if_modified(|state| {
            let lost = !state.is_over();
            if lost {
                *state = State::Lost;
            }
            lost
        });
    }

    /// Reads, works and acknowledges.
    async fn converse(&mut self, in_work: &mut JoinSet<Option<String>>) -> Next {
        let clock = Arc::clone(&self.clock);
        let mut stopped = self.stopped.clone();
        let mut silence: Wait<'_> = clock.sleep(SILENCE);
        let mut leave: Option<Wait<'_>> = None;
        let mut asked = false;
        loop {
            let next = tokio::select! {
                () = told_to_stop(&mut stopped) => Next::Close,
                Some(done) = in_work.join_next() => self.done(done).await,
                heard = self.socket.next(), if in_work.len() < IN_WORK => {
                    (silence, asked) = (clock.sleep(SILENCE), false);
                    self.heard(heard, in_work)
                }
                () = &mut silence => {
                    if asked || self.now() == State::Opening {
                        tracing::warn!("socket mode: Slack is silent");
                        return Next::Gone;
                    }
                    (silence, asked) = (clock.sleep(SILENCE), true);
                    self.asked().await
                }
                () = async { if let Some(leave) = &mut leave { leave.await } }, if leave.is_some() => Next::Close,
            };
            match next {
                Next::GoOn => {}
                end => return end,
            }
            if leave.is_none() && self.now() == State::Leaving {
                leave = Some(clock.sleep(LEAVING));
            }
        }
    }

    fn now(&self) -> State {
        *self.state.borrow()
    }

    async fn asked(&mut self) -> Next {
        self.told(Frame::Ping(tungstenite::Bytes::new())).await
    }

    /// An envelope has been worked on. Without an acknowledgement Slack is told nothing.
    async fn done(&mut self, done: Result<Option<String>, tokio::task::JoinError>) -> Next {
        match done {
            Ok(Some(ack)) => self.told(Frame::text(ack)).await,
            Ok(None) => Next::GoOn,
            Err(e) => {
                tracing::error!(error = %e, "socket mode: an envelope was not worked on to its end");
                Next::GoOn
            }
        }
    }

    async fn told(&mut self, frame: Frame) -> Next {
        if self.send(frame).await {
            Next::GoOn
        } else {
            Next::Gone
        }
    }

    async fn send(&mut self, frame: Frame) -> bool {
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.socket.send(frame)).await;
        matches!(sent, Ok(Ok(())))
    }

    /// Something came, or the end of it. Pings are answered by the library with the next read.
    fn heard(
        &mut self,
        heard: Option<Result<Frame, tungstenite::Error>>,
        in_work: &mut JoinSet<Option<String>>,
    ) -> Next {
        match heard {
            Some(Ok(Frame::Text(text))) => {
                let text = text.as_str().to_owned();
                self.understood(text, in_work)
            }
            Some(Ok(Frame::Binary(_))) => ignored("binary"),
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => Next::GoOn,
            // The library answers a close by itself; nothing can be sent after it.
            Some(Ok(Frame::Close(_)) | Err(_)) | None => Next::Gone,
        }
    }

    fn understood(&mut self, text: String, in_work: &mut JoinSet<Option<String>>) -> Next {
        match Message::parse(&text) {
            Err(_) => ignored("unreadable"),
            Ok(Message::Other) => ignored("unknown"),
            Ok(Message::Hello) => {
                if self.now() == State::Opening {
                    self.greeted = true;
                    tracing::info!("socket mode: connected");
                    gauge!("socket_connections").increment(1.0);
                    self.state.send_replace(State::Up);
                }
                Next::GoOn
            }
            Ok(Message::Disconnect(reason)) => self.ends(reason),
            Ok(Message::Envelope(_)) => {
                let (intake, clock) = (self.intake.clone(), Arc::clone(&self.clock));
                in_work.spawn(async move {
                    // Read again, because what was read before borrows from the text.
                    match Message::parse(&text) {
                        Ok(Message::Envelope(envelope)) => {
                            take(&intake, &envelope, clock.now()).await
                        }
                        _ => None,
                    }
                });
                Next::GoOn
            }
        }
    }

    /// Slack says that the connection ends.
    fn ends(&mut self, reason: Reason) -> Next {
        match (reason, self.now()) {
            (Reason::LinkDisabled, _) => {
                // Slow from here on, even if this one was about to be followed by another.
                self.state.send_replace(State::Disabled);
                Next::Close
            }
            (Reason::Warning | Reason::RefreshRequested, State::Up) => {
                self.state.send_replace(State::Leaving);
                Next::GoOn
            }
            (Reason::Warning | Reason::RefreshRequested, _) => Next::GoOn,
            // Too many connections, most likely: another at once would be one more.
            (Reason::Other, _) => Next::Close,
        }
    }
}

/// Waits until it is time to end. The end of the sender counts as well.
pub(super) async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

fn ignored(what: &'static str) -> Next {
    counter!("socket_ignored_total", "reason" => what).increment(1);
    tracing::warn!(
        reason = what,
        "socket mode: a message that cannot be understood is left alone"
    );
    Next::GoOn
}
