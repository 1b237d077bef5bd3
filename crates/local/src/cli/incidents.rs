//! Command: `tidegate incidents list|show|declare`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Remote;
use super::api::{Api, encoded};
use super::printed;

#[derive(Debug, Args)]
pub(super) struct IncidentsArgs {
    #[command(subcommand)]
    command: IncidentsCommand,
}

#[derive(Debug, Subcommand)]
enum IncidentsCommand {
    /// List the open incidents, the worst first; or all of a month, the newest first.
    #[command(after_help = "Examples:
  tidegate incidents list --tenant T0123456789
  tidegate incidents list --tenant T0123456789 --all --month 2026-11 --service api")]
    List {
        #[command(flatten)]
        of: Workspace,
        /// Also incidents that are over.
        #[arg(long)]
        all: bool,
        /// Only incidents of this severity: P1 to P4.
        #[arg(long)]
        severity: Option<String>,
        /// Only incidents of this service, by its slug.
        #[arg(long)]
        service: Option<String>,
        /// Only incidents of this month, such as 2026-11. With --all the default is the present month.
        #[arg(long)]
        month: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show an incident: its status, people, milestones and links. Prints JSON.
    #[command(after_help = "Example: tidegate incidents show INC-12 --tenant T0123456789")]
    Show {
        /// Its number or id.
        id: String,
        #[command(flatten)]
        of: Workspace,
        #[command(flatten)]
        remote: Remote,
    },
    /// Declare an incident. Tidegate makes its channel and notifies the people who are to hear of it.
    #[command(after_help = "Examples:
  tidegate incidents declare 'Checkout is down' --severity P1 --service api --tenant T0123456789
  tidegate incidents declare 'Disk full on db-1' --once disk-db-1-2026-11-21 --tenant T0123456789")]
    Declare {
        /// The title, in one line.
        title: String,
        /// The severity, P1 to P4; P2 by default.
        #[arg(long)]
        severity: Option<String>,
        /// A service that it concerns; may be given several times.
        #[arg(long = "service")]
        services: Vec<String>,
        /// A description of several lines.
        #[arg(long)]
        description: Option<String>,
        /// The person who leads it: `U…`.
        #[arg(long)]
        commander: Option<String>,
        /// Show it to participants only.
        #[arg(long)]
        private: bool,
        /// A rehearsal: no status page, no statistics.
        #[arg(long)]
        drill: bool,
        /// A key of the incident: it is declared once, even if this is run several times with the key.
        #[arg(long)]
        once: Option<String>,
        #[command(flatten)]
        of: Workspace,
        #[command(flatten)]
        remote: Remote,
    },
}

/// The workspace of the incidents. An API key opens one workspace only, so it needs no name.
#[derive(Debug, Args)]
struct Workspace {
    /// `T…` or `E…`; not needed with an API key.
    #[arg(long)]
    tenant: Option<String>,
}

impl Workspace {
    fn query(self) -> Vec<(&'static str, String)> {
        self.tenant.map(|t| ("tenant", t)).into_iter().collect()
    }
}

pub(super) async fn run(args: IncidentsArgs) -> anyhow::Result<()> {
    match args.command {
        IncidentsCommand::List {
            of,
            all,
            severity,
            service,
            month,
            json,
            remote,
        } => {
            let mut query = of.query();
            query.extend(all.then(|| ("status", "all".to_owned())));
            query.extend(severity.map(|severity| ("severity", severity)));
            query.extend(service.map(|service| ("service", service)));
            query.extend(month.map(|month| ("month", month)));
            list(&Api::new(&remote)?, query, json).await
        }
        IncidentsCommand::Show { id, of, remote } => {
            let path = format!("/v1/incidents/{}", encoded(&id));
            let answer = Api::new(&remote)?.get(&path, &of.query()).await?;
            anstream::println!("{:#}", answer["incident"]);
            Ok(())
        }
        IncidentsCommand::Declare {
            title,
            severity,
            services,
            description,
            commander,
            private,
            drill,
            once,
            of,
            remote,
        } => {
            let wanted = json!({
                "title": title,
                "severity": severity,
                "services": services,
                "description": description,
                "commander": commander,
                "private": private,
                "drill": drill,
            });
            let api = Api::new(&remote)?;
            declare(&api, &of.query(), &wanted, once.as_deref()).await
        }
    }
}

async fn declare(
    api: &Api,
    query: &[(&str, String)],
    wanted: &Value,
    once: Option<&str>,
) -> anyhow::Result<()> {
    let answer = api.post_json("/v1/incidents", query, wanted, once).await?;
    let name = printed::text(&answer["incident"]["name"]);
    if answer["declared"] == true {
        anstream::println!("{name} is declared.");
    } else {
        anstream::println!("{name} was declared before with this key.");
    }
    Ok(())
}

async fn list(api: &Api, query: Vec<(&'static str, String)>, json: bool) -> anyhow::Result<()> {
    let (mut next, mut any) = (None, false);
    loop {
        let mut query = query.clone();
        query.extend(next.map(|next| ("after", next)));
        let page = api.get("/v1/incidents", &query).await?;
        for incident in page["incidents"].as_array().into_iter().flatten() {
            any = true;
            if json {
                anstream::println!("{incident}");
            } else {
                print_line(incident);
            }
        }
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    if !any && !json {
        anstream::eprintln!("No such incidents.");
    }
    Ok(())
}

fn print_line(incident: &Value) {
    let text = |name: &str| printed::text(&incident[name]);
    let mark = |name: &str, shown| if incident[name] == true { shown } else { "" };
    anstream::println!(
        "{:<8}  {}  {:<13}  {}{}{}",
        text("name"),
        text("severity"),
        text("status"),
        text("title"),
        mark("private", "  (private)"),
        mark("drill", "  (drill)"),
    );
}
