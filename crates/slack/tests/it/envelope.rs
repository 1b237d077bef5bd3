//! Envelopes of the Events API: whatever the bytes, no panic; whatever the fields, the two readers agree.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tidegate_slack::event::{Envelope, Peek};
use tidegate_slack::ids::TenantId;

use crate::any_json;

fn tenant(outer: &Value) -> Option<TenantId> {
    Peek::parse(outer.to_string().as_bytes()).unwrap().tenant()
}

/// Asks everything that there is to ask, and checks what both readers must say alike.
fn read(body: &[u8]) -> Result<(), TestCaseError> {
    let peek = Peek::parse(body);
    if let Ok(peek) = &peek {
        let _ = peek.tenant();
    }
    let Ok(envelope) = Envelope::parse(body) else {
        return Ok(());
    };
    let _ = (envelope.is_own(), envelope.event_time(), envelope.app());
    let message = envelope.event().and_then(|event| event.message());
    for event in envelope.event().into_iter().chain(message) {
        let _ = (event.kind(), event.channel(), event.user(), event.ts());
        let _ = (event.team(), event.edited_ts(), event.deleted_ts());
    }
    if let Ok(peek) = peek {
        prop_assert_eq!(peek.kind.as_deref().unwrap_or_default(), envelope.kind());
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(body in vec(any::<u8>(), 0..400)) {
        read(&body)?;
    }

    #[test]
    fn bytes_changed_in_a_real_event_do_no_harm(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut body = any_json::event().to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        read(&body)?;
        read(&body[..cut.index(body.len())])?;
    }

    #[test]
    fn every_object_can_be_read_by_both(outer in any_json::object()) {
        let body = Value::from(outer).to_string();
        prop_assert!(Peek::parse(body.as_bytes()).is_ok());
        prop_assert!(Envelope::parse(body.as_bytes()).is_ok());
        read(body.as_bytes())?;
    }

    #[test]
    fn what_is_no_object_is_refused_by_both(value in any_json::value()) {
        let body = value.to_string();
        prop_assert_eq!(Peek::parse(body.as_bytes()).is_ok(), value.is_object());
        prop_assert_eq!(Envelope::parse(body.as_bytes()).is_ok(), value.is_object());
    }

    #[test]
    fn fields_of_other_types_do_no_harm(outer in any_json::mutated(any_json::event())) {
        read(outer.to_string().as_bytes())?;
    }

    #[test]
    fn the_first_authorization_names_the_tenant_whatever_stands_around_it(
        around in any_json::object(),
        inside in any_json::object(),
        more in vec(any_json::value(), 0..3),
        team in "[A-Z0-9]{2,32}",
    ) {
        let mut first = inside;
        first.insert("team_id".to_owned(), team.clone().into());
        first.insert("is_enterprise_install".to_owned(), false.into());
        let list: Vec<_> = std::iter::once(Value::from(first)).chain(more).collect();
        let mut outer = around;
        outer.insert("authorizations".to_owned(), list.into());
        prop_assert_eq!(tenant(&Value::from(outer)), Some(team.into()));
    }

    #[test]
    fn unknown_fields_never_matter(unknown in any_json::object()) {
        let mut outer = any_json::event();
        let plain = tenant(&outer);
        let unknown: Map<_, _> = unknown.into_iter().map(|(name, v)| (format!("new_{name}"), v)).collect();
        for place in ["", "/event", "/authorizations/0"] {
            let place = outer.pointer_mut(place).and_then(Value::as_object_mut).unwrap();
            place.extend(unknown.clone());
        }
        prop_assert_eq!(tenant(&outer), plain);
        let body = outer.to_string();
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(envelope.event().and_then(|e| e.channel()), Some("C1"));
        prop_assert_eq!(envelope.kind(), "event_callback");
    }
}

#[test]
fn a_list_is_no_envelope_even_if_its_items_stand_in_the_fields_order() {
    for body in [
        "[]",
        r#"["url_verification","challenge"]"#,
        "null",
        "7",
        r#""x""#,
    ] {
        assert!(Peek::parse(body.as_bytes()).is_err(), "{body}");
        assert!(Envelope::parse(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_kind_that_is_no_text_is_no_kind() {
    for kind in [json!(true), json!(1), json!(["x"]), json!({}), json!(null)] {
        let body = json!({"type": kind, "challenge": kind}).to_string();
        let peek = Peek::parse(body.as_bytes()).unwrap();
        assert_eq!((peek.kind, peek.challenge), (None, None), "{body}");
        assert_eq!(Envelope::parse(body.as_bytes()).unwrap().kind(), "");
    }
}

#[test]
fn authorizations_of_another_shape_leave_the_rest_readable() {
    for odd in [
        json!(7),
        json!("x"),
        json!({}),
        json!([7]),
        json!([["E1", "T9"]]),
        json!(null),
    ] {
        let outer = json!({"type": "event_callback", "team_id": "T1", "authorizations": odd});
        assert_eq!(tenant(&outer), Some("T1".into()), "{outer}");
    }
}
