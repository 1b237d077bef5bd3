//! Sends requests to Statuspage.io; every call goes through [`Statuspage::send`].

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, Response, Url};
use secrecy::ExposeSecret;
use serde_json::Value;
use tidegate_outcome::{Outcome, Refusal};

use super::{Statuspage, response};
use crate::rejection::{Reason, ServiceRejection};

/// Largest response that is read, in bytes. A hundred incidents with long histories are smaller.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// Longest id that is accepted, in bytes. Statuspage's ids have 12.
const MAX_ID: usize = 64;

/// Parses the API's address; `None` if the key must not be sent there.
pub(super) fn base_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    let on_this_machine = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let allowed = url.scheme() == "https" || (url.scheme() == "http" && on_this_machine);
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (allowed && plain && url.has_host()).then_some(url)
}

/// Whether a text has the form of a Statuspage id. Ids come from settings, and nothing else may become part of a path.
pub(super) fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The URL of a resource of the page.
fn address(base_url: &Url, page_id: &str, path: &[&str]) -> Url {
    let mut url = base_url.clone();
    if let Ok(mut parts) = url.path_segments_mut() {
        // A URL without a path has one empty segment.
        parts.pop_if_empty();
        parts.extend(["pages", page_id]).extend(path);
    }
    url
}

impl Statuspage {
    /// Sends one request about the page. `path` follows the page's id in the URL.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Outcome<Value, ServiceRejection> {
        if let Some(odd) = path.iter().find(|part| !is_id(part)) {
            let reason = format!("`{odd}` is not an id of the status page");
            return Outcome::rejected(ServiceRejection::invalid(&reason));
        }
        let key = format!("OAuth {}", self.key.expose_secret());
        let Ok(mut key) = HeaderValue::try_from(key) else {
            let reason = Reason::new("it holds characters that no key has");
            return Outcome::rejected(ServiceRejection::Credential(reason));
        };
        key.set_sensitive(true);
        let url = address(&self.base_url, &self.page_id, path);
        let mut request = self.http.request(method, url).header(AUTHORIZATION, key);
        if !query.is_empty() {
            request = request.query(query);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        match request.send().await {
            Ok(response) => read_response(response).await,
            Err(e) => no_response(&e),
        }
    }
}

async fn read_response(mut response: Response) -> Outcome<Value, ServiceRejection> {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let judge = |body: &[u8]| response::judge(status, retry_after.as_deref(), body);
    let mut body = Vec::new();
    loop {
        let broken = match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_RESPONSE_BYTES => {
                body.extend_from_slice(&chunk);
                continue;
            }
            Ok(None) => return judge(&body),
            Ok(Some(_)) => "the answer is too large",
            Err(_) => "the answer broke off",
        };
        // The status alone shows a rejection.
        return match judge(&[]) {
            refused @ Outcome::Refused(_) => refused,
            _ => Outcome::Ambiguous(broken.to_owned()),
        };
    }
}

/// Converts the error of a call without a response. Only a failure to connect proves that the call was not made. The
/// error's own text contains the URL, so it is not passed on.
fn no_response(e: &reqwest::Error) -> Outcome<Value, ServiceRejection> {
    if e.is_connect() {
        Outcome::Refused(Refusal::Unreachable)
    } else if e.is_builder() {
        Outcome::rejected(ServiceRejection::invalid("the request cannot be sent"))
    } else if e.is_timeout() {
        Outcome::Ambiguous("no answer in time".to_owned())
    } else {
        Outcome::Ambiguous("the connection broke".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_out_encrypted_or_not_beyond_this_machine() {
        for allowed in [
            "https://api.statuspage.io/v1",
            "https://api.statuspage.io/v1/",
            "http://127.0.0.1:4000/statuspage/v1",
            "http://[::1]:4000",
        ] {
            assert!(base_url(allowed).is_some(), "{allowed}");
        }
        for refused in [
            "http://api.statuspage.io/v1",
            "https://key@api.statuspage.io/v1",
            "https://api.statuspage.io/v1?api_key=k",
            "api.statuspage.io",
            "ftp://127.0.0.1",
            "",
        ] {
            assert!(base_url(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn an_address_follows_the_base_url_with_or_without_a_path() {
        for (base, expected) in [
            (
                "https://h.example/v1/",
                "https://h.example/v1/pages/p/incidents",
            ),
            (
                "https://h.example/v1",
                "https://h.example/v1/pages/p/incidents",
            ),
            ("https://h.example", "https://h.example/pages/p/incidents"),
        ] {
            let url = address(&base_url(base).unwrap(), "p", &["incidents"]);
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn nothing_but_an_id_becomes_part_of_a_path() {
        assert!(is_id("x0ljvc9m1wxj"));
        for odd in [
            "",
            ".",
            "..",
            "a/b",
            "a%2fb",
            "a?b",
            "a b",
            "é",
            &"a".repeat(65),
        ] {
            assert!(!is_id(odd), "{odd}");
        }
    }
}
