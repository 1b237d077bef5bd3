//! With only `hello` on, the rest is not there: not in the manifest, on the install page, behind a command or a route, and
//! not in the table.

use std::ffi::OsString;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::domains::DomainChoice;
use tidegate_app::mirror::messages;
use tidegate_testing::process::{Ended, command, ended};
use tidegate_testing::product::{
    Browser, FORM, Product, TENANT, form, id, mention, message, signed, until,
};

const CHANNEL: &str = "C0GENERAL01";

/// Types a command and answers the text that Slack shows for it.
async fn typed(product: &Product, name: &str, text: &str) -> String {
    let response_url = product.response_url().await;
    let body = form(&[
        ("command", name),
        ("text", text),
        ("team_id", TENANT),
        ("channel_id", CHANNEL),
        ("user_id", "U0ALICE0001"),
        ("response_url", &response_url),
    ]);
    let before = product.slack().ephemerals().len();
    let answer = product
        .send("/slack/commands", signed(FORM, &body), body)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    until("the answer", async || {
        let shown = product.slack().ephemerals();
        shown.get(before).map(|answer| answer.text.clone())
    })
    .await
}

/// Runs the command line, without a product.
async fn run(args: &[&str]) -> Ended {
    let program = [env!("CARGO_BIN_EXE_tidegate")];
    let args: Vec<OsString> = program.iter().chain(args).map(OsString::from).collect();
    ended(command(&args, &[])).await
}

#[tokio::test]
async fn what_is_on_answers_and_what_is_off_says_so() {
    let product = Product::start_with(&[("TIDEGATE_DOMAINS", "hello")]).await;
    let pong = typed(&product, "/tidegate", "ping").await;
    assert!(pong.starts_with("Pong."), "{pong}");
    let help = typed(&product, "/tidegate", "help").await;
    let purpose = "to see how long a request takes from Slack to the worker.";
    assert_eq!(help, format!("Try `/tidegate ping` {purpose}"));
    let off = typed(&product, "/incident", "declare Card payments fail").await;
    let ask = "Ask the people who run Tidegate whether it is switched off.";
    assert_eq!(off, format!("Nothing here handles `/incident`. {ask}"));

    let mentioned = mention(CHANNEL, "are you there?");
    product.event(&mentioned).await;
    let shown = product.settled(id(&mentioned)).await;
    assert_eq!(
        (&shown["state"], &shown["shares"]),
        (&json!("done"), &json!([]))
    );
    let posted = message(CHANNEL, "nobody mirrors this");
    product.event(&posted).await;
    assert_eq!(product.settled(id(&posted)).await["state"], "done");
    let key = messages::key(CHANNEL, posted["event"]["ts"].as_str().unwrap());
    let row = product.table().tenant(&TENANT.into()).get(&key).await;
    assert_eq!(row.unwrap(), None);

    let route = product.operator(Method::GET, "/v1/incidents").await;
    assert_eq!(route.status, StatusCode::NOT_FOUND, "{route:?}");
}

#[tokio::test]
async fn a_click_or_a_form_of_what_is_off_is_answered() {
    let product = Product::start_with(&[("TIDEGATE_DOMAINS", "hello")]).await;
    let response_url = product.response_url().await;
    let user = json!({"id": "U0ALICE0001", "team_id": TENANT});
    let action = json!({"type": "button", "action_id": "incident.join", "value": "x"});
    let clicked = json!({
        "type": "block_actions", "team": {"id": TENANT}, "user": user, "actions": [action],
        "response_url": response_url,
    });
    let link = json!({"type": "button", "action_id": "docs", "url": "https://docs.example"});
    let followed = json!({
        "type": "block_actions", "team": {"id": TENANT}, "user": user, "actions": [link],
        "response_url": response_url,
    });
    let submitted = json!({
        "type": "view_submission", "team": {"id": TENANT}, "user": user,
        "view": {"id": "V1", "callback_id": "incident.declare", "state": {"values": {}}},
    });
    let closed = json!({
        "type": "view_closed", "team": {"id": TENANT}, "user": user,
        "view": {"id": "V1", "callback_id": "incident.declare"},
    });
    for payload in [followed, closed, clicked, submitted] {
        let body = form(&[("payload", &payload.to_string())]);
        let sent = product.send("/slack/interactions", signed(FORM, &body), body);
        assert_eq!(sent.await.status, StatusCode::OK);
    }
    let told = until("the answer to the form", async || {
        product.replies("D0ALICE0001").first().cloned()
    });
    let told = told.await;
    assert_eq!(
        told,
        "Nothing here handles this form any more, and it has not been saved. Ask the people who run Tidegate whether it is \
         switched off."
    );
    product.drained().await;
    let shown = product.slack().ephemerals();
    let shown: Vec<&str> = shown.iter().map(|shown| shown.text.as_str()).collect();
    let words = "Nothing here handles this button any more, and nothing has changed. Ask the people who run Tidegate whether it is \
         switched off.";
    assert_eq!(shown, [words]);
    assert_eq!(product.replies("D0ALICE0001").len(), 1);
}

#[tokio::test]
async fn the_install_page_asks_for_the_scopes_of_what_is_on() {
    for (domains, required, optional) in [
        ("hello", 3, 0),
        ("mirror", 2, 3),
        ("hello,mirror,incidents", 7, 12),
    ] {
        let product = Product::start_with(&[("TIDEGATE_DOMAINS", domains)]).await;
        let page = Browser::new(&product).get("/slack/install").await;
        let (before, after) = page
            .body
            .split_once("It can do without:")
            .unwrap_or((&page.body, ""));
        assert_eq!(
            before.matches("<li>").count(),
            required,
            "{domains}: {page:?}"
        );
        assert_eq!(
            after.matches("<li>").count(),
            optional,
            "{domains}: {page:?}"
        );
    }
}

#[tokio::test]
async fn the_manifest_asks_for_the_scopes_of_what_is_on() {
    let manifest = async |domains: &str| -> Value {
        let ended = run(&["manifest", "--domains", domains, "--host", "td.example"]).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let hello = manifest("hello").await;
    let scopes = &hello["oauth_config"]["scopes"];
    let three = json!(["app_mentions:read", "chat:write", "commands"]);
    assert_eq!(
        (&scopes["bot"], &scopes["bot_optional"]),
        (&three, &json!([]))
    );
    let events = &hello["settings"]["event_subscriptions"]["bot_events"];
    assert_eq!(
        *events,
        json!(["app_mention", "app_uninstalled", "tokens_revoked"])
    );
    let commands = hello["features"]["slash_commands"].as_array().unwrap();
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert_eq!(hello["features"]["shortcuts"], json!([]));
    assert_eq!(hello["features"]["app_home"]["home_tab_enabled"], false);

    let all = manifest("").await;
    let choice = DomainChoice::default();
    let commands: usize = choice.specs().map(|spec| spec.commands.len()).sum();
    let shortcuts: usize = choice.specs().map(|spec| spec.shortcuts.len()).sum();
    let (has_subcommands, scopes) = (1, choice.bot_scopes().all().len());
    let count = |list: &Value| list.as_array().unwrap().len();
    let features = &all["features"];
    assert_eq!(
        count(&features["slash_commands"]),
        commands + has_subcommands
    );
    assert_eq!(count(&features["shortcuts"]), shortcuts);
    assert_eq!(count(&all["oauth_config"]["scopes"]["bot"]), scopes);
}

#[tokio::test]
async fn a_domain_that_is_none_is_refused_in_words() {
    let ended = run(&["manifest", "--domains", "helo"]).await;
    assert_eq!(ended.code, Some(1));
    let names = tidegate_app::domains::names().join(", ");
    let words = format!("`TIDEGATE_DOMAINS` has `helo`: it takes some of {names}");
    assert!(ended.stderr.contains(&words), "{}", ended.stderr);
}
