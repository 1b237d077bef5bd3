//! The worker loop under faults of handler and table, one at a time. All at once is in `worker_worlds.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_pipeline::archive;
use tidegate_pipeline::clock::{Clock, ManualClock};
use tidegate_pipeline::ledger::{Entry, EventState, Ledger};
use tidegate_pipeline::queue::{Outgoing, Queue, Received};
use tidegate_pipeline::worker::Worker;
use tidegate_slack::ids::TenantId;
use tidegate_testing::faulty_table::{FaultyTable, Mishap};
use tidegate_testing::scripted::{KEEP, LIMIT, Recorder, Script, Scripted, counter, job, worker};

const TENANT: &str = "T1";

/// A worker whose queues only write down what happens.
struct Bench {
    clock: ManualClock,
    engine: Arc<FaultyTable>,
    handler: Arc<Scripted>,
    source: Arc<Recorder>,
    wake_ups: Arc<Recorder>,
    worker: Worker,
}

impl Bench {
    fn new() -> Self {
        Self::with_wake_ups(Recorder::default())
    }

    fn with_wake_ups(wake_ups: Recorder) -> Self {
        let clock = ManualClock::at(1_700_000_000);
        let engine = FaultyTable::new(0);
        let handler = Scripted::new(&engine, Arc::new(clock.clone()));
        let (source, wake_ups) = (Arc::new(Recorder::default()), Arc::new(wake_ups));
        let worker = worker(&handler, source.clone(), wake_ups.clone());
        Self {
            clock,
            engine,
            handler,
            source,
            wake_ups,
            worker,
        }
    }

    /// A message with that event.
    fn message(&self, id: &str, receives: u32, script: Script) -> Received {
        self.handler.set(id, script);
        raw(id, receives, job(TENANT, id, &self.clock).encode().unwrap())
    }

    async fn process(&self, batch: Vec<Received>) -> Vec<String> {
        self.worker.process(batch, LIMIT).await
    }

    async fn entry(&self, tenant: &str, id: &str) -> Option<Entry> {
        let truth = self.engine.truth();
        let rows = truth.tenant(&tenant.into());
        Ledger {
            rows,
            clock: &self.clock,
            keep: KEEP,
        }
        .entry_of(id)
        .await
        .unwrap()
    }

    async fn state(&self, id: &str) -> Option<EventState> {
        self.entry(TENANT, id).await.map(|entry| entry.state)
    }

    async fn archived(&self, tenant: &str) -> Vec<String> {
        let rows = self.engine.truth().tenant(&tenant.into());
        let second = self.clock.now().seconds();
        let page = archive::list_hour(&rows, &tenant.into(), second, 1000, None)
            .await
            .unwrap();
        page.0.into_iter().map(|archived| archived.job.id).collect()
    }

    async fn counted(&self) -> i64 {
        let rows = self.engine.truth().tenant(&TENANT.into());
        let row = rows.get(&counter()).await.unwrap().unwrap_or_default();
        row.number("count").unwrap_or(0)
    }
}

fn raw(id: &str, receives: u32, body: String) -> Received {
    Received {
        id: format!("m-{id}"),
        receipt: format!("r-{id}"),
        body,
        receives,
    }
}

#[tokio::test]
async fn a_handler_that_panics_is_parked_after_two_panics_and_its_neighbours_never_notice() {
    for script in [Script::Panic, Script::PanicAtLabel] {
        let bench = Bench::new();
        let batch = |receives| {
            let poison = bench.message("poison", receives, script);
            let other = bench.message(&format!("good{receives}"), 1, Script::Count);
            vec![poison, other]
        };
        assert_eq!(bench.process(batch(1)).await, ["m-poison"], "{script:?}");
        assert_eq!(bench.state("poison").await, None);
        assert_eq!(bench.process(batch(2)).await, [""; 0], "{script:?}");
        assert_eq!(bench.state("poison").await, Some(EventState::Parked));
        assert_eq!(
            (bench.state("good1").await, bench.counted().await),
            (Some(EventState::Done), 2)
        );
        assert_eq!(bench.archived(TENANT).await.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hung_record_misses_its_deadline_alone() {
    let bench = Bench::new();
    bench.engine.hold_time();
    let batch = vec![
        bench.message("hung", 1, Script::Hang),
        bench.message("good", 1, Script::Count),
        bench.message("fails", 1, Script::Fail),
    ];
    let began = tokio::time::Instant::now();
    assert_eq!(bench.process(batch).await, ["m-hung"]);
    assert!(
        (LIMIT..LIMIT * 2).contains(&began.elapsed()),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(bench.state("hung").await, None);
    assert_eq!(bench.state("good").await, Some(EventState::Done));
    assert_eq!(bench.state("fails").await, Some(EventState::Parked));
}

#[tokio::test]
async fn retry_hides_and_fail_parks() {
    let bench = Bench::new();
    let batch = vec![
        bench.message("retry", 1, Script::Retry),
        bench.message("fail", 1, Script::Fail),
    ];
    assert_eq!(bench.process(batch).await, ["m-retry"]);
    let parked = bench.entry(TENANT, "fail").await.unwrap();
    assert_eq!(
        (parked.state, parked.reason.as_deref()),
        (EventState::Parked, Some("a test says so"))
    );
    assert_eq!(bench.state("retry").await, None);
    let hidden = bench.source.hidden.lock().unwrap().clone();
    assert_eq!(hidden.len(), 1);
    assert_eq!(hidden[0].0, "r-retry");
}

#[tokio::test]
async fn a_message_that_is_no_job_is_archived_and_parked() {
    let bench = Bench::new();
    let good = bench.message("good", 1, Script::Count);
    let garbage = raw("x", 1, "{\"v\":1,\"kind\":".to_owned());
    assert_eq!(bench.process(vec![garbage, good]).await, [""; 0]);
    let tenant = TenantId::UNREADABLE;
    let archived = bench.archived(tenant).await;
    assert_eq!(archived.len(), 1);
    let entry = bench.entry(tenant, &archived[0]).await.unwrap();
    assert_eq!(entry.state, EventState::Parked);
    assert_eq!(bench.state("good").await, Some(EventState::Done));
}

/// A queue on a clock, with its dead letters.
fn queues(clock: &ManualClock) -> (Arc<EmbeddedQueue>, Arc<EmbeddedQueue>) {
    let file = QueueFile::in_memory(Arc::new(clock.clone())).unwrap();
    let queue = |name, dead_letters| {
        let visibility = Duration::from_mins(3);
        Arc::new(file.queue(QueueSettings {
            name,
            visibility,
            max_receives: 5,
            dead_letters,
        }))
    };
    (
        queue("events", Some("events-dlq")),
        queue("events-dlq", None),
    )
}

#[tokio::test]
async fn a_newer_envelope_is_left_to_a_newer_worker_and_ends_as_a_dead_letter() {
    let bench = Bench::new();
    let (events, dead_letters) = queues(&bench.clock);
    let worker = worker(&bench.handler, events.clone(), bench.wake_ups.clone());
    let (group, body) = (TENANT.to_owned(), r#"{"v":999,"what":"ever"}"#.to_owned());
    events
        .send(Outgoing {
            group,
            body,
            delay: Duration::ZERO,
        })
        .await
        .unwrap();
    let mut times = Vec::new();
    while events.depth().await.unwrap() > 0 {
        let batch = events.receive(10, Duration::ZERO).await.unwrap();
        if !batch.is_empty() {
            times.push(bench.clock.now().seconds() - 1_700_000_000);
            assert_eq!(worker.process(batch, LIMIT).await.len(), 1);
        }
        bench.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(times.len(), 5, "received so often: {times:?}");
    assert!(times[4] <= 40, "from a second on, doubled: {times:?}");
    assert_eq!(dead_letters.depth().await.unwrap(), 1);
    assert!(bench.archived(TenantId::UNREADABLE).await.is_empty());
}

#[tokio::test]
async fn a_row_that_the_table_refuses_fails_alone() {
    let bench = Bench::new();
    let mut batch: Vec<Received> = (0..4)
        .map(|n| bench.message(&format!("good{n}"), 1, Script::Count))
        .collect();
    batch.insert(2, bench.message("odd", 1, Script::Count));
    // The batch is refused for the sake of one row, and so is that row when it comes alone.
    bench.engine.next(2, &["put_all", "#odd#"], Mishap::Refused);
    assert_eq!(bench.process(batch).await, [""; 0]);
    for n in 0..4 {
        assert_eq!(
            bench.state(&format!("good{n}")).await,
            Some(EventState::Done),
            "{n}"
        );
    }
    assert_eq!(bench.state("odd").await, Some(EventState::Parked));
    assert_eq!(bench.archived(TENANT).await.len(), 4);
}

#[tokio::test]
async fn nothing_is_handled_before_it_is_archived() {
    for mishap in [Mishap::Busy, Mishap::AnswerLost, Mishap::RequestLost] {
        let bench = Bench::new();
        bench.engine.next(1, &["put_all"], mishap);
        let message = || bench.message("one", 1, Script::Count);
        assert_eq!(bench.process(vec![message()]).await, ["m-one"]);
        assert_eq!((bench.handler.begun("one"), bench.counted().await), (0, 0));
        assert_eq!(bench.process(vec![message()]).await, [""; 0]);
        assert_eq!(
            (bench.state("one").await, bench.counted().await),
            (Some(EventState::Done), 1)
        );
        assert_eq!(bench.archived(TENANT).await, ["one"]);
    }
}

#[tokio::test]
async fn a_commit_without_an_answer_counts_once_and_wakes_its_lane_all_the_same() {
    // Whether the ledger can be read back at once, and whether the event is known to be done then.
    let cases = [
        (Mishap::AnswerLost, true, true),
        (Mishap::AnswerLost, false, false),
        (Mishap::RequestLost, true, false),
        (Mishap::Busy, true, false),
    ];
    for (mishap, readable, known) in cases {
        let bench = Bench::new();
        let commit = &["transact", "#ledger#one"];
        bench.engine.next(1, commit, mishap);
        if !readable {
            bench.engine.next(1, &["get", "#ledger#one"], Mishap::Busy);
        }
        let message = |receives| bench.message("one", receives, Script::Post);
        let sent = || bench.wake_ups.sent.lock().unwrap().len();
        let failed = bench.process(vec![message(1)]).await;
        assert_eq!((failed.is_empty(), sent()), (known, usize::from(known)));
        if !known {
            assert_eq!(bench.process(vec![message(2)]).await, [""; 0]);
        }
        assert_eq!((bench.counted().await, sent()), (1, 1));
    }
}

#[tokio::test]
async fn a_wake_up_that_cannot_be_sent_does_not_undo_the_event() {
    let bench = Bench::with_wake_ups(Recorder {
        refuses: true,
        ..Recorder::default()
    });
    let message = bench.message("one", 1, Script::Post);
    assert_eq!(bench.process(vec![message]).await, [""; 0]);
    assert_eq!(bench.state("one").await, Some(EventState::Done));
}

#[tokio::test]
async fn an_event_that_cannot_be_parked_yet_backs_off_like_any_other() {
    let bench = Bench::new();
    bench
        .engine
        .next(1, &["write put", "#ledger#one"], Mishap::Busy);
    assert_eq!(
        bench
            .process(vec![bench.message("one", 1, Script::Fail)])
            .await,
        ["m-one"]
    );
    let hidden = bench.source.hidden.lock().unwrap().clone();
    assert!(
        matches!(&hidden[..], [(receipt, _)] if receipt == "r-one"),
        "{hidden:?}"
    );
    assert_eq!(
        bench
            .process(vec![bench.message("one", 2, Script::Fail)])
            .await,
        [""; 0]
    );
    assert_eq!(bench.state("one").await, Some(EventState::Parked));
}

#[tokio::test]
async fn one_message_twice_in_a_batch_and_its_twin_count_once() {
    let bench = Bench::new();
    let one = bench.message("one", 1, Script::Twin(1));
    let twin = bench.message("two", 1, Script::Twin(1));
    assert_eq!(bench.process(vec![one.clone(), one, twin]).await, [""; 0]);
    let mut states = [
        bench.state("one").await.unwrap(),
        bench.state("two").await.unwrap(),
    ];
    states.sort_by_key(|state| state.as_str());
    assert_eq!(states, [EventState::Done, EventState::Duplicate]);
    assert_eq!(bench.counted().await, 1);
}

#[tokio::test]
async fn a_parked_event_that_is_replayed_counts_and_one_that_is_done_is_never_parked() {
    let bench = Bench::new();
    bench
        .process(vec![bench.message("one", 1, Script::Fail)])
        .await;
    assert_eq!(bench.state("one").await, Some(EventState::Parked));
    bench
        .process(vec![bench.message("one", 1, Script::Count)])
        .await;
    assert_eq!(
        (bench.state("one").await, bench.counted().await),
        (Some(EventState::Done), 1)
    );
    bench
        .process(vec![bench.message("one", 1, Script::Fail)])
        .await;
    bench
        .process(vec![bench.message("one", 1, Script::Count)])
        .await;
    assert_eq!(
        (bench.state("one").await, bench.counted().await),
        (Some(EventState::Done), 1)
    );
}

/// How long one failed message hides.
fn backoff(id: &str, receives: u32) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let bench = Bench::new();
        let body = r#"{"v":999}"#.to_owned();
        bench.process(vec![raw(id, receives, body)]).await;
        let hidden = bench.source.hidden.lock().unwrap();
        hidden[0].1
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_failed_message_hides_from_a_second_to_a_minute_and_longer_each_time(id in "[a-z0-9-]{1,36}", receives in 1u32..12) {
        let hidden = backoff(&id, receives);
        let full = Duration::from_secs(2 << (receives - 1).min(10)).min(Duration::from_mins(1));
        prop_assert!(hidden >= full / 2 && hidden <= full, "{:?} of {:?}", hidden, full);
        prop_assert!(hidden >= Duration::from_secs(1));
    }
}

#[test]
fn messages_that_failed_together_do_not_come_back_together() {
    // The embedded queue counts its ids, SQS makes them up; neither may come back as one.
    for receives in [1, 3] {
        let slot = Duration::from_millis(100 << (receives - 1));
        let slots: BTreeSet<u128> = (100..140)
            .map(|id| backoff(&id.to_string(), receives).as_millis() / slot.as_millis())
            .collect();
        assert!(
            slots.len() >= 7,
            "forty messages in {} of ten slots",
            slots.len()
        );
    }
}

#[tokio::test]
async fn a_workspace_whose_rows_cannot_be_written_keeps_no_neighbour_from_being_archived() {
    let bench = Bench::new();
    bench.handler.set("broken", Script::Count);
    let broken = job("T0BROKEN", "broken", &bench.clock).encode().unwrap();
    let batch = vec![
        bench.message("whole", 1, Script::Count),
        raw("broken", 1, broken),
    ];
    bench
        .engine
        .next(100, &["put_all", "T0BROKEN"], Mishap::Busy);
    assert_eq!(bench.process(batch).await, ["m-broken"]);
    assert_eq!(bench.state("whole").await, Some(EventState::Done));
    assert_eq!(bench.counted().await, 1);
}
