//! Command: `tidegate admins list|add|remove`

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Remote;
use super::api::{Api, encoded};
use super::printed;

#[derive(Debug, Args)]
pub(super) struct AdminsArgs {
    #[command(subcommand)]
    command: AdminsCommand,
}

#[derive(Debug, Subcommand)]
enum AdminsCommand {
    /// List the people who administer a workspace besides Slack's own admins and owners.
    #[command(after_help = "Example: tidegate admins list --tenant T0123456789")]
    List {
        /// The workspace, `T…`, or organisation, `E…`.
        #[arg(long)]
        tenant: String,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Make a person an admin, in Tidegate and not in Slack.
    #[command(after_help = "Example: tidegate admins add U0123456789 --tenant T0123456789")]
    Add {
        /// The id of the person, `U…`.
        user: String,
        /// The workspace, `T…`, or organisation, `E…`.
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Take a person off the list. An admin of Slack stays one.
    #[command(after_help = "Example: tidegate admins remove U0123456789 --tenant T0123456789")]
    Remove {
        /// The id of the person, `U…`.
        user: String,
        /// The workspace, `T…`, or organisation, `E…`.
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(args: AdminsArgs) -> anyhow::Result<()> {
    let path = |user: &str| format!("/v1/admins/{}", encoded(user));
    match args.command {
        AdminsCommand::List {
            tenant,
            json,
            remote,
        } => {
            let query = [("tenant", tenant)];
            let list = Api::new(&remote)?.get("/v1/admins", &query).await?;
            print_list(&list, json);
        }
        AdminsCommand::Add {
            user,
            tenant,
            remote,
        } => {
            let query = [("tenant", tenant)];
            Api::new(&remote)?.put(&path(&user), &query).await?;
            anstream::println!("{user} is an admin.");
        }
        AdminsCommand::Remove {
            user,
            tenant,
            remote,
        } => {
            let query = [("tenant", tenant)];
            Api::new(&remote)?.delete(&path(&user), &query).await?;
            anstream::println!("{user} is no longer on the list.");
        }
    }
    Ok(())
}

fn print_list(list: &Value, json: bool) {
    let admins = list["admins"].as_array().map(Vec::as_slice);
    let admins = admins.unwrap_or_default();
    for admin in admins {
        if json {
            anstream::println!("{admin}");
        } else {
            anstream::println!("{}", printed::text(&admin["user"]));
        }
    }
    if json {
        return;
    }
    if admins.is_empty() {
        anstream::eprintln!("Nobody is on the list. Slack's admins and owners administer it.");
    }
    if let Some(first) = list["first_installer"].as_str().map(printed::plain) {
        anstream::eprintln!(
            "{first}, who installed the app first, administers it too, until another admin has signed in."
        );
    }
}
