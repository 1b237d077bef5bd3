//! Bodies of the Events API, from raw bytes to what ingress decides.

use serde_json::Value;
use tidegate_ingress::{Acknowledgement, Decision, Endpoint, decide};
use tidegate_slack::event::{Envelope, Peek};
use tidegate_slack::ids::TenantId;

use crate::assert_tenant;

/// Checks one input: the body of an event, as it came. Panics if a property fails.
pub fn check(body: &[u8]) {
    let peek = Peek::parse(body).ok();
    let tenant = peek.as_ref().and_then(Peek::tenant);
    if let Some(tenant) = &tenant {
        assert_tenant(tenant);
    }
    if let Ok(envelope) = Envelope::parse(body) {
        read_all(&envelope);
        if let Some(peek) = &peek {
            let kind = peek.kind.as_deref().unwrap_or_default();
            assert_eq!(kind, envelope.kind(), "peek and envelope differ");
            assert_authorized(body, tenant.as_ref());
        }
    }
    assert_decision(body, peek.as_ref(), tenant);
    if let Decision::Queue(queued) = decide(Endpoint::Events, true, body) {
        assert_tenant(&queued.tenant);
    }
}

/// The workspace that `authorizations[0]` names is the tenant, whatever else the envelope says.
fn assert_authorized(body: &[u8], tenant: Option<&TenantId>) {
    let Ok(outer) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let named = |field| outer.pointer(&format!("/authorizations/0/{field}"));
    let team = named("team_id").and_then(Value::as_str).unwrap_or_default();
    let is_id = (2..=32).contains(&team.len())
        && team
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let org_wide = named("is_enterprise_install")
        .is_some_and(|flag| *flag == Value::Bool(true) || flag == "true");
    if is_id && !org_wide {
        assert_eq!(tenant.map(TenantId::as_str), Some(team));
    }
}

fn assert_decision(body: &[u8], peek: Option<&Peek<'_>>, tenant: Option<TenantId>) {
    let kind = peek.and_then(|p| p.kind.as_deref());
    let challenge = peek
        .and_then(|p| p.challenge.as_deref())
        .filter(|_| kind == Some("url_verification"));
    match (decide(Endpoint::Events, false, body), challenge) {
        (Decision::Acknowledge(answer), Some(challenge)) => {
            assert_eq!(answer, Acknowledgement::Challenge(challenge.to_owned()));
            let _ = answer.response();
        }
        (Decision::Queue(queued), None) => {
            assert_eq!(queued.tenant, tenant.unwrap_or_else(TenantId::unreadable));
            assert_eq!(queued.when_queue_is_down, Acknowledgement::TryAgain);
            let id = peek.and_then(|p| p.event_id.as_deref());
            assert_eq!(queued.id.as_deref(), id.filter(|id| !id.is_empty()));
        }
        (decision, challenge) => panic!("challenge {challenge:?} was decided as {decision:?}"),
    }
}

/// Everything that a worker may ask an envelope.
fn read_all(envelope: &Envelope) {
    let _ = (
        envelope.app(),
        envelope.event_time(),
        envelope.minute_rate_limited(),
        envelope.is_own(),
    );
    let message = envelope.event().and_then(|event| event.message());
    for event in envelope.event().into_iter().chain(message) {
        let _ = (event.kind(), event.subtype(), event.channel(), event.user());
        let _ = (
            event.ts(),
            event.event_ts(),
            event.thread_ts(),
            event.text(),
        );
        let _ = (event.bot(), event.app(), event.team());
        let _ = (event.edited_ts(), event.deleted_ts());
    }
}
