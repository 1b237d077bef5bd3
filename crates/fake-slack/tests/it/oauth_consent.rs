//! The consent page and the control that stands in for it.

use serde_json::{Value, json};

use crate::fakes::sandbox;
use crate::oauth::{REDIRECT, query};

#[tokio::test]
async fn allowing_leads_back_with_a_code_and_the_state() {
    let sandbox = sandbox().await;
    let url = sandbox.authorize_url("chat:write", "");
    let body = json!({ "authorize_url": url, "team": "T0GLOBEX001", "enterprise": null, "user": "U0BOB000001", "deny": false });
    let answer: Value = sandbox
        .control("oauth/approve", body)
        .await
        .json()
        .await
        .unwrap();
    let redirect = answer["redirect"].as_str().unwrap();
    assert!(redirect.starts_with(&format!("{REDIRECT}?code=")));
    assert_eq!(query(redirect, "state").unwrap(), "st&te");
    let installed = sandbox.exchange(&query(redirect, "code").unwrap()).await;
    assert_eq!(
        (&installed["team"]["id"], &installed["authed_user"]["id"]),
        (&json!("T0GLOBEX001"), &json!("U0BOB000001"))
    );
}

#[tokio::test]
async fn refusing_leads_back_with_an_error() {
    let sandbox = sandbox().await;
    let body = json!({ "authorize_url": sandbox.authorize_url("chat:write", ""), "deny": true });
    let answer: Value = sandbox
        .control("oauth/approve", body)
        .await
        .json()
        .await
        .unwrap();
    let expected = format!("{REDIRECT}?error=access_denied&state=st%26te");
    assert_eq!(answer, json!({ "redirect": expected }));
    assert!(sandbox.fake.installs().is_empty());
}

#[tokio::test]
async fn the_page_lists_where_the_app_can_go_and_its_buttons_work() {
    let sandbox = sandbox().await;
    let url = sandbox.authorize_url("chat:write,<b>", "");
    let answer = sandbox.http.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    for part in [
        "T0SANDBOX1",
        "Acme",
        "E0UMBRELLA1",
        "Allow",
        "Cancel",
        "&lt;b&gt;",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for (decision, name) in [("allow", "code="), ("deny", "error=access_denied")] {
        let form = [
            ("place", "T0ACME00001"),
            ("user", "U0BOB000001"),
            ("decision", decision),
        ];
        let pressed = sandbox.http.post(&url).form(&form).send().await.unwrap();
        assert_eq!(pressed.status(), 302);
        let went = pressed.headers()["location"].to_str().unwrap();
        assert!(went.starts_with(REDIRECT) && went.contains(name), "{went}");
    }
}

#[tokio::test]
async fn an_unknown_client_or_address_is_an_error_page_and_leads_nowhere() {
    let sandbox = sandbox().await;
    let good = sandbox.authorize_url("chat:write", "");
    for (bad, code) in [
        (good.replace("1000000000.2", "9"), "invalid_client_id"),
        (
            good.replace("127.0.0.1%3A3000", "evil.example"),
            "bad_redirect_uri",
        ),
        (good.replace("chat%3Awrite", ""), "invalid_scope"),
    ] {
        let answer = sandbox.http.get(&bad).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bad}");
        assert!(answer.text().await.unwrap().contains(code));
        let refused = sandbox
            .control("oauth/approve", json!({ "authorize_url": bad }))
            .await;
        assert_eq!(refused.status(), 400);
        assert_eq!(
            refused.json::<Value>().await.unwrap(),
            json!({ "error": code })
        );
    }
    let nowhere = json!({ "authorize_url": good, "team": "T0NOWHERE" });
    assert_eq!(
        sandbox.control("oauth/approve", nowhere).await.status(),
        400
    );
}
