//! JSON with secrets planted in it, and the same JSON as it must be shown.

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_slack::redaction::{self, HIDDEN};

/// Every planted secret has this in it, and nothing else has.
pub(super) const SESAME: &str = "sesame";

/// Texts that are secrets wherever they are.
pub(super) const LOOKS: [&str; 14] = [
    "xoxb-17-sesame-0AbC",
    "xoxp-17-18-sesame",
    "xoxe-1-My0xLsesame",
    "xoxe.xoxp-1-Mi0yLsesame",
    "xoxe.xoxb-1-sesame",
    "xapp-1-A0-17-sesame",
    "xwfp-sesame",
    "xoxa-2-sesame",
    "xoxr-sesame",
    "xoxs-sesame",
    "xoxc-sesame",
    "XOXB-SESAME-sesame",
    "tg_T0ACME00001_0123456789abcdef_sesame",
    "xoxd-se%2Fsesame%3D",
];

/// A text with a secret in it, and the same text without: what is around the secret stays.
pub(super) const PARTS: [(&str, &str); 11] = [
    (
        "https://hooks.slack.com/services/T0/B0/sesame",
        "https://hooks.slack.com/(hidden)",
    ),
    (
        "https://hooks.slack.com/commands/T0/1/sesame",
        "https://hooks.slack.com/(hidden)",
    ),
    (
        "https://HOOKS.slack-gov.com/actions/T0/1/sesame",
        "https://HOOKS.slack-gov.com/(hidden)",
    ),
    (
        "https://files.slack.com/upload/v1/sesame",
        "https://files.slack.com/upload/(hidden)",
    ),
    (
        "https://slack-files.com/T0-F0-sesame",
        "https://slack-files.com/(hidden)",
    ),
    (
        "https://files.example.com/a.png?pub_secret=sesame&w=3",
        "https://files.example.com/a.png?pub_secret=(hidden)&w=3",
    ),
    (
        "https://a.example/cb?state=s1&amp;code=sesame#top",
        "https://a.example/cb?state=s1&amp;code=(hidden)#top",
    ),
    (
        "wss://wss-primary.slack.com/link/?ticket=sesame&app_id=A0",
        "wss://wss-primary.slack.com/link/?ticket=(hidden)&app_id=A0",
    ),
    (
        "postgres://gate:sesame@db.example:5432/x",
        "postgres://(hidden)@db.example:5432/x",
    ),
    (
        "Authorization: Bearer sesame.0123456789abcdef==",
        "Authorization: Bearer (hidden)",
    ),
    ("see xoxb-1-sesame, then", "see (hidden), then"),
];

/// Names whose values are secrets.
pub(super) const NAMES: [&str; 16] = [
    "token",
    "verification_token",
    "access_token",
    "bot_access_token",
    "refreshToken",
    "App-Token",
    "id_token",
    "client_secret",
    "signingSecret",
    "response_url",
    "response_urls",
    "trigger_id",
    "upload_url",
    "permalink_public",
    "Authorization",
    "Cookie",
];

/// A JSON value with secrets, and the same with every secret hidden.
pub(super) type Planted = (Value, Value);

/// Texts that look like something and are no secret.
pub(super) fn harmless() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9 .,:;!?&=%<>|/\\\\\"'(){}@\\[\\]\u{e9}\u{1f512}-]{0,24}",
        1 => prop::sample::select(vec![
            "xoxb- and xapp- are beginnings of tokens",
            "the token: expected a value",
            "https://hooks.slack.com is where webhooks are",
            "https://a.example/?state=parked&next=token",
            "mail ada@example.com or see https://x.example/@ada",
            "the bearer of bad news",
            "tg_T0ACME00001_0123456789abcdef",
            "{\"not\": \"closed\"",
            "{ \"spaces\":   [1, 2.50],\n \"a\": null }",
            "(hidden)",
            "",
        ]).prop_map(str::to_owned),
    ]
    .prop_filter("looks like a secret", |text| {
        // What the generator makes by chance is not planted, so nobody can say what should be left of it.
        redaction::line(text) == *text && serde_json::from_str::<Value>(text).is_err()
            || text.starts_with("{ \"spaces")
    })
}

fn leaf() -> impl Strategy<Value = Planted> {
    let same = |value: Value| (value.clone(), value);
    prop_oneof![
        4 => harmless().prop_map(move |text| same(text.into())),
        1 => any::<i64>().prop_map(move |number| same(number.into())),
        1 => any::<bool>().prop_map(move |truth| same(truth.into())),
        1 => Just(same(Value::Null)),
        2 => (harmless(), prop::sample::select(LOOKS.to_vec()), harmless()).prop_map(
            |(before, secret, after)| {
                let (before, after) = (before.replace(['{', '['], "("), after);
                (format!("{before} {secret} {after}").into(), format!("{before} {HIDDEN} {after}").into())
            }
        ),
        2 => prop::sample::select(PARTS.to_vec())
            .prop_map(|(secret, hidden)| (secret.into(), hidden.into())),
    ]
}

fn secret_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(SESAME)),
        Just(json!(["sesame", {"url": "sesame"}])),
        Just(json!({"value": "sesame", "n": 1})),
    ]
}

pub(super) fn tree() -> impl Strategy<Value = Planted> {
    leaf().prop_recursive(5, 60, 6, |inner| {
        let entry = prop_oneof![
            5 => ("[a-m]{1,6}", inner.clone()).prop_map(|(name, planted)| (name, planted)),
            2 => (prop::sample::select(NAMES.to_vec()), secret_value())
                .prop_map(|(name, value)| (name.to_owned(), (value, HIDDEN.into()))),
            1 => (prop::sample::select(NAMES.to_vec()), prop::sample::select(vec![json!(null), json!(true), json!("")]))
                .prop_map(|(name, value)| (name.to_owned(), (value.clone(), value))),
        ];
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..5).prop_map(|list| {
                let (planted, hidden): (Vec<Value>, Vec<Value>) = list.into_iter().unzip();
                (planted.into(), hidden.into())
            }),
            4 => prop::collection::vec(entry, 0..6).prop_map(|entries| {
                let (mut planted, mut hidden) = (json!({}), json!({}));
                for (name, (with, without)) in entries {
                    planted[&name] = with;
                    hidden[&name] = without;
                }
                (planted, hidden)
            }),
            // JSON in a text, as in `private_metadata`.
            1 => inner.prop_map(|(planted, hidden)| {
                let inside = |value: Value| json!({"inside": value}).to_string();
                (inside(planted).into(), inside(hidden).into())
            }),
        ]
    })
}

/// How many texts in JSON lie within each other.
pub(super) fn levels(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(levels).max().unwrap_or(0),
        Value::Object(fields) => fields.values().map(levels).max().unwrap_or(0),
        Value::String(text) if text.starts_with("{\"inside\"") => {
            1 + serde_json::from_str(text).map_or(0, |inner| levels(&inner))
        }
        _ => 0,
    }
}
