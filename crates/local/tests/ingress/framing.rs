//! Bodies whose length is not what it is said to be, or is not said at all.

use serde_json::json;
use tidegate_ingress::BODY_LIMIT;
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER};
use tidegate_testing::product::{PATIENCE, Product, TENANT, signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const JSON: &str = "application/json";

#[tokio::test]
async fn a_content_length_that_lies_leaves_nothing() {
    let product = Product::start().await;
    let body = json!({"type": "lie", "team_id": TENANT}).to_string();
    let length = body.len();
    let says = |length: &str| format!("content-length: {length}");
    // Far more than there is: refused at once, without waiting for the rest.
    let answer = raw(&product, &says("999999999999"), &body, &body, false).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // Less than there is: what comes is not what was signed, and the rest is no request of its own.
    let less = says(&(length - 1).to_string());
    let answer = raw(&product, &less, &body, &body, true).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(!answer.contains(" 200 "), "{answer}");
    // A little more than there is, and then the connection ends.
    let more = says(&(length + 1).to_string());
    let answer = raw(&product, &more, &body, &body, true).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    // No number, a negative one, and two that contradict.
    for lie in [
        says("many"),
        says("-1"),
        format!("content-length: {length}\r\ncontent-length: 1"),
    ] {
        let answer = raw(&product, &lie, &body, &body, true).await;
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 400 ");
        assert!(refused, "{lie}: {answer}");
    }
    assert_eq!(product.queued(), 0);
}

/// Without a length to believe, the bytes are counted as they come.
#[tokio::test]
async fn a_body_in_chunks_has_the_same_limit() {
    let product = Product::start().await;
    let chunked = "transfer-encoding: chunked";
    let filled = |length: usize| {
        let start = json!({"type": "chunks", "team_id": TENANT}).to_string();
        format!("{start}{}", " ".repeat(length - start.len()))
    };
    for (length, signed, status) in [
        (BODY_LIMIT + 1, true, "413"),
        (BODY_LIMIT + 1, false, "413"),
        (BODY_LIMIT * 2, true, "413"),
        (BODY_LIMIT, true, "200"),
        (BODY_LIMIT, false, "401"),
    ] {
        let body = filled(length);
        let signed = if signed { body.as_str() } else { "another" };
        let sent = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
        let answer = raw(&product, chunked, signed, &sent, false).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{length}: {answer}");
    }
    product.drained().await;
    assert_eq!(product.archived(None).await.len(), 1);
}

/// Sends `sent` with that framing header and the signature of `body`, and reads all that comes back.
async fn raw(product: &Product, framing: &str, body: &str, sent: &str, ends: bool) -> String {
    let signed = signed(JSON, body.as_bytes());
    let value = |name: &str| signed[name].to_str().unwrap().to_owned();
    let head = format!(
        "POST /slack/events HTTP/1.1\r\nhost: tidegate\r\nconnection: close\r\ncontent-type: {JSON}\r\n\
         {TIMESTAMP_HEADER}: {}\r\n{SIGNATURE_HEADER}: {}\r\n{framing}\r\n\r\n{sent}",
        value(TIMESTAMP_HEADER),
        value(SIGNATURE_HEADER),
    );
    let mut stream = TcpStream::connect(product.local.address).await.unwrap();
    // A client that is refused early may find the connection closed before everything is sent.
    let _ = stream.write_all(head.as_bytes()).await;
    if ends {
        stream.shutdown().await.unwrap();
    }
    let mut answer = Vec::new();
    // A connection that was reset has said all that it had to say.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "{framing} is not answered");
    String::from_utf8(answer).unwrap()
}
