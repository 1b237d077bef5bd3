//! The operator API as the command line calls it.

use std::time::Duration;

use anyhow::{Context, bail};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tidegate_slack::http_client::build_with_timeout;

use super::Remote;
use super::printed;
use crate::data_dir::DataDir;
use crate::local::OPERATOR_KEY_FILE;

/// A list over a month of a busy workspace takes its time.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The message about a path that no domain which is on serves.
const NO_SUCH_PATH: &str = "no such path";

/// A client of one Tidegate.
pub(super) struct Api {
    http: reqwest::Client,
    url: String,
    key: SecretString,
}

impl Api {
    pub(super) fn new(remote: &Remote) -> anyhow::Result<Self> {
        let url = remote.url.trim_end_matches('/').to_owned();
        if !is_address(&url) {
            bail!(
                "`--url` has `{url}`: it takes http or https and a host, such as http://127.0.0.1:3000"
            );
        }
        let key = match &remote.key {
            Some(key) => key.clone().into(),
            None => local_key(remote, &url)?,
        };
        Ok(Self {
            http: build_with_timeout(TIMEOUT)?,
            url,
            key,
        })
    }

    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        match self.call(Method::GET, path, query).await? {
            (_, Some(body)) => Ok(body),
            (message, None) => bail!(message),
        }
    }

    /// `None` where there is no such thing.
    pub(super) async fn find(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<Option<Value>> {
        match self.call(Method::GET, path, query).await? {
            (_, Some(body)) => Ok(Some(body)),
            (message, None) if message.starts_with("not_found") => Ok(None),
            (message, None) => bail!(message),
        }
    }

    pub(super) async fn post(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        match self.call(Method::POST, path, query).await? {
            (_, Some(body)) => Ok(body),
            (message, None) => bail!(message),
        }
    }

    /// `once` is the call's idempotency key.
    pub(super) async fn post_json(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: &Value,
        once: Option<&str>,
    ) -> anyhow::Result<Value> {
        let mut request = self.request(Method::POST, path).query(query).json(body);
        if let Some(once) = once {
            request = request.header("Idempotency-Key", once);
        }
        match self.send(request).await? {
            (_, Some(body)) => Ok(body),
            (message, None) => bail!(message),
        }
    }

    pub(super) async fn patch_json(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.request(Method::PATCH, path).json(body);
        match self.send(request).await? {
            (_, Some(body)) => Ok(body),
            (message, None) => bail!(message),
        }
    }

    pub(super) async fn put(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        match self.call(Method::PUT, path, query).await? {
            (_, Some(body)) => Ok(body),
            (message, None) => bail!(message),
        }
    }

    pub(super) async fn delete(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<Value> {
        match self.call(Method::DELETE, path, query).await? {
            (_, Some(body)) => Ok(body),
            (message, None) => bail!(message),
        }
    }

    /// The body of a success, or the error's code and message.
    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<(String, Option<Value>)> {
        self.send(self.request(method, path).query(query)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.bearer_auth(self.key.expose_secret())
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<(String, Option<Value>)> {
        let response = request
            .send()
            .await
            .with_context(|| format!("reach Tidegate at {}; is `tidegate` running?", self.url))?;
        let status = response.status();
        let body: Value = response.json().await.with_context(|| {
            format!(
                "{} answered {status} with something that is not JSON",
                self.url
            )
        })?;
        if status.is_success() {
            return Ok((String::new(), Some(body)));
        }
        let text = |pointer: &str| {
            body.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (code, message) = (text("/error/code"), text("/error/message"));
        let (code, message) = (&*printed::plain(code), &*printed::plain(message));
        if message.is_empty() {
            bail!("{} answered {status}", self.url);
        }
        let request = text("/error/request_id");
        // The words of the API are about a header.
        if status == StatusCode::UNAUTHORIZED {
            bail!(
                "unauthorized: {} does not accept this key; check `--key` or TIDEGATE_OPERATOR_KEY, or for local mode `--data-dir` (request {request})",
                self.url
            );
        }
        let hint = hint(message);
        Ok((format!("{code}: {message} (request {request}){hint}"), None))
    }
}

/// Calls that messages of the API advise, and what to type for them.
const COMMANDS: [(&str, &str); 6] = [
    ("`GET /v1/admins`", "`tidegate admins list`"),
    ("`GET /v1/workspaces`", "`tidegate workspaces list`"),
    ("`GET /v1/keys`", "`tidegate keys list`"),
    ("`GET /v1/hooks`", "`tidegate hooks list`"),
    (
        "`GET /v1/hooks/{id}/deliveries`",
        "`tidegate hooks deliveries`",
    ),
    ("`GET /v1/incidents`", "`tidegate incidents list`"),
];

/// What to type, after a message that speaks of HTTP.
fn hint(message: &str) -> String {
    if message == NO_SUCH_PATH {
        return "; is that part of it switched off there (TIDEGATE_DOMAINS)?".to_owned();
    }
    if message.contains("`tenant`") {
        return "; here that is `--tenant`, and `tidegate workspaces list` shows which there are"
            .to_owned();
    }
    let command = COMMANDS.iter().find(|(call, _)| message.contains(call));
    command.map_or_else(String::new, |(_, command)| {
        format!("; here that is {command}")
    })
}

/// A part of a path; ids may hold anything, so they are encoded.
pub(super) fn encoded(part: &str) -> String {
    part.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => {
                char::from(b).to_string()
            }
            _ => format!("%{b:02X}"),
        })
        .collect()
}

fn is_address(url: &str) -> bool {
    let url = reqwest::Url::parse(url);
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether an address is this machine.
pub(super) fn is_here(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| url.scheme() == "http" && names_loopback(&url))
}

fn names_loopback(url: &reqwest::Url) -> bool {
    let has_user = !url.username().is_empty() || url.password().is_some();
    !has_user && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// The key that local mode keeps in its data folder; it goes to this machine only.
fn local_key(remote: &Remote, url: &str) -> anyhow::Result<SecretString> {
    if !is_here(url) {
        if reqwest::Url::parse(url).is_ok_and(|url| names_loopback(&url)) {
            bail!("local mode serves plain http: write `--url` with http://");
        }
        bail!(
            "`{url}` is not this machine: set TIDEGATE_OPERATOR_KEY to that deployment's operator key"
        );
    }
    let key = DataDir::existing(&remote.data_dir)
        .map(|data| data.secret(OPERATOR_KEY_FILE))
        .transpose()?
        .flatten();
    key.with_context(|| {
        format!(
            "no operator key: {} holds none and TIDEGATE_OPERATOR_KEY is not set; start `tidegate` first, \
             or name its folder with `--data-dir`",
            remote.data_dir.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_gets_its_own_key() {
        for url in [
            "http://127.0.0.1:3000",
            "http://localhost",
            "http://[::1]:3000/",
        ] {
            assert!(is_here(url), "{url}");
        }
        for url in [
            "http://localhost:1@evil.example",
            "http://127.0.0.1.evil.example",
            "https://localhost",
            "http://user@localhost",
            "localhost",
        ] {
            assert!(!is_here(url), "{url}");
        }
        for (url, is) in [
            ("http://localhost", true),
            ("https://tidegate.example.com/x", true),
            ("localhost:3000", false),
            ("localhost", false),
            ("ftp://localhost", false),
            ("http://", false),
        ] {
            assert_eq!(is_address(url), is, "{url}");
        }
    }
}
