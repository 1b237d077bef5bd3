//! Installing the app over HTTP, as a browser does it, against the stand-in Slack.

use http::StatusCode;
use serde_json::json;
use tidegate_fake_slack::{Addressee, Approval, FakeConfig};

use crate::support::{Browser, Product, until};

#[tokio::test]
async fn an_installed_workspace_is_answered_with_its_own_token() {
    let product = Product::start_with_slack(FakeConfig::default()).await;
    let browser = Browser::new(&product);
    let page = browser
        .install(&product, |url| Approval::of_team(url, "T0ACME00001"))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(page.body.contains("Acme"), "{page:?}");
    let slack = product.slack();
    let event = json!({
        "type": "app_mention", "channel": "C0ACMEROOM1", "user": "U0ALICE0001",
        "text": "<@U0TIDEGATE1> hello", "ts": "1763690400.000100", "event_ts": "1763690400.000100",
    });
    let sent = slack
        .send_event_to(&Addressee::team("T0ACME00001"), event)
        .await;
    assert!(sent.ok, "{sent:?}");
    let call = until("the answer", async || {
        let calls = slack.calls();
        calls
            .into_iter()
            .find(|call| call.method == "chat.postMessage")
    })
    .await;
    assert_eq!(call.team.as_deref(), Some("T0ACME00001"));
    assert_eq!(call.outcome, "ok");
}
