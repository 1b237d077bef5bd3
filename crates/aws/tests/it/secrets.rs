//! Secrets from a stand-in for the parameter store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::ExposeSecret;
use tidegate_aws::secrets::SsmSecrets;
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::secrets_contract::{self, Store, secrets_contract};

use crate::loopback::{Reply, Server, error};

const NAME: &str = "/tidegate/slack/signing-secret";

fn value(secret: &str) -> Reply {
    let parameter =
        serde_json::json!({"Parameter": {"Name": NAME, "Type": "SecureString", "Value": secret}});
    Reply::Json(200, parameter.to_string())
}

fn failed() -> Reply {
    error(400, "AccessDeniedException", "not allowed")
}

async fn get(secrets: &SsmSecrets) -> String {
    secrets.get(NAME).await.unwrap().expose_secret().to_owned()
}

/// The stand-in as a store: it answers with what is put under a name, until that is told to fail.
struct Parameters {
    server: Server,
    clock: ManualClock,
    values: Arc<Mutex<BTreeMap<String, Held>>>,
}

#[derive(Default)]
struct Held {
    value: String,
    failing: bool,
}

impl Parameters {
    async fn new() -> Self {
        let values: Arc<Mutex<BTreeMap<String, Held>>> = Arc::default();
        let held = Arc::clone(&values);
        let server = Server::answering(move |request| {
            let body = request.split_once("\r\n\r\n").unwrap().1;
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            match held.lock().unwrap().get(body["Name"].as_str().unwrap()) {
                // A store that talks too much: nothing of its message may go on.
                Some(Held { value, failing }) if *failing => {
                    error(400, "AccessDeniedException", value)
                }
                Some(Held { value: secret, .. }) => value(secret),
                None => error(400, "ParameterNotFound", ""),
            }
        });
        Self {
            server: server.await,
            clock: ManualClock::at(1_700_000_000),
            values,
        }
    }
}

impl Store for Parameters {
    fn put(&self, name: &str, value: &str) {
        let held = Held {
            value: value.to_owned(),
            failing: false,
        };
        self.values.lock().unwrap().insert(name.to_owned(), held);
    }

    fn fail(&self, name: &str) {
        let mut values = self.values.lock().unwrap();
        values.entry(name.to_owned()).or_default().failing = true;
    }

    fn reads(&self) -> usize {
        self.server.requests().len()
    }

    fn pass_time(&self, by: Duration) {
        self.clock.advance(by);
    }
}

#[tokio::test]
async fn the_parameter_store_keeps_the_contract() {
    let parameters = Parameters::new().await;
    let open = |value: &str| -> Arc<dyn Secrets> {
        parameters.put(secrets_contract::NAME, value);
        let (aws, clock) = (parameters.server.aws(), parameters.clock.clone());
        Arc::new(SsmSecrets::new(&aws, Arc::new(clock)))
    };
    secrets_contract(open, Some(&parameters)).await;
}

#[tokio::test]
async fn a_secret_is_read_decrypted_and_kept_for_five_minutes() {
    let server = Server::start([value("one"), value("two")]).await;
    let clock = ManualClock::at(1_700_000_000);
    let secrets = SsmSecrets::new(&server.aws(), Arc::new(clock.clone()));
    assert_eq!(
        (get(&secrets).await, get(&secrets).await),
        ("one".to_owned(), "one".to_owned())
    );
    clock.advance(Duration::from_secs(299));
    assert_eq!(get(&secrets).await, "one");
    assert_eq!(server.requests().len(), 1);
    assert!(server.requests()[0].contains(r#""WithDecryption":true"#));
    clock.advance(Duration::from_secs(1));
    assert_eq!(get(&secrets).await, "two");
}

#[tokio::test]
async fn a_secret_that_cannot_be_renewed_is_used_on_for_an_hour() {
    let server = Server::start([value("one"), failed(), failed(), failed()]).await;
    let clock = ManualClock::at(1_700_000_000);
    let secrets = SsmSecrets::new(&server.aws(), Arc::new(clock.clone()));
    get(&secrets).await;
    clock.advance(Duration::from_mins(6));
    assert_eq!(
        (get(&secrets).await, get(&secrets).await),
        ("one".to_owned(), "one".to_owned())
    );
    assert_eq!(
        server.requests().len(),
        2,
        "an outage is not asked about at every request"
    );
    clock.advance(Duration::from_mins(53));
    assert_eq!(get(&secrets).await, "one");
    clock.advance(Duration::from_mins(1));
    let e = secrets.get(NAME).await.unwrap_err();
    assert_eq!(
        e.to_string(),
        format!("secret `{NAME}`: AccessDeniedException")
    );
}

#[tokio::test]
async fn a_slow_store_delays_nobody_who_has_a_value() {
    let server = Server::start([value("one"), Reply::Silence]).await;
    let clock = ManualClock::at(1_700_000_000);
    let secrets = SsmSecrets::new(&server.aws(), Arc::new(clock.clone()));
    get(&secrets).await;
    clock.advance(Duration::from_mins(5));
    // From here on time passes only while everybody waits.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(get(&secrets).await, "one");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_missing_parameter_is_named() {
    let server = Server::start([error(400, "ParameterNotFound", "")]).await;
    let secrets = SsmSecrets::new(&server.aws(), Arc::new(ManualClock::at(1)));
    let e = secrets.get(NAME).await.unwrap_err();
    assert_eq!(e.to_string(), format!("secret `{NAME}`: ParameterNotFound"));
}

#[tokio::test]
async fn a_doubted_secret_is_read_anew_but_not_in_a_flood_of_doubts() {
    let server = Server::start([value("one"), value("two"), failed()]).await;
    let clock = ManualClock::at(1_700_000_000);
    let secrets = SsmSecrets::new(&server.aws(), Arc::new(clock.clone()));
    for (seconds, expected, reads) in [
        (0, "one", 1),
        (9, "one", 1),
        (1, "two", 2),
        (10, "two", 3),
        (9, "two", 3),
    ] {
        clock.advance(Duration::from_secs(seconds));
        secrets.doubt(NAME);
        assert_eq!(get(&secrets).await, expected);
        assert_eq!(
            server.requests().len(),
            reads,
            "the last read has failed, and is not repeated at once"
        );
    }
}
