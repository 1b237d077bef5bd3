//! Slack's certificate probe, with the cases of Bolt for JavaScript's own `HTTPModuleFunctions.spec.ts`.

use http::StatusCode;
use serde_json::json;
use tidegate_testing::product::{FORM, Product, TENANT, content_type, form, id, unique};

use crate::bolt_defects::{post, refused, taken};

/// Bolt for Python has it the wrong way round: there the right token is an error.
#[tokio::test]
async fn ssl_check_answers_whatever_the_token_says() {
    let product = Product::start().await;
    for token in ["", "right", "wrong", "xyzz0WbapA4vBCDEFasx0q6G"] {
        for path in ["/slack/commands", "/slack/interactions", "/slack/events"] {
            let probe = form(&[("ssl_check", "1"), ("token", token)]);
            let answer = post(&product, path, FORM, &probe).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (StatusCode::OK, ""),
                "{path} {token}"
            );
        }
    }
    assert_eq!(product.queued(), 0);
}

#[tokio::test]
async fn ssl_check_without_a_signature_is_refused() {
    refused(content_type(FORM), b"ssl_check=1&token=any").await;
}

#[tokio::test]
async fn ssl_check_smuggles_no_payload_past_the_dispatch() {
    let product = Product::start().await;
    let smuggled = form(&[
        ("ssl_check", "1"),
        ("payload", r#"{"type":"block_actions"}"#),
        ("command", "/tidegate"),
        ("team_id", TENANT),
    ]);
    for path in ["/slack/commands", "/slack/interactions"] {
        let answer = post(&product, path, FORM, &smuggled).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    }
    assert_eq!(product.queued(), 0);
}

#[tokio::test]
async fn only_ssl_check_1_is_a_probe() {
    let product = Product::start().await;
    for value in ["0", "true", ""] {
        let fields = [
            ("command", "/other"),
            ("team_id", TENANT),
            ("ssl_check", value),
            ("trigger_id", &unique("t")),
        ];
        let event = taken(&product, "/slack/commands", FORM, &form(&fields)).await;
        assert_eq!(
            (&event["type"], &event["state"]),
            (&json!("/other"), &json!("done")),
            "{value:?}"
        );
    }
    let json = json!({"ssl_check": 1, "event_id": unique("Ev"), "team_id": TENANT});
    assert_eq!(product.event(&json).await.status, StatusCode::OK);
    assert_eq!(product.settled(id(&json)).await["body"]["ssl_check"], 1);
}
