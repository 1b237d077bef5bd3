//! A process killed at random points under load loses nothing and says nothing twice. Slack stands outside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_app::mirror::messages;
use tidegate_fake_slack::FakeSlack;
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_pipeline::archive;
use tidegate_pipeline::clock::{Clock, SystemClock, Timestamp};
use tidegate_pipeline::ledger::{EventState, Ledger};
use tidegate_pipeline::outbox::PostState;
use tidegate_pipeline::queue::{Outgoing, Queue};
use tidegate_pipeline::table::{Due, RowKey, Table, Write};
use tidegate_slack::http_client;
use tidegate_testing::chance::{Chance, seeds};
use tidegate_testing::product::{PATIENCE, now, signed, unique, unique_ts, until, until_none_left};
use tidegate_testing::tidegate;
use tidegate_testing::victim::{Victim, slack};

const KILLS: usize = 22;

const TENANTS: [&str; 4] = ["T0KILL00001", "T0KILL00002", "T0KILL00003", "E0KILL00004"];

/// Channels of each tenant: enough that one post a second in each keeps up.
const CHANNELS: usize = 20;

const SENDERS: usize = 4;

/// What a sender waits after each event.
const BREATH: Duration = Duration::from_millis(8);

/// One event that was sent.
#[derive(Clone)]
struct Sent {
    tenant: &'static str,
    id: String,
    channel: String,
    ts: String,
    mention: bool,
    acked: bool,
}

/// Sends one event; it counts as acknowledged only if the whole 200 came.
async fn send(http: &reqwest::Client, port: u16, mut sent: Sent) -> Sent {
    let kind = if sent.mention {
        "app_mention"
    } else {
        "message"
    };
    let event = json!({
        "type": "event_callback", "team_id": sent.tenant, "api_app_id": "A0TESTS0001",
        "event_id": sent.id, "event_time": now(),
        "authorizations": [{"team_id": sent.tenant, "user_id": "U0TIDEGATE1", "is_bot": true}],
        "event": {"type": kind, "channel": sent.channel, "user": "U0ALICE0001",
            "text": format!("text of {}", sent.id), "ts": sent.ts, "event_ts": sent.ts},
    });
    let body = event.to_string().into_bytes();
    let request = http
        .post(format!("http://127.0.0.1:{port}/slack/events"))
        .headers(signed("application/json", &body))
        .body(body);
    if let Ok(answer) = request.send().await {
        sent.acked = answer.status() == StatusCode::OK && answer.bytes().await.is_ok();
    }
    sent
}

fn event(chance: &Chance) -> Sent {
    let tenant = *chance.pick("tenant", &TENANTS);
    let channel = chance.below("channel", CHANNELS);
    Sent {
        tenant,
        id: unique("EvKILL"),
        channel: format!("C{}{channel:02}", &tenant[1..]),
        ts: unique_ts(),
        mention: chance.per_mille("mention", 250),
        acked: false,
    }
}

/// Sends until it is told to stop.
async fn load(seed: u64, port: u16, stop: Arc<AtomicBool>, log: Arc<Mutex<Vec<Sent>>>) {
    let chance = Chance::new(seed);
    let http = http_client::build_with_timeout(PATIENCE).unwrap();
    while !stop.load(Ordering::Relaxed) {
        let sent = send(&http, port, event(&chance)).await;
        log.lock().unwrap().push(sent);
        SystemClock.sleep(BREATH).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "shows how much load there was")]
async fn kills_under_load_lose_nothing_and_say_nothing_twice() {
    let seed = seeds(1).start;
    let (slack, url) = slack().await;
    let mut victim = Victim::start(tidegate!(), url, Vec::new()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let log: Arc<Mutex<Vec<Sent>>> = Arc::default();
    let senders: Vec<_> = (0..SENDERS as u64)
        .map(|n| {
            tokio::spawn(load(
                seed + n,
                victim.port,
                Arc::clone(&stop),
                Arc::clone(&log),
            ))
        })
        .collect();
    let chance = Chance::new(seed);
    let acked = || log.lock().unwrap().iter().filter(|sent| sent.acked).count();
    for _ in 0..KILLS {
        // As much as it does in a second at most, and at any point of what comes next.
        let enough = acked() + chance.below("life", 60);
        until("enough is acknowledged", async || {
            (acked() >= enough).then_some(())
        })
        .await;
        victim.kill().await;
        victim.restart().await;
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await.unwrap();
    }
    let log = log.lock().unwrap().clone();
    let acked: Vec<&Sent> = log.iter().filter(|sent| sent.acked).collect();
    println!("{} sent, {} acknowledged", log.len(), acked.len());
    assert!(
        acked.len() > 200,
        "seed {seed}: hardly any load: {}",
        acked.len()
    );
    rest(&victim, &acked).await;
    victim.kill().await;
    check(seed, &victim.table(), &log, &slack).await;
}

/// Waits until the operator API says that everything acknowledged is done and no post waits.
async fn rest(victim: &Victim, acked: &[&Sent]) {
    let table = victim.table();
    for tenant in TENANTS {
        until_none_left(&format!("events of {tenant}"), async || {
            let path = format!("/v1/operator/events?limit=1000&tenant={tenant}");
            let listed = victim.get(&path).await?;
            let done = |event: &&Value| event["state"] == "done";
            let events = listed["events"].as_array()?;
            let done: BTreeSet<&str> = events
                .iter()
                .filter(done)
                .filter_map(|event| event["event_id"].as_str())
                .collect();
            let mine = acked.iter().filter(|sent| sent.tenant == tenant);
            Some(mine.filter(|sent| !done.contains(sent.id.as_str())).count())
        })
        .await;
    }
    until_none_left("posts in the outbox", async || {
        let due = table
            .system()
            .due(Due::Outbox, Timestamp(i64::MAX), 10_000)
            .await;
        Some(due.ok()?.len())
    })
    .await;
}

/// What the table and Slack hold once the process is gone.
async fn check(seed: u64, table: &Table, log: &[Sent], slack: &FakeSlack) {
    let archived = archived(table).await;
    let posted = posted(slack, log);
    let mut parked = 0;
    for sent in log {
        let rows = table.tenant(&sent.tenant.into());
        let times = archived.get(&sent.id).copied().unwrap_or(0);
        assert!(
            times <= 1,
            "seed {seed}: {} is archived {times} times",
            sent.id
        );
        let ledger = Ledger {
            rows: rows.clone(),
            clock: &SystemClock,
            keep: Duration::ZERO,
        };
        let posts = ledger.posts_of(&sent.id).await.unwrap();
        for post in &posts {
            let times = posted.get(&post.message_id).copied().unwrap_or(0);
            match post.state {
                PostState::Done => assert_eq!(times, 1, "seed {seed}: {post:?}"),
                _ => assert!(times <= 1, "seed {seed}: {post:?}"),
            }
            if post.state == PostState::Parked {
                parked += 1;
                let reason = post.reason.as_deref().unwrap_or_default();
                assert!(
                    reason.starts_with("outcome unknown"),
                    "seed {seed}: {post:?}"
                );
            }
        }
        if !sent.acked {
            continue;
        }
        assert_eq!(times, 1, "seed {seed}: {} is not archived", sent.id);
        let entry = ledger.entry_of(&sent.id).await.unwrap();
        assert_eq!(
            entry.map(|e| e.state),
            Some(EventState::Done),
            "seed {seed}: {}",
            sent.id
        );
        if sent.mention {
            assert_eq!(posts.len(), 1, "seed {seed}: {}", sent.id);
        } else {
            let message = rows
                .get(&messages::key(&sent.channel, &sent.ts))
                .await
                .unwrap();
            let text = format!("text of {}", sent.id);
            assert_eq!(
                message.unwrap().opened_text("text"),
                Some(text.as_str()),
                "seed {seed}"
            );
        }
    }
    assert!(
        posted.values().all(|times| *times == 1),
        "seed {seed}: {posted:?}"
    );
    tell(posted.len(), parked);
}

#[expect(clippy::print_stdout, reason = "shows that the kills did hit posts")]
fn tell(posted: usize, parked: usize) {
    println!("{posted} posted, {parked} parked");
}

/// How often each event is in the archive.
async fn archived(table: &Table) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for tenant in TENANTS {
        let rows = table.tenant(&tenant.into());
        for second in [now() - 3600, now()] {
            let page = archive::list_hour(&rows, &tenant.into(), second, 10_000, None).await;
            for entry in page.unwrap().0 {
                *count.entry(entry.job.id).or_default() += 1;
            }
        }
    }
    count
}

/// How often each post stands at Slack.
fn posted(slack: &FakeSlack, log: &[Sent]) -> BTreeMap<String, usize> {
    let channels: BTreeSet<&str> = log.iter().map(|sent| sent.channel.as_str()).collect();
    let mut count = BTreeMap::new();
    for message in channels.iter().flat_map(|channel| slack.messages(channel)) {
        let metadata = message.metadata.unwrap_or_default();
        let id = metadata["event_payload"]["id"].as_str().unwrap().to_owned();
        *count.entry(id).or_default() += 1;
    }
    count
}

/// A queue of the file in the folder, opened as a new boot opens it.
fn queue_of(
    folder: &TempDir,
    name: &'static str,
    dead_letters: Option<&'static str>,
) -> EmbeddedQueue {
    let path = folder.path().join("queues.db");
    let file = QueueFile::open(&path, Arc::new(SystemClock)).unwrap();
    file.queue(QueueSettings {
        name,
        visibility: Duration::from_mins(3),
        max_receives: 5,
        dead_letters,
    })
}

/// A message that can be received at once.
fn outgoing() -> Outgoing {
    Outgoing {
        group: "T1".to_owned(),
        body: "one".to_owned(),
        delay: Duration::ZERO,
    }
}

#[tokio::test]
async fn a_receive_that_a_kill_cut_short_does_not_count() {
    let folder = TempDir::new().unwrap();
    let open = || queue_of(&folder, "events", Some("events-dlq"));
    open().send(outgoing()).await.unwrap();
    for boot in 0..12 {
        let received = open().receive(10, Duration::ZERO).await.unwrap();
        assert_eq!(received.len(), 1, "boot {boot}");
        assert_eq!(received[0].receives, 1, "boot {boot}");
    }
    // A failure that its worker knows of counts, also across boots.
    for receives in 1..=5 {
        let queue = open();
        let received = queue.receive(10, Duration::ZERO).await.unwrap();
        assert_eq!(received[0].receives, receives);
        queue
            .hide(&received[0].receipt, Duration::from_mins(1))
            .await
            .unwrap();
    }
    assert!(
        open().receive(10, Duration::ZERO).await.unwrap().is_empty(),
        "it is a dead letter"
    );
}

#[tokio::test]
async fn a_message_that_kills_its_process_every_time_ends_as_a_dead_letter() {
    let folder = TempDir::new().unwrap();
    let open = || queue_of(&folder, "events", Some("events-dlq"));
    open().send(outgoing()).await.unwrap();
    let mut boots = 0;
    while !open().receive(10, Duration::ZERO).await.unwrap().is_empty() {
        boots += 1;
        assert!(boots < 100, "it would crash this process for ever");
    }
    assert!(boots >= 20, "{boots}");
    assert_eq!(
        queue_of(&folder, "events-dlq", None).depth().await.unwrap(),
        1
    );
}

/// Enough that the lane is held for some seconds: one leaves it in a second.
const MENTIONS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_of_a_killed_process_holds_nobody_up() {
    let (slack, url) = slack().await;
    let mut victim = Victim::start(tidegate!(), url, Vec::new()).await;
    let chance = Chance::new(1);
    let channel = "C0LEASE0001";
    let rows = victim.table().tenant(&TENANTS[0].into());
    for _ in 0..MENTIONS {
        let mention = Sent {
            tenant: TENANTS[0],
            channel: channel.to_owned(),
            mention: true,
            ..event(&chance)
        };
        assert!(send(&victim.http, victim.port, mention).await.acked);
    }
    // The sender holds the lease now and waits for the lane's next second.
    until("the first reply", async || {
        (slack.messages(channel).len() == 1).then_some(())
    })
    .await;
    victim.kill().await;
    let key = RowKey::new(&["lane", channel], &["lease"]);
    let lane = rows.get(&key).await.unwrap().unwrap();
    let held_until = lane.number("lease_until");
    assert!(held_until.is_some(), "the kill came too late: {lane:?}");
    // A caller that waits for the end of this lease waits in vain.
    let never = SystemClock.now().plus(Duration::from_hours(24));
    let prolonged = Write::update(key, "SET #lease_until = :never").value(":never", never.millis());
    rows.write(prolonged).await.unwrap();
    victim.restart().await;
    until("all replies", async || {
        (slack.messages(channel).len() == MENTIONS).then_some(())
    })
    .await;
}
