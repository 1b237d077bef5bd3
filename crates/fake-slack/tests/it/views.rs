//! Modals: a trigger's short life, and how a submission closes or changes the modal.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{App, Reply};
use crate::fakes::Sandbox;

async fn command(app: &App, sandbox: &Sandbox) -> String {
    sandbox
        .fake
        .run_command("U0ALICE0001", "C0GENERAL01", "/tidegate", "open")
        .await;
    app.received().last().unwrap().field("trigger_id").unwrap()
}

fn open(trigger_id: &str) -> Value {
    json!({ "trigger_id": trigger_id, "view": { "type": "modal", "title": { "type": "plain_text", "text": "T" }, "blocks": [] } })
}

fn submission(view: &Value) -> Value {
    json!({ "type": "view_submission", "user": { "id": "U0ALICE0001" }, "view": { "id": view["id"], "state": { "values": { "b": {} } } } })
}

#[tokio::test]
async fn a_trigger_opens_one_modal_within_three_seconds() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let trigger = command(&app, &sandbox).await;
    assert_eq!(
        sandbox.call("views.open", open(&trigger)).await["view"]["team_id"],
        "T0SANDBOX1"
    );
    assert_eq!(
        sandbox.error("views.open", open(&trigger)).await,
        "exchanged_trigger_id"
    );
    let late = command(&app, &sandbox).await;
    sandbox.clock.advance(Duration::from_millis(3001));
    assert_eq!(
        sandbox.error("views.open", open(&late)).await,
        "expired_trigger_id"
    );
    assert_eq!(
        sandbox.error("views.open", open("made up")).await,
        "invalid_trigger_id"
    );
    assert_eq!(
        sandbox
            .error("views.open", json!({ "trigger_id": trigger }))
            .await,
        "invalid_arguments"
    );
    assert_eq!(sandbox.fake.open_views().len(), 1);
}

#[tokio::test]
async fn a_submission_carries_the_view_and_closes_it_unless_there_are_errors() {
    let errors = Reply::Answer(200, r#"{"response_action":"errors","errors":{"b":"no"}}"#);
    let app = App::replying([Reply::Answer(200, ""), errors]);
    let sandbox = app.sandbox().await;
    let trigger = command(&app, &sandbox).await;
    let view = sandbox.call("views.open", open(&trigger)).await["view"].take();

    sandbox.fake.send_interaction(submission(&view)).await;
    assert_eq!(sandbox.fake.open_views().len(), 1);
    let received = app.received().pop().unwrap();
    let payload: Value = serde_json::from_str(&received.field("payload").unwrap()).unwrap();
    assert_eq!(payload["view"]["title"], view["title"]);
    assert_eq!(payload["view"]["state"]["values"], json!({ "b": {} }));
    assert_eq!(payload.get("response_url"), None);

    sandbox
        .control("interaction", json!({ "payload": submission(&view) }))
        .await;
    assert!(sandbox.fake.open_views().is_empty());
}

#[tokio::test]
async fn modals_are_stacked_three_high_and_updated() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let first = open(&command(&app, &sandbox).await);
    let root = sandbox.call("views.open", first).await["view"].take();
    for _ in 0..2 {
        let next = open(&command(&app, &sandbox).await);
        let pushed = sandbox.call("views.push", next).await;
        assert_eq!(pushed["view"]["root_view_id"], root["id"]);
    }
    let next = open(&command(&app, &sandbox).await);
    assert_eq!(
        sandbox.error("views.push", next).await,
        "push_limit_reached"
    );

    let mut change = open("");
    change["view_id"] = root["id"].clone();
    change["hash"] = root["hash"].clone();
    change["view"]["title"]["text"] = "New".into();
    let changed = sandbox.call("views.update", change.clone()).await;
    assert_eq!(changed["view"]["title"]["text"], "New");
    assert_eq!(
        sandbox.error("views.update", change.clone()).await,
        "hash_conflict"
    );
    change["view_id"] = "V1".into();
    assert_eq!(sandbox.error("views.update", change).await, "not_found");
    assert_eq!(sandbox.fake.open_views().len(), 3);
}

#[tokio::test]
async fn a_home_tab_is_published_for_a_user() {
    let sandbox = App::default().sandbox().await;
    let home = json!({ "user_id": "U0ALICE0001", "view": { "type": "home", "blocks": [{ "type": "divider" }] } });
    let first = sandbox.call("views.publish", home.clone()).await;
    let second = sandbox.call("views.publish", home.clone()).await;
    assert_eq!(first["view"]["id"], second["view"]["id"]);
    let shown = sandbox.fake.home_view("U0ALICE0001").unwrap();
    assert_eq!(shown["hash"], second["view"]["hash"]);
    let mut stale = home;
    stale["hash"] = first["view"]["hash"].clone();
    assert_eq!(sandbox.error("views.publish", stale).await, "hash_conflict");
    assert!(sandbox.fake.open_views().is_empty());
}
