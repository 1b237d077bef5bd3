//! Handles the events `tokens_revoked` and `app_uninstalled`.
//!
//! They arrive after the token has ended, in either order and perhaps late. The secrets are removed without asking Slack, and
//! an event that is older than the current install is ignored. Contract:
//! <https://docs.slack.dev/reference/events/tokens_revoked>.

use tidegate_pipeline::audit::{Actor, AuditNote};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};
use tidegate_slack::event::Envelope;

use super::grant::{Grant, Holder, State};
use super::{ended, grants};

/// The most grants that end in the transaction that claims the event.
const MAX_ENDS: usize = 50;

/// The revocation that an event reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The time at which Slack dispatched the event, in Unix seconds.
    at: i64,
    ends: Ends,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ends {
    /// The app was uninstalled, which ends every token.
    Everything,
    /// The tokens of these users, and the bot's token if its user is among the bots.
    Tokens {
        people: Vec<String>,
        bots: Vec<String>,
    },
}

/// Reads a revocation. `None` for any other event.
pub fn read(envelope: &Envelope) -> Option<Revocation> {
    let event = envelope.event()?;
    let at = envelope.event_time()?;
    let ends = match event.kind() {
        "app_uninstalled" => Ends::Everything,
        "tokens_revoked" => Ends::Tokens {
            people: event.revoked("oauth"),
            bots: event.revoked("bot"),
        },
        _ => return None,
    };
    Some(Revocation { at, ends })
}

/// Ends the revoked grants.
pub async fn end(rows: &Rows, revocation: &Revocation) -> Result<Decision, JobError> {
    let mut writes = decide(revocation, &grants(rows).await?);
    let ends = writes.len();
    // One transaction takes a hundred writes. The rest are written one by one; repeating them does no harm.
    for write in writes.split_off(ends.min(MAX_ENDS)) {
        match rows.write(write).await {
            Ok(_) | Err(TableError::Condition) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(Decision {
        writes,
        audit: Some(AuditNote {
            actor: Actor::Slack,
            action: revocation.action(),
            detail: format!("{ends} tokens ended"),
        }),
        ..Decision::default()
    })
}

/// Returns the writes that end the revoked grants.
fn decide(revocation: &Revocation, grants: &[Grant]) -> Vec<Write<RowKey>> {
    let ends = |grant: &&Grant| {
        // Slack sends whole seconds. An event of the same second as the install belongs to the install before it.
        let current = revocation.at > grant.installed_at.seconds();
        current && grant.state != State::Disconnected && revocation.ends(grant)
    };
    let reason = match revocation.ends {
        Ends::Everything => "app_uninstalled",
        Ends::Tokens { .. } => "tokens_revoked",
    };
    grants
        .iter()
        .filter(ends)
        .map(|grant| ended(grant, reason))
        .collect()
}

impl Revocation {
    /// Returns the action in the audit trail.
    fn action(&self) -> &'static str {
        match self.ends {
            Ends::Everything => "app_uninstalled",
            Ends::Tokens { .. } => "tokens_revoked",
        }
    }

    fn ends(&self, grant: &Grant) -> bool {
        match (&self.ends, &grant.holder) {
            (Ends::Everything, _) => true,
            (Ends::Tokens { people, .. }, Holder::Person(user)) => {
                people.iter().any(|id| id == user.as_str())
            }
            // Slack names the bot's user. If the install does not know its bot user, the app has only one bot.
            (Ends::Tokens { bots, .. }, Holder::Bot) => bots.iter().any(|id| {
                grant
                    .bot_user
                    .as_ref()
                    .is_none_or(|user| user.as_str() == id)
            }),
        }
    }
}
