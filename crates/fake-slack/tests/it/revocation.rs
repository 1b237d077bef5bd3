//! Taking the app away, by its own hand and by others', and what it is told.

use serde_json::{Value, json};

use crate::app::App;
use crate::oauth::text;

fn kinds(app: &App) -> Vec<String> {
    let received = app.received();
    received
        .iter()
        .map(|request| text(&request.json(), "/event/type"))
        .collect()
}

#[tokio::test]
async fn removing_the_app_kills_its_tokens_and_tells_it_in_either_order() {
    for (order, expected) in [
        ("revoked_first", ["tokens_revoked", "app_uninstalled"]),
        ("uninstalled_first", ["app_uninstalled", "tokens_revoked"]),
    ] {
        let app = App::default();
        let sandbox = app.sandbox().await;
        let installed = sandbox
            .install("T0ACME00001", "chat:write", "search:read")
            .await;
        let body = json!({ "team": "T0ACME00001", "order": order });
        assert_eq!(sandbox.control("oauth/uninstall", body).await.status(), 200);
        assert_eq!(kinds(&app), expected);
        let received = app.received();
        let revoked = received.iter().map(crate::app::Received::json);
        let revoked = revoked.map(|json| json["event"].clone());
        let revoked = revoked
            .into_iter()
            .find(|event| event["type"] == "tokens_revoked")
            .unwrap();
        assert_eq!(
            revoked["tokens"],
            json!({ "oauth": ["U0ALICE0001"], "bot": ["UB0ACME00001"] })
        );
        let envelope = received[0].json();
        assert_eq!(
            (&envelope["team_id"], envelope.get("authorizations")),
            (&json!("T0ACME00001"), None)
        );
        for pointer in ["/access_token", "/authed_user/access_token"] {
            let dead = sandbox
                .call_as(&text(&installed, pointer), "auth.test", json!({}))
                .await;
            assert_eq!(dead["error"], "account_inactive");
        }
        assert!(!sandbox.fake.installs()[0].installed);
        let again = sandbox.install("T0ACME00001", "chat:write", "").await;
        assert_ne!(again["access_token"], installed["access_token"]);
        assert_eq!(
            sandbox
                .call_as(&text(&again, "/access_token"), "auth.test", json!({}))
                .await["ok"],
            true
        );
        assert_eq!(
            sandbox.call("auth.test", json!({})).await["ok"],
            true,
            "the others stay"
        );
    }
}

#[tokio::test]
async fn an_organisation_removes_the_app_as_a_whole() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    sandbox.install_org("chat:write", "").await;
    let report = sandbox.fake.uninstall("E0UMBRELLA1", false).await;
    assert!(report.ok);
    let envelope = app.received()[0].json();
    assert_eq!(
        (&envelope["enterprise_id"], envelope.get("team_id")),
        (&json!("E0UMBRELLA1"), None)
    );
    let unknown = sandbox
        .control("oauth/uninstall", json!({ "team": "T0GLOBEX001" }))
        .await;
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn one_users_token_is_revoked_alone() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let installed = sandbox
        .install("T0ACME00001", "chat:write", "search:read")
        .await;
    let body = json!({ "team": "T0ACME00001", "user": "U0ALICE0001" });
    sandbox.control("oauth/revoke", body).await;
    assert_eq!(
        app.received()[0].json()["event"]["tokens"],
        json!({ "oauth": ["U0ALICE0001"], "bot": [] })
    );
    let dead = sandbox
        .call_as(
            &text(&installed, "/authed_user/access_token"),
            "auth.test",
            json!({}),
        )
        .await;
    assert_eq!(dead["error"], "token_revoked");
    assert_eq!(
        sandbox
            .call_as(&text(&installed, "/access_token"), "auth.test", json!({}))
            .await["ok"],
        true
    );
}

#[tokio::test]
async fn the_app_can_give_up_a_token_or_its_place() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let installed = sandbox
        .install("T0ACME00001", "chat:write", "search:read")
        .await;
    let (bot, user) = (
        text(&installed, "/access_token"),
        text(&installed, "/authed_user/access_token"),
    );
    let test: Value = sandbox
        .call_as(&user, "auth.revoke", json!({ "test": true }))
        .await;
    assert_eq!(test["revoked"], false);
    assert_eq!(
        sandbox.call_as(&user, "auth.revoke", json!({})).await["revoked"],
        true
    );
    assert_eq!(
        sandbox.call_as(&user, "auth.test", json!({})).await["error"],
        "token_revoked"
    );
    let secrets =
        json!({ "client_id": "1000000000.2000000000", "client_secret": "sandbox-client-secret" });
    assert_eq!(
        sandbox.call_as(&bot, "apps.uninstall", json!({})).await["error"],
        "invalid_client_id"
    );
    assert_eq!(
        sandbox.call_as(&bot, "apps.uninstall", secrets).await["ok"],
        true
    );
    assert_eq!(
        sandbox.call_as(&bot, "auth.test", json!({})).await["error"],
        "account_inactive"
    );
    app.received_in_time(3).await;
    let mut told = kinds(&app);
    told.sort();
    assert_eq!(
        told,
        ["app_uninstalled", "tokens_revoked", "tokens_revoked"]
    );
}
