//! Files: an address, the bytes, and the message that shares them.

use serde_json::json;

use crate::fakes::{Sandbox, sandbox};
use crate::oauth::text;

async fn uploaded(sandbox: &Sandbox, bytes: &'static str) -> String {
    let args = json!({ "filename": "log.txt", "length": bytes.len() });
    let answer = sandbox.call("files.getUploadURLExternal", args).await;
    let sent = sandbox
        .http
        .post(text(&answer, "/upload_url"))
        .body(bytes)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200);
    assert_eq!(sent.text().await.unwrap(), format!("OK - {}", bytes.len()));
    text(&answer, "/file_id")
}

#[tokio::test]
async fn a_file_is_uploaded_shared_and_read_back() {
    let sandbox = sandbox().await;
    let id = uploaded(&sandbox, "hello").await;
    let hidden = json!({ "file": id });
    assert_eq!(
        sandbox.error("files.info", hidden.clone()).await,
        "file_not_found"
    );
    let complete = json!({ "files": [{ "id": id, "title": "Log" }], "channel_id": "C0GENERAL01", "initial_comment": "see" });
    let done = sandbox.call("files.completeUploadExternal", complete).await;
    assert_eq!(
        (&done["files"][0]["id"], &done["files"][0]["title"]),
        (&json!(id), &json!("Log"))
    );
    let message = &sandbox.fake.messages("C0GENERAL01")[0];
    assert_eq!(
        (message.text.as_str(), &message.files[0]["id"]),
        ("see", &json!(id))
    );
    let history = sandbox
        .call("conversations.history", json!({ "channel": "C0GENERAL01" }))
        .await;
    assert_eq!(history["messages"][0]["files"][0]["name"], "log.txt");

    let info = sandbox.call("files.info", hidden.clone()).await;
    assert_eq!(
        (
            &info["file"]["mimetype"],
            &info["file"]["size"],
            &info["file"]["channels"]
        ),
        (&json!("text/plain"), &json!(5), &json!(["C0GENERAL01"]))
    );
    let url = text(&info, "/file/url_private");
    assert_eq!(sandbox.http.get(&url).send().await.unwrap().status(), 401);
    let content = sandbox
        .http
        .get(&url)
        .bearer_auth("sandbox-bot-token")
        .send()
        .await
        .unwrap();
    assert_eq!(content.text().await.unwrap(), "hello");
    let acme = text(
        &sandbox.install("T0ACME00001", "files:read", "").await,
        "/access_token",
    );
    assert_eq!(
        sandbox
            .http
            .get(&url)
            .bearer_auth(&acme)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    assert_eq!(
        sandbox.call_as(&acme, "files.info", hidden.clone()).await["error"],
        "file_not_found"
    );

    let person = sandbox.install("T0SANDBOX1", "", "search:read").await;
    let person = text(&person, "/authed_user/access_token");
    let found = sandbox
        .call_as(&person, "search.files", json!({ "query": "log" }))
        .await;
    assert_eq!(found["files"]["matches"][0]["id"], json!(id));
    uploaded(&sandbox, "never completed").await;
    let listed = sandbox
        .call("files.list", json!({ "channel": "C0GENERAL01" }))
        .await;
    assert_eq!(
        listed["paging"],
        json!({ "count": 100, "total": 1, "page": 1, "pages": 1 })
    );
    assert_eq!(
        sandbox.call("files.delete", hidden.clone()).await["ok"],
        true
    );
    assert_eq!(
        sandbox.error("files.delete", hidden).await,
        "file_not_found"
    );
}

#[tokio::test]
async fn an_upload_that_is_not_whole_is_not_completed() {
    let sandbox = sandbox().await;
    let args = json!({ "filename": "log.txt", "length": 5 });
    let answer = sandbox.call("files.getUploadURLExternal", args).await;
    let (url, id) = (text(&answer, "/upload_url"), text(&answer, "/file_id"));
    let short = sandbox.http.post(&url).body("hell").send().await.unwrap();
    assert_eq!(short.status(), 400);
    let fault = json!({ "method": "upload", "kind": "http_500" });
    sandbox.control("faults", fault).await;
    let failed = sandbox.http.post(&url).body("hello").send().await.unwrap();
    assert_eq!(failed.status(), 500);
    let complete = json!({ "files": [{ "id": id }] });
    assert_eq!(
        sandbox
            .error("files.completeUploadExternal", complete)
            .await,
        "file_update_failed"
    );
    assert_eq!(
        sandbox
            .error("files.getUploadURLExternal", json!({ "filename": "x" }))
            .await,
        "invalid_arguments"
    );
}
