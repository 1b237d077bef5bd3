//! Command: `tidegate workspaces list|show|disconnect|erase|reseal`

use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::Value;
use tidegate_pipeline::clock::{Clock, SystemClock};

use super::Remote;
use super::api::{Api, encoded};
use super::printed;

/// How often an erasure is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct WorkspacesArgs {
    #[command(subcommand)]
    command: WorkspacesCommand,
}

#[derive(Debug, Subcommand)]
enum WorkspacesCommand {
    /// List the workspaces and organisations, and how each is connected.
    #[command(after_help = "Example: tidegate workspaces list --json")]
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one: its state, scopes, bot, and who installed it. Prints JSON.
    #[command(after_help = "Example: tidegate workspaces show T0123456789")]
    Show {
        /// Id of the workspace, `T…`, or of the organisation, `E…`.
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// End its tokens, at Slack and here. Its data stays, and its posts wait for a new install.
    #[command(after_help = "Example: tidegate workspaces disconnect T0123456789")]
    Disconnect {
        /// Id of the workspace, `T…`, or of the organisation, `E…`.
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Erase everything that is stored of it, backups included: its keys are destroyed. There is no way back.
    #[command(after_help = "Example: tidegate workspaces erase T0123456789 --yes")]
    Erase {
        /// Id of the workspace, `T…`, or of the organisation, `E…`.
        id: String,
        /// Do it without asking for the id again.
        #[arg(long)]
        yes: bool,
        /// Return once it is marked as erased, before its keys are destroyed and the last row is gone.
        #[arg(long)]
        no_wait: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Give every workspace a new data key under the newest master key. Nothing stands still meanwhile.
    #[command(after_help = "Example: tidegate workspaces reseal")]
    Reseal {
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(args: WorkspacesArgs) -> anyhow::Result<()> {
    match args.command {
        WorkspacesCommand::List { json, remote } => list(&Api::new(&remote)?, json).await,
        WorkspacesCommand::Show { id, remote } => {
            let answer = Api::new(&remote)?.get(&path(&id), &[]).await?;
            anstream::println!("{:#}", answer["workspace"]);
            Ok(())
        }
        WorkspacesCommand::Disconnect { id, remote } => {
            let query = [("tenant", id.clone())];
            let api = Api::new(&remote)?;
            let answer = api.post("/api/auth/slack/disconnect", &query).await?;
            anstream::println!("{id} is disconnected.");
            if answer["revoked_at_slack"] == false {
                anstream::eprintln!(
                    "Slack did not confirm it: remove the app in the workspace's settings too."
                );
            }
            Ok(())
        }
        WorkspacesCommand::Erase {
            id,
            yes,
            no_wait,
            remote,
        } => {
            if !yes && !confirmed(&id)? {
                bail!("not erased: the id was not repeated; `--yes` does it without asking");
            }
            erase(&Api::new(&remote)?, &id, !no_wait).await
        }
        WorkspacesCommand::Reseal { remote } => reseal(&Api::new(&remote)?).await,
    }
}

async fn list(api: &Api, json: bool) -> anyhow::Result<()> {
    let (mut next, mut any) = (None, false);
    loop {
        let query: Vec<_> = next.map(|next| ("after", next)).into_iter().collect();
        let page = api.get("/v1/workspaces", &query).await?;
        for workspace in page["workspaces"].as_array().into_iter().flatten() {
            any = true;
            if json {
                anstream::println!("{workspace}");
            } else {
                print_line(workspace);
            }
        }
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    if !any && !json {
        anstream::eprintln!(
            "No workspaces yet. People install the app at /slack/install; the sandbox's own is listed once it has sent something."
        );
    }
    Ok(())
}

fn print_line(workspace: &Value) {
    let text = |pointer: &str| workspace.pointer(pointer)?.as_str().map(printed::plain);
    let name = text("/team/name")
        .or(text("/enterprise/name"))
        .unwrap_or_default();
    let missing = match printed::list(&workspace["missing_scopes"]) {
        missing if missing.is_empty() => missing,
        missing => format!("  lacks {missing}"),
    };
    let reason = text("/reason").map(|reason| format!("  ({reason})"));
    anstream::println!(
        "{:<12}  {:<13}  {name}{}{missing}",
        text("/id").unwrap_or_default(),
        text("/state").unwrap_or_default(),
        reason.unwrap_or_default(),
    );
}

fn confirmed(id: &str) -> anyhow::Result<bool> {
    anstream::eprint!("Everything of {id} will be gone for good. Type the id again: ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == id)
}

async fn erase(api: &Api, id: &str, wait: bool) -> anyhow::Result<()> {
    let answer = api.delete(&path(id), &[]).await?;
    anstream::eprintln!("{id}: {}", printed::text(&answer["message"]));
    if answer["revoked_at_slack"] == false {
        anstream::eprintln!(
            "Slack did not confirm the end of its tokens: remove the app in the workspace too."
        );
    }
    if !wait {
        return Ok(());
    }
    anstream::eprintln!("Removing rows; on AWS that takes some minutes …");
    while api.find(&path(id), &[]).await?.is_some() {
        SystemClock.sleep(LOOK_EVERY).await;
    }
    anstream::println!("{id} is erased.");
    Ok(())
}

async fn reseal(api: &Api) -> anyhow::Result<()> {
    let (mut next, mut renewed, mut failed) = (None::<String>, 0, Vec::new());
    loop {
        let query: Vec<_> = next.map(|next| ("after", next)).into_iter().collect();
        let page = api.post("/v1/operator/reseal", &query).await?;
        renewed += page["renewed"].as_u64().unwrap_or(0);
        let more = page["failed"].as_array().into_iter().flatten();
        failed.extend(more.filter_map(Value::as_str).map(str::to_owned));
        anstream::eprintln!("{renewed} workspaces …");
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            let workspaces = if renewed == 1 {
                "workspace has"
            } else {
                "workspaces have"
            };
            anstream::println!("{renewed} {workspaces} new keys.");
            if !failed.is_empty() {
                let failed = failed.join(", ");
                anyhow::bail!(
                    "no new keys for {failed}: keep the old master key, repair what the log says (`reseal.failed`), and run this again"
                );
            }
            return Ok(());
        }
    }
}

fn path(id: &str) -> String {
    format!("/v1/workspaces/{}", encoded(id))
}
