//! The handle on one stand-in Slack: what it was configured with, its world, and what tests ask of both.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::FakeConfig;
use crate::delivery::Attempt;
use crate::faults::{Armed, Fault};
use crate::http_client;
use crate::records::{Call, Channel, Ephemeral, OpenView, PostedMessage};
use crate::sockets::Sockets;
use crate::world::World;

/// How many of the bot's own posts are on their way back to the app at once.
const ECHOES_AT_ONCE: usize = 32;

/// A stand-in Slack; clones share one workspace.
#[derive(Clone)]
pub struct FakeSlack(Arc<Inner>);

struct Inner {
    config: FakeConfig,
    app_url: RwLock<Option<String>>,
    public_url: RwLock<String>,
    client: Option<reqwest::Client>,
    world: Mutex<World>,
    echoes: Arc<Semaphore>,
    sockets: Sockets,
}

impl FakeSlack {
    /// A fresh workspace on this clock.
    #[must_use]
    pub fn with_clock(config: FakeConfig, clock: Clock) -> Self {
        Self::new(FakeConfig { clock, ..config })
    }

    /// A stand-in with a workspace in its first state.
    #[must_use]
    pub fn new(config: FakeConfig) -> Self {
        let client = http_client::build()
            .inspect_err(|error| tracing::error!("nothing can be sent to the app: {error:#}"))
            .ok();
        Self(Arc::new(Inner {
            app_url: RwLock::new(config.app_url.as_deref().map(trimmed)),
            public_url: RwLock::new(trimmed(&config.public_url)),
            world: Mutex::new(World::seed(&config, config.clock.now())),
            echoes: Arc::new(Semaphore::new(ECHOES_AT_ONCE)),
            sockets: Sockets::default(),
            client,
            config,
        }))
    }

    /// Where the app listens from now on; known only after it is bound.
    pub fn set_app_url(&self, url: impl AsRef<str>) {
        *self
            .0
            .app_url
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(trimmed(url.as_ref()));
        self.world().revision += 1;
    }

    /// Where this stand-in is reached from now on.
    pub fn set_public_url(&self, url: impl AsRef<str>) {
        *self
            .0
            .public_url
            .write()
            .unwrap_or_else(PoisonError::into_inner) = trimmed(url.as_ref());
    }

    /// The messages of one channel in order of their `ts`.
    #[must_use]
    pub fn messages(&self, channel: &str) -> Vec<PostedMessage> {
        self.world().messages(channel)
    }

    /// Every channel of every workspace, in the order of their ids.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        let world = self.world();
        world
            .rooms
            .values()
            .map(|room| room.channel.clone())
            .collect()
    }

    /// The topic of a channel; empty for one that is not there.
    #[must_use]
    pub fn topic(&self, channel: &str) -> String {
        let world = self.world();
        let room = world.rooms.get(channel);
        room.map(|room| room.topic.clone()).unwrap_or_default()
    }

    /// The timestamps of a channel's pinned messages.
    #[must_use]
    pub fn pins(&self, channel: &str) -> Vec<String> {
        let world = self.world();
        let pins = world.rooms.get(channel).map(|room| room.pins.iter());
        pins.into_iter()
            .flatten()
            .map(|pin| pin.ts.clone())
            .collect()
    }

    /// The messages that one user sees, in order.
    #[must_use]
    pub fn ephemerals(&self) -> Vec<Ephemeral> {
        self.world().ephemerals.iter().cloned().collect()
    }

    /// Every request of the app, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.iter().cloned().collect()
    }

    /// Every request to the app, in the order they ended.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.world().attempts.iter().cloned().collect()
    }

    /// The modals that are open, oldest first.
    #[must_use]
    pub fn open_views(&self) -> Vec<OpenView> {
        self.world().views.values().cloned().collect()
    }

    /// The home tab that the app last published for a user.
    #[must_use]
    pub fn home_view(&self, user: &str) -> Option<serde_json::Value> {
        let world = self.world();
        let mut homes = world.homes.iter();
        homes
            .find(|((_, of), _)| of == user)
            .map(|(_, view)| view.clone())
    }

    /// Lets the next calls that fit go wrong; earlier faults go first.
    pub fn add_fault(&self, fault: Fault) {
        let armed = Armed::new(fault, self.now());
        self.world().faults.push(armed);
    }

    /// Forgets all faults, also those not used up.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// Makes a person an admin of their workspace, or a plain member again. Nothing happens if they are not there.
    pub fn set_admin(&self, user: &str, is_admin: bool) {
        if let Some(user) = self.world().users.get_mut(user) {
            user.is_admin = is_admin;
        }
    }

    /// Makes a person a guest of their workspace. Nothing happens if they are not there.
    pub fn make_guest(&self, user: &str) {
        if let Some(user) = self.world().users.get_mut(user) {
            user.is_guest = true;
        }
    }

    /// Deactivates a person's account. Nothing happens if they are not there.
    pub fn deactivate(&self, user: &str) {
        if let Some(user) = self.world().users.get_mut(user) {
            user.is_deactivated = true;
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn config(&self) -> &FakeConfig {
        &self.0.config
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.config.clock
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock().now()
    }

    pub(crate) fn client(&self) -> Option<&reqwest::Client> {
        self.0.client.as_ref()
    }

    pub(crate) fn app_url(&self) -> Option<String> {
        self.0
            .app_url
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn public_url(&self) -> String {
        self.0
            .public_url
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn sockets(&self) -> &Sockets {
        &self.0.sockets
    }

    /// Whether there is an app to send to, by HTTP or by WebSocket.
    pub(crate) fn has_app(&self) -> bool {
        self.app_url().is_some() || self.sockets().count() > 0
    }

    pub(crate) fn echoes(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.echoes)
    }
}

impl fmt::Debug for FakeSlack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeSlack").field(&self.0.config).finish()
    }
}

fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}
