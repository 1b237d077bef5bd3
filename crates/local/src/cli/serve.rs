//! Command: `tidegate [local] [--port 3000] [--data-dir .tidegate]`

use anstyle::{AnsiColor, Style};
use anyhow::Context;

use super::LocalArgs;
use crate::local::{Local, LocalConfig};
use crate::telemetry;

pub(super) async fn serve(args: LocalArgs) -> anyhow::Result<()> {
    let env = |name: &str| std::env::var(name).ok();
    let config = LocalConfig::read(args.port, args.data_dir.clone(), &env)?;
    telemetry::start_log(&env("TIDEGATE_LOG_LEVEL").unwrap_or_else(|| "info".to_owned()))?;
    let metrics = telemetry::start_metrics()?;
    let answers_mentions = config.domains.has("hello");
    let local = Local::start(config, metrics).await?;
    greet(&local, &args, answers_mentions);
    interrupted().await?;
    anstream::eprintln!("Finishing what is in work; once more to stop at once.");
    tokio::select! {
        () = local.drain() => Ok(()),
        again = interrupted() => again,
    }
}

/// Says where everything is, and what to try first if the domain that answers mentions is on.
fn greet(local: &Local, args: &LocalArgs, answers_mentions: bool) {
    let (bold, link, dim) = (
        Style::new().bold(),
        AnsiColor::Cyan.on_default().underline(),
        Style::new().dimmed(),
    );
    let url = format!("http://{}", local.address);
    anstream::println!("{bold}Tidegate{bold:#} is listening on {link}{url}{link:#}");
    if local.sandbox.is_some() {
        let hint = if answers_mentions {
            ": say hello to @tidegate"
        } else {
            ""
        };
        anstream::println!(
            "  sandbox   {link}{url}/sandbox{link:#}  {dim}a stand-in Slack{hint}{dim:#}"
        );
    } else if local.is_socket_mode() {
        anstream::println!(
            "  Slack     a real workspace over Socket Mode; the log says when it is connected (docs/connect.md)"
        );
    } else {
        anstream::println!(
            "  Slack     a real workspace; request URL {url}/slack/events (docs/connect.md)"
        );
    }
    anstream::println!("  metrics   {link}{url}/metrics{link:#}");
    anstream::println!(
        "  data      {}  {dim}on disk before it is acknowledged{dim:#}",
        args.data_dir.display()
    );
    if answers_mentions {
        anstream::println!(
            "  try       {bold}cargo run -- send events/app_mention.json{bold:#}  {dim}in another terminal{dim:#}"
        );
    }
    anstream::println!("{dim}Ctrl-C finishes what is in work and stops.{dim:#}");
}

/// Waits for Ctrl-C or the signal that service managers send.
async fn interrupted() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done.context("listen for Ctrl-C"),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("listen for Ctrl-C")
}
