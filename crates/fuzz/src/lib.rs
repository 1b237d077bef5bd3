#![doc = include_str!("../README.md")]
#![expect(
    clippy::missing_panics_doc,
    reason = "to panic where an invariant does not hold is what a target is for"
)]

pub mod envelope;
pub mod form;
pub mod interaction;
pub mod redaction;
pub mod signature;

use tidegate_slack::ids::TenantId;

/// A tenant becomes part of keys and of queue groups: only an id, or the one stand-in, may ever get there.
fn assert_tenant(tenant: &TenantId) {
    let id = tenant.as_str();
    let is_id = !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    assert!(
        is_id || *tenant == TenantId::unreadable(),
        "tenant {id:?} is no id"
    );
}
