//! Role by operation: who is admitted where, each cell found by a call over HTTP.
//!
//! A call that would change something has an idempotency key that is none. An admitted caller is told so, with 400, before anything
//! changes; anybody else gets 401 or 403 first.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tidegate_app::api::{Access, Operation, Scope};
use tidegate_app::domains;
use tidegate_fake_slack::{Approval, FakeConfig};
use tidegate_testing::product::{Answer, Browser, OPERATOR_KEY, Product, answer_of};

const ACME: &str = "T0ACME00001";
const ADMIN: &str = "U0ALICE0001";
const MEMBER: &str = "U0BOB000001";
const GUEST: &str = "U0GUEST0001";

/// The columns of the table.
const CALLERS: [&str; 7] = [
    "anyone",
    "other key",
    "key",
    "guest",
    "member",
    "admin",
    "operator",
];

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

async fn session(product: &Product, user: &str) -> HeaderMap {
    let browser = Browser::new(product);
    let page = browser.sign_in(product, ACME, user).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let me = browser.get("/v1/me").await.json();
    headers(&[
        ("cookie", &browser.cookies()),
        ("origin", &product.url),
        ("x-csrf-token", me["csrf_token"].as_str().unwrap()),
    ])
}

async fn by_key(product: &Product, scopes: &[&str]) -> HeaderMap {
    let key = product.make_key(ACME, scopes).await.key;
    headers(&[("authorization", &format!("Bearer {key}"))])
}

/// Keys with the operation's scope alone, and with every scope but that.
async fn keys(product: &Product, operation: &Operation) -> [HeaderMap; 2] {
    let all = || domains::scopes().map(Scope::as_str);
    let needed = match &operation.access {
        Access::Tenant(scope) | Access::TenantOrOperator(scope) => scope.as_str(),
        Access::Public | Access::Operator | Access::Member => "workspace:read",
    };
    let others: Vec<&str> = all().filter(|scope| *scope != needed).collect();
    [
        by_key(product, &others).await,
        by_key(product, &[needed]).await,
    ]
}

async fn call(product: &Product, operation: &Operation, mut headers: HeaderMap) -> Answer {
    product.clock.advance(Duration::from_mins(1));
    let path = operation
        .path
        .replace("/v1/workspaces/{id}", &format!("/v1/workspaces/{ACME}"));
    let parts = path.split('/');
    let parts = parts.map(|part| if part.starts_with('{') { "X1" } else { part });
    let path = parts.collect::<Vec<_>>().join("/");
    // A call that would change something is refused once it is admitted: for its key if it is public, else for its parameter.
    let mut url = format!("{}{path}?tenant={ACME}", product.url);
    if operation.method != Method::GET {
        headers.insert("idempotency-key", HeaderValue::from_static(""));
        url.push_str("&no_such_parameter=1");
    }
    let request = product.http.request(operation.method.clone(), url);
    answer_of(request.headers(headers).send().await.unwrap()).await
}

fn cell(answer: &Answer) -> &'static str {
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "–",
        status => {
            assert!(!status.is_server_error(), "{answer:?}");
            "yes"
        }
    }
}

#[tokio::test]
async fn each_role_is_admitted_to_what_the_table_says() {
    let product = Product::start_with_slack(FakeConfig::default()).await;
    for user in [ADMIN, MEMBER, GUEST] {
        let browser = Browser::new(&product);
        let approve = |url: &str| Approval {
            user: Some(user.to_owned()),
            ..Approval::of_team(url, ACME)
        };
        let page = browser.install(&product, approve).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
    }
    product.slack().set_admin(ADMIN, true);
    product.slack().make_guest(GUEST);
    let sessions = [
        session(&product, GUEST).await,
        session(&product, MEMBER).await,
        session(&product, ADMIN).await,
    ];
    let operator = headers(&[("authorization", &format!("Bearer {OPERATOR_KEY}"))]);
    let mut table = String::new();
    for operation in domains::routes().operations() {
        let [other_key, key] = keys(&product, operation).await;
        let [guest, member, admin] = sessions.clone();
        let callers = [
            HeaderMap::new(),
            other_key,
            key,
            guest,
            member,
            admin,
            operator.clone(),
        ];
        let mut cells = Vec::new();
        for caller in callers {
            cells.push(cell(&call(&product, operation, caller).await));
        }
        let name = format!("{} {}", operation.method, operation.path);
        writeln!(table, "{name:<62} {}", cells.join(" ")).unwrap();
    }
    let expected = include_str!("rights_table.txt");
    let (head, expected) = expected.split_once('\n').unwrap();
    assert_eq!(head, format!("{:<62} {}", "operation", CALLERS.join(", ")));
    if std::env::var_os("UPDATE_RIGHTS").is_some() {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/rights_table.txt");
        std::fs::write(place, format!("{head}\n{table}")).unwrap();
        return;
    }
    assert_eq!(table, expected);
}
