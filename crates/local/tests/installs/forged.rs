//! Somebody who can write to the table and has no key can remove rows. They can make no API key, no session and no admin.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tidegate_api::sessions::{COOKIE_NAME, SessionCookie};
use tidegate_pipeline::clock::Clock as _;
use tidegate_pipeline::keyring::CACHED_FOR;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, Table, Write};
use tidegate_testing::product::{Answer, Product, answer_of};

use crate::rights::{ACME, FIRST, administers, installed_by_first, signed_in};

const FORGER: &str = "U0FORGER001";
/// Slack says that this person administers the workspace.
const ADMIN: &str = "U0ACME00001";

/// The rows as they lie in the table, which nothing seals or opens.
fn open_rows(product: &Product) -> Rows {
    Table::new(Arc::new(product.store().embedded)).tenant(&ACME.into())
}

async fn put(rows: &Rows, key: RowKey, row: Item) {
    rows.write(Write::put(key, row)).await.unwrap();
}

/// The one row of a partition.
async fn only(rows: &Rows, partition: &str) -> (RowKey, Item) {
    let partition = [partition];
    let found = rows.pages(&partition, Range::All).all().await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

async fn with_session(product: &Product, cookie: &SessionCookie) -> Answer {
    let request = product.http.get(format!("{}/v1/me", product.url));
    let cookie = format!("{COOKIE_NAME}={}", cookie.value());
    answer_of(request.header("cookie", cookie).send().await.unwrap()).await
}

#[tokio::test]
async fn no_api_key_is_made() {
    let product = installed_by_first().await;
    let made = product.make_key(ACME, &["workspace:read"]).await;
    let rows = open_rows(&product);
    let (own, row) = only(&rows, "keys").await;
    let key_row = |id: &str| RowKey::new(&["keys"], &[id]);
    let secret = made.key.rsplit('_').next().unwrap();
    let in_words = Item::new()
        .with("name", "forged")
        .with("hash", Sha256::digest(secret).to_vec())
        .with("scopes", "workspace:read keys:write audit:read")
        .with("created_at", 0i64);
    put(&rows, key_row("00000000000000aa"), in_words.clone()).await;
    put(&rows, key_row("00000000000000bb"), row.clone()).await;
    for id in ["00000000000000aa", "00000000000000bb"] {
        let key = format!("tg_{ACME}_{id}_{secret}");
        let answer = product.ask(Method::GET, "/v1/workspaces", &key).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{id} {answer:?}");
    }
    // Nor does one get more rights, or last longer.
    let mut wider = row.clone();
    wider.0.extend(in_words.0);
    put(&rows, own.clone(), wider).await;
    let read = product.ask(Method::GET, "/v1/workspaces", &made.key).await;
    assert_eq!(read.status, StatusCode::OK, "{read:?}");
    let trail = product.ask(Method::GET, "/v1/audit", &made.key).await;
    assert_eq!(trail.status, StatusCode::FORBIDDEN, "{trail:?}");
    // The list shows what is good, and the forged rows can be taken away.
    let list = format!("/v1/keys?tenant={ACME}");
    let list = product.operator(Method::GET, &list).await;
    assert_eq!(list.status, StatusCode::OK, "{list:?}");
    let ids = list.json()["keys"].as_array().unwrap().clone();
    let ids: Vec<&Value> = ids.iter().map(|key| &key["id"]).collect();
    assert_eq!(ids, [&Value::from(made.id.as_str())]);
    // Its row alone is not enough: what it grants is sealed.
    put(&rows, own, Item::new().with("name", "forged")).await;
    let emptied = product.ask(Method::GET, "/v1/workspaces", &made.key).await;
    assert_eq!(emptied.status, StatusCode::UNAUTHORIZED, "{emptied:?}");
}

#[tokio::test]
async fn no_session_is_made() {
    let product = installed_by_first().await;
    let browser = signed_in(&product, FIRST).await;
    let rows = open_rows(&product);
    let (_, row) = only(&rows, "sessions").await;
    let end = product.clock.now().plus(Duration::from_hours(9));
    let in_words = Item::new()
        .with("user", FIRST)
        .with("ends_at", end.millis())
        .with("expires_at", end.seconds());
    for forged in [in_words, row] {
        let cookie = SessionCookie::new(&ACME.into()).unwrap();
        let key = RowKey::new(&["sessions"], &[&cookie.id()]);
        put(&rows, key, forged).await;
        let answer = with_session(&product, &cookie).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    }
    let own = browser.get("/v1/me").await;
    assert_eq!(own.status, StatusCode::OK, "{own:?}");
}

#[tokio::test]
async fn credentials_are_shut_out_when_their_keys_are_destroyed_even_after_a_new_install() {
    let product = installed_by_first().await;
    let made = product.make_key(ACME, &["workspace:read"]).await;
    let browser = signed_in(&product, FIRST).await;
    let keyring = product.store().keyring;
    let refused = async || {
        let key = product.ask(Method::GET, "/v1/workspaces", &made.key).await;
        let session = browser.get("/v1/me").await;
        let refused = (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED);
        assert_eq!((key.status, session.status), refused, "{key:?} {session:?}");
    };
    keyring.mark_erased(&ACME.into()).await.unwrap();
    refused().await;
    keyring.destroy(&ACME.into()).await.unwrap();
    refused().await;
    keyring.revive(&ACME.into()).await.unwrap();
    product.clock.advance(CACHED_FOR);
    refused().await;
}

#[tokio::test]
async fn no_admin_is_made() {
    let product = installed_by_first().await;
    product.slack().set_admin(ADMIN, true);
    let admin = signed_in(&product, ADMIN).await;
    let forger = signed_in(&product, FORGER).await;
    let path = format!("/v1/admins/{ADMIN}?tenant={ACME}");
    let listed = product.operator(Method::PUT, &path).await;
    assert_eq!(listed.status, StatusCode::OK, "{listed:?}");
    let rows = open_rows(&product);
    let admins = |parts: &[&str]| RowKey::new(&["admins"], parts);
    let person = |user: &str| RowKey::new(&["person", user], &["slack"]);
    let on_list = rows.get(&admins(&["listed", ADMIN])).await.unwrap();
    let of_admin = rows.get(&person(ADMIN)).await.unwrap();
    let now = product.clock.now();
    let says_slack = Item::new()
        .with("kind", "member")
        .with("admin", 1i64)
        .with("deactivated", 0i64)
        .with("asked_at", now.millis());
    for (key, row) in [
        (
            admins(&["listed", FORGER]),
            Item::new().with("added_at", now.millis()),
        ),
        (admins(&["listed", FORGER]), on_list.unwrap()),
        (admins(&["first"]), Item::new().with("user", FORGER)),
        (person(FORGER), says_slack),
        (person(FORGER), of_admin.unwrap()),
    ] {
        put(&rows, key.clone(), row).await;
        assert!(!administers(&forger).await, "{key:?}");
        assert!(administers(&admin).await, "{key:?}");
        rows.write(Write::delete(key)).await.unwrap();
    }
    let list = format!("/v1/admins?tenant={ACME}");
    let list = product.operator(Method::GET, &list).await.json();
    assert_eq!(list["admins"].as_array().unwrap().len(), 1, "{list}");
}
