//! The service that handles webhooks, with everything that it needs besides the table.

use std::sync::Arc;
use std::time::Duration;

use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::BotTokens;

use crate::effects::receiver::Receivers;
use crate::model::receiver_url::Reach;
use crate::model::schedule::GIVE_UP_AFTER;

/// The domain's name, which its posts and its rows in the ledger carry.
pub const NAME: &str = "hooks";

/// The setting that lets receivers be in private networks and speak plain HTTP.
pub const ALLOW_PRIVATE: &str = "TIDEGATE_HOOKS_ALLOW_PRIVATE";

/// How much longer than its attempts a delivery is kept at least, so that somebody can look at it and replay it.
const LOOK_AT_IT: Duration = Duration::from_hours(96);

/// Handles webhooks: events, timers, effects and routes.
pub struct Hooks {
    pub(crate) receivers: Receivers,
    pub(crate) tokens: Arc<dyn BotTokens>,
    pub(crate) audit: Audit,
    keep: Duration,
}

/// The dependencies of [`Hooks`].
pub struct Parts {
    /// The workspaces' bot tokens, whose source knows the admins.
    pub tokens: Arc<dyn BotTokens>,
    /// The audit trail, which records that a hook was disabled.
    pub audit: Audit,
    /// How long the product keeps requests (`TIDEGATE_ARCHIVE_DAYS`). Deliveries are kept as long, and a week at least.
    pub keep: Duration,
    /// Whether [`ALLOW_PRIVATE`] is on.
    pub allow_private: bool,
}

impl Hooks {
    /// Makes the service.
    pub fn new(parts: Parts) -> Self {
        let reach = if parts.allow_private {
            Reach::Anywhere
        } else {
            Reach::Public
        };
        Self {
            receivers: Receivers::new(reach),
            tokens: parts.tokens,
            audit: parts.audit,
            keep: parts.keep.max(GIVE_UP_AFTER + LOOK_AT_IT),
        }
    }

    /// Returns when a delivery that is made now is deleted.
    pub(crate) fn expires_at(&self, now: Timestamp) -> Timestamp {
        now.plus(self.keep)
    }
}
