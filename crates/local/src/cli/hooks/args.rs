//! What `tidegate hooks` takes.

use clap::{ArgGroup, Args, Subcommand};

use crate::cli::Remote;

#[derive(Debug, Args)]
pub(in crate::cli) struct HooksArgs {
    #[command(subcommand)]
    pub(super) command: HooksCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum HooksCommand {
    /// Make a hook. Its secret is printed once.
    #[command(after_help = "Examples:
  tidegate hooks add https://example.com/slack --events app_mention,reaction_added --tenant T0123456789
  tidegate hooks add https://example.com/slack --events message --channel C0123456789 --notify U0123456789")]
    Add(Add),
    /// List the hooks of a workspace.
    #[command(after_help = "Example: tidegate hooks list --tenant T0123456789 --json")]
    List {
        #[command(flatten)]
        of: Place,
    },
    /// Show a hook. Prints JSON.
    #[command(after_help = "Example: tidegate hooks show hook_0a1b2c3d4e5f6a7b")]
    Show {
        #[command(flatten)]
        hook: Hook,
    },
    /// Change a hook: its receiver, its events, its channels, or who is told when it is disabled.
    #[command(
        after_help = "Example: tidegate hooks change hook_0a1b2c3d4e5f6a7b --events app_mention,message"
    )]
    Change(Change),
    /// Send deliveries again after a hook was disabled. What it missed can be replayed.
    #[command(after_help = "Example: tidegate hooks enable hook_0a1b2c3d4e5f6a7b")]
    Enable {
        #[command(flatten)]
        hook: Hook,
    },
    /// Send nothing more, and keep the hook. What waits has failed.
    #[command(after_help = "Example: tidegate hooks disable hook_0a1b2c3d4e5f6a7b")]
    Disable {
        #[command(flatten)]
        hook: Hook,
    },
    /// Delete a hook. Its deliveries can no longer be seen.
    #[command(after_help = "Example: tidegate hooks remove hook_0a1b2c3d4e5f6a7b")]
    Remove {
        #[command(flatten)]
        hook: Hook,
    },
    /// Give a hook a new secret, which is printed once. The old one signs beside it for 24 hours.
    #[command(after_help = "Example: tidegate hooks secret hook_0a1b2c3d4e5f6a7b")]
    Secret {
        #[command(flatten)]
        hook: Hook,
    },
    /// Send a test delivery.
    #[command(after_help = "Example: tidegate hooks test hook_0a1b2c3d4e5f6a7b")]
    Test {
        #[command(flatten)]
        hook: Hook,
    },
    /// List the deliveries of a hook, newest first; or show one with its attempts, as JSON.
    #[command(after_help = "Examples:
  tidegate hooks deliveries hook_0a1b2c3d4e5f6a7b --limit 20
  tidegate hooks deliveries hook_0a1b2c3d4e5f6a7b msg_018bcfe568000a1b2c3d4e5f6a7b")]
    Deliveries(Deliveries),
    /// Replay one delivery at once, or those of a span of time a few at a time.
    #[command(after_help = "Examples:
  tidegate hooks replay hook_0a1b2c3d4e5f6a7b msg_018bcfe568000a1b2c3d4e5f6a7b
  tidegate hooks replay hook_0a1b2c3d4e5f6a7b --hours 72
  tidegate hooks replay hook_0a1b2c3d4e5f6a7b --since 2026-11-21T08:00:00Z --until 2026-11-21T09:30:00Z --all")]
    Replay(Replay),
}

/// The workspace, and how the answer is printed.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// `T…` or `E…`; not needed with an API key.
    #[arg(long)]
    pub(super) tenant: Option<String>,
    /// The answer as JSON; of a list, one object a line.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) remote: Remote,
}

/// A hook of a workspace.
#[derive(Debug, Args)]
pub(super) struct Hook {
    /// Its id, as `list` shows it.
    pub(super) id: String,
    #[command(flatten)]
    pub(super) of: Place,
}

/// A new hook.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The address of the receiver: `https://…`.
    pub(super) receiver: String,
    /// The events that it gets, by Slack's type, with commas between.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(super) events: Vec<String>,
    /// A channel whose events it gets; may be given several times. Without it, all but direct messages.
    #[arg(long = "channel")]
    pub(super) channels: Vec<String>,
    /// The person (`U…`) or channel (`C…`) that is told when Tidegate disables the hook.
    #[arg(long)]
    pub(super) notify: Option<String>,
    #[command(flatten)]
    pub(super) of: Place,
}

/// The changes of a hook: at least one.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").required(true).multiple(true)
    .args(["receiver", "events", "channels", "all_channels", "notify", "notify_admins"]))]
pub(super) struct Change {
    #[command(flatten)]
    pub(super) hook: Hook,
    /// The address of the receiver: `https://…`.
    #[arg(long)]
    pub(super) receiver: Option<String>,
    /// The events that it gets, with commas between.
    #[arg(long, value_delimiter = ',')]
    pub(super) events: Option<Vec<String>>,
    /// A channel whose events it gets; may be given several times.
    #[arg(long = "channel")]
    pub(super) channels: Option<Vec<String>>,
    /// It gets the events of all channels, but no direct messages.
    #[arg(long, conflicts_with = "channels")]
    pub(super) all_channels: bool,
    /// The person or channel that is told when Tidegate disables the hook.
    #[arg(long)]
    pub(super) notify: Option<String>,
    /// The admins are told when Tidegate disables the hook.
    #[arg(long, conflicts_with = "notify")]
    pub(super) notify_admins: bool,
}

/// Which deliveries are shown.
#[derive(Debug, Args)]
pub(super) struct Deliveries {
    #[command(flatten)]
    pub(super) hook: Hook,
    /// The delivery to show.
    pub(super) delivery: Option<String>,
    /// The most deliveries of the list, 1 to 200.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: u32,
}

/// Which deliveries are replayed.
#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) hook: Hook,
    /// The delivery to replay. Without it, those that failed: all that are kept, or those of a span.
    #[arg(conflicts_with_all = ["hours", "since", "until", "all"])]
    pub(super) delivery: Option<String>,
    /// Only deliveries made in the last so many hours, whenever they failed.
    #[arg(long)]
    pub(super) hours: Option<u32>,
    /// When the span begins, as RFC 3339.
    #[arg(long, conflicts_with = "hours")]
    pub(super) since: Option<jiff::Timestamp>,
    /// When the span ends, as RFC 3339. Without it, now.
    #[arg(long)]
    pub(super) until: Option<jiff::Timestamp>,
    /// Also deliveries that the receiver has.
    #[arg(long)]
    pub(super) all: bool,
}
