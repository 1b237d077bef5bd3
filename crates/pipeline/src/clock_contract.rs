//! The contract of the clock: one test that runs against every implementation and panics if one breaks it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::future::{join_all, poll_immediate};

use crate::clock::{Clock, Timestamp};

/// The years 2020 and 2100 in milliseconds. A number between them cannot be in another unit.
const EARLIEST: Timestamp = Timestamp(1_577_836_800_000);
const LATEST: Timestamp = Timestamp(4_102_444_800_000);

/// How much longer than asked a sleep may last, because timers are not exact.
const GRAIN: Duration = Duration::from_millis(5);

/// Runs the whole contract. `elapsed` returns the time that a sleep on the clock takes: the time of the paused runtime if the clock
/// sleeps on it, so that the test does not wait for wall time, or else the clock's own time. A clock that tests set must show a
/// time between the years 2020 and 2099.
pub async fn clock_contract<E>(clock: Arc<dyn Clock>, elapsed: E)
where
    E: Fn() -> Duration,
{
    it_tells_milliseconds_since_the_epoch(&*clock);
    it_never_goes_back_by_itself(&clock);
    a_sleep_is_as_long_as_asked(&*clock, &elapsed).await;
    sleeps_add_up(&*clock, &elapsed).await;
    others_go_on_meanwhile(&*clock, &elapsed).await;
    a_sleep_can_be_given_up(&*clock, &elapsed).await;
}

fn it_tells_milliseconds_since_the_epoch(clock: &dyn Clock) {
    let now = clock.now();
    assert!(
        (EARLIEST..LATEST).contains(&now),
        "milliseconds since the Unix epoch: {now:?}"
    );
}

fn it_never_goes_back_by_itself(clock: &Arc<dyn Clock>) {
    let mut latest = clock.now();
    for _ in 0..20 {
        for _ in 0..50 {
            latest = no_earlier(clock.now(), latest);
        }
        // Another thread sees no earlier time either.
        let elsewhere = thread::scope(|scope| scope.spawn(|| clock.now()).join());
        latest = no_earlier(elsewhere.unwrap_or_default(), latest);
    }
}

async fn a_sleep_is_as_long_as_asked(clock: &dyn Clock, elapsed: &dyn Fn() -> Duration) {
    for asked in [
        Duration::ZERO,
        Duration::from_micros(999),
        Duration::from_millis(1),
        Duration::from_micros(1500),
        Duration::from_secs(1),
        Duration::from_hours(30 * 24),
    ] {
        let (began, before) = (elapsed(), clock.now());
        clock.sleep(asked).await;
        no_earlier(clock.now(), before);
        let took = elapsed().saturating_sub(began);
        assert!(took >= asked, "asked for {asked:?}, slept {took:?} only");
        assert!(took <= asked + GRAIN, "asked for {asked:?}, slept {took:?}");
    }
}

async fn sleeps_add_up(clock: &dyn Clock, elapsed: &dyn Fn() -> Duration) {
    let began = elapsed();
    for _ in 0..1000 {
        clock.sleep(Duration::from_micros(700)).await;
    }
    let took = elapsed().saturating_sub(began);
    assert!(
        took >= Duration::from_millis(700),
        "a thousand short sleeps are a long one, not {took:?}"
    );
}

async fn others_go_on_meanwhile(clock: &dyn Clock, elapsed: &dyn Fn() -> Duration) {
    let mut sleep = clock.sleep(Duration::from_secs(1));
    assert!(
        poll_immediate(&mut sleep).await.is_none(),
        "whoever sleeps lets others go on first"
    );
    sleep.await;
    let began = elapsed();
    join_all((1..=10).map(|seconds| clock.sleep(Duration::from_secs(seconds)))).await;
    let took = elapsed().saturating_sub(began);
    assert!(
        took >= Duration::from_secs(10),
        "of many sleeps at once the longest has been slept: {took:?}"
    );
}

async fn a_sleep_can_be_given_up(clock: &dyn Clock, elapsed: &dyn Fn() -> Duration) {
    let before = clock.now();
    let given_up = poll_immediate(clock.sleep(Duration::from_hours(24))).await;
    assert_eq!(given_up, None, "a day is not over at once");
    let began = elapsed();
    clock.sleep(Duration::from_secs(1)).await;
    let took = elapsed().saturating_sub(began);
    assert!(
        took <= Duration::from_secs(1) + GRAIN,
        "a sleep that was given up holds nobody: {took:?}"
    );
    no_earlier(clock.now(), before);
}

#[track_caller]
fn no_earlier(now: Timestamp, before: Timestamp) -> Timestamp {
    assert!(
        now >= before,
        "time went back from {before:?} to {now:?} by itself"
    );
    now
}
