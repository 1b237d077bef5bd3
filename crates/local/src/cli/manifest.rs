//! Command: `tidegate manifest`

use anyhow::Context as _;
use clap::Args;
use tidegate_app::domains::DomainChoice;
use tidegate_app::manifest::manifest;
use tidegate_pipeline::config::Environment;

#[derive(Debug, Args)]
#[command(
    after_help = "Example: tidegate manifest --domains hello --host abc.execute-api.eu-west-1.amazonaws.com"
)]
pub(super) struct ManifestArgs {
    /// The domains that are on, separated by commas; all of them without it.
    #[arg(long, env = "TIDEGATE_DOMAINS")]
    domains: Option<String>,
    /// The host at which Slack reaches Tidegate.
    #[arg(long, default_value = "YOUR-HOST", value_parser = host)]
    host: String,
}

/// Prints JSON, which Slack takes under "Create an app" and "From a manifest".
pub(super) fn run(args: &ManifestArgs) -> anyhow::Result<()> {
    let chosen = |name: &str| args.domains.clone().filter(|_| name == "TIDEGATE_DOMAINS");
    let environment = Environment::new(&chosen);
    let domains = DomainChoice::read(&environment);
    let domains = environment
        .finish(domains)
        .context("read `--domains` (or TIDEGATE_DOMAINS)")?;
    anstream::println!("{:#}", manifest(&domains, &args.host));
    Ok(())
}

/// A host, perhaps with a port: no scheme, and no path.
fn host(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("it takes a host alone, such as abc.execute-api.eu-west-1.amazonaws.com".to_owned())
}
