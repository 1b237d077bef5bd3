//! Tests of what a domain's spec says that it takes.

use super::*;

#[test]
fn an_interaction_is_owned_by_its_id_or_by_the_start_of_it() {
    let spec = DomainSpec {
        interactions: &["incident.*", "declare_incident"],
        ..DomainSpec::named("incidents")
    };
    for (id, owned) in [
        ("incident.join", true),
        ("incident.", true),
        ("incident", false),
        ("declare_incident", true),
        ("declare_incident_2", false),
    ] {
        assert_eq!(spec.owns_interaction(id), owned, "{id}");
    }
}

#[test]
fn an_event_is_taken_by_its_type_and_what_has_none_by_the_envelopes() {
    let spec = DomainSpec {
        events: &["message", "app_rate_limited"],
        ..DomainSpec::named("mirror")
    };
    for (body, taken) in [
        (
            r#"{"type":"event_callback","event":{"type":"message"}}"#,
            true,
        ),
        (
            r#"{"type":"event_callback","event":{"type":"pin_added"}}"#,
            false,
        ),
        (r#"{"type":"app_rate_limited"}"#, true),
        (r#"{"type":"message"}"#, true),
    ] {
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        assert_eq!(spec.takes(&envelope), taken, "{body}");
    }
}
