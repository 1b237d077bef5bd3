//! Local mode as a process that is killed and started again on the same data folder, with the stand-in Slack outside it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;

use http::StatusCode;
use http::header::AUTHORIZATION;
use serde_json::Value;
use tempfile::TempDir;
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_pipeline::table::Table;
use tidegate_slack::http_client;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::held_port::HeldPort;
use crate::process::Program;
use crate::product::{OPERATOR_KEY, PATIENCE, SIGNING_SECRET, store_in, until};

/// The process, and all that outlives it.
pub struct Victim {
    program: Program,
    data: TempDir,
    /// Where it listens on 127.0.0.1, in every life.
    pub port: u16,
    /// Nobody else answers there while the process is dead.
    _held_port: HeldPort,
    slack_url: String,
    /// A client for requests to it.
    pub http: reqwest::Client,
    settings: Vec<(&'static str, &'static str)>,
    child: Child,
}

impl Victim {
    /// Starts it on a new data folder and a free port, with the Slack at `slack_url` and these settings on top.
    pub async fn start(
        program: Program,
        slack_url: String,
        settings: Vec<(&'static str, &'static str)>,
    ) -> Self {
        let data = TempDir::new().unwrap();
        let held_port = HeldPort::new();
        let port = held_port.number();
        let child = boot(program, data.path(), port, &slack_url, &settings);
        let http = http_client::build_with_timeout(PATIENCE).unwrap();
        let victim = Self {
            program,
            data,
            port,
            _held_port: held_port,
            slack_url,
            http,
            settings,
            child,
        };
        victim.up().await;
        victim
    }

    /// SIGKILL: nothing is finished, nothing is flushed.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again on its data folder and port, and waits until it answers.
    pub async fn restart(&mut self) {
        self.child = boot(
            self.program,
            self.data.path(),
            self.port,
            &self.slack_url,
            &self.settings,
        );
        self.up().await;
    }

    async fn up(&self) {
        until("the process is up", async || self.get("/health").await).await;
    }

    /// Asks the operator API; `None` unless it answers 200 with JSON.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let request = self
            .http
            .get(format!("http://127.0.0.1:{}{path}", self.port));
        let key = format!("Bearer {OPERATOR_KEY}");
        let answer = request.header(AUTHORIZATION, key).send().await.ok()?;
        (answer.status() == StatusCode::OK).then_some(())?;
        answer.json().await.ok()
    }

    /// The folder with table, queues and keys.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// The table's file, through a connection of its own.
    pub fn table(&self) -> Table {
        store_in(self.data.path()).table
    }
}

fn boot(
    program: Program,
    data: &Path,
    port: u16,
    slack_url: &str,
    settings: &[(&str, &str)],
) -> Child {
    Command::new(program.0)
        .args(["local", "--port", &port.to_string(), "--data-dir"])
        .arg(data)
        .env("SLACK_API_BASE_URL", format!("{slack_url}/api"))
        .env("SLACK_BOT_TOKEN", FakeConfig::default().bot_token)
        .env("SLACK_SIGNING_SECRET", SIGNING_SECRET)
        .env("TIDEGATE_OPERATOR_KEY", OPERATOR_KEY)
        .env("TIDEGATE_QUIET_SECONDS", "1")
        .env("TIDEGATE_LOG_LEVEL", "error")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The stand-in Slack, in this process.
pub async fn slack() -> (FakeSlack, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = FakeConfig {
        public_url: url.clone(),
        echo_bot_messages: false,
        ..FakeConfig::default()
    };
    let slack = FakeSlack::new(config);
    let router = slack.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (slack, url)
}
