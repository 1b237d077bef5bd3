//! Tests of every HTTP status, and of fields with unexpected values.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::rejection::MAX_REASON;

fn refused(status: u16, retry_after: Option<&str>, body: &str) -> Refusal<ServiceRejection> {
    match judge(status, retry_after, body.as_bytes()) {
        Outcome::Refused(refusal) => refusal,
        other => panic!("{status}: {other:?}"),
    }
}

#[test]
fn a_rate_limit_names_its_seconds_or_gets_a_minute() {
    for status in [420, 429] {
        for (header, seconds) in [
            (Some("7"), 7),
            (Some(" 0 "), 0),
            (None, 60),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), 60),
            (Some("-1"), 60),
            (Some("1.5"), 60),
            (Some("99999999"), 86_400),
        ] {
            let expected = Refusal::RateLimited {
                retry_after: seconds,
            };
            assert_eq!(refused(status, header, "<html>"), expected, "{header:?}");
        }
    }
}

#[test]
fn a_refusal_keeps_the_words_of_statuspage_in_any_of_its_shapes() {
    for (body, expected) in [
        (json!({"message": "Name is too long"}), "Name is too long"),
        (json!({"error": "Not found"}), "Not found"),
        (json!({"error": ["a", "b"]}), "a; b"),
        (json!({"error": ["a", 1, null]}), "a"),
        (json!({"errors": ["c"]}), "c"),
        (json!({"message": "", "error": "d"}), "d"),
        (json!({"message": {"deep": 1}, "error": []}), "HTTP 422"),
        (json!(["list"]), "HTTP 422"),
        (json!(null), "HTTP 422"),
    ] {
        let refusal = refused(422, None, &body.to_string());
        assert_eq!(
            refusal,
            Refusal::Rejected(ServiceRejection::invalid(expected)),
            "{body}"
        );
    }
    let page = refused(400, None, "<html>Bad Request</html>");
    assert_eq!(
        page,
        Refusal::Rejected(ServiceRejection::invalid("HTTP 400"))
    );
    let long = json!({"message": "x".repeat(5000)}).to_string();
    let Refusal::Rejected(ServiceRejection::Invalid(kept)) = refused(422, None, &long) else {
        panic!("not invalid");
    };
    assert_eq!(kept.as_str().len(), MAX_REASON);
}

#[test]
fn every_status_means_done_refused_or_ambiguous() {
    for (status, code) in [
        (401, "credential"),
        (403, "credential"),
        (404, "not_found"),
        (410, "not_found"),
        (400, "invalid"),
        (409, "invalid"),
        (422, "invalid"),
        (302, "invalid"),
    ] {
        assert_eq!(refused(status, None, "").code(), code, "{status}");
    }
    for status in [408, 500, 502, 503, 504, 599, 600] {
        let expected = Outcome::Ambiguous(format!("HTTP {status}"));
        assert_eq!(judge(status, Some("5"), b"{}"), expected);
    }
    assert_eq!(judge(201, None, b"{}"), Outcome::Done(json!({})));
    for unreadable in ["", "{", "<html>"] {
        let expected = Outcome::Ambiguous("the answer is not JSON".to_owned());
        assert_eq!(judge(200, None, unreadable.as_bytes()), expected);
    }
}

#[test]
fn an_incident_is_read_with_any_odd_field_but_not_without_its_id() {
    let whole = json!({
        "id": "i1", "status": "identified", "shortlink": "https://stspg.io/x", "name": 5,
        "metadata": {"tidegate": {"incident_id": "INC-1"}, "jira": {"incident_id": "X"}},
        "incident_updates": [
            {"id": "u2", "status": "identified", "body": "b"},
            {"status": "identified"},
            {"id": "u1", "status": "scheduled", "body": null},
        ],
    });
    let posted = incident(&whole).unwrap();
    assert_eq!(posted.our_id.as_deref(), Some("INC-1"));
    assert_eq!(posted.status, Some(IncidentStatus::Identified));
    let ids: Vec<&str> = posted.updates.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, ["u2", "u1"]);
    assert_eq!(posted.updates[1].status, None);

    for odd in [
        json!(null),
        json!({"tidegate": "INC-1"}),
        json!({"tidegate": {"incident_id": 1}}),
    ] {
        let answer = json!({"id": "i1", "metadata": odd, "incident_updates": "none"});
        assert_eq!(incident(&answer).unwrap().our_id, None, "{answer}");
    }
    for without in [json!({}), json!({"id": 1}), json!({"id": ""}), json!([])] {
        assert_eq!(incident(&without), None, "{without}");
        assert_eq!(list(&json!([whole, without]), incident), None);
    }
}

#[test]
fn a_component_can_be_a_group_and_show_a_status_we_do_not_know() {
    let shown = |answer: Value| {
        let c = component(&answer).unwrap();
        (c.is_group, c.status, c.group.map(|g| g.as_str().to_owned()))
    };
    let member = json!({"id": "c1", "group": false, "group_id": "g1", "status": "major_outage"});
    let expected = (
        false,
        Some(ComponentStatus::MajorOutage),
        Some("g1".to_owned()),
    );
    assert_eq!(shown(member), expected);
    let group = json!({"id": "g1", "group": true, "group_id": null, "status": ""});
    assert_eq!(shown(group), (true, None, None));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop::sample::select(vec![
            "id",
            "status",
            "metadata",
            "tidegate",
            "incident_id",
            "incident_updates",
            "body",
            "message",
            "error",
            "group",
            "group_id",
            "name",
            "url",
            "shortlink",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_answer_is_judged_and_read_without_a_panic(
        answer in any_json(), status in 100_u16..700, header in prop::option::of(".{0,12}"),
    ) {
        let body = answer.to_string();
        match judge(status, header.as_deref(), body.as_bytes()) {
            Outcome::Done(_) => prop_assert!((200..300).contains(&status)),
            Outcome::Ambiguous(_) => prop_assert!(status >= 500 || status == 408),
            Outcome::Refused(refusal) => {
                prop_assert!(status < 500);
                prop_assert!(refusal.to_string().len() <= MAX_REASON + 64);
            }
        }
        if let Some(posted) = incident(&answer) {
            prop_assert!(!posted.id.as_str().is_empty());
        }
        let _ = (page(&answer), component(&answer), list(&answer, incident));
    }
}
