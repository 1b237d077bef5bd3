//! Interactions: the JSON in a form's `payload`, up to the field errors of a modal. The input is the JSON itself.

use serde_json::Value;
use tidegate_ingress::{Acknowledgement, Decision, Endpoint, decide};
use tidegate_slack::command::Form;
use tidegate_slack::ids::TenantId;
use tidegate_slack::interaction::Interaction;

use crate::assert_tenant;

/// Checks one input: the `payload` of an interaction, as it came. Panics if a property fails.
pub fn check(input: &[u8]) {
    let payload = String::from_utf8_lossy(input);
    let body = format!("payload={}", percent_encoded(&payload));
    let form = Form::parse(body.as_bytes());
    assert_eq!(form.get("payload"), Some(payload.as_ref()));

    let interaction = Interaction::parse(&payload).ok();
    let tenant = interaction.as_ref().and_then(Interaction::tenant);
    if let Some(tenant) = &tenant {
        assert_tenant(tenant);
    }
    match decide(Endpoint::Interactions, true, body.as_bytes()) {
        Decision::Acknowledge(Acknowledgement::FieldErrors(errors)) => {
            assert!(!errors.is_empty());
            assert_limited(&payload, &errors);
            let _ = Acknowledgement::FieldErrors(errors).response();
        }
        Decision::Acknowledge(answer) => {
            assert_eq!(answer, Acknowledgement::NoOptions);
            let kind = interaction.as_ref().and_then(|i| i.kind.as_deref());
            assert_eq!(kind, Some("block_suggestion"));
        }
        Decision::Queue(queued) => {
            assert_eq!(queued.tenant, tenant.unwrap_or_else(TenantId::unreadable));
            let _ = queued.when_queue_is_down.response();
        }
    }
}

/// Errors stand only at blocks that the modal's limits name.
fn assert_limited(payload: &str, errors: &[(String, String)]) {
    let limits = serde_json::from_str::<Value>(payload)
        .ok()
        .and_then(|outer| {
            let metadata = outer.pointer("/view/private_metadata")?.as_str()?;
            serde_json::from_str::<Value>(metadata).ok()
        })
        .and_then(|metadata| metadata.get("limits").cloned());
    // A number or an escape that only the whole tree refuses leaves nothing to compare with.
    let Some(limits) = limits else { return };
    for (block, _) in errors {
        assert!(limits.get(block).is_some(), "no limit names {block:?}");
    }
}

fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}
