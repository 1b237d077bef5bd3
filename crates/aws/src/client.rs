//! Makes all clients of AWS. Region, credentials and endpoints come from the environment that Lambda sets; TLS is by `ring` with
//! Amazon's own roots.
//!
//! `aws-config` is not used, because its default chain takes most of a cold start. Neither is the default TLS provider, because it
//! gathers entropy for 50-130 ms.

use std::fmt;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, IdentityCache, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient, http_client_fn};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The roots that every AWS endpoint chains to, as <https://www.amazontrust.com/repository/> lists them.
const AMAZON_ROOTS: [&str; 5] = [
    include_str!("../roots/amazon-root-ca-1.pem"),
    include_str!("../roots/amazon-root-ca-2.pem"),
    include_str!("../roots/amazon-root-ca-3.pem"),
    include_str!("../roots/amazon-root-ca-4.pem"),
    include_str!("../roots/starfield-services-root-g2.pem"),
];

/// The pause after the SDK's first attempt. It doubles and is randomized from there.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Everything that is wrong with the AWS settings of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvError(pub Vec<String>);

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the AWS environment is incomplete: {}",
            self.0.join("; ")
        )
    }
}

impl std::error::Error for EnvError {}

/// The timeouts and the number of attempts of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) connect: Duration,
    pub(crate) attempt: Duration,
    pub(crate) total: Duration,
    pub(crate) attempts: u32,
}

/// The region, credentials and endpoints of AWS. Clones share connections.
#[derive(Clone)]
pub struct Aws {
    region: Region,
    credentials: Credentials,
    http: SharedHttpClient,
    /// The endpoints by service. The key `None` stands for all other services.
    endpoints: Vec<(Option<&'static str>, String)>,
    /// The least value of every timeout.
    least_patience: Duration,
}

impl Aws {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, EnvError> {
        Self::from_lookup(&|name| std::env::var(name).ok())
    }

    /// Reads settings with `read`, for example from the process environment. An empty value counts as absent.
    pub fn from_lookup(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, EnvError> {
        let read = |name: &str| read(name).filter(|value| !value.trim().is_empty());
        let mut problems = Vec::new();
        let mut required = |name: &str| {
            read(name).unwrap_or_else(|| {
                problems.push(format!("`{name}` is not set"));
                String::new()
            })
        };
        let region = required("AWS_REGION");
        let (key, secret) = (
            required("AWS_ACCESS_KEY_ID"),
            required("AWS_SECRET_ACCESS_KEY"),
        );
        let roots = match read("AWS_CA_BUNDLE") {
            Some(path) => roots_from(&path).unwrap_or_else(|problem| {
                problems.push(problem);
                String::new()
            }),
            None => AMAZON_ROOTS.concat(),
        };
        if !problems.is_empty() {
            return Err(EnvError(problems));
        }
        let token = read("AWS_SESSION_TOKEN");
        let endpoints = [
            (Some("dynamodb"), "AWS_ENDPOINT_URL_DYNAMODB"),
            (Some("sqs"), "AWS_ENDPOINT_URL_SQS"),
            (Some("ssm"), "AWS_ENDPOINT_URL_SSM"),
            (None, "AWS_ENDPOINT_URL"),
        ];
        let endpoints = endpoints
            .into_iter()
            .filter_map(|(service, name)| Some((service, read(name)?)));
        Ok(Self {
            region: Region::new(region),
            credentials: Credentials::new(key, secret, token, None, "environment"),
            http: http_client(roots),
            endpoints: endpoints.collect(),
            least_patience: Duration::ZERO,
        })
    }

    /// Lets every client wait at least that long, for places where an answer comes however late, such as tests on a busy machine.
    #[must_use]
    pub fn patient(mut self, least: Duration) -> Self {
        self.least_patience = least;
        self
    }

    /// Returns the configuration for a client of a service.
    pub(crate) fn config(&self, service: &str, patience: Patience) -> SdkConfig {
        let own = self
            .endpoints
            .iter()
            .find(|(name, _)| name.is_none_or(|name| name == service));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(patience.connect.max(self.least_patience))
            .operation_attempt_timeout(patience.attempt.max(self.least_patience))
            .operation_timeout(patience.total.max(self.least_patience));
        let retries = RetryConfig::standard()
            .with_max_attempts(patience.attempts)
            .with_initial_backoff(FIRST_PAUSE);
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            // The credentials are fixed values, so there is nothing to cache.
            .identity_cache(IdentityCache::no_cache())
            .http_client(self.http.clone())
            .timeout_config(timeouts.build())
            .retry_config(retries)
            // Every attempt has a timeout as a whole, so this check is not needed.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(own.map(|(_, url)| url.clone()));
        config.build()
    }
}

fn http_client(roots: String) -> SharedHttpClient {
    let trust = TrustStore::empty().with_pem_certificate(roots);
    let context = TlsContext::builder().with_trust_store(trust).build();
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context.unwrap_or_default())
        .build_https();
    // This is behind a function, because the client would otherwise decode all roots for every service, only to check them.
    // These are valid: they are our own, or `roots_from` has checked them.
    http_client_fn(move |settings, components| client.http_connector(settings, components))
}

/// Reads the certificates of a bundle. They are checked here, because the HTTP client panics on a bad one.
fn roots_from(path: &str) -> Result<String, String> {
    let problem = |why: String| format!("`AWS_CA_BUNDLE` names `{path}`, {why}");
    let text =
        std::fs::read_to_string(path).map_err(|e| problem(format!("which cannot be read: {e}")))?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let added = certificate
            .map_err(|e| e.to_string())
            .and_then(|c| store.add(c).map_err(|e| e.to_string()));
        added.map_err(|e| problem(format!("which has a bad certificate: {e}")))?;
    }
    if store.is_empty() {
        return Err(problem("which has no certificate".to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// SHA-256 fingerprints of the roots, in the order of [`AMAZON_ROOTS`], as Amazon Trust Services publishes them.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_amazons() {
        for (root, fingerprint) in AMAZON_ROOTS.iter().zip(FINGERPRINTS) {
            let certificates: Vec<_> = CertificateDer::pem_slice_iter(root.as_bytes()).collect();
            let [Ok(certificate)] = certificates.as_slice() else {
                panic!("one certificate in {root}")
            };
            assert_eq!(hex::encode(Sha256::digest(certificate)), fingerprint);
        }
    }
}
