//! The notice about a hook that Tidegate has disabled.

use serde_json::json;
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_slack::ids::{ChannelId, TenantId};

use crate::model::stored::Stored;

/// Makes the notice to a person or a channel.
pub(crate) fn disabled(tenant: &TenantId, stored: &Stored, reason: &str, recipient: &str) -> Post {
    let (id, receiver) = (&stored.id, stored.hook.receiver());
    let text = format!(
        "Tidegate has disabled the webhook `{id}` to {receiver}: {reason}. Nothing more is sent to it. Once the receiver works, an \
         admin can enable it with `tidegate hooks enable {id} --tenant {tenant}` and send what it has missed with \
         `tidegate hooks replay {id} --tenant {tenant}`."
    );
    Post {
        lane: Lane::channel(&ChannelId::from(recipient)),
        target: Target::Channel,
        body: json!({"channel": recipient, "text": text}),
        class: Class::AtLeastOnce,
        purpose: "hooks.disabled_notice",
    }
}
