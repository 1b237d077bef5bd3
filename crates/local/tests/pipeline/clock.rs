//! Every clock keeps the clock contract.

use std::sync::Arc;

use tidegate_pipeline::clock::{Clock, ManualClock, SystemClock, Timestamp};
use tidegate_pipeline::clock_contract::clock_contract;
use tidegate_testing::outbox_world::WorldClock;

/// It sleeps on the runtime, whose time is paused and jumps on when everybody sleeps.
#[tokio::test(start_paused = true)]
async fn the_machines_clock_keeps_the_contract() {
    let began = tokio::time::Instant::now();
    clock_contract(Arc::new(SystemClock), || began.elapsed()).await;
}

#[tokio::test]
async fn the_clock_that_tests_set_keeps_the_contract() {
    let clock = ManualClock::at(1_763_690_400);
    let elapsed = {
        let clock = clock.clone();
        move || clock.now().since(Timestamp(0))
    };
    clock_contract(Arc::new(clock), elapsed).await;
}

#[tokio::test]
async fn the_clock_of_the_delivery_tests_keeps_the_contract() {
    let clock = WorldClock::new();
    let elapsed = {
        let clock = clock.clock.clone();
        move || clock.now()
    };
    clock_contract(Arc::new(clock), elapsed).await;
}
