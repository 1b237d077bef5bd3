//! `fake-statuspage`: a stand-in Statuspage.io on a loopback port.

use std::io::Write as _;
use std::net::Ipv4Addr;

use anyhow::Context as _;
use clap::Parser;
use tidegate_fake_statuspage::{FakeConfig, FakeStatuspage};

/// A stand-in Statuspage.io for trying a client without an account.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 4001)]
    port: u16,

    /// The key the client must use.
    #[arg(long, env = "STATUSPAGE_API_KEY", hide_env_values = true, default_value_t = FakeConfig::default().api_key)]
    api_key: String,

    /// The id of the page.
    #[arg(long, env = "STATUSPAGE_PAGE_ID", default_value_t = FakeConfig::default().page_id)]
    page_id: String,

    /// Calls in any minute; more are refused.
    #[arg(long, value_name = "N", default_value_t = FakeConfig::default().calls_per_minute)]
    calls_per_minute: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .with_context(|| format!("failed to listen on port {}", options.port))?;
    let address = listener.local_addr().context("failed to read the port")?;
    let fake = FakeStatuspage::new(FakeConfig {
        api_key: options.api_key,
        page_id: options.page_id,
        calls_per_minute: options.calls_per_minute,
        ..FakeConfig::default()
    });
    let mut out = std::io::stdout();
    writeln!(out, "API       http://{address}/v1")?;
    writeln!(out, "page      {}", fake.config().page_id)?;
    writeln!(out, "state     http://{address}/_fake/state")?;
    writeln!(out, "requests  http://{address}/_fake/requests")?;
    tokio::select! {
        served = axum::serve(listener, fake.router()) => served.context("failed to serve")?,
        stopped = tokio::signal::ctrl_c() => stopped.context("failed to wait for Ctrl-C")?,
    }
    Ok(())
}
