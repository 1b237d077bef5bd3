//! Where the API is on the web: its own address, and the pages elsewhere that may call it from a browser.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};

use super::Refused;
use super::route::Route;
use crate::reply;
use tidegate_pipeline::config::Environment;

/// What a page elsewhere may send and read beyond what any page may.
const MAY_SEND: &str = "authorization, content-type, x-csrf-token";
const MAY_READ: &str = "retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset";

/// How long a browser remembers what it was allowed, in seconds.
const REMEMBERED: &str = "600";

/// The API's place on the web.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Where browsers reach it, such as `https://tidegate.example.com`; without it, wherever they came to.
    pub public_url: Option<String>,
    /// Origins whose pages may call it with a person's session (`CORS_ORIGINS`).
    pub origins: BTreeSet<String>,
}

impl Site {
    /// Reads the settings `TIDEGATE_PUBLIC_URL` and `CORS_ORIGINS`.
    pub fn read(environment: &Environment<'_>) -> Self {
        let public_url = environment.optional("TIDEGATE_PUBLIC_URL");
        let public_url = public_url.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = public_url.as_deref().filter(|url| !is_origin(url)) {
            environment.problem(format!(
                "`TIDEGATE_PUBLIC_URL` is `{url}`: it takes https and a host, such as https://tidegate.example.com"
            ));
        }
        let list = environment.optional("CORS_ORIGINS").unwrap_or_default();
        let origins = list.split(',').map(str::trim).filter(|o| !o.is_empty());
        let origins: BTreeSet<String> = origins.map(str::to_owned).collect();
        for origin in origins.iter().filter(|origin| !is_origin(origin)) {
            let why = if origin.contains('*') {
                "a wildcard would let every page on the web act as whoever is signed in: list each origin"
            } else {
                "each entry takes https and a host without a path, such as https://app.example.com"
            };
            environment.problem(format!("`CORS_ORIGINS` has `{origin}`: {why}"));
        }
        Self {
            public_url,
            origins,
        }
    }

    /// Where browsers reach the API. Without a setting that is the host that the request names. Behind API Gateway it
    /// is true, for a request that named another host would not have come here; and wherever Slack would send a
    /// browser back to, it must be listed in the app's settings.
    pub fn url(&self, head: &Parts) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or(head.uri.host()).unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        let scheme = if is_here(name) { "http" } else { "https" };
        format!("{scheme}://{host}")
    }

    /// Whether a browser's call comes from one of our own pages or an allowed one.
    pub(super) fn trusts(&self, head: &Parts) -> bool {
        let origin = origin(&head.headers);
        origin.is_some_and(|origin| self.origins.contains(origin) || origin == self.url(head))
    }

    /// Answers a browser that asks whether a page may make a call; `None` for any other request.
    pub(super) fn preflight(
        &self,
        head: &Parts,
        routes: impl Iterator<Item = &'static Route>,
    ) -> Option<Result<Response<Bytes>, Refused>> {
        let asks = head.method == Method::OPTIONS
            && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        let known = origin(&head.headers).is_some_and(|origin| self.origins.contains(origin));
        if !known {
            let message = "pages of this origin may not call the API; see CORS_ORIGINS";
            return Some(Err(Refused::forbidden(message)));
        }
        let at_path = routes.filter(|route| route.matches(head.uri.path()));
        let methods: Vec<&str> = at_path.map(|route| route.method.as_str()).collect();
        if methods.is_empty() {
            return Some(Err(Refused::not_found("no such path")));
        }
        let mut response = reply::empty(StatusCode::NO_CONTENT);
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_METHODS, methods.join(", ").as_str()),
            (ACCESS_CONTROL_ALLOW_HEADERS, MAY_SEND),
            (ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ] {
            set(&mut response, name, value);
        }
        Some(Ok(response))
    }

    /// Lets an allowed page read the answer.
    pub(super) fn open_to(&self, asked_by: Option<&str>, response: &mut Response<Bytes>) {
        // In any case, so that no cache gives one origin's answer to another.
        set(response, VARY, "origin");
        let Some(origin) = asked_by.filter(|origin| self.origins.contains(*origin)) else {
            return;
        };
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_ORIGIN, origin),
            (ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
            (ACCESS_CONTROL_EXPOSE_HEADERS, MAY_READ),
        ] {
            set(response, name, value);
        }
    }
}

/// The one origin that a request names.
pub(super) fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN).and_then(|origin| origin.to_str().ok())
}

/// A scheme, a host, perhaps a port, and nothing more, as browsers write it. Plain http is for this machine only.
fn is_origin(text: &str) -> bool {
    let (secure, rest) = match text.split_once("://") {
        Some(("https", rest)) => (true, rest),
        Some(("http", rest)) => (false, rest),
        _ => return false,
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    !host.is_empty()
        && host.bytes().all(plain)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && (secure || is_here(host))
}

/// Whether that is this machine.
fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1")
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(origins: &str) -> Result<Site, tidegate_pipeline::config::Problems> {
        let env = |name: &str| (name == "CORS_ORIGINS").then(|| origins.to_owned());
        let environment = Environment::new(&env);
        let site = Site::read(&environment);
        environment.finish(site)
    }

    #[test]
    fn origins_are_listed_one_by_one() {
        let read = site("https://a.example, http://localhost:5173,").unwrap();
        let origins: Vec<_> = read.origins.iter().map(String::as_str).collect();
        assert_eq!(origins, ["http://localhost:5173", "https://a.example"]);
    }

    #[test]
    fn what_is_no_exact_origin_is_a_problem() {
        for odd in [
            "*",
            "https://*.example.com",
            "null",
            "a.example",
            "http://a.example",
            "https://a.example/",
            "https://a.example/path",
            "https://A.example",
            "https://u@a.example",
            "https://a.example:port",
            "https://",
            "ftp://a.example",
        ] {
            assert!(site(odd).is_err(), "{odd}");
        }
        assert!(site("*").unwrap_err().0[0].contains("wildcard"));
    }
}
