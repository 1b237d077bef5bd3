//! The home tab: a domain whose section cannot be drawn takes nothing from the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::delivery::Undone;
use tidegate_pipeline::dispatch::{Dispatcher, PUBLISH_HOME};
use tidegate_pipeline::domain::{Domain, DomainSpec, HomeContext};
use tidegate_pipeline::outbox::{Class, Lane};
use tidegate_slack::blocks::section;

use tidegate_testing::effect_story::effect;
use tidegate_testing::install_world::tick;
use tidegate_testing::outbox_world::World;
use tidegate_testing::scripted::KEEP;

static GOOD: DomainSpec = DomainSpec {
    has_home: true,
    ..DomainSpec::named("good")
};

static BAD: DomainSpec = DomainSpec {
    has_home: true,
    ..DomainSpec::named("bad")
};

/// Draws its part of the home tab as one section.
struct Good;

/// How the other domain's section comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Panics,
    Parks,
    Retries,
    /// Fails at the first attempt only.
    Stumbles,
    Long,
    /// Never returns, at any attempt.
    Hangs,
}

struct Bad(Manner, AtomicUsize);

#[async_trait]
impl Domain for Good {
    fn spec(&self) -> &'static DomainSpec {
        &GOOD
    }

    async fn home(&self, _context: HomeContext<'_>) -> Result<Vec<Json>, Undone> {
        Ok(vec![section("good section")])
    }
}

#[async_trait]
impl Domain for Bad {
    fn spec(&self) -> &'static DomainSpec {
        &BAD
    }

    async fn home(&self, _context: HomeContext<'_>) -> Result<Vec<Json>, Undone> {
        let earlier = self.1.fetch_add(1, Ordering::Relaxed);
        match self.0 {
            // As a panic does, without its message on the terminal.
            Manner::Panics => std::panic::resume_unwind(Box::new("a test panics")),
            Manner::Parks => Err(Undone::Park("a damaged row".to_owned())),
            Manner::Stumbles if earlier > 0 => Ok(vec![section("bad section")]),
            Manner::Retries | Manner::Stumbles => Err(Undone::Retry("a test says so".to_owned())),
            Manner::Hangs => std::future::pending().await,
            Manner::Long => Ok(vec![section("bad section"); 150]),
        }
    }
}

/// Opens the home tab of a workspace with so many bad domains and a good one, and returns what Slack shows.
async fn opened(manner: Manner, bad_ones: usize) -> String {
    let mut world = World::new(0).await;
    let clock = Arc::new(world.clock.clone());
    let table = world.engine.table();
    let audit = Audit::new(table.clone(), world.engine.keyring(), clock.clone());
    let bad = || -> Arc<dyn Domain> { Arc::new(Bad(manner, AtomicUsize::new(0))) };
    let mut domains: Vec<Arc<dyn Domain>> = (0..bad_ones).map(|_| bad()).collect();
    domains.push(Arc::new(Good));
    world.performer = Arc::new(Dispatcher::new(domains, table, audit, clock, KEEP));
    let lane = Lane::named(&["home", "U0ANN"]);
    let body = json!({"user": "U0ANN"});
    let post = effect(&lane, PUBLISH_HOME, Class::Repeatable, body);
    world.put("T1", vec![post]).await;
    world.wake("T1", lane.as_str()).await;
    world.settle().await;
    let view = world.slack.home_view("U0ANN");
    view.unwrap_or_else(|| panic!("{manner:?}: no home tab"))["blocks"].to_string()
}

#[tokio::test]
async fn a_section_that_cannot_be_drawn_is_named_beside_the_others() {
    for manner in [Manner::Panics, Manner::Parks, Manner::Retries] {
        let shown = opened(manner, 1).await;
        assert!(shown.contains("good section"), "{manner:?}: {shown}");
        let told = "*bad* cannot be shown at the moment";
        assert!(shown.contains(told), "{manner:?}: {shown}");
    }
}

#[tokio::test]
async fn a_section_that_stumbles_once_is_drawn_by_the_next_attempt() {
    let shown = opened(Manner::Stumbles, 1).await;
    assert!(
        shown.contains("good section") && shown.contains("bad section"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_section_that_is_too_long_is_cut_and_says_so() {
    let shown = opened(Manner::Long, 1).await;
    assert!(shown.contains("good section"), "{shown}");
    assert!(shown.contains("There is more than fits here."), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn many_sections_that_hang_take_no_longer_than_one() {
    let time = tokio::spawn(tick());
    let shown = opened(Manner::Hangs, 5).await;
    time.abort();
    assert!(shown.contains("good section"), "{shown}");
    assert_eq!(shown.matches("*bad* cannot be shown").count(), 5, "{shown}");
}
