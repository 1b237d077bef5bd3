//! API keys over HTTP and by the command line: what one opens, and for how long.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{OPERATOR_KEY, Product, TENANT};
use tidegate_testing::tidegate;

const OTHER: &str = "T0OTHER0001";
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_key_opens_its_own_workspace_and_no_other() {
    let product = Product::start().await;
    let made = product.make_key(TENANT, &["workspace:read"]).await;
    let own = product.ask(Method::GET, "/v1/workspaces", &made.key).await;
    assert_eq!(own.status, StatusCode::OK, "{own:?}");
    assert_eq!(own.json()["workspaces"][0]["id"], TENANT);
    for (path, status) in [
        (format!("/v1/workspaces/{TENANT}"), StatusCode::OK),
        (format!("/v1/workspaces/{OTHER}"), StatusCode::NOT_FOUND),
        (
            format!("/v1/workspaces?tenant={OTHER}"),
            StatusCode::FORBIDDEN,
        ),
        (
            format!("/v1/workspaces?tenant={TENANT}&tenant={OTHER}"),
            StatusCode::FORBIDDEN,
        ),
        (format!("/v1/keys?tenant={TENANT}"), StatusCode::FORBIDDEN),
        ("/v1/operator/events".to_owned(), StatusCode::UNAUTHORIZED),
    ] {
        let answer = product.ask(Method::GET, &path, &made.key).await;
        assert_eq!(answer.status, status, "{path} {answer:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_unknown_expired_or_revoked_gets_one_and_the_same_answer() {
    let product = Product::start().await;
    let ends = product.make_key(TENANT, &["workspace:read"]).await;
    let stays = product.make_key(TENANT, &["workspace:read"]).await;
    let ask = async |key: &str| product.ask(Method::GET, "/v1/workspaces", key).await;
    let revoked = product
        .operator(Method::DELETE, &format!("/v1/keys/{}", stays.id))
        .await;
    assert_eq!(revoked.status, StatusCode::OK, "{revoked:?}");
    product.clock.advance(DAY * 29 + DAY * 23 / 24);
    assert_eq!(ask(&ends.key).await.status, StatusCode::OK);
    product.clock.advance(DAY / 24);
    let wrong_secret = format!("{}0", &ends.key[..ends.key.len() - 1]);
    let wrong_tenant = ends.key.replace(TENANT, OTHER);
    let system = ends.key.replace(TENANT, "@system");
    let mut said: Vec<Value> = Vec::new();
    for key in [
        &ends.key,
        &stays.key,
        &wrong_secret,
        &wrong_tenant,
        &system,
        "tg_",
        "nonsense",
    ] {
        let answer = ask(key).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
        if key.starts_with("tg_") {
            let mut error = answer.json();
            error["error"]["request_id"].take();
            said.push(error);
        }
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    let list = product.keys().await;
    let state = |id: &str| list.iter().find(|key| key["id"] == id).unwrap()["state"].clone();
    assert_eq!(
        (state(&ends.id), state(&stays.id)),
        (json!("expired"), json!("revoked"))
    );
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_a_hash() {
    let product = Product::start().await;
    let made = product
        .make_key(TENANT, &["workspace:read", "keys:write"])
        .await;
    let secret = made.key.rsplit('_').next().unwrap();
    assert_eq!(secret.len(), 48);
    let list = product
        .operator(Method::GET, &format!("/v1/keys?tenant={TENANT}"))
        .await;
    assert!(
        list.body.contains(&made.id) && !list.body.contains(secret),
        "{list:?}"
    );
    let files = ["table.db", "table.db-wal", "queues.db", "queues.db-wal"];
    for file in files {
        let bytes = std::fs::read(product.data_dir().join(file)).unwrap_or_default();
        let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!found, "{file}");
    }
}

#[tokio::test]
async fn the_last_use_is_written_once_an_hour() {
    let product = Product::start().await;
    let made = product.make_key(TENANT, &["workspace:read"]).await;
    let used = async || {
        product.ask(Method::GET, "/v1/workspaces", &made.key).await;
        product.keys().await[0]["last_used_at_ms"].as_i64()
    };
    assert_eq!(product.keys().await[0]["last_used_at_ms"], Value::Null);
    let first = used().await.unwrap();
    assert_eq!(used().await, Some(first));
    product.clock.advance(Duration::from_mins(59));
    assert_eq!(used().await, Some(first));
    product.clock.advance(Duration::from_mins(2));
    assert!(used().await.unwrap() > first);
}

#[tokio::test]
async fn a_workspace_makes_and_revokes_keys_of_its_own_with_no_more_scopes_than_it_has() {
    let product = Product::start().await;
    let admin = product
        .make_key(TENANT, &["keys:write", "workspace:read"])
        .await;
    let wanted = |scopes: Value| json!({"name": "reports", "scopes": scopes});
    let made = product
        .tell("/v1/keys", &admin.key, &wanted(json!(["workspace:read"])))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(made.json()["tenant"], TENANT);
    let more = product
        .tell("/v1/keys", &admin.key, &wanted(json!(["audit:read"])))
        .await;
    assert_eq!(more.status, StatusCode::FORBIDDEN, "{more:?}");
    let mut elsewhere = wanted(json!(["workspace:read"]));
    elsewhere["tenant"] = json!(OTHER);
    let elsewhere = product.tell("/v1/keys", &admin.key, &elsewhere).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN, "{elsewhere:?}");

    let foreign = product.make_key(OTHER, &["workspace:read"]).await;
    let path = |id: &str| format!("/v1/keys/{id}");
    let revoke = async |id: &str| product.ask(Method::DELETE, &path(id), &admin.key).await;
    assert_eq!(revoke(&foreign.id).await.status, StatusCode::NOT_FOUND);
    let (_, own_part) = foreign.id.split_once('_').unwrap();
    let disguised = format!("{TENANT}_{own_part}");
    assert_eq!(revoke(&disguised).await.status, StatusCode::NOT_FOUND);
    let opens = product
        .ask(Method::GET, "/v1/workspaces", &foreign.key)
        .await;
    assert_eq!(opens.status, StatusCode::OK);

    let made = made.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert_eq!(revoke(id).await.status, StatusCode::OK);
    assert_eq!(revoke(id).await.status, StatusCode::OK);
    let path = format!("/v1/audit?tenant={TENANT}");
    let audit = product.operator(Method::GET, &path).await.json();
    let entries = audit["entries"].as_array().unwrap().iter();
    let revoked = entries.filter(|entry| entry["action"] == "key.revoke");
    assert_eq!(revoked.count(), 1, "{audit}");
    let closed = product.ask(Method::GET, "/v1/workspaces", key).await;
    assert_eq!(closed.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_makes_no_key_is_refused_in_words() {
    let product = Product::start().await;
    let path = format!("/v1/keys?tenant={TENANT}");
    let good = json!({"name": "n", "scopes": ["keys:write"]});
    for path in ["/v1/keys", "/v1/keys?tenant=t0tests"] {
        let answer = product.tell(path, OPERATOR_KEY, &good).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(answer.json()["error"]["field"], "tenant", "{answer:?}");
    }
    for (field, value, words) in [
        ("name", json!(""), "`name`"),
        ("name", json!("a\u{7}b"), "`name`"),
        ("name", json!("n".repeat(81)), "`name`"),
        ("name", json!(7), "takes one line"),
        ("scopes", json!([]), "`scopes`"),
        ("scopes", json!(["everything"]), "workspace:read"),
        ("expires_days", json!(0), "`expires_days`"),
        ("expires_days", json!(4000), "`expires_days`"),
        ("expires_day", json!(1), "there is no such field"),
    ] {
        let mut wanted = good.clone();
        wanted[field] = value;
        let answer = product.tell(&path, OPERATOR_KEY, &wanted).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{wanted} {answer:?}"
        );
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "bad_request");
        assert_eq!(error["field"], field, "{error}");
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{error}"
        );
    }
    let page = product
        .operator(Method::GET, &format!("/v1/keys?tenant={TENANT}&after=%00"))
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_list_goes_on_where_the_page_ended() {
    let product = Product::start().await;
    for _ in 0..5 {
        product.make_key(TENANT, &["workspace:read"]).await;
    }
    product.make_key(OTHER, &["workspace:read"]).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/keys?tenant={TENANT}&limit=2&after={after}");
        let page = product.operator(Method::GET, &path).await.json();
        let keys = page["keys"].as_array().unwrap();
        seen.extend(keys.iter().map(|key| key["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn the_command_line_makes_lists_and_revokes() {
    let product = Product::start().await;
    let create = ["keys", "create", "--tenant", TENANT, "--name", "reports"];
    let more = ["--scopes", "workspace:read,keys:write", "--expires", "90d"];
    let made = tidegate!()
        .call(&product, &[create.as_slice(), &more].concat())
        .await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let key = made.stdout.trim();
    let opens = product.ask(Method::GET, "/v1/workspaces", key).await;
    assert_eq!(opens.status, StatusCode::OK, "{opens:?}");
    assert!(made.stderr.contains("not shown again"), "{made:?}");

    let list = ["keys", "list", "--tenant", TENANT];
    let shown = tidegate!()
        .call(&product, &[list.as_slice(), &["--json"]].concat())
        .await;
    let shown: Value = serde_json::from_str(shown.stdout.trim()).unwrap();
    assert_eq!(
        (&shown["name"], &shown["state"]),
        (&json!("reports"), &json!("active"))
    );
    let id = shown["id"].as_str().unwrap();
    assert!(made.stderr.contains(id));
    let lines = tidegate!().call(&product, &list).await;
    assert!(
        lines.stdout.contains(id) && !lines.stdout.contains(key),
        "{lines:?}"
    );

    let revoked = tidegate!().call(&product, &["keys", "revoke", id]).await;
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    let unknown = tidegate!()
        .call(&product, &["keys", "revoke", "T0TESTS0001_unknown"])
        .await;
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.stderr.contains("not_found"), "{unknown:?}");
    for expires in ["0d", "4000d", "soon"] {
        let wrong = [
            create.as_slice(),
            &["--scopes", "keys:write", "--expires", expires],
        ];
        assert_eq!(
            tidegate!().call(&product, &wrong.concat()).await.code,
            Some(2)
        );
    }
}

/// Only what stores rows makes a workspace's first data key, because only that lists the workspace.
#[tokio::test]
async fn a_made_up_cursor_makes_no_key_for_a_workspace_that_nobody_knows() {
    const NEW: &str = "T0NOBODY001";
    let product = Product::start().await;
    let path = format!("/v1/incidents?tenant={NEW}&after=AAAA");
    let refused = product.operator(Method::GET, &path).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    product.make_key(NEW, &["workspace:read"]).await;
    let listed = product.operator(Method::GET, "/v1/workspaces").await;
    assert!(listed.body.contains(NEW), "{listed:?}");
}
