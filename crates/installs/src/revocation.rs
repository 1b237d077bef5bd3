//! Events: `tokens_revoked`, `app_uninstalled`
//!
//! They come after the token is dead, in either order and perhaps late: Slack is not asked, the secrets are erased, and
//! what is older than the install as it stands is ignored. Contract:
//! <https://docs.slack.dev/reference/events/tokens_revoked>.

use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::ledger::{AuditNote, Decision, JobError};
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};
use tidegate_slack::event::Envelope;

use super::grant::{Grant, Holder, State};
use super::{ended, grants};

/// Grants that end in one transaction with the claim of their event.
const MOST_ENDS: usize = 50;

/// What an event ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Unix seconds at which Slack dispatched it.
    at: i64,
    ends: Ends,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ends {
    /// The app is gone, with every token.
    Everything,
    /// These people's tokens, and the bot's if its user is among the bots.
    Tokens {
        people: Vec<String>,
        bots: Vec<String>,
    },
}

/// What an event ends; `None` when it is no such event.
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

/// Ends what a workspace takes back. Slack is not asked: the tokens are dead.
pub async fn end(rows: &Rows, revocation: &Revocation) -> Result<Decision, JobError> {
    let mut writes = decide(revocation, &grants(rows).await?);
    let ends = writes.len();
    // One transaction takes a hundred writes. Each of the rest stands for itself, and a repetition finds it done.
    for write in writes.split_off(ends.min(MOST_ENDS)) {
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

/// The writes that it asks for.
fn decide(revocation: &Revocation, grants: &[Grant]) -> Vec<Write<RowKey>> {
    let ends = |grant: &&Grant| {
        // Slack tells whole seconds. One of the same second as the install is about the install before it.
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
    /// For the audit trail.
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
            // Slack names the bot's user. An install whose bot user was never told has one bot only.
            (Ends::Tokens { bots, .. }, Holder::Bot) => bots.iter().any(|id| {
                grant
                    .bot_user
                    .as_ref()
                    .is_none_or(|user| user.as_str() == id)
            }),
        }
    }
}
