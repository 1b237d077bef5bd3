//! Local mode put together: table, queues, ingress, workers and, without a token, a stand-in Slack.

mod config;
mod parameters;
mod sandbox;
mod slack;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::serve::ListenerExt;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use tidegate_app::config::ProductConfig;
use tidegate_app::installs::Installs;
use tidegate_app::product::{JobQueues, Product};
use tidegate_fake_slack::FakeSlack;
use tidegate_ingress::signing::SigningKeys;
use tidegate_ingress::{Ingress, Intake};
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::delivery::Sender;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::world::World;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use self::config::LocalConfig;
use self::parameters::NoParameters;
use self::slack::Slack;
use crate::data_dir::{Claim, DataDir};
use crate::queue::{QueueFile, QueueSettings};
use crate::server::{Front, router};
use crate::socket_mode::{self, SocketMode};
use crate::store::Store;
use crate::workers::{Parts, Workers};

/// File in the data folder with the signing secret that local mode made.
pub const SIGNING_SECRET_FILE: &str = "signing-secret";

/// File in the data folder with the operator key that local mode made.
pub const OPERATOR_KEY_FILE: &str = "operator-key";

/// A running local mode.
pub struct Local {
    /// The address and port that it serves at.
    pub address: SocketAddr,
    /// The stand-in Slack, if there is one.
    pub sandbox: Option<FakeSlack>,
    workers: Workers,
    socket_mode: Option<SocketMode>,
    close: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _claim: Claim,
}

impl Queues {
    fn jobs(&self) -> JobQueues {
        JobQueues {
            events: Arc::clone(&self.events),
            commands: Arc::clone(&self.commands),
        }
    }
}

/// The secrets that others are checked by.
struct Keys {
    signing_secret: SecretString,
    operator_key: SecretString,
}

/// The queues of a process.
struct Queues {
    events: Arc<dyn Queue>,
    commands: Arc<dyn Queue>,
    wake_ups: Arc<dyn Queue>,
}

impl Local {
    /// Starts everything; returns once requests are served.
    pub async fn start(config: LocalConfig, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        Self::start_by(Arc::new(SystemClock), config, metrics).await
    }

    /// The same by another clock.
    pub async fn start_by(
        clock: Arc<dyn Clock>,
        config: LocalConfig,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<Self> {
        let data = DataDir::open(&config.data_dir)?;
        let claim = data.claim()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))
            .await
            .with_context(|| {
                format!(
                    "listen on 127.0.0.1:{}: choose another port with `--port`",
                    config.port
                )
            })?;
        let address = listener.local_addr()?;
        let keys = keys(&config, &data)?;
        let slack = Slack::open(&config, &keys.signing_secret, address)?;
        let config = with_sandbox(config, &slack);
        let store = Store::open(&data, config.master_key.clone(), Arc::clone(&clock))?;
        let queues = queues(
            &QueueFile::open(&data.queues(), Arc::clone(&clock)).context("open the queues")?,
        );
        let product = Arc::new(product(&config, &slack, &queues, &store, &clock));
        let front = front(keys, &queues, &product, metrics.clone());
        let workers = workers(&config, &queues, product, store, metrics)?;
        let socket_mode = socket_mode(&config, &slack, &queues, clock)?;
        let app = router(Arc::new(front), slack.sandbox.as_ref());
        let (close, closed) = oneshot::channel::<()>();
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let serving = tokio::spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(async move {
                let _ = closed.await;
            });
            if let Err(e) = served.await {
                tracing::error!(error = %e, "the HTTP front stopped");
            }
        });
        Ok(Self {
            address,
            sandbox: slack.sandbox,
            workers,
            socket_mode,
            close,
            serving,
            _claim: claim,
        })
    }

    /// Whether Slack's requests come over Socket Mode.
    pub fn is_socket_mode(&self) -> bool {
        self.socket_mode.is_some()
    }

    /// Finishes what is in work, then stops taking requests. Queued messages stay queued, on disk.
    pub async fn drain(self) {
        // Everything that it still takes is on the queue before its acknowledgement, for the next start if not for this one.
        if let Some(socket_mode) = self.socket_mode {
            socket_mode.drain().await;
        }
        // Then the workers, and the front last: posts in work may go to the sandbox, which the same front serves.
        self.workers.stop().await;
        let _ = self.close.send(());
        let _ = tokio::time::timeout(Duration::from_secs(2), self.serving).await;
    }
}

/// The two secrets as configured, or made up and kept.
fn keys(config: &LocalConfig, data: &DataDir) -> anyhow::Result<Keys> {
    let given = |secret: &Option<SecretString>, file| match secret {
        Some(secret) => Ok(secret.clone()),
        None => data.secret_or_new(file, 16),
    };
    Ok(Keys {
        signing_secret: given(&config.signing_secret, SIGNING_SECRET_FILE)?,
        operator_key: given(&config.operator_key, OPERATOR_KEY_FILE)?,
    })
}

/// The product on the embedded stores, with the Slack that this process sees.
fn product(
    config: &LocalConfig,
    slack: &Slack,
    queues: &Queues,
    store: &Store,
    clock: &Arc<dyn Clock>,
) -> Product {
    let world = World {
        table: store.table.clone(),
        keyring: Arc::clone(&store.keyring),
        clock: Arc::clone(clock),
        wake_ups: Arc::clone(&queues.wake_ups),
        parameters: Arc::new(NoParameters),
    };
    let installs = Installs {
        exclusive: true,
        ..Installs::new(&world, slack.client.clone(), slack.app.clone())
    };
    let tokens = slack.tokens(&installs);
    let address = || format!("http://{}", slack.address);
    let public_url = config.site.public_url.clone().unwrap_or_else(address);
    let product = ProductConfig {
        domains: config.domains.clone(),
        slack: None,
        keep: config.keep,
        site: config.site.clone(),
        public_url: Some(public_url),
        incidents: config.incidents.clone(),
    };
    Product::new(product, world, installs, tokens)
}

fn front(keys: Keys, queues: &Queues, product: &Product, metrics: PrometheusHandle) -> Front {
    let signing_secret = Arc::new(FixedSecret(keys.signing_secret));
    let operator_key = Arc::new(FixedSecret(keys.operator_key));
    let operator_key = (operator_key as _, "TIDEGATE_OPERATOR_KEY".to_owned());
    let api = product.api(queues.jobs(), operator_key);
    Front {
        ingress: Ingress {
            keys: SigningKeys::new(signing_secret, "SLACK_SIGNING_SECRET"),
            events: Arc::clone(&queues.events),
            commands: Arc::clone(&queues.commands),
            clock: Arc::clone(&product.world.clock),
        },
        public_url: api.site.public_url.clone(),
        api: api.service(),
        metrics,
    }
}

/// Slack's requests over a WebSocket, if there is a token for that.
fn socket_mode(
    config: &LocalConfig,
    slack: &Slack,
    queues: &Queues,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Option<SocketMode>> {
    let Some(app_token) = &config.app_token else {
        return Ok(None);
    };
    let parts = socket_mode::Parts {
        slack: slack.client.clone(),
        app_token: app_token.clone(),
        intake: Intake {
            events: Arc::clone(&queues.events),
            commands: Arc::clone(&queues.commands),
        },
        clock,
    };
    Ok(Some(SocketMode::start(parts)?))
}

/// The three queues and their dead letters, with the timeouts that the cloud's have.
fn queues(file: &QueueFile) -> Queues {
    let queue = |name, visibility, dead_letters| -> Arc<dyn Queue> {
        let visibility = Duration::from_secs(visibility);
        Arc::new(file.queue(QueueSettings {
            name,
            visibility,
            max_receives: 5,
            dead_letters: Some(dead_letters),
        }))
    };
    Queues {
        events: queue("events", 180, "events-dlq"),
        commands: queue("commands", 90, "commands-dlq"),
        wake_ups: queue("delivery", 120, "delivery-dlq"),
    }
}

/// The settings, with services and channels for the stand-in's workspaces, so that there is something to see.
fn with_sandbox(mut config: LocalConfig, slack: &Slack) -> LocalConfig {
    if slack.sandbox.is_some() {
        sandbox::fill_in(&mut config.incidents.defaults);
    }
    config
}

fn workers(
    config: &LocalConfig,
    queues: &Queues,
    product: Arc<Product>,
    store: Store,
    metrics: PrometheusHandle,
) -> anyhow::Result<Workers> {
    let sender = Sender {
        boot: random_hex(8)?,
        exclusive: true,
    };
    let worker = |source: &Arc<dyn Queue>| product.worker(Arc::clone(source));
    Ok(Workers::start(Parts {
        workers: vec![worker(&queues.events), worker(&queues.commands)],
        deliverer: product.deliverer(sender, config.quiet),
        queues: queues.jobs(),
        product,
        store,
        upkeep: Box::new(move || metrics.run_upkeep()),
    }))
}
