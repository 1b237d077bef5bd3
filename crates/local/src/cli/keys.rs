//! Command: `tidegate keys create|list|revoke`

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tidegate_app::api::Scope;
use tidegate_app::domains;

use super::Remote;
use super::api::{Api, encoded};
use super::printed;

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key for a program. It is printed once and stored as a hash only.
    #[command(
        after_help = "Example: tidegate keys create --tenant T0123456789 --name reports --scopes workspace:read --expires 90d"
    )]
    Create {
        /// The workspace or organisation whose data it opens.
        #[arg(long)]
        tenant: String,
        /// The name that people read.
        #[arg(long)]
        name: String,
        /// The scopes that it gets, with commas between.
        #[arg(long, value_delimiter = ',', required = true, value_parser = scopes())]
        scopes: Vec<String>,
        /// When it ends, in days: `90d`. Without it, never.
        #[arg(long, value_parser = days)]
        expires: Option<u32>,
        /// The answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// List the keys of a workspace: id, name, scopes, state, when it ends and when it was last used.
    #[command(after_help = "Example: tidegate keys list --tenant T0123456789 --json")]
    List {
        /// The workspace or organisation.
        #[arg(long)]
        tenant: String,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Revoke a key: from now on it opens nothing.
    #[command(after_help = "Example: tidegate keys revoke T0123456789_0a1b2c3d4e5f6a7b")]
    Revoke {
        /// Its id, as `list` shows it.
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(args: KeysArgs) -> anyhow::Result<()> {
    match args.command {
        KeysCommand::Create {
            tenant,
            name,
            scopes,
            expires,
            json,
            remote,
        } => {
            let wanted = json!({"name": name, "scopes": scopes, "expires_days": expires});
            let query = [("tenant", tenant)];
            let made = Api::new(&remote)?
                .post_json("/v1/keys", &query, &wanted, None)
                .await?;
            if json {
                anstream::println!("{made}");
            } else {
                anstream::println!("{}", printed::text(&made["key"]));
                anstream::eprintln!(
                    "Keep it now: it is not shown again. Its id is {}.",
                    printed::text(&made["id"])
                );
            }
        }
        KeysCommand::List {
            tenant,
            json,
            remote,
        } => print_list(&Api::new(&remote)?, &tenant, json).await?,
        KeysCommand::Revoke { id, remote } => {
            let path = format!("/v1/keys/{}", encoded(&id));
            Api::new(&remote)?.delete(&path, &[]).await?;
            anstream::println!("{id} is revoked.");
        }
    }
    Ok(())
}

/// Every page of the list.
async fn print_list(api: &Api, tenant: &str, json: bool) -> anyhow::Result<()> {
    let (mut next, mut any) = (None, false);
    loop {
        let mut query = vec![("tenant", tenant.to_owned())];
        query.extend(next.map(|next| ("after", next)));
        let page = api.get("/v1/keys", &query).await?;
        for key in page["keys"].as_array().into_iter().flatten() {
            any = true;
            if json {
                anstream::println!("{key}");
            } else {
                print_key(key);
            }
        }
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    if !any && !json {
        anstream::eprintln!("No keys. `tidegate keys create` makes one.");
    }
    Ok(())
}

fn print_key(key: &Value) {
    let (ends, used) = (moment(key, "expires_at_ms"), moment(key, "last_used_at_ms"));
    anstream::println!(
        "{}  {:<8}  ends {ends:<20}  used {used:<20}  {}  {}",
        printed::text(&key["id"]),
        printed::text(&key["state"]),
        printed::list(&key["scopes"]),
        printed::text(&key["name"]),
    );
}

/// A moment to the second, or `never`.
fn moment(key: &Value, name: &str) -> String {
    let moment = key[name].as_i64();
    let moment = moment.and_then(|ms| jiff::Timestamp::from_second(ms.div_euclid(1000)).ok());
    moment.map_or("never".to_owned(), |moment| moment.to_string())
}

fn scopes() -> PossibleValuesParser {
    PossibleValuesParser::new(domains::scopes().map(Scope::as_str))
}

/// `90d` as a number of days.
fn days(text: &str) -> Result<u32, String> {
    let days = text.strip_suffix('d').unwrap_or(text).parse();
    let fits = days.ok().filter(|days| (1..=3650).contains(days));
    fits.ok_or_else(|| "it takes days from 1d to 3650d".to_owned())
}
