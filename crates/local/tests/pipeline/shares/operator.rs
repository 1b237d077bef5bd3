//! What an operator sees of shares.

use std::time::Duration;

use http::Method;
use serde_json::json;
use tidegate_pipeline::table::RowKey;
use tidegate_testing::shares_world::{Manner, World};

use super::{odd_is_done_once, replay};

#[tokio::test]
async fn a_share_that_is_tried_again_tells_how_often_and_why() {
    let world = World::new();
    world.odd.set(Manner::Panics);
    world.send("Ev1", 1).await;
    world.work().await;
    world.odd.set(Manner::Retries);
    for _ in 0..2 {
        world.clock.advance(Duration::from_secs(5));
        assert_eq!(world.work().await, 1);
    }
    let shown = world.operator(Method::GET, "/v1/operator/events/Ev1").await;
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&json!("waiting"), &json!("a test says so"))
    );
    assert_eq!(
        shown["shares"],
        json!([{"domain": "odd", "state": "waiting", "attempts": 2, "reason": "a test says so"}])
    );
}

#[tokio::test]
async fn events_are_listed_by_the_state_of_their_shares() {
    let world = World::new();
    world.odd.set_for("Ev1", Manner::Retries);
    world.odd.set_for("Ev2", Manner::Fails);
    world.odd.set_for("Ev3", Manner::Works);
    for n in 1..4 {
        world.send(&format!("Ev{n}"), n).await;
    }
    while world.work().await > 0 {
        world.clock.advance(Duration::from_millis(1500));
    }
    for (state, wanted) in [("waiting", "Ev1"), ("parked", "Ev2")] {
        let path = format!("/v1/operator/events?state={state}");
        let listed = world.operator(Method::GET, &path).await;
        let events = listed["events"].as_array().unwrap();
        assert_eq!(events.len(), 1, "{listed}");
        assert_eq!(
            (&events[0]["event_id"], &events[0]["state"]),
            (&json!(wanted), &json!(state))
        );
    }
    world.rest().await;
    let listed = world.operator(Method::GET, "/v1/operator/events?state=waiting");
    assert_eq!(listed.await["events"], json!([]));
}

#[tokio::test]
async fn a_replay_that_fails_again_is_parked_again_with_the_new_reason() {
    for manner in [Manner::Retries, Manner::Fails] {
        let world = World::new();
        world.odd.set(Manner::ManyWrites);
        world.send("Ev1", 1).await;
        world.rest().await;
        world.odd.set(manner);
        replay(&world, "Ev1").await;
        world.rest().await;
        super::odd_is_parked_alone(&world, "Ev1", 1, "again").await;
        let shown = world.operator(Method::GET, "/v1/operator/events/Ev1").await;
        assert_eq!(shown["reason"], "a test says so", "{manner:?}");
    }
}

#[tokio::test]
async fn only_the_replay_of_a_parked_share_asks_its_domain_again() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.clock.advance(Duration::from_mins(2));
    // Two jobs of the share are in the queue when it is parked.
    world.sweep().await;
    world.odd.set(Manner::Fails);
    world.work_with(&world.worker).await;
    let asked = world.odd.asked("Ev1");
    world.clock.advance(Duration::from_mins(2));
    world.sweep().await;
    world.odd.set(Manner::Works);
    world.rest().await;
    assert_eq!(world.odd.asked("Ev1"), asked);
    replay(&world, "Ev1").await;
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "replayed").await;
}

#[tokio::test]
async fn a_share_goes_with_its_event_however_often_it_is_replayed() {
    let world = World::new();
    world.odd.set(Manner::Fails);
    world.send("Ev1", 1).await;
    world.rest().await;
    world.clock.advance(Duration::from_hours(20 * 24));
    replay(&world, "Ev1").await;
    world.rest().await;
    let expires = async |sort: &[&str]| {
        let key = RowKey::new(&["ledger", "Ev1"], sort);
        let row = world.rows().get(&key).await.unwrap().unwrap();
        row.number("expires_at")
    };
    assert_eq!(expires(&["share", "odd"]).await, expires(&["event"]).await);
}

#[tokio::test]
async fn a_list_counts_an_event_once_however_many_of_its_shares_are_parked() {
    let world = World::new();
    for (event, n) in [("Ev1", 1), ("Ev2", 2)] {
        world.odd.set_for(event, Manner::Refused);
        world.send(event, n).await;
        world.work().await;
        // Everything went to shares; the mirror's is parked as well.
        for (domain, _) in world.shares(event).await {
            let id = tidegate_pipeline::ledger::ShareId {
                event: event.to_owned(),
                domain,
            };
            world.park(&id, "a test says so").await;
        }
        world.clock.advance(Duration::from_secs(1));
    }
    let list = world
        .operator(Method::GET, "/v1/operator/events?state=parked&limit=1")
        .await;
    assert_eq!(
        (
            list["events"].as_array().unwrap().len(),
            list["next"].is_string()
        ),
        (1, true)
    );
    let list = world
        .operator(Method::GET, "/v1/operator/events?state=parked&limit=2")
        .await;
    assert_eq!(
        (
            list["events"].as_array().unwrap().len(),
            list["next"].is_string()
        ),
        (2, false)
    );
}

#[tokio::test]
async fn a_domain_without_a_share_cannot_be_replayed() {
    let world = World::new();
    world.send("Ev1", 1).await;
    world.rest().await;
    let answer = replay(&world, "Ev1").await;
    assert_eq!(answer["error"]["code"], "not_found");
    assert_eq!(world.counted("Ev1").await, 1);
}
