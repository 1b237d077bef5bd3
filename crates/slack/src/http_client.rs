//! The one place that builds an HTTP client: TLS by `ring` with Mozilla's roots, no redirects, bounded waits.
//!
//! Not the default TLS provider: that one gathers start-up entropy for 50-130 ms, most of a Lambda's cold start.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// How long one request may take in all. Less than any Lambda's remaining time when a post begins.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The client could not be built: the TLS configuration of this build is wrong.
#[derive(Debug, Error)]
#[error("build the HTTP client: {0}")]
pub struct BuildError(String);

/// Builds the client with the usual request timeout. Clones share its connections.
pub fn build() -> Result<reqwest::Client, BuildError> {
    build_with_timeout(REQUEST_TIMEOUT)
}

/// Builds a client whose requests may take `timeout` in all.
pub fn build_with_timeout(timeout: Duration) -> Result<reqwest::Client, BuildError> {
    build_with(timeout, |settings| settings)
}

/// Builds a client whose requests may take `timeout` in all, with further settings, for servers that Tidegate does not choose.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one home of HTTP clients"
)]
pub fn build_with(
    timeout: Duration,
    further: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, BuildError> {
    let settings = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")));
    let client = further(settings).build();
    client.map_err(|e| BuildError(e.to_string()))
}

/// The TLS of every connection to Slack, for what is no HTTP: there is one configuration and one provider.
pub fn tls() -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| BuildError(e.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
