//! The processes of a benchmark: Tidegate as a child, the stand-in Slack in here.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use secrecy::SecretString;
use tidegate_fake_slack::FakeSlack;
use tidegate_pipeline::entropy::random_hex;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// The stand-in's only token; it never leaves this machine.
const TOKEN: &str = "bench-token";

/// A Tidegate under measurement.
pub(super) struct Tidegate {
    child: Child,
    pub(super) pid: u32,
    pub(super) url: String,
    pub(super) secret: SecretString,
}

/// Serves a stand-in Slack on a free port; answers its URL.
pub(super) async fn serve_fake() -> anyhow::Result<(FakeSlack, String)> {
    let fake = FakeSlack::new(tidegate_fake_slack::FakeConfig {
        bot_token: TOKEN.to_owned(),
        echo_bot_messages: false,
        ..Default::default()
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = fake.router();
    tokio::spawn(async move {
        if let Err(e) = axum::serve(listener, router).await {
            tracing::error!(error = %e, "the stand-in Slack stopped");
        }
    });
    Ok((fake, url))
}

impl Tidegate {
    /// Starts this same program as a server with its data in `folder`.
    pub(super) async fn start(folder: &Path, fake_url: &str) -> anyhow::Result<Self> {
        let secret = random_hex(16)?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["local", "--port", "0", "--data-dir"])
            .arg(folder)
            .env("SLACK_SIGNING_SECRET", &secret)
            .env("SLACK_BOT_TOKEN", TOKEN)
            .env("SLACK_API_BASE_URL", format!("{fake_url}/api"))
            .env("TIDEGATE_LOG_LEVEL", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("start tidegate")?;
        let pid = child.id().context("tidegate ended at once")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, url)) = line.split_once("listening on ") {
                let url = url.trim().to_owned();
                // The pipe stays open, or the child's next line would be an error to it.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self {
                    child,
                    pid,
                    url,
                    secret: secret.into(),
                });
            }
        }
        bail!("tidegate did not start");
    }

    /// Asks it to finish what is in work and end.
    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        let status = Command::new("kill")
            .args(["-TERM", &self.pid.to_string()])
            .status()
            .await?;
        anyhow::ensure!(status.success(), "tidegate could not be told to stop");
        tokio::time::timeout(Duration::from_mins(1), self.child.wait())
            .await
            .context("tidegate did not stop within a minute")??;
        Ok(())
    }
}

/// Resident memory of a process in MB, where the system tells.
pub(super) fn memory_mb(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kb: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024)
}

/// CPU time that a process has used so far, in seconds, where the system tells.
pub(super) fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so the fields are counted from behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    // Linux counts in hundredths of a second for every program, even if its own tick is another.
    Some(ticks / 100.0)
}
