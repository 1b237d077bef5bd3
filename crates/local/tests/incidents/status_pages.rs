//! What the public reads: on Statuspage.io, over HTTP against its stand-in, and on the built-in page.

use std::sync::Arc;

use http::{Method, StatusCode};
use tidegate_app::incidents::decide::lifecycle;
use tidegate_app::incidents::model::settings::StatusPage;
use tidegate_app::incidents::model::severity::Severity;
use tidegate_app::incidents::model::status::Status;
use tidegate_app::incidents::status_pages::built_in::Document;
use tidegate_fake_statuspage::{FakeConfig, Fault, FaultKind};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::outbox::Lane;
use tidegate_testing::chance::Chance;
use tidegate_testing::faulty_queue;
use tidegate_testing::faulty_table::{Mishap, Rates};
use tidegate_testing::outbox_world::World;
use tidegate_testing::product::{Browser, Product};
use tidegate_testing::worlds::{at_each_step, in_each_world};

use crate::status_page_world::{ADMIN, COMMANDER, PageWorld, ROOM, settings};

fn lane() -> Lane {
    Lane::named(&["status_page"])
}

fn update(to: Status) -> lifecycle::Update {
    lifecycle::Update {
        to: Some(to),
        ..lifecycle::Update::default()
    }
}

fn texts(incident: usize, n: usize) -> Vec<String> {
    (1..=n)
        .map(|n| format!("Incident {incident}, update {n}."))
        .collect()
}

#[tokio::test]
async fn seed_defect_5_an_incident_with_its_updates_is_published_and_resolved() {
    let world = PageWorld::new(0).await;
    let id = world.declare("T1", Severity::P1, "api").await;
    world.world.settle().await;
    assert!(world.texts(&id).is_empty(), "nobody has published anything");
    assert_eq!(world.component("cmpapi000001"), "major_outage");

    world.publish("T1", &id, "We look into it.").await;
    world.world.settle().await;
    let update = update(Status::Identified);
    world
        .decide("T1", &id, |case| lifecycle::update(case, &update))
        .await;
    world.publish("T1", &id, "It is the database.").await;
    world.world.settle().await;
    assert_eq!(world.component("cmpapi000001"), "partial_outage");
    world
        .decide("T1", &id, |case| {
            lifecycle::resolve(case, Some("Repaired."))
        })
        .await;
    world.world.settle().await;

    let said = world.texts(&id);
    assert_eq!(said[..2], ["We look into it.", "It is the database."]);
    assert_eq!(said.len(), 3, "and that it is resolved: {said:?}");
    let incident = &world.page.fake.incidents()[0];
    assert_eq!(incident.status, "resolved");
    assert_eq!(incident.impact_override.as_deref(), Some("critical"));
    assert_eq!(incident.name, "Incident affecting api");
    assert_eq!(world.component("cmpapi000001"), "operational");
    assert_eq!(world.ledger("T1", &id).await, ["sent", "sent"]);
    let receipt = format!("Published on the <{}|status page>.", incident.shortlink);
    let said = world.said(ROOM);
    assert_eq!(
        said.iter().filter(|text| **text == receipt).count(),
        2,
        "{said:?}"
    );
}

#[tokio::test]
async fn seed_defect_4_an_outage_of_the_page_loses_nothing() {
    let world = PageWorld::new(0).await;
    let id = world.declare("T1", Severity::P2, "api").await;
    world.world.settle().await;
    for kind in [FaultKind::Http503, FaultKind::Reset] {
        world.page.fake.add_fault(Fault {
            times: Some(20),
            ..Fault::new(kind)
        });
    }
    for text in texts(1, 25) {
        world.publish("T1", &id, &text).await;
    }
    // The process that knows of it dies in between: nothing was in its memory.
    let frozen = Arc::clone(&world.world.frozen);
    world
        .world
        .engine
        .later(60, &[" T1#"], Mishap::Freeze { done: true, frozen });
    world.world.wake("T1", lane().as_str()).await;
    world.world.settle().await;
    assert_eq!(world.texts(&id), texts(1, 25));
}

#[tokio::test]
async fn seed_defect_6_a_component_stays_down_while_another_incident_holds_it() {
    let world = PageWorld::new(0).await;
    let web = world.declare("T1", Severity::P3, "web").await;
    let shop = world.declare("T1", Severity::P1, "shop").await;
    let slow = world.declare("T1", Severity::P4, "web").await;
    world.world.settle().await;
    assert_eq!(world.component("cmpwebsite01"), "major_outage");
    assert_eq!(world.component("cmppayments1"), "major_outage");
    world
        .decide("T1", &shop, |case| {
            lifecycle::resolve(case, Some("Repaired."))
        })
        .await;
    world.world.settle().await;
    assert_eq!(world.component("cmppayments1"), "operational");
    assert_eq!(world.component("cmpwebsite01"), "degraded_performance");
    for last in [&web, &slow] {
        world
            .decide("T1", last, |case| lifecycle::cancel(case, "A false alarm."))
            .await;
    }
    world.world.settle().await;
    assert_eq!(world.component("cmpwebsite01"), "operational");
}

#[tokio::test]
async fn three_incidents_with_many_updates_arrive_once_and_never_over_the_limit() {
    for (updates, limit_status) in [(5, 429), (40, 420)] {
        let config = FakeConfig {
            limit_status,
            ..FakeConfig::default()
        };
        let world = PageWorld::with(World::new(0).await, config).await;
        // Two workspaces with one key share its pace.
        let mut ids = Vec::new();
        for (tenant, service) in [("T1", "web"), ("T1", "api"), ("T2", "shop")] {
            ids.push((tenant, world.declare(tenant, Severity::P2, service).await));
        }
        for (tenant, id) in &ids {
            // So that no post takes time in which the page is not called.
            world.close_room(tenant, id).await;
        }
        for n in 0..updates {
            for (place, (tenant, id)) in ids.iter().enumerate() {
                world.publish(tenant, id, &texts(place, updates)[n]).await;
            }
        }
        for _ in 0..3 {
            world.page.fake.add_fault(Fault {
                retry_after: Some("17".to_owned()),
                method: Some("PATCH".to_owned()),
                ..Fault::new(FaultKind::RateLimited)
            });
        }
        for tenant in ["T1", "T2"] {
            world.world.wake(tenant, lane().as_str()).await;
        }
        world.world.settle().await;
        for (place, (_, id)) in ids.iter().enumerate() {
            assert_eq!(world.texts(id), texts(place, updates));
        }
        let asked = world.page.fake.requests();
        let limited = asked
            .iter()
            .filter(|request| matches!(request.status, Some(420 | 429)));
        assert_eq!(limited.count(), 3, "only those that the test asked for");
        assert!(asked.len() >= 3 * updates);
        for (n, request) in asked.iter().enumerate() {
            let minute = asked[n..]
                .iter()
                .take_while(|later| later.at < request.at + 60_000);
            assert!(minute.count() <= 60);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_told_once_and_a_new_one_publishes_what_waited() {
    let mut world = PageWorld::new(0).await;
    let (settings, key) = (
        world.settings.clone(),
        world.page.fake.config().api_key.clone(),
    );
    world.configure(settings.clone(), "a-wrong-key");
    let id = world.declare("T1", Severity::P2, "api").await;
    for text in texts(1, 3) {
        world.publish("T1", &id, &text).await;
        world.world.settle().await;
    }
    assert!(world.texts(&id).is_empty());
    let complaints = |said: Vec<String>| {
        let complaints = said
            .into_iter()
            .filter(|text| text.contains("does not accept"));
        complaints.count()
    };
    assert_eq!(complaints(world.said(ROOM)), 1);
    let direct = world.world.slack.calls().into_iter();
    let opened = direct.filter(|call| call.method == "conversations.open");
    assert_eq!(opened.count(), 1, "{ADMIN} was told once");

    world.configure(settings, &key);
    world.publish("T1", &id, "At last.").await;
    world.world.settle().await;
    let mut all = texts(1, 3);
    all.push("At last.".to_owned());
    assert_eq!(world.texts(&id), all);
}

#[tokio::test]
async fn what_the_page_refuses_is_told_in_its_words_and_the_next_text_goes_on() {
    let mut world = PageWorld::new(0).await;
    let key = world.page.fake.config().api_key.clone();
    let mut settings = world.settings.clone();
    let api = settings.services.get_mut("api").unwrap();
    api.components = vec!["cmpgone00001".to_owned()];
    world.configure(settings, &key);
    let id = world.declare("T1", Severity::P2, "api").await;
    world.publish("T1", &id, "We look into it.").await;
    world.world.settle().await;
    // The mapping is wrong, and the text is published all the same.
    assert_eq!(world.texts(&id), ["We look into it."]);
    let said = world.said(ROOM);
    let complaint = said.iter().filter(|text| text.contains("`cmpgone00001`"));
    assert_eq!(complaint.count(), 1, "{said:?}");

    world.delete_all().await;
    world.publish("T1", &id, "It goes on.").await;
    world.world.settle().await;
    let said = world.said(ROOM);
    let to_author = format!("<@{COMMANDER}>: the status page did not take update 2. It says: ");
    assert!(
        said.iter().any(|text| text.starts_with(&to_author)),
        "{said:?}"
    );
    assert_eq!(world.ledger("T1", &id).await, ["failed", "sent"]);
}

#[test]
fn a_sender_killed_at_any_step_publishes_nothing_twice_and_leaves_nothing_out() {
    at_each_step(killed_at);
}

/// False when everything is published in fewer steps.
async fn killed_at(step: usize, done: bool) -> bool {
    let world = PageWorld::new(0).await;
    let id = world.declare("T1", Severity::P2, "api").await;
    for text in texts(1, 2) {
        world.publish("T1", &id, &text).await;
    }
    let frozen = Arc::clone(&world.world.frozen);
    let mishap = Mishap::Freeze { done, frozen };
    world.world.engine.later(step, &[" T1#"], mishap);
    world.world.wake("T1", lane().as_str()).await;
    world.world.settle().await;
    assert_eq!(world.texts(&id), texts(1, 2), "step {step} {done}");
    assert_eq!(world.component("cmpapi000001"), "partial_outage");
    world.world.engine.all_happened()
}

#[test]
fn nothing_is_lost_or_doubled_in_any_world() {
    in_each_world(12, live);
}

async fn live(seed: u64) {
    let chance = Chance::new(seed);
    let world = World::with_queue(seed, faulty_queue::Rates::ROUGH).await;
    let world = PageWorld::with(world, FakeConfig::default()).await;
    let mut ids = Vec::new();
    for (tenant, service) in [("T1", "web"), ("T1", "shop"), ("T2", "api")] {
        ids.push((tenant, world.declare(tenant, Severity::P2, service).await));
    }
    for n in 0..4 {
        for (place, (tenant, id)) in ids.iter().enumerate() {
            world.publish(tenant, id, &texts(place, 4)[n]).await;
        }
    }
    for _ in 0..12 {
        world.page.fake.add_fault(mishap(&chance));
    }
    world.world.engine.set_rates(Rates::ROUGH);
    for _ in 0..chance.below("deaths", 4) {
        let frozen = Arc::clone(&world.world.frozen);
        let step = chance.below("step", 300);
        let done = chance.per_mille("done before it died", 500);
        let mishap = Mishap::Freeze { done, frozen };
        world.world.engine.later(step, &[" T"], mishap);
    }
    for tenant in ["T1", "T2"] {
        world.world.wake(tenant, lane().as_str()).await;
    }
    world.world.settle().await;
    for (place, (_, id)) in ids.iter().enumerate() {
        assert_eq!(world.texts(id), texts(place, 4), "seed {seed}");
    }
}

fn mishap(chance: &Chance) -> Fault {
    let kinds = [
        FaultKind::Http500,
        FaultKind::Http503,
        FaultKind::Reset,
        FaultKind::BadJson,
        FaultKind::RateLimited,
    ];
    let methods = ["GET", "POST", "PATCH", "PATCH"];
    Fault {
        method: Some(methods[chance.below("method", methods.len())].to_owned()),
        applies: chance.per_mille("applies", 500),
        ..Fault::new(kinds[chance.below("kind", kinds.len())])
    }
}

#[tokio::test]
async fn the_built_in_page_shows_the_same_as_any_other() {
    let mut world = PageWorld::new(0).await;
    let title = "Acme status".to_owned();
    world.configure(settings(StatusPage::BuiltIn { title }), "unused");
    let id = world.declare("T1", Severity::P1, "api").await;
    let other = world.declare("T1", Severity::P3, "web").await;
    for text in texts(1, 2) {
        world.publish("T1", &id, &text).await;
    }
    world.publish("T1", &other, "Slow pages.").await;
    world.world.settle().await;
    world
        .decide("T1", &other, |case| {
            lifecycle::resolve(case, Some("Repaired."))
        })
        .await;
    world.world.settle().await;
    let rows = world.world.engine.truth().tenant(&"T1".into());
    let document = Document::load(&rows, &world.settings)
        .await
        .unwrap()
        .unwrap();
    let view = document.view(world.world.clock.now());
    assert_eq!(view.title, "Acme status");
    let words: Vec<&str> = view.open[0]
        .updates
        .iter()
        .rev()
        .map(|news| news.text.as_str())
        .collect();
    assert_eq!(words, texts(1, 2));
    assert_eq!((view.open.len(), view.past.len()), (1, 1));
    assert_eq!(view.past[0].updates.len(), 2);
    let shown: Vec<(&str, &str)> = view
        .components
        .iter()
        .map(|(name, status)| (name.as_str(), status.as_str()))
        .collect();
    let expected = [
        ("api", "major_outage"),
        ("shop", "operational"),
        ("web", "operational"),
    ];
    assert_eq!(shown, expected);
    assert!(world.page.fake.requests().is_empty());
    let receipt = "Published on the <https://tidegate.example/status/T1|status page>.";
    assert!(world.said(ROOM).contains(&receipt.to_owned()));
}

#[tokio::test]
async fn anyone_reads_the_built_in_page() {
    let product = Product::start().await;
    let browser = Browser::new(&product);
    let page = browser.get("/status/T0SANDBOX1").await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(page.body.contains("Acme status"), "{page:?}");
    assert_eq!(page.headers["cache-control"], "public, max-age=30");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let summary = browser.get("/status/T0SANDBOX1/summary.json").await;
    assert_eq!(summary.json()["title"], "Acme status");
    for path in ["/status/x", "/status/@system", "/status/x/summary.json"] {
        let missing = product.operator(Method::GET, path).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path} {missing:?}");
    }
}
