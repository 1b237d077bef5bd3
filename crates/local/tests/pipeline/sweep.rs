//! The sweep of the outbox.

use std::time::Duration;

use async_trait::async_trait;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::outbox::Class;
use tidegate_pipeline::queue::{Outgoing, Queue, QueueError, Received};
use tidegate_pipeline::sweep::sweep;
use tidegate_testing::outbox_world::{World, WorldClock};

/// A queue that takes twenty seconds for each message.
struct Slow(WorldClock);

#[async_trait]
impl Queue for Slow {
    async fn send(&self, _message: Outgoing) -> Result<(), QueueError> {
        self.0.advance(Duration::from_secs(20));
        Ok(())
    }

    async fn receive(&self, _max: usize, _wait: Duration) -> Result<Vec<Received>, QueueError> {
        Ok(Vec::new())
    }

    async fn delete(&self, _receipts: Vec<String>) -> Result<(), QueueError> {
        Ok(())
    }

    async fn hide(&self, _receipt: &str, _delay: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_sweep_ends_in_time_and_says_how_many_lanes_it_woke() {
    let world = World::new(0).await;
    for n in 0..6 {
        let channel = format!("C000000000{n}");
        world.post("T1", &channel, Class::AtMostOnce).await;
    }
    world.clock.advance(Duration::from_mins(5));
    let until = world.clock.now().plus(Duration::from_secs(50));
    let slow = Slow(world.clock.clone());
    let woken = sweep(&world.engine.table(), &slow, &world.clock, until).await;
    assert_eq!(woken.unwrap(), 3);
}
