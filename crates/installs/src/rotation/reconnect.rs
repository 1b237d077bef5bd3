//! Handles a token that can no longer be renewed: the app has to be installed again.

use metrics::counter;
use secrecy::SecretString;
use serde_json::json;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::outbox::{self, Class, Lane, Post, Target};
use tidegate_pipeline::table::{Rows, TableError, Write};
use tidegate_slack::ids::{ChannelId, TenantId};

use super::INVALID_REFRESH_TOKEN;
use crate::domain::NAME;
use crate::grant::{self, Grant, State};
use crate::{InstallError, Installs};

impl Installs {
    /// Handles a refresh token that was used before. Either its tokens are stored by now, or they are lost.
    pub(super) async fn refresh_token_used(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
    ) -> Result<Option<SecretString>, InstallError> {
        let now = self.grant(rows, &seen.holder).await?;
        if now.is_none_or(|now| now.generation != seen.generation) {
            return Ok(None);
        }
        self.must_reconnect(tenant, rows, seen, INVALID_REFRESH_TOKEN)
            .await?;
        Ok(None)
    }

    /// Marks a grant as needing a new install. If the token still works, posts a notice to the person who installed the app.
    async fn must_reconnect(
        &self,
        tenant: &TenantId,
        rows: &Rows,
        seen: &Grant,
        reason: &str,
    ) -> Result<(), InstallError> {
        let mark = Write::update(
            grant::key(&seen.holder),
            "SET #state = :reconnect, #reason = :reason REMOVE #due, #due_at, #refreshing_until",
        )
        .when("#generation = :seen AND #state = :connected")
        .value(":seen", seen.generation)
        .value(":connected", State::Connected.as_str())
        .value(":reconnect", State::Reconnect.as_str())
        .value(":reason", reason);
        let mut writes = vec![mark];
        // Without a working token, the notice could only be sent after the next install, when it is out of date.
        let now = self.clock.now();
        let tokens = seen.tokens.as_ref();
        let alive = tokens.is_some_and(|t| t.expires_at.is_none_or(|at| at > now));
        if let Some(installer) = seen.installer.as_ref().filter(|_| alive) {
            let id = format!("reconnect.{}", seen.generation);
            writes.push(outbox::insert(
                &id,
                NAME,
                0,
                &notice(installer.as_str()),
                now,
            ));
        }
        match rows.transact(writes).await {
            Ok(()) => {}
            // Another process has marked it, or the app was installed again.
            Err(TableError::Cancelled(_)) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
        tracing::error!(%tenant, reason, "install.reconnect: somebody has to install the app again");
        counter!("install_reconnect_total").increment(1);
        self.note(tenant, &Actor::System, "install.reconnect", reason)
            .await;
        Ok(())
    }
}

fn notice(installer: &str) -> Post {
    let text = "Tidegate can no longer renew its connection to this workspace. Please install it again; what waits \
                is sent then.";
    Post {
        lane: Lane::channel(&ChannelId::from(installer)),
        target: Target::Channel,
        body: json!({"channel": installer, "text": text}),
        class: Class::AtMostOnce,
        purpose: "reconnect_notice",
    }
}
