//! Wires domains, pipeline and API together on the seams of one process.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join3;
use tidegate_api::{Api, Limits};
use tidegate_installs::config::SlackConfig;
use tidegate_installs::{Installs, OpenError};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{BotTokens, Deliverer, NoTokens, Sender};
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::domain::JobQueue;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::sweep::{SweepError, sweep};
use tidegate_pipeline::timers::send_due_timers;
use tidegate_pipeline::worker::Worker;
use tidegate_pipeline::world::World;

use crate::config::ProductConfig;
use crate::domains::{Parts, Plugged};

/// The product in one process.
pub struct Product {
    /// The seams of the process.
    pub world: World,
    /// The workspaces that installed the app.
    pub installs: Installs,
    /// The workspaces' bot tokens.
    pub tokens: Arc<dyn BotTokens>,
    config: ProductConfig,
    plugged: Vec<Plugged>,
    dispatcher: Arc<Dispatcher>,
}

/// The queues that jobs are sent to.
#[derive(Clone)]
pub struct JobQueues {
    /// The queue for events and their shares.
    pub events: Arc<dyn Queue>,
    /// The queue for commands, interactions and timers.
    pub commands: Arc<dyn Queue>,
}

impl Product {
    /// Opens the product from its configuration. Fails if the Slack client cannot be made.
    pub fn open(config: ProductConfig, world: World) -> Result<Self, OpenError> {
        let Some(slack) = &config.slack else {
            let installs = Installs::open(&SlackConfig::unused(), &world)?;
            return Ok(Self::new(config, world, installs, Arc::new(NoTokens)));
        };
        let installs = Installs::open(slack, &world)?;
        let parameters = || Arc::clone(&world.parameters);
        let tokens = installs.tokens(slack.bot_token.clone(), parameters);
        Ok(Self::new(config, world, installs, tokens))
    }

    /// Makes the product with the given installs and source of tokens.
    pub fn new(
        config: ProductConfig,
        world: World,
        installs: Installs,
        tokens: Arc<dyn BotTokens>,
    ) -> Self {
        let plugged = config.domains.open(&Parts {
            config: &config,
            world: &world,
            installs: &installs,
            tokens: &tokens,
        });
        let domains = plugged.iter().map(|plugged| Arc::clone(&plugged.domain));
        let (table, clock) = (world.table.clone(), Arc::clone(&world.clock));
        let dispatcher =
            Dispatcher::new(domains.collect(), table, world.audit(), clock, config.keep);
        Self {
            world,
            installs,
            tokens,
            config,
            plugged,
            dispatcher: Arc::new(dispatcher),
        }
    }

    /// Makes a worker that does the jobs of one queue.
    pub fn worker(&self, source: Arc<dyn Queue>) -> Worker {
        Worker {
            table: self.world.table.clone(),
            source,
            wake_ups: Arc::clone(&self.world.wake_ups),
            clock: Arc::clone(&self.world.clock),
            handler: Arc::clone(&self.dispatcher) as _,
            keep: self.config.keep,
        }
    }

    /// Makes the sender of the outbox. An attempt counts as over `quiet` after its last possible moment.
    pub fn deliverer(&self, sender: Sender, quiet: Duration) -> Deliverer {
        Deliverer {
            table: self.world.table.clone(),
            wake_ups: Arc::clone(&self.world.wake_ups),
            clock: Arc::clone(&self.world.clock),
            slack: self.installs.slack.clone(),
            tokens: Arc::clone(&self.tokens),
            sender,
            quiet,
            performer: Arc::clone(&self.dispatcher) as _,
        }
    }

    /// Makes the API. Replayed jobs go to `queues`. `operator_key` is the store of the operator key and its name there.
    pub fn api(&self, queues: JobQueues, operator_key: (Arc<dyn Secrets>, String)) -> Api {
        let domains = self
            .plugged
            .iter()
            .filter_map(|plugged| plugged.api.clone());
        Api {
            table: self.world.table.clone().into(),
            events: queues.events.into(),
            commands: queues.commands.into(),
            clock: Arc::clone(&self.world.clock),
            operator_key: operator_key.into(),
            keep: self.config.keep,
            wake_ups: Arc::clone(&self.world.wake_ups),
            keyring: Arc::clone(&self.world.keyring).into(),
            audit: self.world.audit().into(),
            members: Arc::new(self.installs.clone()),
            site: self.config.site.clone(),
            limits: Limits::default(),
            domains: domains.collect(),
        }
    }

    /// Does the due work until `until`: wakes lanes, sends the jobs of timers, renews tokens and continues erasures. If one of
    /// these fails, the others still run.
    pub async fn sweep(&self, queues: &JobQueues, until: Timestamp) -> Swept {
        let World {
            table,
            clock,
            wake_ups,
            ..
        } = &self.world;
        let queue_of = |kind: &str| {
            let queue = self.dispatcher.queue_of(kind)?;
            Some(match queue {
                JobQueue::Events => Arc::clone(&queues.events),
                JobQueue::Commands => Arc::clone(&queues.commands),
            })
        };
        // Side by side, so that a flood of one kind of work leaves time for the others.
        let (woken, sent, upkeep) = join3(
            sweep(table, &**wake_ups, &**clock, until),
            send_due_timers(table, &queue_of, &**clock, until),
            self.installs.upkeep(until),
        )
        .await;
        let upkeep = upkeep.map_err(SweepError::from);
        Swept {
            erased: *upkeep.as_ref().unwrap_or(&0),
            failed: woken.and(sent).and(upkeep).err(),
        }
    }
}

/// The result of a sweep.
#[derive(Debug)]
pub struct Swept {
    /// How many erasures have ended, even if something else failed.
    pub erased: usize,
    /// The first error, if there was one.
    pub failed: Option<SweepError>,
}
