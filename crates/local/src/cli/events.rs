//! Command: `tidegate events list|show|replay`

use anstyle::{AnsiColor, Style};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::Remote;
use super::api::{Api, encoded, is_here};
use super::more::Listed;
use super::printed;

#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// List requests, newest first: event id, tenant, type, state, attempts. With `--state parked` the one that was set aside first
    /// comes first, with `--state waiting` the one that is tried next; both ignore `--hours`.
    #[command(after_help = "Example: tidegate events list --state parked --json")]
    List {
        /// Only requests in this state.
        #[arg(long, value_enum, default_value_t = State::All)]
        state: State,
        /// Only this workspace's or organisation's.
        #[arg(long)]
        tenant: Option<String>,
        /// How many hours back.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
        hours: u32,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one request, what came of it and its posts. Tokens and URLs that work as keys are hidden.
    #[command(after_help = "Example: tidegate events show Ev0123456789")]
    Show {
        /// The event id of the request.
        id: String,
        /// Its tenant, which spares a search.
        #[arg(long)]
        tenant: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Queue a request again. Work that is done is not done twice.
    #[command(
        after_help = "Examples:\n  tidegate events replay Ev0123456789\n  tidegate events replay Ev0123456789 --domain incidents"
    )]
    Replay {
        /// The event id of the request.
        id: String,
        /// Only the share of this domain: its part of an event that the other domains have done.
        #[arg(long)]
        domain: Option<String>,
        /// Its tenant, which spares a search.
        #[arg(long)]
        tenant: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// Requests in any state.
    All,
    /// Requests that wait for a person, and those with a share that does.
    Parked,
    /// Requests with a share that is tried again by itself.
    Waiting,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Parked => "parked",
            Self::Waiting => "waiting",
        }
    }

    /// The state before the word "requests", with a space behind it.
    fn adjective(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Parked => "parked ",
            Self::Waiting => "waiting ",
        }
    }
}

pub(super) async fn run(args: EventsArgs) -> anyhow::Result<()> {
    match args.command {
        EventsCommand::List {
            state,
            tenant,
            hours,
            limit,
            json,
            remote,
        } => {
            let since = jiff::Timestamp::now().as_second() - i64::from(hours) * 3600;
            let mut query = vec![
                ("state", state.as_str().to_owned()),
                ("since", since.to_string()),
            ];
            query.extend(tenant.map(|tenant| ("tenant", tenant)));
            let (api, limit) = (Api::new(&remote)?, usize::try_from(limit)?);
            let path = "/v1/operator/events";
            let listed = Listed::read(&api, path, &query, "events", limit).await?;
            print_list(&listed, json, state, &remote);
        }
        EventsCommand::Show { id, tenant, remote } => {
            let shown = Api::new(&remote)?
                .get(&path(&id), &tenant_query(tenant))
                .await?;
            anstream::println!("{shown:#}");
        }
        EventsCommand::Replay {
            id,
            domain,
            tenant,
            remote,
        } => {
            let path = format!("{}/replay", path(&id));
            let mut query = tenant_query(tenant);
            query.extend(domain.map(|domain| ("domain", domain)));
            let answer = Api::new(&remote)?.post(&path, &query).await?;
            anstream::println!("{}", printed::text(&answer["message"]));
        }
    }
    Ok(())
}

/// The path of an event.
pub(super) fn path(id: &str) -> String {
    format!("/v1/operator/events/{}", encoded(id))
}

fn tenant_query(tenant: Option<String>) -> Vec<(&'static str, String)> {
    tenant
        .map(|tenant| ("tenant", tenant))
        .into_iter()
        .collect()
}

fn print_list(listed: &Listed, json: bool, state: State, remote: &Remote) {
    if json {
        for event in &listed.entries {
            anstream::println!("{event}");
        }
    } else {
        print_table(&listed.entries, state, remote);
    }
    listed.print_rest(match state {
        State::All => "narrow with --hours or --tenant",
        State::Parked | State::Waiting => "narrow with --tenant",
    });
}

fn print_table(events: &[Value], state: State, remote: &Remote) {
    if events.is_empty() {
        let hint = match state {
            State::All if is_here(&remote.url) => {
                " `tidegate send events/app_mention.json` sends one."
            }
            _ => "",
        };
        anstream::eprintln!("No {}requests.{hint}", state.adjective());
        return;
    }
    let dim = Style::new().dimmed();
    anstream::println!(
        "{dim}{:<20}  {:<36}  {:<12}  {:<24}  {:<9}  attempts{dim:#}",
        "dispatched",
        "event id",
        "tenant",
        "type",
        "state"
    );
    events.iter().for_each(print_event);
}

/// Prints one line of a request, and one for each of its shares.
fn print_event(event: &Value) {
    let dim = Style::new().dimmed();
    let text = |name: &str| printed::text(&event[name]);
    let at = event["at"]
        .as_i64()
        .and_then(|s| jiff::Timestamp::from_second(s).ok());
    let at = at.map(|t| t.to_string()).unwrap_or_default();
    let attempts = event["attempts"]
        .as_i64()
        .map_or("-".to_owned(), |n| n.to_string());
    let state = text("state");
    let style = match &*state {
        "done" => AnsiColor::Green.on_default(),
        "parked" => AnsiColor::Red.on_default().bold(),
        _ => AnsiColor::Yellow.on_default(),
    };
    let reason = text("reason");
    anstream::println!(
        "{at:<20}  {:<36}  {:<12}  {:<24}  {style}{state:<9}{style:#}  {attempts}  {reason}",
        text("event_id"),
        text("tenant"),
        text("type"),
    );
    for share in event["shares"].as_array().into_iter().flatten() {
        let text = |name: &str| printed::text(&share[name]);
        let (domain, state) = (text("domain"), text("state"));
        anstream::println!("{dim}{:<22}share of {domain}: {state}{dim:#}", "");
    }
}
