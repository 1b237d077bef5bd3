//! Web pages elsewhere: a name of their own that stands for this machine opens nothing.

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tidegate_testing::product::{Answer, Product, answer_of, id, message};

async fn ask(product: &Product, path: &str, host: &str) -> Answer {
    let url = format!("{}{path}", product.url);
    let request = product.http.request(Method::GET, url);
    answer_of(request.header("host", host).send().await.unwrap()).await
}

#[tokio::test]
async fn only_this_machine_and_the_public_address_are_answered() {
    let settings = [("TIDEGATE_PUBLIC_URL", "https://tidegate.example.com")];
    let product = Product::start_with(&settings).await;
    for path in [
        "/health",
        "/sandbox",
        "/metrics",
        "/v1/me",
        "/slack/install",
    ] {
        for (host, refused) in [
            ("127.0.0.1:3000", false),
            ("localhost", false),
            ("tidegate.example.com", false),
            ("evil.example:3000", true),
        ] {
            let answer = ask(&product, path, host).await;
            let misdirected = answer.status == StatusCode::MISDIRECTED_REQUEST;
            assert_eq!(misdirected, refused, "{host} {path} {answer:?}");
        }
    }
    // Slack's requests are signed, so they may come through any tunnel.
    let event = message("C0GENERAL01", "hello");
    product.event(&event).await;
    product.settled(id(&event)).await;
}

/// A page elsewhere can send text to any address without asking, but not JSON.
#[tokio::test]
async fn the_sandboxs_controls_take_json_only() {
    let product = Product::start().await;
    let url = "/sandbox/_fake/oauth/approve";
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let headers = [("content-type", HeaderValue::from_static(content_type))];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value));
        let answer = product
            .send(url, HeaderMap::from_iter(headers), b"{}".to_vec())
            .await;
        let status = answer.status;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{answer:?}");
    }
}
