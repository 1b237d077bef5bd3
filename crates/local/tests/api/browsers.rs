//! The API in browsers: the headers of every answer, and which pages elsewhere may call it.

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tidegate_testing::product::{Answer, OPERATOR_KEY, Product, answer_of};

const PAGE: &str = "https://app.example.com";
const OTHER_PAGE: &str = "https://app.example.com.evil.example";

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let product = Product::start().await;
    for (method, path, key) in [
        (Method::GET, "/health", ""),
        (Method::GET, "/v1/workspaces", OPERATOR_KEY),
        (Method::GET, "/v1/workspaces", "wrong"),
        (Method::GET, "/nowhere", ""),
        (Method::PUT, "/v1/keys", ""),
    ] {
        let answer = product.ask(method, path, key).await;
        for (name, value) in [
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert!(!answer.headers.contains_key("x-xss-protection"));
        assert!(!answer.headers.contains_key("server"), "{answer:?}");
    }
}

#[tokio::test]
async fn pages_of_listed_origins_may_use_every_method_that_there_is() {
    let product = Product::start_with(&[("CORS_ORIGINS", PAGE)]).await;
    let asked = preflight(&product, "/v1/keys", PAGE).await;
    let allowed = asked.headers["access-control-allow-methods"]
        .to_str()
        .unwrap();
    for operation in tidegate_app::domains::routes().operations() {
        let mut methods = allowed.split(',');
        assert!(
            methods.any(|method| method == operation.method.as_str()),
            "{operation:?}"
        );
    }
}

#[tokio::test]
async fn pages_of_listed_origins_may_call_and_read() {
    let settings = [(
        "CORS_ORIGINS",
        "https://app.example.com, http://localhost:5173",
    )];
    let product = Product::start_with(&settings).await;
    let asked = preflight(&product, "/v1/keys", PAGE).await;
    assert_eq!(asked.status, StatusCode::OK);
    for (name, value) in [
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET,POST,PUT,PATCH,DELETE"),
        (
            "access-control-allow-headers",
            "authorization,content-type,idempotency-key,x-csrf-token",
        ),
    ] {
        assert_eq!(asked.headers[name], value);
    }
    assert!(varies_by_origin(&asked), "{asked:?}");
    let called = call(&product, Method::GET, "/v1/workspaces", PAGE).await;
    assert_eq!(called.headers["access-control-allow-origin"], PAGE);
    let exposed = called.headers["access-control-expose-headers"]
        .to_str()
        .unwrap();
    assert!(exposed.contains("x-ratelimit-remaining"), "{exposed}");
    // Also what is refused can be read, so that a page can tell its user.
    let refused = call(&product, Method::GET, "/nowhere", PAGE).await;
    assert_eq!(refused.headers["access-control-allow-origin"], PAGE);
}

#[tokio::test]
async fn pages_of_other_origins_may_not() {
    let listed = Product::start_with(&[("CORS_ORIGINS", PAGE)]).await;
    let nobody = Product::start().await;
    for (product, origin) in [
        (&listed, OTHER_PAGE),
        (&listed, "null"),
        (&listed, "http://app.example.com"),
        (&nobody, PAGE),
    ] {
        let asked = preflight(product, "/v1/keys", origin).await;
        let called = call(product, Method::GET, "/v1/workspaces", origin).await;
        for answer in [&asked, &called] {
            // Without this header, a browser neither sends the call nor shows the answer.
            let opens = answer.headers.contains_key("access-control-allow-origin");
            assert!(!opens, "{answer:?}");
            assert!(varies_by_origin(answer), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_browser_gets_errors_as_a_page_of_plain_text() {
    let product = Product::start().await;
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("text/html,*/*;q=0.8"));
    let path = "/v1/workspaces/%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let answer = send(&product, Method::GET, path, headers).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert!(
        answer.body.contains("<h1>") && answer.body.contains("unauthorized"),
        "{answer:?}"
    );
    assert!(!answer.body.contains("<script"), "{answer:?}");
}

/// So that no cache gives one origin's answer to another.
fn varies_by_origin(answer: &Answer) -> bool {
    let by = answer.headers["vary"].to_str().unwrap();
    by.split(',').any(|name| name.trim() == "origin")
}

async fn preflight(product: &Product, path: &str, origin: &str) -> Answer {
    let mut headers = from(origin);
    headers.insert(
        "access-control-request-method",
        HeaderValue::from_static("POST"),
    );
    send(product, Method::OPTIONS, path, headers).await
}

async fn call(product: &Product, method: Method, path: &str, origin: &str) -> Answer {
    send(product, method, path, from(origin)).await
}

fn from(origin: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_str(origin).unwrap());
    headers
}

async fn send(product: &Product, method: Method, path: &str, headers: HeaderMap) -> Answer {
    let url = format!("{}{path}", product.url);
    let request = product.http.request(method, url).headers(headers);
    answer_of(request.send().await.unwrap()).await
}
