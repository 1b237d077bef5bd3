//! A stand-in Slack on a loopback port, and a client that calls it as an app does.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tidegate_fake_slack::{Clock, FakeConfig, FakeSlack};

/// Where the manual clock of the tests starts.
pub(crate) const START: Duration = Duration::from_secs(1_700_000_000);

/// A running stand-in at an address of its own.
pub(crate) struct Sandbox {
    pub fake: FakeSlack,
    pub url: String,
    pub clock: Clock,
    pub http: reqwest::Client,
}

/// Serves a router for the length of the test.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A client for plain HTTP that follows no redirect and needs no process-wide TLS provider.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own client, built in this one place"
)]
fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// A stand-in on a manual clock, with no app.
pub(crate) async fn sandbox() -> Sandbox {
    sandbox_with(FakeConfig::default()).await
}

pub(crate) async fn sandbox_with(config: FakeConfig) -> Sandbox {
    let clock = Clock::manual(START);
    let fake = FakeSlack::with_clock(config, clock.clone());
    let url = serve(fake.router()).await;
    fake.set_public_url(&url);
    Sandbox {
        fake,
        url,
        clock,
        http: client(),
    }
}

impl Sandbox {
    /// A call with the right token.
    pub(crate) fn request(&self, method: &str, args: &Value) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}/api/{method}", self.url))
            .bearer_auth("sandbox-bot-token")
            .json(args)
    }

    /// The JSON a call answers.
    pub(crate) async fn call(&self, method: &str, args: Value) -> Value {
        let answer = self.request(method, &args).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// The JSON a call with another token answers.
    pub(crate) async fn call_as(&self, token: &str, method: &str, args: Value) -> Value {
        let request = self.http.post(format!("{}/api/{method}", self.url));
        let answer = request.bearer_auth(token).json(&args).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The error code a call answers.
    pub(crate) async fn error(&self, method: &str, args: Value) -> String {
        let answer = self.call(method, args).await;
        assert_eq!(answer["ok"], false, "{answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    /// Uses a path below `/_fake`.
    pub(crate) async fn control(&self, path: &str, body: Value) -> reqwest::Response {
        self.http
            .post(format!("{}/_fake/{path}", self.url))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        self.http
            .get(format!("{}/_fake/{path}", self.url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}
