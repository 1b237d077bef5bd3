//! Events from the request to the row and the reply.

use http::StatusCode;
use serde_json::{Value, json};
use tidegate_app::mirror::messages;
use tidegate_pipeline::table::Item;

use crate::support::{Product, TENANT, envelope, id, mention, message, unique, until};

const CHANNEL: &str = "C0GENERAL01";

#[tokio::test]
async fn a_message_with_its_changes_ends_the_same_in_any_order() {
    let product = Product::start().await;
    let mut sent = Vec::new();
    for (place, order) in orders().into_iter().enumerate() {
        let channel = format!("C0ORDER{place:03}");
        let deletes = place % 2 == 0;
        for step in order {
            let event = step_of_a_message(&channel, step, deletes);
            assert_eq!(product.event(&event).await.status, StatusCode::OK);
            sent.push((id(&event).to_owned(), channel.clone(), deletes));
        }
    }
    for (event_id, ..) in &sent {
        assert_eq!(product.settled(event_id).await["state"], "done");
    }
    for (_, channel, deletes) in sent {
        let row = stored(&product, TENANT, &channel, "10.000100").await;
        let row = row.unwrap();
        assert_eq!(row.text("version"), Some("10.000400"), "{channel}");
        assert_eq!(
            row.opened_text("text"),
            (!deletes).then_some("third"),
            "{channel}"
        );
        assert_eq!(row.flag("deleted"), deletes, "{channel}");
    }
}

/// All orders of four steps.
fn orders() -> Vec<Vec<usize>> {
    let all = (0..256).map(|n| vec![n / 64, n / 16 % 4, n / 4 % 4, n % 4]);
    all.filter(|order| (0..4).all(|step| order.contains(&step)))
        .collect()
}

fn step_of_a_message(channel: &str, step: usize, deletes: bool) -> Value {
    let at = format!("10.000{}00", step + 1);
    let edited = |text: &str| {
        json!({"type": "message", "subtype": "message_changed", "channel": channel, "ts": at, "event_ts": at,
            "message": {"type": "message", "user": "U0ALICE0001", "ts": "10.000100", "text": text,
                "edited": {"user": "U0ALICE0001", "ts": at}}})
    };
    let event = match step {
        0 => {
            json!({"type": "message", "channel": channel, "user": "U0ALICE0001", "ts": at, "event_ts": at,
            "text": "original"})
        }
        1 => edited("first"),
        2 => edited("second"),
        _ if deletes => {
            json!({"type": "message", "subtype": "message_deleted", "channel": channel, "ts": at,
                "event_ts": at, "deleted_ts": "10.000100"})
        }
        _ => edited("third"),
    };
    envelope(&event)
}

#[tokio::test]
async fn a_mention_is_answered_once_in_its_thread() {
    let product = Product::start().await;
    let event = mention(CHANNEL, "<@U0TIDEGATE1> are you there?");
    assert_eq!(product.event(&event).await.status, StatusCode::OK);
    let shown = product.settled(id(&event)).await;
    assert_eq!(
        (&shown["state"], &shown["posts"][0]["state"]),
        (&json!("done"), &json!("done"))
    );
    product.drained().await;
    let messages = product.slack().messages(CHANNEL).into_iter();
    let replies: Vec<_> = messages.filter(|m| m.bot_id.is_some()).collect();
    assert_eq!(replies.len(), 1);
    assert_eq!(
        replies[0].thread_ts.as_deref(),
        event["event"]["ts"].as_str()
    );
    assert!(replies[0].text.contains("<@U0ALICE0001>"), "{replies:?}");
    assert_eq!(shown["posts"][0]["ts"], json!(replies[0].ts));

    // In a thread, the answer goes to that thread; and the app's own mention of itself is answered by nobody.
    let mut in_thread = mention(CHANNEL, "and here?");
    in_thread["event"]["thread_ts"] = json!("1.000001");
    let mut by_itself = mention(CHANNEL, "<@U0TIDEGATE1>");
    by_itself["event"]["user"] = json!("U0TIDEGATE1");
    for event in [&in_thread, &by_itself] {
        product.event(event).await;
        product.settled(id(event)).await;
    }
    product.drained().await;
    let messages = product.slack().messages(CHANNEL).into_iter();
    let threads: Vec<_> = messages
        .filter(|m| m.bot_id.is_some())
        .filter_map(|m| m.thread_ts)
        .collect();
    assert_eq!(threads.len(), 2);
    assert_eq!(threads[1], "1.000001");
}

#[tokio::test]
async fn ping_is_answered_through_its_response_url_with_the_timings() {
    let product = Product::start().await;
    let url = product.response_url().await;
    let fields = [
        ("command", "/tidegate"),
        ("text", "ping"),
        ("team_id", TENANT),
        ("channel_id", CHANNEL),
        ("user_id", "U0ALICE0001"),
        ("response_url", url.as_str()),
    ];
    assert_eq!(
        product.form("/slack/commands", &fields).await.status,
        StatusCode::OK
    );
    let pong = until("the pong", async || {
        product.slack().ephemerals().into_iter().next()
    })
    .await;
    assert_eq!(
        (pong.channel.as_str(), pong.user.as_str()),
        (CHANNEL, "U0ALICE0001")
    );
    assert!(
        pong.text.starts_with("Pong.") && pong.text.contains(" ms, attempt 1."),
        "{}",
        pong.text
    );
    product.drained().await;
    assert_eq!(product.slack().ephemerals().len(), 1);
}

#[tokio::test]
async fn two_tenants_never_meet() {
    let product = Product::start().await;
    // The same everything but for the installation.
    let mut event = message(CHANNEL, "hello");
    event["event"]["ts"] = json!("10.000100");
    let tenants = ["T0FIRST0001", "T0SECOND001"];
    for tenant in tenants {
        event["authorizations"][0]["team_id"] = json!(tenant);
        event["event"]["text"] = json!(format!("hello of {tenant}"));
        assert_eq!(product.event(&event).await.status, StatusCode::OK);
    }
    for tenant in tenants {
        let row = until("its row", async || {
            stored(&product, tenant, CHANNEL, "10.000100").await
        })
        .await;
        assert_eq!(
            row.opened_text("text"),
            Some(format!("hello of {tenant}").as_str())
        );
        let archived = product.archived(Some(tenant)).await;
        assert_eq!(archived.len(), 1, "{archived:?}");
        assert_eq!(archived[0]["tenant"], tenant);
    }
    assert_eq!(stored(&product, TENANT, CHANNEL, "10.000100").await, None);
}

#[tokio::test]
async fn an_event_belongs_to_the_installation_it_was_delivered_for() {
    let product = Product::start().await;
    // Slack Connect: the author's workspace stands at the top, the installation in the authorization.
    let mut connect = message("C0SHARED001", "from outside");
    connect["team_id"] = json!("T0OTHERCORP");
    connect["context_team_id"] = json!("T0OTHERCORP");
    connect["is_ext_shared_channel"] = json!(true);
    // An org-wide installation is one tenant, the organisation.
    let mut org = message("C0ORG000001", "from the org");
    org["authorizations"][0] = json!({"team_id": "T0WORKSPACE", "enterprise_id": "E0ORG000001",
        "user_id": "U0TIDEGATE1", "is_bot": true, "is_enterprise_install": true});
    for (event, tenant) in [(&connect, TENANT), (&org, "E0ORG000001")] {
        assert_eq!(product.event(event).await.status, StatusCode::OK);
        let shown = product.settled(id(event)).await;
        assert_eq!(shown["tenant"], tenant);
        let channel = event["event"]["channel"].as_str().unwrap();
        let ts = event["event"]["ts"].as_str().unwrap();
        assert!(stored(&product, tenant, channel, ts).await.is_some());
    }
    for other in ["T0OTHERCORP", "T0WORKSPACE"] {
        assert_eq!(product.archived(Some(other)).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn an_event_under_two_ids_has_one_effect() {
    let product = Product::start().await;
    let first = mention(CHANNEL, "are you there?");
    let mut second = first.clone();
    second["event_id"] = json!(unique("Ev"));
    product.event(&first).await;
    assert_eq!(product.settled(id(&first)).await["state"], "done");
    product.event(&second).await;
    let shown = product.settled(id(&second)).await;
    assert_eq!(
        (&shown["state"], &shown["posts"]),
        (&json!("duplicate"), &json!([]))
    );
    product.drained().await;
    assert_eq!(product.replies(CHANNEL).len(), 1);

    // Both at once: one of the two is the event, whichever comes first.
    let mut both = [mention(CHANNEL, "and now?"), Value::Null];
    both[1] = both[0].clone();
    both[1]["event_id"] = json!(unique("Ev"));
    tokio::join!(product.event(&both[0]), product.event(&both[1]));
    let mut states = Vec::new();
    for event in &both {
        states.push(product.settled(id(event)).await["state"].clone());
    }
    states.sort_by_key(Value::to_string);
    assert_eq!(states, [json!("done"), json!("duplicate")]);
    product.drained().await;
    assert_eq!(product.replies(CHANNEL).len(), 2);
}

/// Without a timestamp nothing but the id tells two events apart.
#[tokio::test]
async fn events_without_a_natural_key_are_told_apart_by_their_id() {
    let product = Product::start().await;
    let events = [0, 1].map(|_| envelope(&json!({"type": "app_uninstalled"})));
    for event in &events {
        product.event(event).await;
        product.event(event).await;
        assert_eq!(product.settled(id(event)).await["state"], "done");
    }
    product.drained().await;
    assert_eq!(product.archived(Some(TENANT)).await.len(), 2);
}

async fn stored(product: &Product, tenant: &str, channel: &str, ts: &str) -> Option<Item> {
    let rows = product.table().tenant(&tenant.into());
    rows.get(&messages::key(channel, ts)).await.unwrap()
}
