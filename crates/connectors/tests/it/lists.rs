//! Lists are read in parts, up to a limit.

use tidegate_connectors::status_page::{IncidentStatus, StatusPage, find_ours};
use tidegate_connectors::statuspage::MAX_PAGES;
use tidegate_fake_statuspage::{FakeConfig, SeedComponent};

use crate::pages::{Page, done, incident, refused, update};

async fn page_with_components(count: usize) -> Page {
    let component = |n| SeedComponent::new(&format!("cmp{n:09}"), &format!("Part {n}"));
    Page::with(FakeConfig {
        components: (0..count).map(component).collect(),
        calls_per_minute: 10_000,
        ..FakeConfig::default()
    })
    .await
}

#[tokio::test]
async fn every_component_is_listed_once() {
    for (count, calls) in [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (250, 3)] {
        let page = page_with_components(count).await;
        let mut next = Some(1);
        let mut ids = Vec::new();
        while let Some(number) = next {
            let listing = done(page.client.components(number).await);
            ids.extend(listing.items.into_iter().map(|c| c.id.as_str().to_owned()));
            next = listing.next;
        }
        let expected: Vec<String> = (0..count).map(|n| format!("cmp{n:09}")).collect();
        assert_eq!(ids, expected);
        assert_eq!(page.asked().len(), calls, "{count}");
    }
}

#[tokio::test]
async fn a_list_ends_with_a_refusal_and_no_call() {
    let page = Page::new().await;
    done(page.client.components(MAX_PAGES).await);
    let why = refused(page.client.components(MAX_PAGES + 1).await);
    assert_eq!(why.to_string(), "the status page lists more than 5000");
    assert_eq!(page.asked().len(), 1);
}

#[tokio::test]
async fn ours_is_found_on_a_later_page_and_not_once_it_is_resolved() {
    let page = page_with_components(0).await;
    let mut ids = Vec::new();
    for n in 0..120 {
        let mut one = incident(&format!("INC-{n}"));
        one.components.clear();
        ids.push(done(page.client.create(&one).await).id);
    }
    let first = done(page.client.unresolved(1).await);
    assert_eq!(
        find_ours(&first.items, "INC-3"),
        None,
        "the newest come first"
    );
    let second = done(page.client.unresolved(first.next.unwrap()).await);
    assert_eq!(second.next, None);
    assert_eq!(find_ours(&second.items, "INC-3").unwrap().id, ids[3]);

    let over = update(IncidentStatus::Resolved, "Over.");
    done(page.client.update(&ids[3], &over).await);
    let second = done(page.client.unresolved(2).await);
    assert_eq!(find_ours(&second.items, "INC-3"), None);
}
