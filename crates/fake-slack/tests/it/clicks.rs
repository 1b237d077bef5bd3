//! What people click: buttons and menus, forms, shortcuts and the home tab, as the app gets them.

use serde_json::{Value, json};

use crate::app::App;
use crate::fakes::Sandbox;
use crate::oauth::text;

const ALICE: &str = "U0ALICE0001";
const GENERAL: &str = "C0GENERAL01";

async fn act(sandbox: &Sandbox, path: &str, body: Value) -> Value {
    sandbox.control(path, body).await.json().await.unwrap()
}

/// The interaction that the app got last.
fn payload(app: &App) -> Value {
    let mut last = app.received().into_iter();
    let last = last.rfind(|request| request.path == "/slack/interactions");
    serde_json::from_str(&last.unwrap().field("payload").unwrap()).unwrap()
}

fn blocks() -> Value {
    let option =
        |value: &str| json!({ "text": { "type": "plain_text", "text": value }, "value": value });
    json!([{ "type": "actions", "block_id": "header", "elements": [
        { "type": "button", "action_id": "join", "text": { "type": "plain_text", "text": "Join" }, "value": "INC-1" },
        { "type": "static_select", "action_id": "severity", "options": [option("P1"), option("P2")] },
    ] }])
}

async fn posted(app: &App, sandbox: &Sandbox) -> String {
    let args = json!({ "channel": GENERAL, "text": "x", "blocks": blocks() });
    let ts = text(&sandbox.call("chat.postMessage", args).await, "/ts");
    app.received_in_time(1).await;
    ts
}

#[tokio::test]
async fn a_button_is_clicked_by_its_name() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let ts = posted(&app, &sandbox).await;
    let click = |action: &str, choice: Value| json!({ "user": ALICE, "channel": GENERAL, "ts": ts, "action_id": action, "choice": choice });
    let report = act(&sandbox, "click", click("join", Value::Null)).await;
    assert_eq!(report["ok"], true);
    let sent = payload(&app);
    assert_eq!(
        (&sent["type"], &sent["user"]["id"]),
        (&json!("block_actions"), &json!(ALICE))
    );
    assert_eq!(
        (
            &sent["actions"][0]["block_id"],
            &sent["actions"][0]["value"]
        ),
        (&json!("header"), &json!("INC-1"))
    );
    assert_eq!(
        (&sent["message"]["ts"], &sent["container"]["is_ephemeral"]),
        (&json!(ts), &json!(false))
    );
    assert!(sent["trigger_id"].is_string() && sent["response_url"].is_string());
    act(&sandbox, "click", click("severity", json!("P1"))).await;
    assert_eq!(
        payload(&app)["actions"][0]["selected_option"]["value"],
        "P1"
    );
    for (action, choice, error) in [
        ("none", Value::Null, "no_such_action"),
        ("severity", json!("P9"), "there is no such option"),
    ] {
        assert_eq!(
            act(&sandbox, "click", click(action, choice)).await["error"],
            error
        );
    }
}

#[tokio::test]
async fn an_ephemeral_message_is_clicked_by_who_sees_it_and_not_repeated() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let args = json!({ "channel": GENERAL, "user": ALICE, "text": "x", "blocks": blocks() });
    let ts = text(
        &sandbox.call("chat.postEphemeral", args).await,
        "/message_ts",
    );
    let click =
        |user: &str| json!({ "user": user, "channel": GENERAL, "ts": ts, "action_id": "join" });
    assert_eq!(
        act(&sandbox, "click", click("U0BOB000001")).await["error"],
        "message_not_found"
    );
    act(&sandbox, "click", click(ALICE)).await;
    let sent = payload(&app);
    assert_eq!(sent["container"]["is_ephemeral"], true);
    assert_eq!(
        (sent.get("message"), &sent["container"]["message_ts"]),
        (None, &json!(ts))
    );
}

#[tokio::test]
async fn shortcuts_are_run_anywhere_and_on_messages() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let global = json!({ "user": ALICE, "callback_id": "declare_incident" });
    act(&sandbox, "shortcut", global).await;
    let sent = payload(&app);
    assert_eq!(
        (&sent["type"], &sent["callback_id"]),
        (&json!("shortcut"), &json!("declare_incident"))
    );
    assert_eq!(
        (sent.get("channel"), sent.get("response_url")),
        (None, None)
    );
    let report = sandbox
        .fake
        .post_as_user("U0BOB000001", GENERAL, "it is the cache", None)
        .await;
    let of_message = json!({ "user": ALICE, "callback_id": "make_task", "channel": "#general", "ts": report.ts });
    act(&sandbox, "shortcut", of_message).await;
    let sent = payload(&app);
    assert_eq!(
        (&sent["type"], &sent["message"]["text"]),
        (&json!("message_action"), &json!("it is the cache"))
    );
    assert_eq!(
        (&sent["message_ts"], &sent["channel"]["name"]),
        (&json!(report.ts), &json!("general"))
    );
    assert!(sent["response_url"].is_string() && sent["trigger_id"].is_string());
    let gone =
        json!({ "user": ALICE, "callback_id": "make_task", "channel": GENERAL, "ts": "1.2" });
    assert_eq!(
        act(&sandbox, "shortcut", gone).await["error"],
        "message_not_found"
    );
}

fn form() -> Value {
    json!({ "type": "modal", "callback_id": "declare", "title": { "type": "plain_text", "text": "Declare" }, "blocks": [
        { "type": "input", "block_id": "title", "element": { "type": "plain_text_input", "action_id": "a" } },
        { "type": "input", "block_id": "commander", "element": { "type": "users_select", "action_id": "a", "initial_user": ALICE } },
        { "type": "actions", "block_id": "more", "elements": [{ "type": "button", "action_id": "more", "value": "m" }] },
    ] })
}

async fn opened(app: &App, sandbox: &Sandbox) -> Value {
    sandbox
        .fake
        .run_shortcut(ALICE, "declare_incident", None)
        .await;
    let open = json!({ "trigger_id": payload(app)["trigger_id"], "view": form() });
    sandbox.call("views.open", open).await["view"].clone()
}

#[tokio::test]
async fn a_form_is_filled_in_and_submitted() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let none = act(&sandbox, "submit", json!({ "user": ALICE })).await;
    assert_eq!(none["error"], "no_open_view");
    let view = opened(&app, &sandbox).await;
    let incomplete = act(&sandbox, "submit", json!({ "user": ALICE })).await;
    assert_eq!(
        incomplete["error"],
        "title: please complete this required field"
    );

    let click = json!({ "user": ALICE, "action_id": "more" });
    act(&sandbox, "click", click).await;
    let sent = payload(&app);
    assert_eq!(
        (&sent["view"]["id"], &sent["actions"][0]["value"]),
        (&view["id"], &json!("m"))
    );

    let filled = json!({ "user": ALICE, "values": { "title": "Checkout fails" } });
    act(&sandbox, "submit", filled).await;
    let sent = payload(&app);
    assert_eq!(
        (&sent["type"], &sent["view"]["callback_id"]),
        (&json!("view_submission"), &json!("declare"))
    );
    let values = &sent["view"]["state"]["values"];
    assert_eq!(values["title"]["a"]["value"], "Checkout fails");
    assert_eq!(values["commander"]["a"]["selected_user"], ALICE);
    assert!(sandbox.fake.open_views().is_empty());
}

#[tokio::test]
async fn an_answer_can_replace_a_modal_lay_one_over_it_or_close_them_all() {
    use crate::app::Reply::Answer;
    let view = |action: &'static str| Answer(200, action);
    let app = App::replying([
        Answer(200, ""),
        view(
            r#"{"response_action":"push","view":{"type":"modal","callback_id":"two","blocks":[{"type":"divider"}]}}"#,
        ),
        view(
            r#"{"response_action":"update","view":{"type":"modal","callback_id":"three","blocks":[]}}"#,
        ),
        view(r#"{"response_action":"clear"}"#),
    ]);
    let sandbox = app.sandbox().await;
    opened(&app, &sandbox).await;
    let names = || {
        let views = sandbox.fake.open_views().into_iter();
        views
            .map(|open| text(&open.view, "/callback_id"))
            .collect::<Vec<_>>()
    };
    for (values, left) in [
        (json!({ "title": "x" }), vec!["declare", "two"]),
        (json!({}), vec!["declare", "three"]),
        (json!({}), vec![]),
    ] {
        act(
            &sandbox,
            "submit",
            json!({ "user": ALICE, "values": values }),
        )
        .await;
        assert_eq!(names(), left);
    }
}

#[tokio::test]
async fn opening_the_home_tab_is_an_event_and_its_buttons_work() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    act(&sandbox, "home", json!({ "user": ALICE })).await;
    let opened = app.received()[0].json()["event"].clone();
    assert_eq!(
        (&opened["type"], &opened["tab"], opened.get("view")),
        (&json!("app_home_opened"), &json!("home"), None)
    );
    let home = json!({ "user_id": ALICE, "view": { "type": "home", "callback_id": "home", "blocks": blocks() } });
    let published = sandbox.call("views.publish", home).await;
    act(&sandbox, "home", json!({ "user": ALICE })).await;
    assert_eq!(
        app.received()[1].json()["event"]["view"]["id"],
        published["view"]["id"]
    );
    act(
        &sandbox,
        "click",
        json!({ "user": ALICE, "action_id": "join" }),
    )
    .await;
    let sent = payload(&app);
    assert_eq!(
        (&sent["view"]["callback_id"], &sent["container"]["type"]),
        (&json!("home"), &json!("view"))
    );
    assert_eq!(
        sandbox.look("state").await["homes"][ALICE]["id"],
        published["view"]["id"]
    );
    let nobody = act(&sandbox, "home", json!({ "user": "nobody" })).await;
    assert_eq!(nobody["error"], "user_not_found");
}
