//! Two workspaces and an organisation side by side: each is answered with its own token and sees its own data.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_fake_slack::{Addressee, Approval, Call, FakeConfig};
use tidegate_testing::product::{Browser, Product, unique_ts, until};

const ACME: &str = "T0ACME00001";
const GLOBEX: &str = "T0GLOBEX001";
const ORG: &str = "E0UMBRELLA1";
const EAST: &str = "T0UMBRELLA1";
const WEST: &str = "T0UMBRELLA2";

async fn product() -> Product {
    Product::start_with_slack(FakeConfig {
        echo_bot_messages: false,
        ..FakeConfig::default()
    })
    .await
}

async fn install(product: &Product, approve: impl Fn(&str) -> Approval) {
    let page = Browser::new(product).install(product, approve).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

async fn install_all(product: &Product) {
    for team in [ACME, GLOBEX] {
        install(product, |url| Approval::of_team(url, team)).await;
    }
    install(product, |url| Approval::of_org(url, ORG)).await;
}

async fn mention(product: &Product, to: &Addressee, channel: &str) {
    let ts = unique_ts();
    let event = json!({"type": "app_mention", "channel": channel, "user": "U0ALICE0001", "text": "hello",
        "ts": ts, "event_ts": ts});
    let sent = product.slack().send_event_to(to, event).await;
    assert!(sent.ok, "{sent:?}");
}

async fn answered(product: &Product, channel: &str) -> Call {
    until(&format!("the answer in {channel}"), async || {
        let calls = product.slack().calls().into_iter();
        let mut posts = calls.filter(|call| call.method == "chat.postMessage");
        posts.find(|call| call.channel.as_deref() == Some(channel))
    })
    .await
}

#[tokio::test]
async fn each_is_answered_with_its_own_token() {
    let product = product().await;
    install_all(&product).await;
    let rooms = [
        (ACME, "C0ACMEROOM1", Some(ACME), None, ACME),
        (GLOBEX, "C0GLOBEXRM1", Some(GLOBEX), None, GLOBEX),
        (EAST, "C0EASTROOM1", None, Some(ORG), ORG),
        (WEST, "C0WESTROOM1", None, Some(ORG), ORG),
    ];
    for (team, room, ..) in rooms {
        mention(&product, &Addressee::team(team), room).await;
    }
    for (_, room, team, enterprise, tenant) in rooms {
        let call = answered(&product, room).await;
        assert_eq!(call.outcome, "ok", "{call:?}");
        assert_eq!(
            (call.team.as_deref(), call.enterprise.as_deref()),
            (team, enterprise)
        );
        let archived = product.archived(Some(tenant)).await;
        let mentions = archived
            .iter()
            .filter(|event| event["type"] == "app_mention");
        assert_eq!(
            mentions.count(),
            if tenant == ORG { 2 } else { 1 },
            "{archived:?}"
        );
    }
    for team in [EAST, WEST] {
        assert_eq!(product.archived(Some(team)).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn the_list_tells_a_workspace_from_an_organisation() {
    let product = product().await;
    install_all(&product).await;
    let answer = product.operator(Method::GET, "/v1/workspaces").await;
    let list = answer.json()["workspaces"].as_array().unwrap().clone();
    let of = |id: &str| list.iter().find(|line| line["id"] == id).unwrap().clone();
    assert_eq!(list.len(), 3, "{list:?}");
    let (acme, org) = (of(ACME), of(ORG));
    assert_eq!(acme["team"], json!({"id": ACME, "name": "Acme"}));
    assert_eq!(
        (&acme["enterprise"], &acme["is_enterprise_install"]),
        (&json!(null), &json!(false))
    );
    assert_eq!(
        (&org["team"], &org["is_enterprise_install"]),
        (&json!(null), &json!(true))
    );
    assert_eq!(org["enterprise"]["id"], ORG);
    // Each has a bot of its own.
    assert_eq!(
        (&acme["bot_user_id"], &acme["bot_id"]),
        (&json!("UB0ACME00001"), &json!("BB0ACME00001"))
    );
    assert_eq!(
        (&org["bot_user_id"], &org["bot_id"]),
        (&json!("UB0UMBRELLA1"), &json!("BB0UMBRELLA1"))
    );
}

#[tokio::test]
async fn a_message_from_another_workspace_lands_with_the_tenant_that_installed() {
    let product = product().await;
    install(&product, |url| Approval::of_team(url, ACME)).await;
    let to = Addressee {
        author_team: Some(GLOBEX.to_owned()),
        ..Addressee::team(ACME)
    };
    mention(&product, &to, "C0SHARED001").await;
    let call = answered(&product, "C0SHARED001").await;
    assert_eq!(
        (call.team.as_deref(), call.outcome.as_str()),
        (Some(ACME), "ok")
    );
    assert_eq!(product.archived(Some(ACME)).await.len(), 1);
    assert_eq!(product.archived(Some(GLOBEX)).await, Vec::<Value>::new());
    // With both installed it is still whichever Slack says it is delivered for.
    install(&product, |url| Approval::of_team(url, GLOBEX)).await;
    mention(&product, &to, "C0SHARED002").await;
    let call = answered(&product, "C0SHARED002").await;
    assert_eq!(call.team.as_deref(), Some(ACME));
    assert_eq!(product.archived(Some(GLOBEX)).await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_that_leaves_takes_nothing_from_the_others() {
    let product = product().await;
    product.clock.fall_back(std::time::Duration::from_secs(30));
    install_all(&product).await;
    assert!(product.slack().uninstall(ACME, false).await.ok);
    product.drained().await;
    for (team, room) in [(GLOBEX, "C0GLOBEXRM1"), (WEST, "C0WESTROOM1")] {
        mention(&product, &Addressee::team(team), room).await;
        assert_eq!(answered(&product, room).await.outcome, "ok");
    }
    let answer = product.operator(Method::GET, "/v1/workspaces").await;
    for line in answer.json()["workspaces"].as_array().unwrap() {
        let expected = if line["id"] == ACME {
            "disconnected"
        } else {
            "connected"
        };
        assert_eq!(line["state"], expected, "{line}");
    }
}
