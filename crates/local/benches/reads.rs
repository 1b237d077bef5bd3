//! How long the API takes to answer reads of incidents, by an open loop: 500 requests a second, whether or not it keeps up, with
//! 1,000 and with 100,000 incidents stored. Each request's time counts from the moment at which it was due. Beside it, in the same
//! process, a bare axum server that answers nothing gets the same requests.
//!
//! `cargo bench -p tidegate-local --bench reads [-- --assert]`. With `--assert` it fails where the API's 99th percentile is over
//! 20 ms.
#![expect(clippy::print_stdout, reason = "the figures go there")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use serde_json::{Value, json};
use tidegate_app::incidents::model::incident::{Incident, IncidentId};
use tidegate_app::incidents::model::rows;
use tidegate_app::incidents::model::status::Status;
use tidegate_local::data_dir::DataDir;
use tidegate_local::local::{Local, LocalConfig};
use tidegate_local::store::Store;
use tidegate_local::telemetry;
use tidegate_pipeline::clock::{SystemClock, Timestamp};
use tidegate_pipeline::table::{RowKey, Rows, Write};
use tidegate_slack::http_client;
use tokio::time::Instant;

/// The numbers of stored incidents.
const STORED: [usize; 2] = [1_000, 100_000];

/// Incidents that are open, whatever the number of all.
const OPEN: usize = 40;

/// Requests a second, and seconds.
const RATE: u32 = 500;
const SECONDS: u32 = 20;

/// API keys: each may call 300 times a minute.
const KEYS: usize = 60;

/// The 99th percentile that `--assert` allows.
const TARGET: Duration = Duration::from_millis(20);

const TENANT: &str = "T0SANDBOX1";

#[tokio::main]
async fn main() -> Result<()> {
    let assert = std::env::args().any(|argument| argument == "--assert");
    let bare = bare_server().await?;
    println!(
        "{RATE} requests a second for {SECONDS} s; ms from the moment at which a request was due"
    );
    for stored in STORED {
        let folder = tempfile::tempdir()?;
        let env = |name: &str| (name == "TIDEGATE_OPERATOR_KEY").then(|| "operator".to_owned());
        let config = LocalConfig::read(0, folder.path().to_owned(), &env)?;
        let metrics = telemetry::detached_metrics()?;
        let local = Local::start_by(Arc::new(SystemClock), config, metrics).await?;
        let url = format!("http://{}", local.address);
        let store = Store::open(&DataDir::open(folder.path())?, None, Arc::new(SystemClock))?;
        let rows = store.table.tenant(&TENANT.into());
        let first = declare(&url).await?;
        fill(&rows, &first, stored).await?;
        let keys = keys(&url).await?;
        // The first seconds warm up connections and caches.
        run(&url, &keys, stored, 2).await?;
        let api = run(&url, &keys, stored, SECONDS).await?;
        let loops = run(&bare, &keys, stored, SECONDS).await?;
        report(&format!("{stored} incidents, API"), &api);
        report(&format!("{stored} incidents, bare loop"), &loops);
        let high = percentile(&api, 99);
        println!(
            "p99 against the bare loop: {:.1}",
            ratio(high, percentile(&loops, 99))
        );
        ensure!(
            !assert || high <= TARGET,
            "p99 is {high:?} with {stored} incidents"
        );
    }
    Ok(())
}

/// Starts a server that answers every request with a small body.
async fn bare_server() -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(async || r#"{"ok":true}"#);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

async fn post(url: &str, path: &str, body: &Value) -> Result<Value> {
    let request = http_client::build()?.post(format!("{url}{path}?tenant={TENANT}"));
    let answer = request.bearer_auth("operator").json(body).send().await?;
    ensure!(answer.status().is_success(), "{path}: {}", answer.status());
    Ok(answer.json().await?)
}

async fn declare(url: &str) -> Result<IncidentId> {
    let wanted = json!({"title": "Checkout is down", "severity": "P2"});
    let declared = post(url, "/v1/incidents", &wanted).await?;
    let id = declared["incident"]["id"].as_str().unwrap_or_default();
    IncidentId::parse(id).context("no incident was declared")
}

async fn keys(url: &str) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    for n in 0..KEYS {
        let wanted =
            json!({"name": format!("bench {n}"), "scopes": ["incidents:read", "workspace:read"]});
        let made = post(url, "/v1/keys", &wanted).await?;
        keys.push(made["key"].as_str().context("no key")?.to_owned());
    }
    Ok(keys)
}

/// Stores incidents like the first one: a few are open, the others closed, one an hour into the past.
async fn fill(rows: &Rows, first: &IncidentId, count: usize) -> Result<()> {
    let model = rows::load_alone(rows, first).await?.context("it is gone")?;
    let mut writes: Vec<Write<RowKey>> = Vec::new();
    for n in 1..count {
        let incident = like(&model, n)?;
        let (id, at) = (&incident.id, incident.milestones.declared);
        let number = incident.number;
        writes.push(rows::put(&incident, 0));
        writes.push(Write::put(
            rows::of_month(&rows::month(at), at, id),
            rows::pointer(id),
        ));
        writes.push(Write::put(rows::by_number(number), rows::pointer(id)));
        if incident.status.is_open() {
            writes.push(Write::put(
                rows::open(incident.severity, at, id),
                rows::pointer(id),
            ));
        }
        if writes.len() > 90 {
            rows.transact(std::mem::take(&mut writes)).await?;
        }
    }
    if !writes.is_empty() {
        rows.transact(writes).await?;
    }
    Ok(())
}

fn like(model: &Incident, n: usize) -> Result<Incident> {
    let mut incident = model.clone();
    incident.id = IncidentId::parse(&format!("{n:024x}")).context("no id")?;
    incident.number = u32::try_from(n + 1)?;
    incident.version = 1;
    let hours = i64::try_from(n)?;
    let declared = model.milestones.declared.millis() - hours * 3_600_000;
    incident.milestones.declared = Timestamp(declared);
    if n >= OPEN {
        incident.status = Status::Closed;
    }
    Ok(incident)
}

/// Sends requests at the rate, for so many seconds. Returns how long each took, in order of length.
async fn run(url: &str, keys: &[String], stored: usize, seconds: u32) -> Result<Vec<Duration>> {
    let http = http_client::build()?;
    let began = Instant::now();
    let mut sent = Vec::new();
    for n in 0..RATE * seconds {
        let due = began + Duration::from_secs(1) / RATE * n;
        tokio::time::sleep_until(due).await;
        let n = usize::try_from(n)?;
        let request = http
            .get(format!("{url}{}", path(n, stored)))
            .bearer_auth(&keys[n % keys.len()]);
        sent.push(tokio::spawn(async move {
            let answer = request.send().await?;
            ensure!(
                answer.status().is_success(),
                "{} {}",
                answer.url(),
                answer.status()
            );
            answer.bytes().await?;
            Ok(due.elapsed())
        }));
    }
    let mut took = Vec::new();
    for one in sent {
        took.push(one.await??);
    }
    took.sort_unstable();
    Ok(took)
}

/// The path of a request: half of them show one incident, anywhere in the past; the others list and look around.
fn path(n: usize, stored: usize) -> String {
    let number = n * 7919 % stored + 1;
    match n % 10 {
        0 | 1 => "/v1/incidents?limit=20".to_owned(),
        2 => "/v1/incidents?status=all&limit=20".to_owned(),
        3 => format!("/v1/incidents/{number}/timeline"),
        4 => "/v1/me".to_owned(),
        _ => format!("/v1/incidents/{number}"),
    }
}

fn percentile(took: &[Duration], percent: usize) -> Duration {
    let place = (took.len() * percent).div_ceil(100).max(1) - 1;
    took.get(place).copied().unwrap_or_default()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(0.000_001)
}

fn report(what: &str, took: &[Duration]) {
    let ms = |percent| percentile(took, percent).as_secs_f64() * 1000.0;
    println!(
        "{what}: p50 {:.1}, p95 {:.1}, p99 {:.1}, max {:.1}",
        ms(50),
        ms(95),
        ms(99),
        ms(100)
    );
}
