//! Nobody gets at another workspace's data: generated from the list of operations. Every route is called with one
//! workspace's credentials and another's ids, in its path, its query and its body.
//!
//! A new route fails here until it is known how: a public one has to be listed, a part of a path has to have another
//! workspace's value.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::described::Described;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::api::{Access, Operation, Scope};
use tidegate_app::domains;
use tidegate_fake_slack::{Approval, FakeConfig};
use tidegate_testing::product::{
    Answer, Browser, OPERATOR_KEY, Product, answer_of, envelope, id, unique,
};
use tokio::net::TcpListener;

const OURS: &str = "T0ACME00001";
const THEIRS: &str = "T0THEIRS001";

/// Stands in everything that the other workspace has, and in nothing else.
const MARK: &str = "zebra";

/// Routes that anyone may call: what they answer is the same for everybody.
const PUBLIC: [&str; 13] = [
    "/health",
    "/v1/openapi.json",
    "/v1/docs",
    "/v1/docs/{file}",
    "/slack/install",
    "/slack/oauth/callback",
    "/slack/login",
    "/slack/login/callback",
    "/api/auth/slack/authorize",
    "/api/auth/slack/callback",
    "/api/auth/slack/status",
    "/status/{tenant}",
    "/status/{tenant}/summary.json",
];

/// What the other workspace has.
struct Theirs {
    key_id: String,
    event_id: String,
    incident: String,
    hook: String,
    delivery: String,
}

/// What is sent, and what may come back.
struct Attempt {
    target: String,
    body: Option<Value>,
    /// `None` where nobody is refused: then it only matters what is told.
    allowed: Option<&'static [StatusCode]>,
}

#[tokio::test]
async fn no_route_opens_another_workspace() {
    let settings = [("TIDEGATE_HOOKS_ALLOW_PRIVATE", "on")];
    let product = Product::start_with_slack_and(FakeConfig::default(), &settings).await;
    let described = Described::of(&product).await;
    let theirs = furnish(&product).await;
    let before = state_of_theirs(&product).await;
    let mut tried = 0;
    for credential in credentials(&product).await {
        for route in domains::routes().operations() {
            // So that no call is one too many in its minute.
            product.clock.advance(Duration::from_mins(1));
            for attempt in attempts(route, &described, &theirs) {
                let (target, body) = (attempt.target.clone(), attempt.body.as_ref());
                let answer = call(&product, &route.method, &target, &credential, body).await;
                let what = format!("{} {target} {body:?}: {answer:?}", route.method);
                let refused = attempt
                    .allowed
                    .is_none_or(|allowed| allowed.contains(&answer.status));
                assert!(refused, "{what}");
                assert!(
                    !answer.body.contains(MARK) && !answer.body.contains(THEIRS),
                    "{what}"
                );
                for value in answer.headers.values() {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    assert!(!value.contains(MARK) && !value.contains(THEIRS), "{what}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 2 * domains::routes().operations().len());
    assert_eq!(state_of_theirs(&product).await, before);
}

/// Every way to name the other workspace to that route.
fn attempts(route: &Operation, described: &Described, theirs: &Theirs) -> Vec<Attempt> {
    const NOT_ADMITTED: &[StatusCode] = &[StatusCode::UNAUTHORIZED];
    const NOT_THEIRS: &[StatusCode] = &[StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
    let allowed = match route.access {
        Access::Public => {
            assert!(
                PUBLIC.contains(&route.path.as_str()),
                "is {} meant to be public?",
                route.path
            );
            None
        }
        Access::Operator => Some(NOT_ADMITTED),
        Access::Tenant(_) | Access::TenantOrOperator(_) | Access::Member => Some(NOT_THEIRS),
    };
    let own = path(route, |name| own_value(route, name));
    let foreign = path(route, |name| their_value(route, name, theirs));
    let named = json!({"tenant": THEIRS});
    let fitting = fitting(route, described);
    let mut attempts = vec![
        Attempt {
            target: format!("{own}?tenant={THEIRS}"),
            body: fitting.clone(),
            allowed,
        },
        Attempt {
            target: format!("{own}?tenant={OURS}&tenant={THEIRS}"),
            body: fitting.clone(),
            allowed,
        },
        Attempt {
            target: own,
            body: Some(named.clone()),
            allowed,
        },
    ];
    // A row under a name that another workspace uses too is stored in the caller's own workspace.
    let allowed = match route.method {
        Method::PUT | Method::DELETE if is_by_own_names(&route.path) => None,
        _ => allowed,
    };
    if route.path.contains('{') {
        for body in [fitting, Some(named)] {
            attempts.push(Attempt {
                target: foreign.clone(),
                body,
                allowed,
            });
        }
    }
    attempts
}

/// A body that the operation takes from somebody who may call it.
fn fitting(route: &Operation, described: &Described) -> Option<Value> {
    let mut body = described.body(route)?;
    for (name, good) in [
        ("scopes", json!(["workspace:read"])),
        ("services", json!([])),
        ("commander", json!("U0ALICE0001")),
    ] {
        if body.get(name).is_some() {
            body[name] = good;
        }
    }
    Some(body)
}

/// The path with a value for each of its names.
fn path(route: &Operation, value: impl Fn(&str) -> String) -> String {
    let parts = route.path.split('/').map(|part| {
        let name = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), &value)
    });
    parts.collect::<Vec<_>>().join("/")
}

/// What stands for a part of a path when it is the other workspace's.
fn their_value(route: &Operation, name: &str, theirs: &Theirs) -> String {
    match (route.path.as_str(), name) {
        ("/v1/keys/{id}", "id") => theirs.key_id.clone(),
        // A status page is for everyone; on theirs nothing has been published.
        ("/status/{tenant}" | "/status/{tenant}/summary.json", "tenant") => THEIRS.to_owned(),
        (path, "id") if path.starts_with("/v1/workspaces/") => THEIRS.to_owned(),
        ("/v1/operator/events/{id}" | "/v1/operator/events/{id}/replay", "id") => {
            theirs.event_id.clone()
        }
        ("/v1/docs/{file}", "file") => "index.html".to_owned(),
        ("/v1/operator/posts/{id}/resend", "id") => "any".to_owned(),
        (path, "id") if path.starts_with("/v1/incidents/") => theirs.incident.clone(),
        // A person may be of several workspaces: theirs is put on the list of the caller's own.
        ("/v1/admins/{user}", "user") => "U0ZEBRA0001".to_owned(),
        (path, "id") if path.starts_with("/v1/hooks/") => theirs.hook.clone(),
        (path, "delivery") if path.starts_with("/v1/hooks/") => theirs.delivery.clone(),
        // Every workspace has names of its own: another's is a new one here, or none.
        (path, "name" | "slug") if is_by_own_names(path) => MARK.to_owned(),
        (path, name) => panic!("say what `{{{name}}}` in {path} is for another workspace"),
    }
}

/// Whether the named part of the path is a name that each workspace chooses, and not an id.
fn is_by_own_names(path: &str) -> bool {
    path.starts_with("/v1/incident-settings/") || path.starts_with("/v1/admins/")
}

/// What stands there when it is the caller's own.
fn own_value(route: &Operation, _name: &str) -> String {
    match route.path.as_str() {
        path if path.starts_with("/v1/workspaces/") => OURS.to_owned(),
        _ => "any".to_owned(),
    }
}

/// Ways to show that one is of our workspace, with every scope there is.
async fn credentials(product: &Product) -> Vec<HeaderMap> {
    let scopes: Vec<&str> = domains::scopes().map(Scope::as_str).collect();
    let key = product.make_key(OURS, &scopes).await.key;
    let mut by_key = HeaderMap::new();
    let bearer = HeaderValue::from_str(&format!("Bearer {key}")).unwrap();
    by_key.insert("authorization", bearer);
    let browser = Browser::new(product);
    let approve = |url: &str| Approval::of_team(url, OURS);
    let page = browser.install(product, approve).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let page = browser.sign_in(product, OURS, "U0ALICE0001").await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let me = browser.get("/v1/me").await.json();
    assert_eq!(me["scopes"].as_array().unwrap().len(), scopes.len());
    let mut by_session = HeaderMap::new();
    for (name, value) in [
        ("cookie", browser.cookies().as_str()),
        ("origin", product.url.as_str()),
        ("x-csrf-token", me["csrf_token"].as_str().unwrap()),
    ] {
        by_session.insert(name, HeaderValue::from_str(value).unwrap());
    }
    vec![by_key, by_session]
}

fn operator() -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {OPERATOR_KEY}")).unwrap();
    HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
}

/// Gives the other workspace something of everything.
async fn furnish(product: &Product) -> Theirs {
    let at = |path: &str| format!("{path}?tenant={THEIRS}");
    let wanted = json!({"name": MARK, "scopes": ["workspace:read"]});
    let made = product.tell(&at("/v1/keys"), OPERATOR_KEY, &wanted).await;
    let made = made.json();
    let settings =
        json!({"services": {MARK: {"name": MARK}}, "templates": {MARK: {"title": MARK}}});
    let wanted = json!({"settings": settings});
    let headers = operator();
    let path = at("/v1/incident-settings");
    let stored = call(product, &Method::PUT, &path, &headers, Some(&wanted)).await;
    assert_eq!(stored.status, StatusCode::OK, "{stored:?}");
    let wanted = json!({"title": MARK, "services": [MARK], "severity": "P3"});
    let declared = product
        .tell(&at("/v1/incidents"), OPERATOR_KEY, &wanted)
        .await;
    assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
    let incident = declared.json()["incident"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (hook, delivery) = furnish_hook(product).await;
    let mut event = envelope(&json!({"type": MARK, "event_ts": unique("1.")}));
    event["event_id"] = json!(unique(MARK));
    event["team_id"] = json!(THEIRS);
    event["authorizations"][0]["team_id"] = json!(THEIRS);
    product.event(&event).await;
    product.settled(id(&event)).await;
    product.drained().await;
    Theirs {
        key_id: made["id"].as_str().unwrap().to_owned(),
        event_id: id(&event).to_owned(),
        incident,
        hook,
        delivery,
    }
}

/// Gives the other workspace a hook, with a delivery that its receiver has.
async fn furnish_hook(product: &Product) -> (String, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let receiver = axum::Router::new().fallback(async || "thanks");
    tokio::spawn(async move { axum::serve(listener, receiver).await });
    let url = format!("http://127.0.0.1:{port}/{MARK}");
    let wanted = json!({"url": url, "events": ["message"]});
    let path = |rest: &str| format!("/v1/hooks{rest}?tenant={THEIRS}");
    let made = product.tell(&path(""), OPERATOR_KEY, &wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let hook = made.json()["hook"]["id"].as_str().unwrap().to_owned();
    let test = path(&format!("/{hook}/test"));
    let sent = product.operator(Method::POST, &test).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{sent:?}");
    let delivery = sent.json()["delivery"]["id"].as_str().unwrap().to_owned();
    (hook, delivery)
}

/// All that can be asked about the other workspace, as the operator sees it.
async fn state_of_theirs(product: &Product) -> Vec<Value> {
    let mut state = Vec::new();
    for path in [
        "/v1/keys",
        "/v1/admins",
        "/v1/operator/events",
        "/v1/audit",
        "/v1/incident-settings",
        "/v1/incidents",
        "/v1/incident-metrics",
        "/v1/hooks",
    ] {
        let path = format!("{path}?tenant={THEIRS}");
        let answer = product.operator(Method::GET, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        state.push(answer.json());
    }
    state
}

async fn call(
    product: &Product,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
    body: Option<&Value>,
) -> Answer {
    let url = format!("{}{target}", product.url);
    let request = product
        .http
        .request(method.clone(), url)
        .headers(headers.clone());
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    answer_of(request.send().await.unwrap()).await
}
