//! Refuses requests that a web page elsewhere sends through a name of its own which stands for this machine (DNS rebinding). A
//! browser treats such a page as being of the same origin, so nothing else keeps it from acting as the sandbox's admin.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::HOST;
use http::uri::Authority;
use tidegate_ingress::Endpoint;

/// The host of the public address, if one is set.
#[derive(Debug, Clone, Default)]
pub(crate) struct PublicHost(Option<String>);

impl PublicHost {
    /// Reads the host in an address such as `https://tidegate.example.com`.
    pub(crate) fn of(public_url: Option<&str>) -> Self {
        let authority = public_url.and_then(|url| url.split_once("://"));
        let authority: Option<Authority> = authority.and_then(|(_, rest)| rest.parse().ok());
        Self(authority.map(|authority| authority.host().to_ascii_lowercase()))
    }

    /// Tells whether a request may name that host, with or without a port.
    fn admits(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let host = authority.host().to_ascii_lowercase();
        let is_loopback = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        is_loopback || self.0.as_ref() == Some(&host)
    }
}

/// Answers 421 unless the request names this machine or the public host. Slack's own requests are signed, so they may come by any
/// name.
pub(crate) async fn check(
    State(public): State<PublicHost>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let is_signed = Endpoint::of(request.uri().path()).is_some();
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.or(request.uri().host()).unwrap_or_default();
    if is_signed || public.admits(host) {
        return next.run(request).await;
    }
    let message = "This is not the address of this Tidegate. If it should be, set TIDEGATE_PUBLIC_URL to it.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_the_public_host_are_admitted() {
        let public = PublicHost::of(Some("https://tidegate.example.com:8443"));
        for (host, is) in [
            ("127.0.0.1:3000", true),
            ("localhost", true),
            ("LOCALHOST:3000", true),
            ("[::1]:3000", true),
            ("tidegate.example.com", true),
            ("Tidegate.example.com:443", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:3000", false),
            ("tidegate.example.com.evil.example", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(public.admits(host), is, "{host}");
        }
        assert!(!PublicHost::of(None).admits("tidegate.example.com"));
    }
}
