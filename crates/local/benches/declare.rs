//! How long people wait for an incident's channel: from the command to the first call that Slack gets for it, and to the
//! first post there. One declaration at a time, in a quiet local mode with the stand-in Slack in the same process.
//!
//! `cargo bench -p tidegate-local --bench declare [-- --assert]`. With `--assert` it fails where the first post is later
//! than 300 ms at the 95th percentile.
#![expect(clippy::print_stdout, reason = "the figures go there")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use http::header::CONTENT_TYPE;
use secrecy::SecretString;
use serde_json::{Value, json};
use tidegate_fake_slack::{Call, FakeSlack};
use tidegate_local::data_dir::DataDir;
use tidegate_local::local::{Local, LocalConfig};
use tidegate_local::store::Store;
use tidegate_local::telemetry;
use tidegate_pipeline::clock::{Clock, SystemClock, Timestamp};
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_slack::http_client;
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

const DECLARATIONS: usize = 60;

/// The first post at the 95th percentile, in milliseconds.
const TARGET: i64 = 300;

const SIGNING_SECRET: &str = "signing-secret-of-the-benchmark";

/// What an app may do at Slack comes back within that time: each declaration finds it whole.
const BETWEEN: Duration = Duration::from_secs(20);

const TENANT: &str = "T0SANDBOX1";
const ASKER: &str = "U0ALICE0001";

const PATIENCE: Duration = Duration::from_secs(30);

/// The machine's clock, ahead by what was skipped.
#[derive(Clone, Default)]
struct AheadClock(Arc<AtomicI64>);

impl AheadClock {
    fn skip(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().millis() + self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// Milliseconds of one declaration, from its command's way out.
struct Waits {
    channel: i64,
    post: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let assert = std::env::args().any(|argument| argument == "--assert");
    let folder = tempfile::tempdir()?;
    let syncs = fdatasyncs(folder.path())?;
    let clock = AheadClock::default();
    let services: Vec<String> = (0..DECLARATIONS).map(service).collect();
    let env = |name: &str| match name {
        "SLACK_SIGNING_SECRET" => Some(SIGNING_SECRET.to_owned()),
        "SERVICES" => Some(services.join(",")),
        _ => None,
    };
    let config = LocalConfig::read(0, folder.path().to_owned(), &env)?;
    let metrics = telemetry::detached_metrics()?;
    let local = Local::start_by(Arc::new(clock.clone()), config, metrics).await?;
    let store = Store::open(
        &DataDir::open(folder.path())?,
        None,
        Arc::new(clock.clone()),
    )?;
    let rows = store.table.tenant(&TENANT.into());
    let mut waits = Vec::new();
    for n in 0..DECLARATIONS {
        waits.push(declare(&local, &clock, n).await?);
        clock.skip(BETWEEN);
        rows.write(Write::delete(asker_limit())).await?;
    }
    local.drain().await;
    let sync_ms = 1000.0 / syncs;
    println!("{DECLARATIONS} declarations, one at a time; ms from the command to Slack's call");
    report("conversations.create", waits.iter().map(|w| w.channel));
    let post = report("first chat.postMessage", waits.iter().map(|w| w.post));
    println!("bare fdatasync loop in the same folder: {syncs:.0}/s, {sync_ms:.2} ms each");
    println!(
        "first post, p95: as long as {:.0} bare fdatasyncs",
        millis(post) / sync_ms
    );
    ensure!(
        !assert || post <= TARGET,
        "the first post is later than {TARGET} ms at the 95th percentile"
    );
    Ok(())
}

/// The row of the asker's limit. Without it, they may declare the next one at once, as somebody else could.
fn asker_limit() -> RowKey {
    RowKey::new(&["limit", &format!("declare.person.{ASKER}")], &["calls"])
}

/// Declares, and waits until everything is done that Slack is asked for.
async fn declare(local: &Local, clock: &AheadClock, n: usize) -> Result<Waits> {
    let slack = local.sandbox.as_ref().context("no stand-in Slack")?;
    let before: Vec<String> = slack.channels().into_iter().map(|one| one.id).collect();
    let began = send(local, clock, n).await?;
    let end = began.plus(PATIENCE);
    let room = loop {
        let mut channels = slack.channels().into_iter().map(|one| one.id);
        if let Some(room) = channels.find(|id| id.starts_with('C') && !before.contains(id)) {
            break room;
        }
        ensure!(SystemClock.now() < end, "declaration {n} has no channel");
        SystemClock.sleep(Duration::from_millis(5)).await;
    };
    let first = |method: &str| {
        let calls = slack.calls();
        let fits = |call: &&Call| call.method == method && call.channel.as_ref() == Some(&room);
        let found = calls.iter().find(fits);
        found.and_then(|call| i64::try_from(call.at_ms).ok())
    };
    // The last that a declaration does in its channel.
    while first("bookmarks.list").is_none() {
        ensure!(SystemClock.now() < end, "declaration {n} is not done");
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    settled(slack).await;
    let made = slack.calls().into_iter().rev();
    let made = made.filter(|call| call.method == "conversations.create");
    let made = made.map(|call| i64::try_from(call.at_ms)).next();
    let channel = made.context("no channel was made")??;
    let post = first("chat.postMessage").context("nothing was posted")?;
    Ok(Waits {
        channel: channel - began.millis(),
        post: post - began.millis(),
    })
}

/// A service of its own for each declaration, for channels have its name: one that is taken costs a second call.
fn service(n: usize) -> String {
    format!("service-{n}")
}

/// Waits until Slack has not been called for a while: announcements go on beside the channel.
async fn settled(slack: &FakeSlack) {
    let mut calls = 0;
    while slack.calls().len() > calls {
        calls = slack.calls().len();
        SystemClock.sleep(Duration::from_millis(150)).await;
    }
}

/// Sends the command, signed, as Slack does; it is on the queue when this returns. Answers when it was sent.
async fn send(local: &Local, clock: &AheadClock, n: usize) -> Result<Timestamp> {
    let url = format!("http://{}", local.address);
    let http = http_client::build()?;
    let made = http.post(format!("{url}/sandbox/_fake/response_url"));
    let made: Value = made.json(&json!({})).send().await?.json().await?;
    let answer_to = made["response_url"].as_str().unwrap_or_default();
    let text = format!("declare Outage number {n} sev:P1 service:{}", service(n));
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("command", "/incident")
        .append_pair("text", &text)
        .append_pair("team_id", TENANT)
        .append_pair("channel_id", "C0RANDOM001")
        .append_pair("user_id", ASKER)
        .append_pair("response_url", answer_to)
        .append_pair("trigger_id", &format!("1.2.{n}"))
        .finish();
    let second = clock.now().seconds();
    let secret = SecretString::from(SIGNING_SECRET);
    let signature = sign(&secret, second, body.as_bytes()).context("sign the command")?;
    let request = http
        .post(format!("{url}/slack/commands"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(TIMESTAMP_HEADER, second)
        .header(SIGNATURE_HEADER, signature)
        .body(body);
    let began = SystemClock.now();
    let answer = request.send().await?;
    ensure!(answer.status().is_success(), "{}", answer.status());
    Ok(began)
}

/// Prints a line of figures; answers the 95th percentile.
fn report(what: &str, waits: impl Iterator<Item = i64>) -> i64 {
    let mut waits: Vec<i64> = waits.collect();
    waits.sort_unstable();
    let at = |percent: usize| {
        let place = (waits.len() * percent).div_ceil(100).max(1) - 1;
        waits.get(place).copied().unwrap_or_default()
    };
    let (median, high, most) = (at(50), at(95), at(100));
    println!("{what}: p50 {median}, p95 {high}, max {most}");
    high
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a benchmark")]
fn millis(value: i64) -> f64 {
    value as f64
}

/// Bare appends with fdatasync, a second: what the disk can do at best.
fn fdatasyncs(folder: &Path) -> Result<f64> {
    const COUNT: u32 = 500;
    let path = folder.join("bare");
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    let began = SystemClock.now();
    for _ in 0..COUNT {
        file.write_all(&[b'x'; 2500])?;
        file.sync_data()?;
    }
    let lasted = SystemClock.now().since(began).as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(f64::from(COUNT) / lasted.max(0.001))
}
