//! Statuspage's rate limits, and how the client reports them.

use std::time::Duration;

use tidegate_connectors::rejection::ServiceRejection;
use tidegate_connectors::status_page::StatusPage;
use tidegate_fake_statuspage::{FakeConfig, Fault, FaultKind};
use tidegate_outcome::Refusal;

use crate::pages::{Page, done, incident, refused};

fn limited(retry_after: u64) -> Refusal<ServiceRejection> {
    Refusal::RateLimited { retry_after }
}

#[tokio::test]
async fn the_sixty_first_call_of_a_minute_is_refused_until_the_first_is_a_minute_old() {
    for limit_status in [420, 429] {
        let page = Page::with(FakeConfig {
            limit_status,
            ..FakeConfig::default()
        })
        .await;
        for _ in 0..60 {
            done(page.client.page().await);
            page.clock.advance(Duration::from_millis(500));
        }
        assert_eq!(
            refused(page.client.create(&incident("INC-1")).await),
            limited(30)
        );
        assert_eq!(page.fake.incidents(), []);
        assert_eq!(
            page.fake.requests().pop().unwrap().status,
            Some(limit_status)
        );
        page.clock.advance(Duration::from_secs(30));
        done(page.client.create(&incident("INC-1")).await);
    }
}

#[tokio::test]
async fn a_call_a_second_is_never_too_many() {
    let page = Page::new().await;
    for _ in 0..130 {
        done(page.client.components(1).await);
        page.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_key_that_is_not_accepted_uses_up_nothing() {
    let page = Page::new().await;
    let stranger = page.client_of("sandboxpage1", "not-the-key");
    for _ in 0..61 {
        assert_eq!(refused(stranger.page().await).code(), "credential");
    }
    done(page.client.page().await);
}

#[tokio::test]
async fn a_limit_without_a_usable_time_means_a_minute() {
    for (header, seconds) in [
        (None, 60),
        (Some("soon"), 60),
        (Some("5"), 5),
        (Some("9999999"), 86_400),
    ] {
        let page = Page::new().await;
        page.fake.add_fault(Fault {
            retry_after: header.map(str::to_owned),
            ..Fault::new(FaultKind::RateLimited)
        });
        assert_eq!(
            refused(page.client.page().await),
            limited(seconds),
            "{header:?}"
        );
        done(page.client.page().await);
    }
}
