//! The web address of the API, and the origins whose pages may call it from a browser.

use std::collections::BTreeSet;
use std::time::Duration;

use http::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER,
};
use http::request::Parts;
use http::{HeaderMap, Method};
use tidegate_pipeline::config::Environment;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The headers that a page of an allowed origin may send and read, beyond those that CORS always allows.
const ALLOWED_HEADERS: [HeaderName; 4] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-csrf-token"),
];
const EXPOSED_HEADERS: [HeaderName; 5] = [
    RETRY_AFTER,
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("x-request-id"),
];

/// How long a browser may cache a preflight response.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_mins(10);

/// The web address of the API and the origins it allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// The address for browsers, such as `https://tidegate.example.com`. `None` to use the host that each request names.
    pub public_url: Option<String>,
    /// The origins whose pages may call the API with a person's session (`CORS_ORIGINS`).
    pub origins: BTreeSet<String>,
}

/// The methods that the operations have.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

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
                "a wildcard would let every page on the web act as the person who is signed in: list each origin"
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

    /// Returns the address for browsers, without a final slash. Without a setting, it is the host that the request names. That
    /// is safe behind API Gateway, which routes by the host, and Slack redirects browsers only to addresses that the app lists.
    pub fn url(&self, head: &Parts) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or(head.uri.host()).unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        let scheme = if is_local_host(name) { "http" } else { "https" };
        format!("{scheme}://{host}")
    }

    /// Tells whether a browser's call comes from our own origin or an allowed one.
    pub(super) fn trusts(&self, head: &Parts) -> bool {
        let origin = origin(&head.headers);
        origin.is_some_and(|origin| self.origins.contains(origin) || origin == self.url(head))
    }

    /// Makes the layer that lets pages of the allowed origins call the API and read its responses.
    pub(super) fn cors(&self) -> CorsLayer {
        let origins = self.origins.iter();
        let origins = origins.filter_map(|origin| HeaderValue::from_str(origin).ok());
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_credentials(true)
            .allow_methods(METHODS)
            .allow_headers(ALLOWED_HEADERS)
            .expose_headers(EXPOSED_HEADERS)
            .max_age(PREFLIGHT_MAX_AGE)
    }
}

/// Returns the origin that a request names.
pub(super) fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN).and_then(|origin| origin.to_str().ok())
}

/// Tells whether the text is a scheme, a host and at most a port, as browsers write it. Only local hosts may use plain http.
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
        && (secure || is_local_host(host))
}

/// Tells whether the host name stands for the local machine.
fn is_local_host(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1")
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
