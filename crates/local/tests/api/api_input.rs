//! Every request to the API gets an answer or a typed error: generated from the list of operations.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tidegate_app::api::{Access, BODY_LIMIT, Operation, Scope};
use tidegate_app::domains;
use tidegate_testing::product::{Answer, OPERATOR_KEY, Product, TENANT, answer_of};

/// Words that only the inside knows.
const INTERNALS: [&str; 8] = [
    "panicked",
    "unwrap",
    ".rs:",
    "src/",
    "stack backtrace",
    "sqlite",
    "dynoxide",
    "@system",
];

/// Between routes, so that no call is one too many in its minute.
const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn whatever_the_body_a_route_answers_in_kind() {
    let product = Product::start().await;
    let key = member(&product).await;
    let nested = "[".repeat(BODY_LIMIT);
    let long = vec![b' '; 1024 * 1024];
    for route in domains::routes().operations() {
        product.clock.advance(MINUTE);
        for (content_type, body) in [
            (None, Vec::new()),
            (Some("application/json"), Vec::new()),
            (Some("text/plain"), b"{}".to_vec()),
            (Some("\u{e9}"), b"{}".to_vec()),
            (Some("application/json"), b"{}".to_vec()),
            (Some("application/json"), b"[]".to_vec()),
            (Some("application/json"), b"null".to_vec()),
            (
                Some("application/json"),
                br#"{"tenant":7,"name":{},"scopes":"x"}"#.to_vec(),
            ),
            (
                Some("application/json"),
                br#"{"tenant":"T1","tenant":"T2"}"#.to_vec(),
            ),
            (
                Some("application/json"),
                b"{\"name\":\"\xff\xfe\"}".to_vec(),
            ),
            (Some("application/json"), nested.clone().into_bytes()),
            (Some("application/json"), long.clone()),
        ] {
            let mut headers = credential(route, &key);
            if let Some(content_type) = content_type {
                let value = HeaderValue::from_bytes(content_type.as_bytes()).unwrap();
                headers.insert("content-type", value);
            }
            let length = body.len();
            let answer = send(
                &product,
                route.method.clone(),
                &target(route, "x"),
                headers,
                body,
            )
            .await;
            let what = format!(
                "{} {} {content_type:?} {length} bytes",
                route.method, route.path
            );
            in_kind(&answer, &what);
            let too_long = answer.status == StatusCode::PAYLOAD_TOO_LARGE;
            assert_eq!(too_long, length > BODY_LIMIT, "{what} {answer:?}");
        }
    }
}

#[tokio::test]
async fn whatever_the_path_and_query_a_route_answers_in_kind() {
    let product = Product::start().await;
    let key = member(&product).await;
    for route in domains::routes().operations() {
        product.clock.advance(MINUTE);
        for value in [
            "%zz",
            "%ff%fe%00",
            "%2e%2e%2f",
            "%23%25",
            "..%5c",
            &"x".repeat(3000),
        ] {
            for query in [
                "",
                "?%zz=%ff&=&&&limit=%00",
                "?limit=9999999999999999999&after=%ff",
                "?tenant=%ff",
            ] {
                let target = format!("{}{query}", target(route, value));
                let headers = credential(route, &key);
                let answer =
                    send(&product, route.method.clone(), &target, headers, Vec::new()).await;
                in_kind(&answer, &format!("{} {target}", route.method));
            }
        }
    }
}

#[tokio::test]
async fn whatever_the_method_a_path_answers_in_kind() {
    let product = Product::start().await;
    let key = member(&product).await;
    for route in domains::routes().operations() {
        product.clock.advance(MINUTE);
        let target = target(route, "x");
        let routes = domains::routes();
        let taken: Vec<&Method> = routes
            .operations()
            .iter()
            .filter(|other| other.path == route.path)
            .map(|other| &other.method)
            .collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            let method: Method = method.parse().unwrap();
            if taken.contains(&&method) {
                continue;
            }
            let headers = credential(route, &key);
            let answer = send(&product, method.clone(), &target, headers, Vec::new()).await;
            in_kind(&answer, &format!("{method} {target}"));
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {target}"
            );
            let allowed = answer.headers["allow"].to_str().unwrap();
            let message = &answer.json()["error"]["message"];
            let message = message.as_str().unwrap();
            for method in &taken {
                let named = allowed.contains(method.as_str()) && message.contains(method.as_str());
                assert!(named, "{allowed} {message}");
            }
        }
    }
    for path in [
        "/v1/keys/",
        "//v1/keys",
        "/v1/Keys",
        "/v1/keys/a/b",
        "/v1/%6beys",
        "/v1/operator",
        "/sandboxes",
    ] {
        let headers = bearer(&key);
        let answer = send(&product, Method::GET, path, headers, Vec::new()).await;
        in_kind(&answer, path);
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} {answer:?}");
    }
}

/// `OPTIONS` is answered by the layer for browsers, and `HEAD` as `GET` is, without the body.
#[tokio::test]
async fn head_is_answered_wherever_get_is() {
    let product = Product::start().await;
    let key = member(&product).await;
    let routes = domains::routes();
    let reads = |route: &&Operation| route.method == Method::GET;
    for route in routes.operations().iter().filter(reads) {
        product.clock.advance(MINUTE);
        let target = target(route, "x");
        let ask = async |method: Method| {
            let headers = credential(route, &key);
            send(&product, method, &target, headers, Vec::new()).await
        };
        let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
        assert_eq!(get.status, head.status, "{target}");
        assert_eq!(head.body, "", "{target}");
        let content_type = |answer: &Answer| answer.headers.get("content-type").cloned();
        assert_eq!(content_type(&get), content_type(&head), "{target}");
    }
}

#[tokio::test]
async fn the_scheme_of_a_credential_has_any_case() {
    let product = Product::start().await;
    let key = member(&product).await;
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer "] {
        for (path, key) in [
            ("/v1/me", key.as_str()),
            ("/v1/operator/posts", OPERATOR_KEY),
        ] {
            let value = HeaderValue::from_str(&format!("{scheme} {key}")).unwrap();
            let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
            let answer = send(&product, Method::GET, path, headers, Vec::new()).await;
            assert_eq!(answer.status, StatusCode::OK, "{scheme} {answer:?}");
        }
    }
}

#[tokio::test]
async fn whatever_the_credential_a_route_answers_in_kind() {
    let product = Product::start().await;
    let routes = domains::routes();
    let guarded = |route: &&Operation| route.access != Access::Public;
    for route in routes.operations().iter().filter(guarded) {
        for (name, value) in [
            ("authorization", "Bearer"),
            ("authorization", "Bearer tg_"),
            (
                "authorization",
                "Bearer tg_T0TESTS0001_0123456789abcdef_\u{e9}",
            ),
            ("authorization", "Bearer \u{e9}"),
            ("authorization", "Basic dXNlcjpwYXNz"),
            ("cookie", "__Host-tidegate_session="),
            ("cookie", "__Host-tidegate_session=T0TESTS0001.0"),
            ("cookie", "__Host-tidegate_session=@system.0; ;=;\u{e9}"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            let target = target(route, "x");
            let answer = send(&product, route.method.clone(), &target, headers, Vec::new()).await;
            in_kind(&answer, &format!("{target} {name}: {value}"));
            assert_eq!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{target} {value} {answer:?}"
            );
        }
    }
}

/// An answer, or an error that says what to do and under which id the log has it; never our fault.
fn in_kind(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {answer:?}");
    let text = answer.body.to_lowercase();
    for word in INTERNALS {
        assert!(!text.contains(word), "{what}: {word} in {answer:?}");
    }
    if answer.status.is_success() || answer.status.is_redirection() {
        return;
    }
    if answer.headers["content-type"]
        .to_str()
        .unwrap()
        .starts_with("text/html")
    {
        assert!(text.contains("request "), "{what}: {answer:?}");
        return;
    }
    let body = answer.json();
    assert_eq!(body["ok"], false, "{what}: {answer:?}");
    for field in ["code", "message", "request_id"] {
        let said = body["error"][field].as_str().unwrap_or_default();
        assert!(!said.is_empty(), "{what}: {field} in {answer:?}");
    }
}

/// The path with that value in every named part.
fn target(route: &Operation, value: &str) -> String {
    let parts = route.path.split('/');
    let parts = parts.map(|part| if part.starts_with('{') { value } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A key of one workspace with every scope.
async fn member(product: &Product) -> String {
    let scopes: Vec<&str> = domains::scopes().map(Scope::as_str).collect();
    product.make_key(TENANT, &scopes).await.key
}

/// What opens the route, so that its handler is reached.
fn credential(route: &Operation, member: &str) -> HeaderMap {
    match route.access {
        Access::Public => HeaderMap::new(),
        Access::Operator => bearer(OPERATOR_KEY),
        Access::Tenant(_) | Access::TenantOrOperator(_) | Access::Member => bearer(member),
    }
}

fn bearer(key: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {key}")).unwrap();
    HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
}

async fn send(
    product: &Product,
    method: Method,
    target: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Answer {
    let url = format!("{}{target}", product.url);
    let request = product
        .http
        .request(method, url)
        .headers(headers)
        .body(body);
    answer_of(request.send().await.unwrap()).await
}
