//! Secrets from a stand-in for the parameter store.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tidegate_aws::secrets::SsmSecrets;
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::secrets::Secrets;

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
    let renewal = tokio::time::timeout(Duration::from_secs(1), get(&secrets)).await;
    assert_eq!(renewal.as_deref(), Ok("one"));
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
