//! Command: `tidegate send FILE`
//!
//! FILE is a request as API Gateway hands it to a Lambda function (payload format 2.0), like those in `events/`. It is
//! signed anew with the present time and sent; then the operator API is asked what came of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tidegate_ingress::request_id;
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_slack::event::Peek;
use tidegate_slack::http_client;
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

use super::api::Api;
use super::printed;
use super::{Remote, events};
use crate::data_dir::DataDir;
use crate::local::SIGNING_SECRET_FILE;

/// How often and how long it is asked what came of the request.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASK_TIMES: usize = 100;

#[derive(Debug, Args)]
#[command(after_help = "Example: tidegate send events/app_mention.json")]
pub(super) struct SendArgs {
    /// File with the recorded request, as in events/.
    file: PathBuf,
    #[command(flatten)]
    remote: Remote,
}

/// The part of API Gateway's event that a request is made from.
#[derive(Debug, Deserialize)]
struct Recorded {
    #[serde(rename = "rawPath")]
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(rename = "isBase64Encoded", default)]
    is_base64: bool,
}

pub(super) async fn send(args: SendArgs) -> anyhow::Result<()> {
    let recorded = read(&args.file)?;
    let secret = signing_secret(&args.remote)?;
    let url = args.remote.url.trim_end_matches('/');
    let body = with_response_url(recorded.body, url).await;
    let signed_at = SystemClock.now().seconds();
    let signature =
        sign(&secret, signed_at, body.as_bytes()).context("the signing secret is empty")?;
    let mut headers = HeaderMap::new();
    for (name, value) in &recorded.headers {
        let name: HeaderName = name
            .parse()
            .with_context(|| format!("header name `{name}`"))?;
        headers.insert(name, HeaderValue::from_str(value)?);
    }
    headers.remove(http::header::HOST);
    headers.remove(http::header::CONTENT_LENGTH);
    headers.insert(TIMESTAMP_HEADER, HeaderValue::from(signed_at));
    headers.insert(SIGNATURE_HEADER, HeaderValue::from_str(&signature)?);
    let id = Peek::parse(body.as_bytes())
        .ok()
        .and_then(|peek| peek.event_id.map(std::borrow::Cow::into_owned))
        .unwrap_or_else(|| request_id(&headers));

    let api = Api::new(&args.remote)?;
    let before = api.find(&events::path(&id), &[]).await?;
    let response = http_client::build()?
        .post(format!("{url}{}", recorded.path))
        .headers(headers)
        .body(body)
        .send()
        .await
        .with_context(|| format!("reach Tidegate at {url}; is `tidegate` running?"))?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    anstream::println!("POST {}  {status}", recorded.path);
    if !text.is_empty() {
        anstream::println!("answer    {}", text.trim());
    }
    if !status.is_success() {
        bail!("the request was not taken");
    }
    if before.is_some_and(|event| event["state"] == "done") {
        anstream::println!("event     {id}  done before: nothing happens twice");
        return Ok(());
    }
    if text.is_empty() {
        tell(&api, &id).await?;
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Recorded> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let recorded: Recorded = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is not a request as API Gateway records it",
            file.display()
        )
    })?;
    if recorded.is_base64 {
        bail!("{} has a base64 body; record it as text", file.display());
    }
    Ok(recorded)
}

fn signing_secret(remote: &Remote) -> anyhow::Result<SecretString> {
    if let Ok(secrets) = std::env::var("SLACK_SIGNING_SECRET") {
        let newest = secrets
            .split([',', '@'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        return Ok(newest.into());
    }
    let kept = DataDir::existing(&remote.data_dir)
        .map(|data| data.secret(SIGNING_SECRET_FILE))
        .transpose()?;
    kept.flatten().with_context(|| {
        format!(
            "no signing secret: {} holds none and SLACK_SIGNING_SECRET is not set; start `tidegate` first, \
             or name its folder with `--data-dir`",
            remote.data_dir.display()
        )
    })
}

/// A recorded command's `response_url` has long expired; the sandbox, if there is one, gives a fresh one.
async fn with_response_url(body: String, url: &str) -> String {
    let Some((before, rest)) = body.split_once("response_url=") else {
        return body;
    };
    let Some(fresh) = fresh_response_url(url).await else {
        return body;
    };
    let after = rest.find('&').map_or("", |end| &rest[end..]);
    let encoded = fresh.replace(':', "%3A").replace('/', "%2F");
    format!("{before}response_url={encoded}{after}")
}

async fn fresh_response_url(url: &str) -> Option<String> {
    let request = http_client::build()
        .ok()?
        .post(format!("{url}/sandbox/_fake/response_url"));
    let answer: Value = request
        .json(&serde_json::json!({}))
        .send()
        .await
        .ok()?
        .json()
        .await
        .ok()?;
    answer["response_url"].as_str().map(str::to_owned)
}

/// Asks until the event has an end and its posts have one too.
async fn tell(api: &Api, id: &str) -> anyhow::Result<()> {
    let mut shown = None;
    for _ in 0..ASK_TIMES {
        shown = api.find(&events::path(id), &[]).await?;
        let settled = shown.as_ref().is_some_and(|event| {
            let waits = event["state"] == "pending" || event["state"] == "waiting";
            !waits && event["posts_waiting"].as_u64().unwrap_or(0) == 0
        });
        if settled {
            break;
        }
        SystemClock.sleep(ASK_EVERY).await;
    }
    let Some(event) = shown else {
        bail!("nothing is known of {id} yet; ask again with `tidegate events show {id}`");
    };
    let text = printed::text;
    anstream::println!(
        "event     {id}  {}  {}",
        text(&event["type"]),
        text(&event["state"])
    );
    if let Some(reason) = event["reason"].as_str().map(printed::plain) {
        anstream::println!("reason    {reason}");
    }
    for post in event["posts"].as_array().into_iter().flatten() {
        let (purpose, state) = (text(&post["purpose"]), text(&post["state"]));
        anstream::println!("post      {purpose}  {state}  {}", text(&post["lane"]));
        if let Some(reason) = post["reason"].as_str().map(printed::plain) {
            anstream::println!("reason    {reason}");
        }
    }
    Ok(())
}
