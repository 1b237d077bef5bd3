//! Calls over HTTP that are new each time, and calls that say something impossible.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;
use tidegate_app::incidents::model::rows;
use tidegate_pipeline::clock::Clock;
use tidegate_testing::product::{Product, TENANT};

/// A call without an idempotency key is a new one, also after a restart.
#[tokio::test]
async fn a_call_after_a_restart_is_not_answered_with_an_older_incident() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for n in 1..=2 {
        let product = Product::start_in(folder.path(), &[]).await;
        let scopes = ["incidents:write", "incidents:read"];
        let key = product.make_key(TENANT, &scopes).await.key;
        let wanted = json!({"title": format!("Incident {n}"), "severity": "P3"});
        let declared = product.tell("/v1/incidents", &key, &wanted).await;
        assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
        let name = declared.json()["incident"]["name"].clone();
        names.push(name.as_str().unwrap().to_owned());
        product.stop().await;
    }
    assert_eq!(names, ["INC-1", "INC-2"]);
}

#[tokio::test]
async fn a_month_that_there_is_not_is_refused() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["incidents:read"]).await.key;
    for (month, status) in [
        ("2026-12", StatusCode::OK),
        ("2026-13", StatusCode::BAD_REQUEST),
        ("2026-00", StatusCode::BAD_REQUEST),
        ("2026-1", StatusCode::BAD_REQUEST),
    ] {
        let path = format!("/v1/incidents?status=all&month={month}");
        let answer = product.ask(Method::GET, &path, &key).await;
        assert_eq!(answer.status, status, "{month} {answer:?}");
    }
}

/// A monitoring system declares for many services at once: as many as its key may.
#[tokio::test]
async fn twenty_declarations_at_the_same_moment_all_succeed() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["incidents:write"]).await.key;
    let declare = async |n: usize| {
        let wanted = json!({"title": format!("Service {n} is down"), "severity": "P3"});
        product.tell("/v1/incidents", &key, &wanted).await
    };
    let answers = futures_util::future::join_all((0..20).map(declare)).await;
    for answer in answers {
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
}

/// A repeat may overtake its twin at the last declaration that the key may make: it is answered as the twin is.
#[tokio::test]
async fn repeats_at_the_edge_of_a_limit_are_answered_as_their_twin() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["incidents:write"]).await.key;
    let wanted = json!({"title": "Disk full", "severity": "P3"});
    for _ in 0..19 {
        let declared = product.tell("/v1/incidents", &key, &wanted).await;
        assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
    }
    let last = (0..12).map(|_| product.tell_once("/v1/incidents", &key, &wanted, "alert-20"));
    let answers = futures_util::future::join_all(last).await;
    let made = answers.iter().filter(|a| a.status == StatusCode::CREATED);
    assert_eq!(made.count(), 1, "{answers:?}");
    let repeated = answers.iter().filter(|a| a.status == StatusCode::OK);
    assert_eq!(repeated.count(), 11, "{answers:?}");
}

/// A list without a month is one of this month. Its pages go on in it when the month turns.
#[tokio::test]
async fn a_list_goes_on_across_the_turn_of_the_month() {
    let product = Product::start().await;
    let scopes = ["incidents:write", "incidents:read"];
    let key = product.make_key(TENANT, &scopes).await.key;
    let wanted = json!({"title": "Disk full", "severity": "P3"});
    for _ in 0..2 {
        let declared = product.tell("/v1/incidents", &key, &wanted).await;
        assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
    }
    let path = "/v1/incidents?status=all&limit=1";
    let first = product.ask(Method::GET, path, &key).await.json();
    let month = || rows::month(product.clock.now());
    let began = month();
    while month() == began {
        product.clock.advance(Duration::from_hours(1));
    }
    let next = first["next"].as_str().unwrap();
    let second = product
        .ask(Method::GET, &format!("{path}&after={next}"), &key)
        .await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    assert_eq!(second.json()["incidents"][0]["name"], "INC-1", "{second:?}");
}
