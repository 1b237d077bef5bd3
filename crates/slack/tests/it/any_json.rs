//! Arbitrary JSON, made of the field names and values that this crate looks for and of ones that it does not.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const NAMES: [&str; 31] = [
    "type",
    "challenge",
    "event_id",
    "team_id",
    "enterprise_id",
    "context_team_id",
    "authorizations",
    "is_enterprise_install",
    "event",
    "channel",
    "user",
    "ts",
    "item",
    "message",
    "view",
    "team",
    "enterprise",
    "id",
    "state",
    "values",
    "value",
    "private_metadata",
    "app_installed_team_id",
    "minute_rate_limited",
    "actions",
    "container",
    "message_ts",
    "response_urls",
    "selected_option",
    "selected_options",
    "is_ephemeral",
];

const TEXTS: [&str; 10] = [
    "event_callback",
    "url_verification",
    "view_submission",
    "message",
    "T1",
    "E1",
    "true",
    "",
    "t#1",
    "é\u{0}\u{feff}",
];

/// Any value, up to a few levels deep.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            fields(inner).prop_map(Value::Object),
        ]
    })
}

/// Any JSON object, with nested values.
pub(crate) fn object() -> impl Strategy<Value = Map<String, Value>> {
    fields(value())
}

/// The objects of real payloads, with some fields put in another's place or replaced.
pub(crate) fn mutated(payload: Value) -> impl Strategy<Value = Value> {
    vec((any::<prop::sample::Index>(), value()), 0..4).prop_map(move |changes| {
        let mut payload = payload.clone();
        for (at, new) in changes {
            let mut places = paths(&payload, "");
            let path = places.swap_remove(at.index(places.len()));
            if let Some(place) = payload.pointer_mut(&path) {
                *place = new;
            }
        }
        payload
    })
}

/// An event as Slack delivers it.
pub(crate) fn event() -> Value {
    json!({
        "type": "event_callback", "team_id": "TAUTHOR", "api_app_id": "A1", "event_id": "Ev1", "event_time": 1,
        "context_team_id": "TCONTEXT", "context_enterprise_id": null, "is_ext_shared_channel": true,
        "authorizations": [{
            "enterprise_id": null, "team_id": "T1", "user_id": "UBOT", "is_bot": true, "is_enterprise_install": false
        }],
        "event": {
            "type": "message", "channel": "C1", "user": "U1", "ts": "1.2", "event_ts": "1.2", "text": "hi",
            "edited": {"ts": "1.3"}, "previous_message": {"ts": "1.2"}, "message": {"ts": "1.2", "user": "U1"}
        },
    })
}

fn fields(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        9 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    vec((name, value), 0..6).prop_map(|fields| fields.into_iter().collect())
}

fn paths(value: &Value, here: &str) -> Vec<String> {
    let below: Vec<String> = match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                paths(value, &format!("{here}/{name}"))
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(place, value)| paths(value, &format!("{here}/{place}")))
            .collect(),
        _ => Vec::new(),
    };
    std::iter::once(here.to_owned()).chain(below).collect()
}
