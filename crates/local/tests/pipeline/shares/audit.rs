//! What the audit trail is told of shares: once for each domain, whatever is repeated or lost in between.

use std::sync::Arc;
use std::time::Duration;

use tidegate_pipeline::domain::Domain;
use tidegate_testing::faulty_queue::Rates;
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::shares_world::{Manner, Notary, World};

use super::odd_is_done_once;

#[tokio::test]
async fn two_domains_that_have_a_note_on_one_event_both_leave_it() {
    let world = World::with(0, Rates::default(), &[Arc::new(Notary) as Arc<dyn Domain>]);
    for _ in 0..2 {
        world.send("Ev1", 1).await;
        world.rest().await;
        assert_eq!(world.notes("odd.counted").await.len(), 1);
        assert_eq!(world.notes("notary.noted").await.len(), 1);
    }
}

#[tokio::test]
async fn a_note_is_written_with_the_share_that_it_is_of_or_not_at_all() {
    for mishap in [Mishap::Busy, Mishap::AnswerLost, Mishap::RequestLost] {
        let world = World::new();
        world.odd.set(Manner::Retries);
        world.send("Ev1", 1).await;
        world.work().await;
        world.odd.set(Manner::Works);
        let commit = ["transact", "#ledger#Ev1/share", "put @system#audit"];
        world.engine.next(1, &commit, mishap);
        world.rest().await;
        assert!(world.engine.all_happened());
        odd_is_done_once(&world, "Ev1", "a commit that failed").await;
    }
}

#[tokio::test]
async fn an_event_that_comes_again_says_nothing_of_a_domain_that_has_only_a_share() {
    let world = World::new();
    world.odd.set(Manner::Fails);
    world.send("Ev1", 1).await;
    world.rest().await;
    world.odd.set(Manner::Works);
    world.send("Ev1", 1).await;
    world.rest().await;
    // Its share is parked: nothing has been counted.
    assert_eq!(world.counted("Ev1").await, 0);
    assert_eq!(world.notes("odd.counted").await, []);
    super::replay(&world, "Ev1").await;
    world.rest().await;
    world.send("Ev1", 1).await;
    world.clock.advance(Duration::from_secs(5));
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "replayed").await;
}
