//! The receiver of the guide, `docs/hooks.md`: the reference library in Python verifies what Tidegate signs.
//!
//! It runs where `TIDEGATE_WEBHOOKS_PYTHON` names a Python that has the package `standardwebhooks`, as `.ci/run` does.

use std::ffi::OsStr;
use std::process::Stdio;

use http::{Method, StatusCode};
use serde_json::json;
use tidegate_testing::product::{mention, until};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::setting::{CHANNEL, attempts, deliveries, make, must, product, settled};

const GUIDE: &str = include_str!("../../../../docs/hooks.md");

/// The receiver of the guide, as a process; killed when dropped.
struct Reference {
    port: String,
    printed: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Reference {
    /// Starts it with a secret, on a free port.
    async fn start(python: &OsStr, secret: &str) -> Self {
        let (_, after) = GUIDE.split_once("```python\n").unwrap();
        let (script, _) = after.split_once("```").unwrap();
        let mut process = Command::new(python)
            .args(["-c", script])
            .env("WEBHOOK_SECRET", secret)
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = process.stdout.take().unwrap();
        let mut printed = BufReader::new(stdout).lines();
        let first = printed.next_line().await.unwrap().unwrap();
        let port = first.strip_prefix("listening on ").unwrap().to_owned();
        Self {
            port,
            printed,
            _process: process,
        }
    }
}

#[expect(clippy::print_stderr, reason = "it says why nothing was tested")]
#[tokio::test]
async fn the_reference_library_takes_what_is_signed_and_refuses_another_secret() {
    let Some(python) = std::env::var_os("TIDEGATE_WEBHOOKS_PYTHON") else {
        eprintln!("skipped: TIDEGATE_WEBHOOKS_PYTHON is not set");
        return;
    };
    let product = product().await;
    let hook = make(&product, "http://127.0.0.1:9999/", json!({})).await;
    let mut reference = Reference::start(&python, &hook.secret).await;
    let path = format!("/v1/hooks/{}", hook.id);
    let url = json!({"url": format!("http://127.0.0.1:{}/", reference.port)});
    must(&product, Method::PATCH, &path, Some(&url), StatusCode::OK).await;
    let event = mention(CHANNEL, "Grüße & <@U1> \u{1F600}");
    product.event(&event).await;
    let all = settled(&product, &hook.id, "delivered", 1).await;
    let tried = attempts(&product, &hook.id, &all[0]).await;
    assert_eq!(tried[0]["status"], 204);
    let printed = reference.printed.next_line().await.unwrap().unwrap();
    assert_eq!(printed, "slack.app_mention Grüße & <@U1> \u{1F600}");

    // After a new secret the old one verifies for a day.
    let secret = format!("{path}/secret");
    must(&product, Method::POST, &secret, None, StatusCode::OK).await;
    product.event(&mention(CHANNEL, "both")).await;
    settled(&product, &hook.id, "delivered", 2).await;

    // Another secret's signature is refused.
    let other = make(&product, url["url"].as_str().unwrap(), json!({})).await;
    let test = format!("/v1/hooks/{}/test", other.id);
    must(&product, Method::POST, &test, None, StatusCode::ACCEPTED).await;
    let refused = until("the refusal", async || {
        let all = deliveries(&product, &other.id).await;
        all.into_iter()
            .find(|delivery| !delivery["status"].is_null())
    })
    .await;
    assert_eq!(refused["status"], 400);
}
