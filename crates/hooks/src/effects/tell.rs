//! The effect `hooks.tell`: writes down that Tidegate has disabled a hook, and tells people.

use tidegate_pipeline::audit::{Actor, AuditNote};
use tidegate_pipeline::delivery::{Done, Effect, Undone};
use tidegate_slack::ids::TenantId;

use crate::model::stored::{Stored, load};
use crate::model::work::Tell;
use crate::render::notice;
use crate::service::Hooks;

impl Hooks {
    pub(crate) async fn tell(&self, effect: Effect<'_>, asked: &Tell) -> Result<Done, Undone> {
        let (id, reason, tenant) = (&asked.hook, &asked.reason, effect.tenant);
        let note = AuditNote {
            actor: Actor::System,
            action: "hooks.disable",
            detail: format!("{id}: {reason}"),
        };
        let once = format!("{id}.{}", asked.at.millis());
        let noted = self.audit.record_once(tenant, &once, asked.at, &note);
        noted.await.map_err(|e| Undone::Retry(e.to_string()))?;
        let Some(stored) = load(effect.rows, id).await? else {
            return Ok(Done::default());
        };
        let recipients = self.recipients(tenant, &stored).await?;
        tracing::warn!(hook = %id, %tenant, reason, told = recipients.len(), "hooks.disabled");
        let notices = recipients.iter();
        Ok(Done {
            posts: notices
                .map(|to| notice::disabled(tenant, &stored, reason, to))
                .collect(),
            ..Done::default()
        })
    }

    /// Returns the recipients of the notice: the person or channel that the hook names, or the admins.
    async fn recipients(&self, tenant: &TenantId, stored: &Stored) -> Result<Vec<String>, Undone> {
        if let Some(notify) = &stored.hook.notify {
            return Ok(vec![notify.clone()]);
        }
        let admins = self.tokens.admins_to_tell(tenant).await?;
        Ok(admins.iter().map(ToString::to_string).collect())
    }
}
