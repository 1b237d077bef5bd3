//! Socket Mode: Slack's requests come over a WebSocket that this process opens, so no public address is needed.
//!
//! One connection is kept open at all times. When Slack says that one will end, the next is opened first, and for a
//! moment there are two. The same [`Intake`] takes envelopes as takes requests over HTTP. An envelope is acknowledged
//! only when it is on the queue: one that is lost with a connection was not acknowledged, and Slack sends events again.

mod connection;
mod dial;
mod pause;
mod take;

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use secrecy::SecretString;
use tidegate_ingress::Intake;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client::{self, BuildError};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use self::connection::{Connection, State, told_to_stop};
use self::dial::{Dialer, NotOpen};
use self::pause::{Losses, SLOWLY};

/// The parts that Socket Mode works with.
pub struct Parts {
    /// Slack's Web API, which says where to connect to.
    pub slack: SlackClient,
    /// The app's own token (`xapp-…`).
    pub app_token: SecretString,
    /// Takes each envelope in, as it takes a request over HTTP.
    pub intake: Intake,
    /// The clock that times pauses and dates envelopes.
    pub clock: Arc<dyn Clock>,
}

/// Socket Mode at work.
pub struct SocketMode {
    keeper: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

/// Keeps one connection open.
struct Keeper {
    dialer: Dialer,
    intake: Intake,
    clock: Arc<dyn Clock>,
    stopped: watch::Receiver<bool>,
    losses: Losses,
    /// All connections, the ones that are about to end too.
    connections: JoinSet<()>,
}

impl SocketMode {
    /// Connects, and connects again whenever that is needed, until it is drained.
    pub fn start(parts: Parts) -> Result<Self, BuildError> {
        let (stop, stopped) = watch::channel(false);
        let keeper = Keeper {
            dialer: Dialer {
                slack: parts.slack,
                token: parts.app_token,
                tls: Arc::new(http_client::tls()?),
            },
            intake: parts.intake,
            clock: parts.clock,
            stopped,
            losses: Losses::default(),
            connections: JoinSet::new(),
        };
        let keeper = tokio::spawn(keeper.run());
        Ok(Self { keeper, stop })
    }

    /// Reads no further, acknowledges what the queue has, and closes.
    pub async fn drain(self) {
        self.stop.send_replace(true);
        if let Err(e) = self.keeper.await {
            tracing::error!(error = %e, "socket mode did not end in good order");
        }
    }
}

impl Keeper {
    async fn run(mut self) {
        let mut stopped = self.stopped.clone();
        loop {
            let pause = tokio::select! {
                // Looked at first: connections that end because of it are no losses.
                biased;
                () = told_to_stop(&mut stopped) => break,
                pause = self.once() => pause,
            };
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                () = told_to_stop(&mut stopped) => break,
            }
        }
        while self.connections.join_next().await.is_some() {}
    }

    /// One connection, until another is needed; tells how long to wait before that.
    async fn once(&mut self) -> Duration {
        while self.connections.try_join_next().is_some() {}
        let began = self.clock.now();
        let socket = match self.dialer.dial().await {
            Ok(socket) => socket,
            Err(why) => return self.not_open(&why),
        };
        let (state, mut states) = watch::channel(State::Opening);
        let connection = Connection {
            socket,
            intake: self.intake.clone(),
            clock: Arc::clone(&self.clock),
            stopped: self.stopped.clone(),
            state,
            greeted: false,
        };
        self.connections.spawn(connection.run());
        let ended = states.wait_for(|state| state.is_over()).await;
        // Gone without a word: its task has died.
        let state = ended.map_or(State::Lost, |state| *state);
        self.after(state, began)
    }

    /// What the end of a connection means for the next one.
    fn after(&mut self, state: State, began: Timestamp) -> Duration {
        let lasted = self.clock.now().since(began);
        counter!("socket_reconnects_total", "reason" => state.name()).increment(1);
        match state {
            State::Leaving => {
                tracing::info!("socket mode: Slack renews the connection");
                self.losses.renewed(lasted)
            }
            State::Disabled => {
                tracing::error!(
                    "socket mode: Slack says that Socket Mode is switched off for this app; switch it on at \
                     api.slack.com/apps under Socket Mode. It is tried again every five minutes"
                );
                SLOWLY
            }
            State::Opening | State::Up | State::Lost => {
                let pause = self.losses.lost(lasted);
                tracing::warn!(again_in = ?pause, "socket mode: the connection is lost");
                pause
            }
        }
    }

    fn not_open(&mut self, why: &NotOpen) -> Duration {
        counter!("socket_connects_total", "outcome" => why.name()).increment(1);
        match why {
            NotOpen::Refused(code) => {
                tracing::error!(
                    reason = code,
                    "socket mode: Slack refuses to open a connection; `SLACK_APP_TOKEN` must be an app-level token with \
                     the scope `connections:write` (Basic Information), and Socket Mode must be switched on. It is tried \
                     again every five minutes"
                );
                SLOWLY
            }
            NotOpen::Limited(pause) => {
                tracing::warn!(again_in = ?pause, "socket mode: Slack limits the calls that open connections");
                *pause
            }
            NotOpen::Failed(what) => {
                let pause = self.losses.lost(Duration::ZERO);
                tracing::warn!(reason = what, again_in = ?pause, "socket mode: not connected");
                pause
            }
        }
    }
}
