//! The one HTTP client of this crate, with its TLS provider named: no process-wide default is needed or set.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// A client that follows no redirects, so that one attempt is one request to the app.
#[expect(
    clippy::disallowed_methods,
    reason = "the stand-in stands alone, this is its HTTP client's home"
)]
pub(crate) fn build() -> anyhow::Result<reqwest::Client> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("failed to choose TLS versions")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("Slackbot 1.0 (+https://api.slack.com/robots)")
        .build()
        .context("failed to build the HTTP client")
}
