//! Slack's payload shapes, signed and sent: every file of `slack-shapes/events` and `slack-shapes/app-backend` below
//! the folder that `TIDEGATE_CORPUS` names.
//!
//! The corpus has Slack's field names with blank values. Its blanks are filled by one rule, the same for all files:
//! - an event's outer `type` is `event_callback` and its `event_id` unique; inner `ts` and `event_ts` at the top of
//!   the event are unique wherever the shape has them; `event_time` is now;
//! - everything that may name the installation (`team_id`, `enterprise_id`, the first authorization, `team`, `user`)
//!   names one tenant, so that nothing stands for an organisation;
//! - a command has the name `/corpus`, an action's `trigger_id` is unique, which makes its signature so;
//! - every other blank stays blank.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::StatusCode;
use serde_json::{Value, json};
use tidegate_ingress::request_id;
use tidegate_testing::product::{FORM, Product, form, now, signed, unique, unique_ts};

const CORPUS_TENANT: &str = "T0CORPUS001";

#[tokio::test]
async fn every_event_is_taken_and_archived_once() {
    let Some(files) = files("events") else { return };
    assert!(files.len() >= 60, "{} files", files.len());
    let product = Product::start().await;
    let mut sent = BTreeMap::new();
    for (path, mut shape) in files {
        fill_event(&mut shape);
        let body = shape.to_string().into_bytes();
        let headers = signed("application/json", &body);
        let answer = product.send("/slack/events", headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", path.display());
        sent.insert(shape["event_id"].as_str().unwrap().to_owned(), (path, body));
    }
    check(&product, &sent).await;
}

#[tokio::test]
async fn every_command_and_interaction_is_taken_and_archived_once() {
    let Some(files) = files("app-backend") else {
        return;
    };
    assert!(files.len() >= 5, "{} files", files.len());
    let product = Product::start().await;
    let mut sent = BTreeMap::new();
    for (path, mut shape) in files {
        let is_command = path.ends_with("SlashCommandPayload.json");
        let (url, body) = if is_command {
            fill_command(&mut shape);
            ("/slack/commands", form_of(&shape))
        } else {
            fill_interaction(&mut shape);
            (
                "/slack/interactions",
                form(&[("payload", &shape.to_string())]),
            )
        };
        let headers = signed(FORM, &body);
        let id = request_id(&headers);
        let answer = product.send(url, headers, body.clone()).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, ""),
            "{}",
            path.display()
        );
        sent.insert(id, (path, body));
    }
    check(&product, &sent).await;
}

/// All are archived exactly once, as they were sent, and done.
async fn check(product: &Product, sent: &BTreeMap<String, (PathBuf, Vec<u8>)>) {
    for (id, (path, body)) in sent {
        let shown = product.settled(id).await;
        assert_eq!(
            shown["state"],
            "done",
            "{}: {}",
            path.display(),
            shown["reason"]
        );
        assert_eq!(shown["tenant"], CORPUS_TENANT, "{}", path.display());
        assert_eq!(
            &product.archived_body(&shown).await,
            body,
            "{}",
            path.display()
        );
    }
    product.drained().await;
    let mut archived: Vec<String> = product
        .archived(None)
        .await
        .iter()
        .map(|event| event["event_id"].as_str().unwrap().to_owned())
        .collect();
    archived.sort_unstable();
    assert_eq!(archived, sent.keys().cloned().collect::<Vec<_>>());
}

/// The files of one folder of the corpus; `None` when there is no corpus here.
fn files(folder: &str) -> Option<Vec<(PathBuf, Value)>> {
    let Some(corpus) = std::env::var_os("TIDEGATE_CORPUS") else {
        eprintln!("skipped: TIDEGATE_CORPUS is not set");
        return None;
    };
    let folder = Path::new(&corpus).join("slack-shapes").join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let shape = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (path, shape)
    };
    Some(paths.into_iter().map(read).collect())
}

fn fill_event(shape: &mut Value) {
    shape["type"] = json!("event_callback");
    shape["event_id"] = json!(unique("Ev"));
    shape["event_time"] = json!(now());
    shape["team_id"] = json!(CORPUS_TENANT);
    shape["authorizations"] = json!([{"team_id": CORPUS_TENANT, "enterprise_id": null,
        "user_id": "U0TIDEGATE1", "is_bot": true, "is_enterprise_install": false}]);
    let ts = unique_ts();
    for name in ["ts", "event_ts"] {
        if shape["event"].get(name).is_some() {
            shape["event"][name] = json!(ts);
        }
    }
}

fn fill_command(shape: &mut Value) {
    for (name, value) in [
        ("command", "/corpus"),
        ("team_id", CORPUS_TENANT),
        ("trigger_id", &unique("t")),
    ] {
        shape[name] = json!(value);
    }
}

fn fill_interaction(shape: &mut Value) {
    shape["trigger_id"] = json!(unique("t"));
    for (party, field) in [("team", "id"), ("user", "team_id")] {
        if shape[party].is_object() {
            shape[party][field] = json!(CORPUS_TENANT);
        }
    }
}

fn form_of(shape: &Value) -> Vec<u8> {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let fields: Vec<(String, String)> = shape
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    form(
        &fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect::<Vec<_>>(),
    )
}
