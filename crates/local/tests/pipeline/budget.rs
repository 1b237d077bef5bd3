//! The budget that all workers share, over the embedded table: many takers at once, a table that fails, and closures.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tidegate_pipeline::budget::{Budget, Turn};
use tidegate_pipeline::clock::{Clock, ManualClock, Timestamp};
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::tiers::{Rate, Tier};
use tidegate_testing::chance::{Chance, seeds};
use tidegate_testing::faulty_table::{FaultyTable, Rates};

const METHOD: &str = "conversations.history";

/// What the takers of one world share.
struct World {
    table: Arc<FaultyTable>,
    chance: Chance,
    clock: ManualClock,
    rate: Rate,
    /// Until when a closure stands that has certainly been written down.
    closed_until: AtomicI64,
}

impl World {
    fn new(seed: u64, rate: Rate) -> Arc<Self> {
        Arc::new(Self {
            table: FaultyTable::new(seed),
            chance: Chance::new(seed),
            clock: ManualClock::at(1_700_000_000),
            rate,
            closed_until: AtomicI64::new(0),
        })
    }

    fn rows(&self) -> Rows {
        self.table.table().tenant(&"T1".into())
    }

    fn budget(&self) -> Budget {
        Budget::of(METHOD, self.rate)
    }

    /// Tries again and again; answers when it was let through, and checks that no closure stood then.
    async fn taker(self: Arc<Self>, times: usize) -> Vec<i64> {
        let (rows, budget) = (self.rows(), self.budget());
        let mut taken = Vec::new();
        for _ in 0..times {
            let closed_until = self.closed_until.load(Ordering::SeqCst);
            let now = self.clock.now();
            match budget.take(&rows, now).await {
                Ok(Turn::Taken) => {
                    assert!(now.millis() >= closed_until, "taken while closed");
                    taken.push(now.millis());
                }
                Ok(Turn::Wait(time)) => assert!(time > now),
                Err(TableError::Busy(_) | TableError::Unknown(_)) => {}
                Err(e) => panic!("{e}"),
            }
            let step = self.chance.below("step", 700);
            self.clock
                .advance(Duration::from_millis(step.try_into().unwrap()));
            tokio::task::yield_now().await;
        }
        taken
    }

    /// Meets a 429 now and then.
    async fn closer(self: Arc<Self>, times: usize) {
        let (rows, budget) = (self.rows(), self.budget());
        for _ in 0..times {
            let seconds = self.chance.below("retry after", 20).try_into().unwrap();
            let until = self.clock.now().plus(Duration::from_secs(seconds));
            if rows.write(budget.close(until)).await.is_ok() {
                self.closed_until
                    .fetch_max(until.millis(), Ordering::SeqCst);
            }
            self.clock.advance(Duration::from_secs(15));
            tokio::task::yield_now().await;
        }
    }
}

/// No window holds more than the burst and what comes due within it.
fn check(seed: u64, rate: Rate, mut taken: Vec<i64>) {
    taken.sort_unstable();
    for (n, from) in taken.iter().enumerate() {
        for (count, to) in (1i64..).zip(&taken[n..]) {
            let granted = i64::from(rate.burst) + (to - from) / i64::from(rate.interval_ms);
            assert!(count <= granted, "seed {seed}: {count} from {from} to {to}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_take_no_window_sees_more_than_burst_and_rate() {
    let mut calls = 0;
    for seed in seeds(24) {
        let rate = match seed % 4 {
            0 => Tier::One.rate(),
            1 => Tier::Two.rate(),
            2 => Rate::CHANNEL,
            _ => Tier::Four.rate(),
        };
        let world = World::new(seed, rate);
        if seed % 2 == 1 {
            world.table.set_rates(Rates {
                busy: 60,
                answer_lost: 60,
                request_lost: 60,
            });
        }
        let takers: Vec<_> = (0..=seed % 12)
            .map(|_| tokio::spawn(Arc::clone(&world).taker(25)))
            .collect();
        let closer = (seed % 3 == 0).then(|| tokio::spawn(Arc::clone(&world).closer(4)));
        let mut taken = Vec::new();
        for taker in takers {
            taken.extend(taker.await.unwrap());
        }
        if let Some(closer) = closer {
            closer.await.unwrap();
        }
        calls += taken.len();
        check(seed, rate, taken);
    }
    assert!(calls > 300, "hardly anybody was let through: {calls}");
}

#[tokio::test]
async fn who_comes_back_when_told_to_gets_all_that_slack_grants() {
    let world = World::new(0, Tier::Three.rate());
    let (rows, budget) = (world.rows(), world.budget());
    let began = world.clock.now();
    let mut taken = 0;
    while taken < 100 {
        let now = world.clock.now();
        match budget.take(&rows, now).await.unwrap() {
            Turn::Taken => taken += 1,
            Turn::Wait(time) => world.clock.advance(time.since(now)),
        }
    }
    let intervals = 100 - world.rate.burst;
    let expected = Duration::from_millis(world.rate.interval_ms.into()) * intervals;
    assert_eq!(world.clock.now().since(began), expected);
}

#[tokio::test]
async fn a_limit_closes_its_own_method_in_its_own_workspace_only() {
    let world = World::new(0, Tier::Three.rate());
    let (rows, now) = (world.rows(), world.clock.now());
    let until = now.plus(Duration::from_secs(30));
    let later = now.plus(Duration::from_mins(1));
    let history = Budget::method(METHOD);
    rows.write(history.close(until)).await.unwrap();
    assert_eq!(history.take(&rows, now).await, Ok(Turn::Wait(until)));
    assert_eq!(history.closed_until(&rows).await, Ok(Some(until)));
    let other = world.table.table().tenant(&"T2".into());
    let free = [
        (Budget::method("conversations.replies"), &rows),
        (Budget::channel(&"C0000000001".into()), &rows),
        (Budget::method(METHOD), &other),
    ];
    for (budget, rows) in free {
        assert_eq!(budget.take(rows, now).await, Ok(Turn::Taken), "{budget:?}");
    }

    // A later end stands, whoever closes again.
    rows.write(history.close(later)).await.unwrap();
    let sooner = rows.write(history.close(until)).await;
    assert_eq!(sooner, Err(TableError::Condition));
    assert_eq!(history.take(&rows, until).await, Ok(Turn::Wait(later)));
    assert_eq!(history.take(&rows, later).await, Ok(Turn::Taken));
}

#[tokio::test]
async fn a_limit_that_comes_between_the_look_and_the_take_holds() {
    let world = World::new(0, Tier::Three.rate());
    let (rows, budget) = (world.rows(), world.budget());
    let began = world.clock.now();
    for taken_before in [false, true] {
        let gone = Duration::from_secs(if taken_before { 30 } else { 0 });
        let now = began.plus(gone);
        let until = now.plus(Duration::from_secs(30));
        if taken_before {
            assert_eq!(budget.take(&rows, now).await, Ok(Turn::Taken));
        }
        let held = world.table.hold_next(&["get", "#limit#"], true);
        let taker = tokio::spawn({
            let (rows, budget) = (rows.clone(), budget.clone());
            async move { budget.take(&rows, now).await }
        });
        held.reached.notified().await;
        rows.write(budget.close(until)).await.unwrap();
        held.go_on.notify_one();
        assert_eq!(taker.await.unwrap(), Ok(Turn::Wait(until)));
    }
}

#[tokio::test]
async fn a_limit_keeps_what_has_been_taken() {
    let world = World::new(0, Tier::One.rate());
    let (rows, budget, now) = (world.rows(), world.budget(), world.clock.now());
    assert_eq!(budget.take(&rows, now).await, Ok(Turn::Taken));
    let until = now.plus(Duration::from_secs(5));
    rows.write(budget.close(until)).await.unwrap();
    let minute_later = Timestamp(now.millis() + 60_000);
    assert_eq!(
        budget.take(&rows, until).await,
        Ok(Turn::Wait(minute_later))
    );
}
