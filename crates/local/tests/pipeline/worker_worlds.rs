//! The worker loop under all faults at once, in worlds that a seed decides: the table stumbles, the queue delivers
//! twice, late and in any order, and some events are poison.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_pipeline::archive;
use tidegate_pipeline::clock::{Clock, ManualClock, Timestamp};
use tidegate_pipeline::job::Job;
use tidegate_pipeline::ledger::{EventState, Ledger};
use tidegate_pipeline::outbox::lane_of;
use tidegate_pipeline::queue::{Outgoing, Queue};
use tidegate_pipeline::table::{Due, Table};
use tidegate_pipeline::worker::Worker;
use tidegate_slack::ids::TenantId;
use tidegate_testing::chance::Chance;
use tidegate_testing::faulty_queue::{self, FaultyQueue};
use tidegate_testing::faulty_table::{FaultyTable, Rates};
use tidegate_testing::scripted::{KEEP, Recorder, Script, Scripted, counter, job, worker};
use tidegate_testing::worlds::{dead_letters, in_each_world, work_off};

const WORLDS: u64 = 220;

const EVENTS: usize = 40;

const TENANTS: [&str; 2] = ["T1", "T2"];

struct Sent {
    tenant: &'static str,
    id: String,
    script: Script,
    acked: bool,
}

/// The end of a world, as the table and the dead letters tell it.
struct Rest {
    table: Table,
    clock: ManualClock,
    dead: Vec<String>,
    archived: BTreeMap<String, usize>,
}

#[test]
fn every_acked_event_ends_once_and_counts_once_in_every_world() {
    in_each_world(WORLDS, live);
}

/// One world from its first event to its rest.
async fn live(seed: u64) {
    let chance = Chance::new(seed);
    let clock = ManualClock::at(1_700_000_000);
    let engine = FaultyTable::new(seed);
    let handler = Scripted::new(&engine, Arc::new(clock.clone()));
    let file = QueueFile::in_memory(Arc::new(clock.clone())).unwrap();
    let queue = |name, dead_letters| {
        let visibility = Duration::from_mins(3);
        Arc::new(file.queue(QueueSettings {
            name,
            visibility,
            max_receives: 6,
            dead_letters,
        }))
    };
    let (events, dead_letter_queue) = (
        queue("events", Some("events-dlq")),
        queue("events-dlq", None),
    );
    let faulty: Arc<dyn Queue> = Arc::new(FaultyQueue::new(
        events.clone(),
        seed,
        queue_rates(seed, &chance),
    ));
    let sent = send(&chance, &clock, &handler, &faulty).await;
    engine.set_rates(Rates::drawn(&chance));
    let worker = worker(&handler, Arc::clone(&faulty), Arc::new(Recorder::default()));
    run(seed, &clock, &events, &faulty, &worker).await;
    let rest = Rest::of(&engine, &clock, &dead_letter_queue).await;
    for event in &sent {
        rest.check_event(seed, event).await;
    }
    rest.check_effects(seed, &sent).await;
}

/// In every fourth world the queue does each thing once.
fn is_orderly(seed: u64) -> bool {
    seed.is_multiple_of(4)
}

fn queue_rates(seed: u64, chance: &Chance) -> faulty_queue::Rates {
    if is_orderly(seed) {
        return faulty_queue::Rates::default();
    }
    faulty_queue::Rates {
        lost: 0,
        ..faulty_queue::Rates::drawn(chance)
    }
}

/// Sends all events, each again up to three times while it is not acknowledged, as Slack does.
async fn send(
    chance: &Chance,
    clock: &ManualClock,
    handler: &Scripted,
    queue: &Arc<dyn Queue>,
) -> Vec<Sent> {
    let scripts = [
        Script::Count,
        Script::Count,
        Script::Count,
        Script::Post,
        Script::Post,
        Script::Twin(chance.below("twins", 3)),
        Script::RetryTwice,
        Script::PanicOnce,
        Script::Panic,
        Script::Fail,
        Script::Retry,
    ];
    let mut sent = Vec::new();
    for n in 0..EVENTS {
        let (tenant, id) = (*chance.pick("tenant", &TENANTS), format!("Ev{n:03}"));
        let script = *chance.pick("script", &scripts);
        handler.set(&id, script);
        let body = job(tenant, &id, clock).encode().unwrap();
        let mut acked = false;
        for _ in 0..4 {
            let message = Outgoing {
                group: tenant.to_owned(),
                body: body.clone(),
                delay: Duration::ZERO,
            };
            if queue.send(message).await.is_ok() {
                acked = true;
                break;
            }
        }
        sent.push(Sent {
            tenant,
            id,
            script,
            acked,
        });
    }
    for body in [r#"{"v":999,"id":"newer"}"#, "no job at all"] {
        let message = Outgoing {
            group: String::new(),
            body: body.to_owned(),
            delay: Duration::ZERO,
        };
        while queue.send(message.clone()).await.is_err() {}
    }
    sent
}

/// Lets two workers go on until the queue is empty: I9.
async fn run(
    seed: u64,
    clock: &ManualClock,
    events: &EmbeddedQueue,
    queue: &Arc<dyn Queue>,
    worker: &Worker,
) {
    let mut pause = Duration::from_millis(500);
    for _ in 0..20_000 {
        let (first, second) = tokio::join!(work_off(&**queue, worker), work_off(&**queue, worker));
        if first + second > 0 {
            pause = Duration::from_millis(500);
            continue;
        }
        if events.depth().await.unwrap() == 0 {
            return;
        }
        clock.advance(pause);
        pause = (pause * 2).min(Duration::from_secs(30));
    }
    panic!("seed {seed}: the queue does not empty");
}

impl Rest {
    async fn of(
        engine: &Arc<FaultyTable>,
        clock: &ManualClock,
        dead_letter_queue: &EmbeddedQueue,
    ) -> Self {
        let dead = dead_letters(dead_letter_queue).await;
        let (table, clock) = (engine.truth(), clock.clone());
        let archived = archived(&table).await;
        Self {
            table,
            clock,
            dead,
            archived,
        }
    }

    fn is_dead(&self, id: &str) -> bool {
        self.dead
            .iter()
            .any(|body| Job::decode(body).is_ok_and(|job| job.id == id))
    }

    async fn state(&self, event: &Sent) -> Option<EventState> {
        let rows = self.table.tenant(&event.tenant.into());
        let ledger = Ledger {
            rows,
            clock: &self.clock,
            keep: KEEP,
        };
        ledger
            .entry_of(&event.id)
            .await
            .unwrap()
            .map(|entry| entry.state)
    }

    /// I1 and I2: archived once, and one end.
    async fn check_event(&self, seed: u64, event: &Sent) {
        let what = format!("seed {seed} {} {:?}", event.id, event.script);
        let (state, dead) = (self.state(event).await, self.is_dead(&event.id));
        let times = self.archived.get(&event.id).copied().unwrap_or(0);
        assert!(times <= 1, "{what}: archived {times} times");
        assert!(
            state.is_none() || times == 1,
            "{what}: {state:?} without an archive row"
        );
        if !event.acked {
            return;
        }
        assert!(state.is_some() || dead, "{what}: lost");
        // A queue that forgets deletes makes dead letters of messages whose event has its end already.
        let two_ends = state.is_some() && dead;
        assert!(
            !two_ends || !is_orderly(seed),
            "{what}: {state:?} and a dead letter"
        );
        let fits = match (event.script, state) {
            (_, None) => true,
            (Script::Retry, Some(_)) => false,
            (Script::Fail | Script::Panic, Some(state)) => state == EventState::Parked,
            (Script::Twin(_), Some(state)) => state != EventState::Parked,
            (_, Some(state)) => state == EventState::Done,
        };
        assert!(fits, "{what}: {state:?}");
    }

    /// I3: the sum of the effects is the number of events that are done.
    async fn check_effects(&self, seed: u64, sent: &[Sent]) {
        for tenant in TENANTS {
            let (mut done, mut posting, mut twins) = (0, 0, BTreeSet::new());
            for event in sent.iter().filter(|event| event.tenant == tenant) {
                if self.state(event).await != Some(EventState::Done) {
                    continue;
                }
                done += 1;
                posting += usize::from(event.script == Script::Post);
                if let Script::Twin(n) = event.script {
                    assert!(twins.insert(n), "seed {seed}: two twins are done");
                }
            }
            let rows = self.table.tenant(&tenant.into());
            let counted = rows.get(&counter()).await.unwrap().unwrap_or_default();
            assert_eq!(
                counted.number("count").unwrap_or(0),
                done,
                "seed {seed} {tenant}"
            );
            let system = self.table.system();
            let due = system
                .due(Due::Outbox, Timestamp(i64::MAX), 1000)
                .await
                .unwrap();
            let posts = due
                .iter()
                .filter(|row| row.tenant == TenantId::from(tenant) && lane_of(&row.key).is_some());
            assert_eq!(
                posts.count(),
                posting,
                "seed {seed} {tenant}: rows in the outbox"
            );
        }
        let newer = self
            .dead
            .iter()
            .filter(|body| body.contains("newer"))
            .count();
        assert!(newer >= 1, "seed {seed}: a newer envelope is a dead letter");
        let unreadable = self
            .table
            .system()
            .due(Due::ParkedEvent, self.clock.now(), 1000)
            .await
            .unwrap();
        let parked = unreadable
            .iter()
            .filter(|row| row.tenant == TenantId::unreadable())
            .count();
        let dead = self.dead.iter().any(|body| body == "no job at all");
        assert!(
            parked == 1 || dead,
            "seed {seed}: what is no job is parked once: {parked}"
        );
    }
}

/// How often each event is in the archive.
async fn archived(table: &Table) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for tenant in TENANTS {
        let rows = table.tenant(&tenant.into());
        let page = archive::list_hour(&rows, &tenant.into(), 1_700_000_000, 10_000, None).await;
        for entry in page.unwrap().0 {
            *count.entry(entry.job.id).or_default() += 1;
        }
    }
    count
}
