//! The command line. Exit codes: 0 when it worked, 1 when it did not, 2 when the call itself was wrong.

mod admins;
mod api;
mod bench;
mod events;
mod hooks;
mod incidents;
mod keys;
mod manifest;
mod more;
mod posts;
mod printed;
mod send;
mod serve;
mod workspaces;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tidegate_slack::redaction;

const EXAMPLES: &str = "Examples:
  tidegate                                  serve on 127.0.0.1:3000, data in .tidegate
  tidegate --port 4000 --data-dir /tmp/td   serve elsewhere
  tidegate send events/app_mention.json     sign and send a recorded request
  tidegate events list                      what has come in
  tidegate events list --state parked       what was set aside";

/// A Slack backend: receives, stores and answers, on a laptop or on AWS.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    local: LocalArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve in this process: HTTP front, table, queues, workers, and a stand-in Slack while no token is set.
    #[command(after_help = "Example: tidegate local --port 4000 --data-dir /tmp/td")]
    Local(LocalArgs),
    /// Sign and send a recorded request, and tell what came of it.
    Send(send::SendArgs),
    /// Look at the requests that came in, and replay one.
    #[command(after_help = "Example: tidegate events list --state parked")]
    Events(events::EventsArgs),
    /// Look at posts and effects that were set aside, and send one again.
    #[command(after_help = "Example: tidegate posts list")]
    Posts(posts::PostsArgs),
    /// Make, list and revoke the API keys of a workspace.
    #[command(after_help = "Example: tidegate keys list --tenant T0123456789")]
    Keys(keys::KeysArgs),
    /// List, add and remove the people who administer a workspace besides Slack's own admins.
    #[command(after_help = "Example: tidegate admins list --tenant T0123456789")]
    Admins(admins::AdminsArgs),
    /// Look at the workspaces that installed the app; disconnect, erase, or give them new keys.
    #[command(after_help = "Example: tidegate workspaces list")]
    Workspaces(workspaces::WorkspacesArgs),
    /// List, show and declare incidents.
    #[command(after_help = "Example: tidegate incidents list --tenant T0123456789")]
    Incidents(incidents::IncidentsArgs),
    /// Send Slack's events on to receivers, look at the deliveries, and replay them.
    #[command(after_help = "Example: tidegate hooks list --tenant T0123456789")]
    Hooks(hooks::HooksArgs),
    /// Print the Slack app's manifest, for the domains that are on.
    Manifest(manifest::ManifestArgs),
    /// Measure local mode: events a second, acknowledgement times, nothing lost, nothing twice.
    Bench(bench::BenchArgs),
}

#[derive(Debug, Clone, Args)]
struct LocalArgs {
    /// Port on 127.0.0.1 to serve at.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Folder for table, queues and made-up secrets.
    #[arg(long, default_value = ".tidegate", env = "TIDEGATE_DATA_DIR")]
    data_dir: PathBuf,
}

/// Where the operator API is, and the key to it.
#[derive(Debug, Clone, Args)]
struct Remote {
    /// Where Tidegate is: local mode, or the `ApiUrl` of a deployment.
    #[arg(long, default_value = "http://127.0.0.1:3000", env = "TIDEGATE_URL")]
    url: String,
    /// The operator key of a deployment. Local mode's own is read from the data folder.
    #[arg(long, env = "TIDEGATE_OPERATOR_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Data folder of the local mode that is meant.
    #[arg(long, default_value = ".tidegate", env = "TIDEGATE_DATA_DIR")]
    data_dir: PathBuf,
}

/// Runs one call of the command line. Answers 1 if it failed.
pub fn run(cli: Cli) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => return failed(&e.into()),
    };
    let done = runtime.block_on(async {
        match cli.command {
            None => serve::serve(cli.local).await,
            Some(Command::Local(args)) => serve::serve(args).await,
            Some(Command::Send(args)) => send::send(args).await,
            Some(Command::Events(args)) => events::run(args).await,
            Some(Command::Posts(args)) => posts::run(args).await,
            Some(Command::Keys(args)) => keys::run(args).await,
            Some(Command::Admins(args)) => admins::run(args).await,
            Some(Command::Workspaces(args)) => workspaces::run(args).await,
            Some(Command::Incidents(args)) => incidents::run(args).await,
            Some(Command::Hooks(args)) => hooks::run(args).await,
            Some(Command::Manifest(args)) => manifest::run(&args),
            Some(Command::Bench(args)) => bench::run(args).await,
        }
    });
    // Threads that are still blocked in the database must not keep a finished call from returning.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => failed(&e),
    }
}

fn failed(e: &anyhow::Error) -> ExitCode {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let text = format!("{e:#}");
    // An error may quote a setting, such as an address with a password in it.
    anstream::eprintln!("{red}error{red:#}: {}", redaction::line(&text));
    ExitCode::FAILURE
}
