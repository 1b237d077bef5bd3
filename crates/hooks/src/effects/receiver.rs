//! Calls a receiver: no redirects, no proxy, public addresses only, and an answer that is bounded in size and time.
//!
//! A name is resolved once per connection, by this module. All of its addresses are checked, and the connection goes to one of those
//! that were checked: there is no second look-up that could give another answer.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_slack::http_client::build_with;

use crate::decide::answer::{self, Answer, Meaning};
use crate::model::address::is_public;
use crate::model::delivery::Attempt;
use crate::model::receiver_url::{self, PRIVATE, Reach};

/// The longest time of one attempt: name, connection and answer.
pub(crate) const LONGEST: Duration = Duration::from_secs(10);

/// When the client itself ends a call that the clock has not ended.
const BACKSTOP: Duration = Duration::from_secs(12);

/// The time in which the connection must stand.
const CONNECT: Duration = Duration::from_secs(4);

/// The bytes of an answer's body that are read and kept.
const MAX_BODY: usize = 1024;

/// The most header lines of an answer. Each is at most as long as the HTTP client's buffer.
const MAX_HEADERS: usize = 64;

/// The most addresses of a name that a connection tries.
const MAX_ADDRESSES: usize = 8;

/// The longest description of a failure, in characters.
const MAX_PROBLEM: usize = 200;

/// The client of all receivers.
pub(crate) struct Receivers {
    reach: Reach,
    /// Made at the first call, because most processes make none.
    http: OnceLock<Result<reqwest::Client, String>>,
}

/// What a receiver gets.
pub(crate) struct Signed {
    /// The headers of Standard Webhooks.
    pub(crate) headers: [(&'static str, String); 3],
    /// The body, which the signature covers.
    pub(crate) body: Vec<u8>,
}

impl Receivers {
    /// Makes the client.
    pub(crate) fn new(reach: Reach) -> Self {
        Self {
            reach,
            http: OnceLock::new(),
        }
    }

    /// Returns what a receiver may be.
    pub(crate) fn reach(&self) -> Reach {
        self.reach
    }

    fn http(&self) -> Result<&reqwest::Client, String> {
        let made = self.http.get_or_init(|| {
            let reach = self.reach;
            let made = build_with(BACKSTOP, |settings| {
                // One connection per attempt: a receiver's connections are not kept, so each attempt checks the address anew.
                let settings = settings
                    .connect_timeout(CONNECT)
                    .no_proxy()
                    .http1_max_headers(MAX_HEADERS)
                    .pool_max_idle_per_host(0);
                match reach {
                    Reach::Public => settings.dns_resolver(PublicNames),
                    Reach::Anywhere => settings,
                }
            });
            made.map_err(|e| e.to_string())
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// Makes one attempt, which began at `began`. Fails only if the client cannot be made.
    pub(crate) async fn send(
        &self,
        url: &str,
        signed: Signed,
        began: Timestamp,
        clock: &dyn Clock,
    ) -> Result<Answer, String> {
        let http = self.http()?;
        // By the clock, so that no test waits for it. The client's own limits are a backstop.
        let end = clock.sleep(LONGEST);
        let seen = match receiver_url::parse(url, self.reach) {
            Err(why) => Seen::problem(format!("the URL {why}")),
            Ok(url) => call(http, url, signed, end).await,
        };
        let took = clock.now().since(began).as_millis();
        Ok(Answer {
            attempt: Attempt {
                at: began,
                took_ms: i64::try_from(took).unwrap_or(i64::MAX),
                status: seen.status,
                problem: seen.problem,
                response: seen.response,
            },
            meaning: seen.meaning,
        })
    }
}

/// What came of a call.
struct Seen {
    status: Option<u16>,
    meaning: Meaning,
    problem: Option<String>,
    response: String,
}

impl Seen {
    /// There was no answer.
    fn problem(words: String) -> Self {
        Self {
            status: None,
            meaning: Meaning::Again(Duration::ZERO),
            problem: Some(words),
            response: String::new(),
        }
    }
}

async fn call(
    http: &reqwest::Client,
    url: reqwest::Url,
    signed: Signed,
    end: impl Future<Output = ()> + Unpin,
) -> Seen {
    let request = http.post(url).header(CONTENT_TYPE, "application/json");
    let headers = signed.headers.into_iter();
    let request = headers.fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    let sent = Box::pin(request.body(signed.body).send());
    let (response, end) = match select(sent, end).await {
        Either::Left((Ok(response), end)) => (response, end),
        Either::Left((Err(e), _)) => return Seen::problem(words(&e)),
        Either::Right(_) => return Seen::problem(too_late()),
    };
    let status = response.status().as_u16();
    let asked = response.headers().get(RETRY_AFTER);
    let asked = asked.and_then(|asked| asked.to_str().ok());
    let (meaning, problem) = answer::read(status, asked);
    let mut body = Vec::with_capacity(MAX_BODY);
    // A body that breaks off, or that comes too late, keeps what came: the status counts.
    select(Box::pin(read_beginning(response, &mut body)), end).await;
    Seen {
        status: Some(status),
        meaning,
        problem,
        response: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// Reads the first kilobyte of an answer's body. The rest is not read.
async fn read_beginning(mut response: reqwest::Response, body: &mut Vec<u8>) {
    while body.len() < MAX_BODY
        && let Ok(Some(chunk)) = response.chunk().await
    {
        let room = MAX_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
}

fn too_late() -> String {
    format!("the receiver did not answer within {} s", LONGEST.as_secs())
}

/// What went wrong, without the URL, which may hold a credential.
fn words(e: &reqwest::Error) -> String {
    if causes(e).any(<dyn Error>::is::<PrivateAddress>) {
        return format!("the receiver's name {PRIVATE}");
    }
    if e.is_timeout() {
        return too_late();
    }
    let innermost = causes(e).last().map_or(String::new(), ToString::to_string);
    let innermost: String = innermost.chars().take(MAX_PROBLEM).collect();
    if e.is_connect() {
        return format!("the receiver cannot be connected to: {innermost}");
    }
    format!("the receiver broke off: {innermost}")
}

fn causes(e: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(e.source(), |cause| (*cause).source())
}

/// A name leads to an address that is not public.
#[derive(Debug, Error)]
#[error("the name leads to an address that is not public")]
struct PrivateAddress;

/// Resolves names to public addresses. If one address of a name is private, the name is refused: somebody tries which one is taken.
struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            // The port of the URL takes the place of 0.
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(checked(found.collect())?)
        })
    }
}

fn checked(found: Vec<SocketAddr>) -> Result<Addrs, PrivateAddress> {
    if !found.iter().all(|address| is_public(address.ip())) {
        return Err(PrivateAddress);
    }
    Ok(Box::new(found.into_iter().take(MAX_ADDRESSES)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_one_private_address_is_refused_and_the_others_are_what_is_called() {
        let of = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let public = of(&["1.1.1.1:0", "[2606:4700::1111]:0"]);
        let taken: Vec<_> = checked(public.clone()).ok().unwrap().collect();
        assert_eq!(taken, public);
        for private in [
            "127.0.0.1:0",
            "169.254.169.254:0",
            "[::1]:0",
            "[fd00:ec2::254]:0",
        ] {
            assert!(checked(of(&["1.1.1.1:0", private])).is_err(), "{private}");
            assert!(checked(of(&[private])).is_err(), "{private}");
        }
        let many = vec![public[0]; 100];
        assert_eq!(checked(many).ok().unwrap().count(), MAX_ADDRESSES);
    }

    #[tokio::test]
    async fn a_local_name_is_refused_after_it_was_resolved() {
        let name: Name = "localhost".parse().unwrap();
        let refused = PublicNames.resolve(name).await.err().unwrap();
        assert!(refused.is::<PrivateAddress>());
    }
}
