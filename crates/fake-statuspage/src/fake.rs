//! The handle on one stand-in Statuspage: how it is started, and what tests ask of it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::FakeConfig;
use crate::faults::Fault;
use crate::records::{Component, Incident, Request};
use crate::world::World;
use crate::{api, control};

/// A stand-in Statuspage; clones share one page.
#[derive(Clone)]
pub struct FakeStatuspage(Arc<Inner>);

struct Inner {
    config: FakeConfig,
    clock: Clock,
    world: Mutex<World>,
}

/// A stand-in that listens on this machine until it is dropped.
#[derive(Debug)]
pub struct Running {
    /// The stand-in behind the address, for the test to look at.
    pub fake: FakeStatuspage,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl FakeStatuspage {
    /// A fresh page on the system's clock.
    #[must_use]
    pub fn new(config: FakeConfig) -> Self {
        Self::with_clock(config, Clock::system())
    }

    /// A fresh page on this clock.
    #[must_use]
    pub fn with_clock(config: FakeConfig, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(World::seed(&config, clock.now())),
            config,
            clock,
        }))
    }

    /// A fresh page on the system's clock that listens on a free port of this machine.
    pub async fn start(config: FakeConfig) -> io::Result<Running> {
        Self::new(config).serve().await
    }

    /// Listens on a free port of this machine.
    pub async fn serve(self) -> io::Result<Running> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = self.router();
        let server = tokio::spawn(async move {
            // It ends only by being aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Running {
            fake: self,
            address,
            server,
        })
    }

    /// The routes: the API at `/v1`, and the controls under `/_fake`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/{*path}", any(api::call))
            .route(
                "/_fake/faults",
                post(control::add_fault).delete(control::clear_faults),
            )
            .route("/_fake/requests", get(control::requests))
            .route("/_fake/state", get(control::state))
            .with_state(self.clone())
    }

    /// The configuration that it was made with.
    #[must_use]
    pub fn config(&self) -> &FakeConfig {
        &self.0.config
    }

    /// Every incident, the oldest first.
    #[must_use]
    pub fn incidents(&self) -> Vec<Incident> {
        self.world().incidents.values().cloned().collect()
    }

    /// The components, in their order.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        self.world().components.clone()
    }

    /// Every request to the API, in order; of very many, the last.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.world().requests.iter().cloned().collect()
    }

    /// Lets the next calls that fit go wrong; earlier faults go first.
    pub fn add_fault(&self, fault: Fault) {
        self.world().faults.push(fault);
    }

    /// Forgets all faults, also those not used up.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

impl fmt::Debug for FakeStatuspage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeStatuspage")
            .field(&self.0.config)
            .finish()
    }
}

impl Running {
    /// The address on this machine at which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of its API, without a slash at its end.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}
