//! A process that is killed again and again while people declare: each incident is there once, with one channel, one
//! header that is pinned once, and one announcement. Slack stands outside it.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tidegate_app::incidents::model::rows::{self, Loaded, Place};
use tidegate_fake_slack::FakeSlack;
use tidegate_pipeline::clock::{Clock, SystemClock, Timestamp};
use tidegate_pipeline::table::Due;
use tidegate_testing::chance::{Chance, seeds};
use tidegate_testing::product::{FORM, form, signed, unique, until_none_left};
use tidegate_testing::tidegate;
use tidegate_testing::victim::{Victim, slack};

const KILLS: usize = 12;

const DECLARES: usize = 20;

/// Several, because each may make only so many channels in a minute; organisations, whose workspaces only Slack knows.
const TENANTS: [&str; 10] = [
    "E0DECL00000",
    "E0DECL00001",
    "E0DECL00002",
    "E0DECL00003",
    "E0DECL00004",
    "E0DECL00005",
    "E0DECL00006",
    "E0DECL00007",
    "E0DECL00008",
    "E0DECL00009",
];

/// Each severity has a channel that is told.
const CHANNELS: [(&str, &str); 2] = [("P1", "C0GENERAL01"), ("P2", "C0ENGINEER1")];

struct Declared {
    tenant: &'static str,
    title: String,
    told: &'static str,
    acked: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_while_people_declare_doubles_nothing_and_loses_nothing() {
    let seed = seeds(1).start;
    let chance = Chance::new(seed);
    let (slack, url) = slack().await;
    let settings = vec![
        ("NOTIFICATION_CHANNEL_GENERAL", CHANNELS[0].1),
        ("NOTIFICATION_CHANNEL_ENGINEERING", CHANNELS[1].1),
    ];
    let mut victim = Victim::start(tidegate!(), url.clone(), settings).await;
    let mut declared = Vec::new();
    for n in 0..DECLARES {
        declared.push(declare(&victim, &url, n).await);
        if n * KILLS / DECLARES < (n + 1) * KILLS / DECLARES {
            let life = chance.number("life") % 200;
            SystemClock.sleep(Duration::from_millis(life)).await;
            victim.kill().await;
            victim.restart().await;
        }
    }
    rest(&victim).await;
    victim.kill().await;
    let acked = declared.iter().filter(|one| one.acked).count();
    assert!(acked >= DECLARES / 2, "seed {seed}: hardly any: {acked}");
    check(seed, &victim, &slack, &url, &declared).await;
}

/// One declaration; it counts as acknowledged only if the whole 200 came.
async fn declare(victim: &Victim, slack_url: &str, n: usize) -> Declared {
    let (severity, told) = CHANNELS[n % CHANNELS.len()];
    let (tenant, title) = (TENANTS[n % TENANTS.len()], unique("Outage "));
    let answer = victim
        .http
        .post(format!("{slack_url}/_fake/response_url"))
        .json(&json!({}));
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    let body = form(&[
        ("command", "/incident"),
        ("text", &format!("declare {title} sev:{severity}")),
        ("team_id", "T0SANDBOX1"),
        ("enterprise_id", tenant),
        ("is_enterprise_install", "true"),
        ("channel_id", "C0RANDOM001"),
        ("user_id", "U0ALICE0001"),
        ("api_app_id", "A0TESTS0001"),
        ("response_url", answer["response_url"].as_str().unwrap()),
        ("trigger_id", &unique("1.2.")),
    ]);
    let request = victim
        .http
        .post(format!("http://127.0.0.1:{}/slack/commands", victim.port))
        .headers(signed(FORM, &body))
        .body(body);
    let acked = match request.send().await {
        Ok(answer) => answer.status() == StatusCode::OK && answer.bytes().await.is_ok(),
        Err(_) => false,
    };
    Declared {
        tenant,
        title,
        told,
        acked,
    }
}

/// Waits until nothing is left to do. Commands end before the effects that follow from them.
async fn rest(victim: &Victim) {
    let table = victim.table();
    let file = rusqlite::Connection::open(victim.data_dir().join("queues.db")).unwrap();
    let asked = "SELECT count(*) FROM messages WHERE queue = 'commands'";
    until_none_left("commands", async || {
        file.query_row(asked, [], |row| row.get(0)).ok()
    })
    .await;
    until_none_left("effects", async || {
        let system = table.system();
        let due = system.due(Due::Outbox, Timestamp(i64::MAX), 1000).await;
        Some(due.ok()?.len())
    })
    .await;
}

async fn check(seed: u64, victim: &Victim, slack: &FakeSlack, url: &str, declared: &[Declared]) {
    let table = victim.table();
    let mut found = Vec::new();
    for tenant in TENANTS {
        let rows = table.tenant(&tenant.into());
        for number in 1..=rows::count(&rows).await.unwrap() {
            let pointer = rows::by_number(number);
            let loaded = rows::load_pointed(&rows, &pointer).await.unwrap();
            found.push((tenant, loaded.unwrap()));
        }
    }
    let state = victim.http.get(format!("{url}/_fake/state")).send().await;
    let state: Value = state.unwrap().json().await.unwrap();
    let channels = state["channels"].as_array().unwrap();
    let made = channels.iter().filter(|channel| is_incident(channel));
    assert_eq!(made.count(), found.len(), "seed {seed}: channels");
    for one in declared {
        let mine = |(tenant, loaded): &&(&str, Loaded)| {
            *tenant == one.tenant && loaded.incident.title == one.title
        };
        let incidents: Vec<_> = found.iter().filter(mine).collect();
        let told = slack.messages(one.told);
        let told = told.iter().filter(|m| m.text.contains(&one.title)).count();
        let times = incidents.len();
        assert!(
            times <= 1,
            "seed {seed}: {} is there {times} times",
            one.title
        );
        assert!(
            times == 1 || !one.acked,
            "seed {seed}: {} is lost",
            one.title
        );
        assert_eq!(told, times, "seed {seed}: announcements of {}", one.title);
        for (_, loaded) in incidents {
            check_channel(seed, slack, channels, loaded);
        }
    }
}

fn check_channel(seed: u64, slack: &FakeSlack, channels: &[Value], loaded: &Loaded) {
    let title = &loaded.incident.title;
    let Place::Made { channel, .. } = &loaded.place else {
        panic!("seed {seed}: {title} has no channel");
    };
    let mine = channels.iter().find(|one| one["id"] == channel.as_str());
    let pins = mine.unwrap()["pins"].as_array().unwrap();
    let headers = slack.messages(channel.as_str());
    assert_eq!(headers.len(), 1, "seed {seed}: {title}: {headers:?}");
    assert_eq!(*pins, [json!(headers[0].ts)], "seed {seed}: {title}");
}

fn is_incident(channel: &Value) -> bool {
    let name = channel["name"].as_str().unwrap_or_default();
    name.starts_with("inc-")
}
