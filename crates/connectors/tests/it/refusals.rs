//! When Statuspage rejects a request, nothing has happened, and the person gets the reason.

use tidegate_connectors::status_page::{ComponentStatus, IncidentStatus, StatusPage};
use tidegate_connectors::statuspage::{SetupError, Statuspage};
use tidegate_fake_statuspage::{ErrorShape, FakeConfig};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::http_client;
use tokio::net::TcpSocket;

use crate::pages::{Page, components, done, incident, refused, update};

#[tokio::test]
async fn the_check_of_a_page_tells_a_good_key_from_a_bad_one_and_a_wrong_page() {
    let page = Page::new().await;
    let info = done(page.client.page().await);
    assert_eq!(
        (info.id.as_str(), info.name.as_str()),
        ("sandboxpage1", "Sandbox")
    );

    let key = page.fake.config().api_key.clone();
    let stranger = page.client_of("sandboxpage1", "not-the-key");
    let why = refused(stranger.page().await);
    assert_eq!(why.code(), "credential");
    assert_eq!(
        why.to_string(),
        "the key is not accepted: Could not authenticate"
    );
    let lost = page.client_of("otherpage000", &key);
    assert_eq!(refused(lost.page().await).code(), "not_found");
    let broken = page.client_of("sandboxpage1", "line\nbreak");
    assert_eq!(refused(broken.page().await).code(), "credential");
}

#[tokio::test]
async fn a_key_never_shows() {
    let page = Page::new().await;
    let client = page.client_of("sandboxpage1", "very-secret-key");
    let outcome = client.page().await;
    let shown = format!("{client:?} {outcome:?} {}", refused(outcome.clone()));
    assert!(!shown.contains("very-secret-key"), "{shown}");
    let http = http_client::build().unwrap();
    for (url, id, expected) in [
        ("https://very-secret-key@h", "p", SetupError::BaseUrl),
        ("http://api.statuspage.io/v1", "p", SetupError::BaseUrl),
        (
            "https://api.statuspage.io/v1",
            "very-secret-key ",
            SetupError::PageId,
        ),
        ("https://api.statuspage.io/v1", "../p", SetupError::PageId),
    ] {
        let error = Statuspage::new(http.clone(), url, id, "k".into()).unwrap_err();
        assert_eq!(error, expected);
        assert!(!error.to_string().contains("very-secret-key"), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_is_read_in_every_shape() {
    for shape in [
        ErrorShape::Message,
        ErrorShape::ErrorText,
        ErrorShape::ErrorList,
    ] {
        let config = FakeConfig {
            error_shape: shape,
            ..FakeConfig::default()
        };
        let page = Page::with(config).await;
        let mut wrong = incident("INC-1");
        wrong.components = components(&[("cmpnosuch001", ComponentStatus::Operational)]);
        let why = refused(page.client.create(&wrong).await);
        assert_eq!(why.code(), "invalid");
        assert_eq!(
            why.to_string(),
            "Component cmpnosuch001 not found",
            "{shape:?}"
        );
        assert_eq!(page.fake.incidents(), []);
    }
}

#[tokio::test]
async fn what_is_gone_is_not_found() {
    let page = Page::new().await;
    let gone = "000000000000".into();
    let over = update(IncidentStatus::Resolved, "x");
    let status = ComponentStatus::Operational;
    let codes = [
        refused(page.client.incident(&gone).await),
        refused(page.client.update(&gone, &over).await),
        refused(page.client.put_postmortem_draft(&gone, "x").await),
        refused(page.client.publish_postmortem(&gone, false).await),
        refused(
            page.client
                .set_component(&"000000000000".into(), status)
                .await,
        ),
    ];
    assert!(
        codes.iter().all(|why| why.code() == "not_found"),
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_post_mortem_waits_for_the_end_and_for_a_draft() {
    let page = Page::new().await;
    let id = done(page.client.create(&incident("INC-1")).await).id;
    done(page.client.put_postmortem_draft(&id, "draft").await);
    let early = refused(page.client.publish_postmortem(&id, false).await);
    assert_eq!(early.to_string(), "Incident is not resolved");
    assert_eq!(page.fake.incidents()[0].postmortem.body, None);
}

#[tokio::test]
async fn a_service_that_does_not_listen_is_unreachable() {
    // Bound without listening: no other test is given the port, and connections are refused.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/v1", socket.local_addr().unwrap());
    let http = http_client::build().unwrap();
    let client = Statuspage::new(http, &url, "page", "key".into()).unwrap();
    let outcome = client.create(&incident("INC-1")).await;
    assert_eq!(outcome, Outcome::Refused(Refusal::Unreachable));
}
