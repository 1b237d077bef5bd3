//! Calls the Web API and `response_url`s, one request per call. Nothing is retried here: the code that keeps a post's
//! state decides whether the post may be repeated. Contract: docs.slack.dev/apis/web-api.

use std::time::Duration;

use http::Uri;
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use thiserror::Error;
use tidegate_outcome::{Outcome, Refusal};

use crate::answer::{self, SlackRejection};
use crate::api::Credential;

/// Slack's own address, used unless the configuration names another.
pub const SLACK_API: &str = "https://slack.com/api";

/// The most bytes of an answer that are read, 4 MB. Slack's largest pages are smaller.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// How long the upload of a file's bytes may take: longer than a call, shorter than a Lambda lives.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Calls Slack, or a stand-in with the same API.
#[derive(Debug, Clone)]
pub struct SlackClient {
    http: reqwest::Client,
    base_url: String,
    /// The only host at which `response_url`s may point.
    hooks: Host,
    /// The only host to which files may be uploaded.
    files: Host,
}

/// The host at which an address from a request or an answer of Slack's may point. Any other host would be a way into
/// our network.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Https(&'static str),
    SameAsApi(String),
}

/// The configured address is not an absolute `http` or `https` URL, or is plain `http` to another machine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not an https URL (plain http is for this machine only)")]
pub struct BaseUrlError(String);

impl SlackClient {
    /// A client of the API at `base_url`, for example [`SLACK_API`].
    pub fn new(http: reqwest::Client, base_url: &str) -> Result<Self, BaseUrlError> {
        let refuse = || BaseUrlError(base_url.to_owned());
        let uri: Uri = base_url.parse().map_err(|_| refuse())?;
        let host = uri.host().ok_or_else(refuse)?;
        let on_this_machine = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if on_this_machine => {}
            _ => return Err(refuse()),
        }
        let (hooks, files) = match host {
            "slack.com" | "www.slack.com" => (
                Host::Https("hooks.slack.com"),
                Host::Https("files.slack.com"),
            ),
            "slack-gov.com" => (
                Host::Https("hooks.slack-gov.com"),
                Host::Https("files.slack-gov.com"),
            ),
            _ => (
                Host::SameAsApi(authority(&uri)),
                Host::SameAsApi(authority(&uri)),
            ),
        };
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            hooks,
            files,
        })
    }

    /// The HTTP client, which clients of other services in the same process share.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The API's address, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Calls one Web API method with a JSON body.
    pub async fn call(
        &self,
        token: &SecretString,
        method: &str,
        body: &Value,
    ) -> Outcome<Value, SlackRejection> {
        self.submit(token, method, |request| request.json(body))
            .await
    }

    /// Calls one Web API method that reads, with form parameters (Slack's reading methods take no JSON).
    pub async fn read(
        &self,
        token: &SecretString,
        method: &str,
        parameters: &[(&str, &str)],
    ) -> Outcome<Value, SlackRejection> {
        self.submit(token, method, |request| request.form(parameters))
            .await
    }

    /// Sends every call to the Web API; `fill` puts the parameters into the request.
    pub(crate) async fn submit(
        &self,
        credential: &impl Credential,
        method: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Outcome<Value, SlackRejection> {
        let request = self.http.post(format!("{}/{method}", self.base_url));
        match fill(credential.sign(request)).send().await {
            Ok(response) => judge(response, answer::judge).await,
            Err(e) => not_answered(&e),
        }
    }

    /// Answers a command or an interaction at its `response_url`.
    pub async fn respond(
        &self,
        response_url: &SecretString,
        body: &Value,
    ) -> Outcome<Value, SlackRejection> {
        let url = response_url.expose_secret();
        if !self.hooks.holds(url) {
            return Outcome::rejected(SlackRejection::Permanent("foreign_response_url".to_owned()));
        }
        match self.http.post(url).json(body).send().await {
            Ok(response) => judge(response, answer::judge_response_url).await,
            Err(e) => not_answered(&e),
        }
    }

    /// Uploads the bytes of a file to the address that `files.getUploadURLExternal` gave. *Done* means that Slack has
    /// them all.
    pub(crate) async fn put_bytes(
        &self,
        upload_url: &SecretString,
        bytes: Vec<u8>,
    ) -> Outcome<Value, SlackRejection> {
        let url = upload_url.expose_secret();
        if !self.files.holds(url) {
            return Outcome::rejected(SlackRejection::Permanent("foreign_upload_url".to_owned()));
        }
        let request = self.http.post(url).timeout(UPLOAD_TIMEOUT).body(bytes);
        match request.send().await {
            Ok(response) => judge(response, answer::judge_response_url).await,
            Err(e) => not_answered(&e),
        }
    }
}

impl Host {
    fn holds(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else {
            return false;
        };
        match self {
            Self::Https(host) => {
                uri.scheme_str() == Some("https")
                    && uri.authority().is_some_and(|a| a.as_str() == *host)
            }
            Self::SameAsApi(api) => authority(&uri) == *api,
        }
    }
}

fn authority(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .unwrap_or_default();
    format!("{scheme}://{authority}")
}

async fn judge(
    mut response: Response,
    rule: impl Fn(u16, Option<&str>, &[u8]) -> Outcome<Value, SlackRejection>,
) -> Outcome<Value, SlackRejection> {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_LIMIT => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Outcome::Ambiguous("the answer is too large".to_owned()),
            Ok(None) => return rule(status, retry_after.as_deref(), &body),
            // The status alone says that it is a rate limit.
            Err(_) if status == 429 => return rule(status, retry_after.as_deref(), &body),
            Err(_) => return Outcome::Ambiguous("the answer broke off".to_owned()),
        }
    }
}

/// Judges a call without an answer. Only a failure to connect is a refusal. The error's own text holds the URL, so it
/// is not passed on.
fn not_answered(e: &reqwest::Error) -> Outcome<Value, SlackRejection> {
    if e.is_connect() {
        Outcome::Refused(Refusal::Unreachable)
    } else if e.is_builder() {
        Outcome::rejected(SlackRejection::Permanent("invalid_request".to_owned()))
    } else if e.is_timeout() {
        Outcome::Ambiguous("no answer in time".to_owned())
    } else {
        Outcome::Ambiguous("the connection broke".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base_url: &str) -> Result<SlackClient, BaseUrlError> {
        SlackClient::new(crate::http_client::build().unwrap(), base_url)
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        assert!(client("https://slack.com/api").is_ok());
        assert!(client("http://127.0.0.1:3000/sandbox/api").is_ok());
        for refused in [
            "http://slack.com/api",
            "slack.com",
            "",
            "ftp://127.0.0.1",
            "/api",
        ] {
            assert!(client(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_response_url_points_at_slack_or_nowhere() {
        let slack = client(SLACK_API).unwrap();
        assert!(slack.hooks.holds("https://hooks.slack.com/commands/T1/2/x"));
        for foreign in [
            "http://hooks.slack.com/commands",
            "https://hooks.slack.com.evil.example/x",
            "https://user@hooks.slack.com/x",
            "https://hooks.slack.com:8443/x",
            "https://169.254.169.254/latest",
            "",
        ] {
            assert!(!slack.hooks.holds(foreign), "{foreign}");
        }
        assert!(slack.files.holds("https://files.slack.com/upload/v1/x"));
        assert!(!slack.files.holds("https://hooks.slack.com/upload/v1/x"));
        assert!(!slack.hooks.holds("https://files.slack.com/x"));
        let fake = client("http://127.0.0.1:3000/sandbox/api").unwrap();
        assert!(
            fake.hooks
                .holds("http://127.0.0.1:3000/sandbox/response/T1/1/x")
        );
        assert!(!fake.hooks.holds("http://127.0.0.1:3001/response"));
    }
}
