//! `fake-slack`: a stand-in Slack on a loopback port, with a page to look at.

use std::io::Write as _;
use std::net::Ipv4Addr;

use anyhow::Context as _;
use clap::Parser;
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_slack::redaction::Redacted;

/// A stand-in Slack for trying an app without a workspace.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  fake-slack --port 4000 --app-url http://127.0.0.1:3000 \\\n    \
        --signing-secret my-secret --bot-token my-token\n\n\
        Start the app with the same secret and token, and with http://127.0.0.1:4000/api as Slack's Web API.\n\
        Then open http://127.0.0.1:4000/ and type `/tidegate ping`."
)]
struct Options {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 4000)]
    port: u16,

    /// Base URL of the app: events go to `<url>/slack/events`.
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    app_url: String,

    /// Base URL at which the app reaches this stand-in, if it is not `http://127.0.0.1:<port>`.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// Signs everything sent to the app.
    #[arg(long, env = "SLACK_SIGNING_SECRET", hide_env_values = true, default_value_t = FakeConfig::default().signing_secret)]
    signing_secret: String,

    /// The token the app must use.
    #[arg(long, env = "SLACK_BOT_TOKEN", hide_env_values = true, default_value_t = FakeConfig::default().bot_token)]
    bot_token: String,

    /// The app-level token, which opens Socket Mode.
    #[arg(long, env = "SLACK_APP_TOKEN", hide_env_values = true, default_value_t = FakeConfig::default().app_token)]
    app_token: String,

    /// The app's OAuth client id.
    #[arg(long, env = "SLACK_CLIENT_ID", default_value_t = FakeConfig::default().client_id)]
    client_id: String,

    /// The app's OAuth client secret.
    #[arg(long, env = "SLACK_CLIENT_SECRET", hide_env_values = true, default_value_t = FakeConfig::default().client_secret)]
    client_secret: String,

    /// Let tokens from OAuth expire after twelve hours.
    #[arg(long)]
    token_rotation: bool,

    /// Answer posts beyond this many a second in one channel with a 429.
    #[arg(long, value_name = "N")]
    limit_per_channel_per_second: Option<usize>,

    /// Do not send the bot's own posts back to the app.
    #[arg(long)]
    no_echo: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(|| Redacted(std::io::stderr()))
        .init();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .with_context(|| format!("failed to listen on port {}", options.port))?;
    let page = format!(
        "http://{}",
        listener.local_addr().context("failed to read the port")?
    );
    let fake = FakeSlack::new(FakeConfig {
        signing_secret: options.signing_secret,
        bot_token: options.bot_token,
        app_token: options.app_token,
        client_id: options.client_id,
        client_secret: options.client_secret,
        token_rotation: options.token_rotation,
        app_url: Some(options.app_url.clone()),
        public_url: options.public_url.unwrap_or_else(|| page.clone()),
        limit_per_channel_per_second: options.limit_per_channel_per_second,
        echo_bot_messages: !options.no_echo,
        ..FakeConfig::default()
    });
    let mut out = std::io::stdout();
    writeln!(out, "Slack sandbox  {page}/")?;
    writeln!(out, "Web API        {page}/api")?;
    writeln!(out, "sends to       {}", options.app_url)?;
    tokio::select! {
        served = axum::serve(listener, fake.router()) => served.context("failed to serve")?,
        stopped = tokio::signal::ctrl_c() => stopped.context("failed to wait for Ctrl-C")?,
    }
    Ok(())
}
