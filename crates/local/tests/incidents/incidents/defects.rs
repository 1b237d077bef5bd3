//! The ten defects of the bot that this one takes after: each has a test that it has not come back.

use std::time::Duration;

use serde_json::json;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_fake_statuspage::{FakeConfig, FakeStatuspage, Running, SeedComponent};
use tidegate_testing::product::until;

use super::declare_world::{DeclareWorld, Seen};
use super::people::{ALICE, BOB, CAROL, DAVE, GENERAL, PACE, Workspace, mention};

const INCIDENTS: &str = "C0INCIDENT1";
const RANDOM: &str = "C0RANDOM001";

async fn workspace() -> Workspace {
    Workspace::start(&[
        ("SERVICES", "api,web"),
        ("P1_CHANNELS", "C0GENERAL01,C0INCIDENT1,C0RANDOM001"),
        ("P1_USERS", DAVE),
        ("INCIDENT_ADMINS", ALICE),
    ])
    .await
}

/// A stand-in Statuspage, and a workspace whose service `api` has a component there.
async fn with_page() -> (Running, Workspace) {
    let page = FakeStatuspage::start(FakeConfig {
        components: vec![SeedComponent::new("cmpapi000001", "API")],
        calls_per_minute: FakeConfig::default().calls_per_minute * PACE as usize,
        ..FakeConfig::default()
    });
    let page = page.await.unwrap();
    let url = page.api_url();
    let workspace = Workspace::start(&[
        ("SERVICES", "api"),
        ("INCIDENT_ADMINS", ALICE),
        ("STATUSPAGE_API_KEY", "sandbox-statuspage-key"),
        ("STATUSPAGE_PAGE_ID", "sandboxpage1"),
        ("STATUSPAGE_API_BASE_URL", &url),
    ])
    .await;
    workspace
        .types(ALICE, GENERAL, "map api cmpapi000001")
        .await;
    (page, workspace)
}

/// Types `/incident …`, and goes on when it has been handled: what follows in Slack and on the page may take longer.
async fn asks(workspace: &Workspace, user: &str, channel: &str, text: &str) {
    let typed = workspace
        .slack()
        .run_command(user, channel, "/incident", text);
    let report = typed.await;
    assert!(report.ok, "{text}: {report:?}");
    workspace.product.handled().await;
}

/// Declares, and answers the incident's channel.
async fn declares(workspace: &Workspace, user: &str, text: &str) -> String {
    let channels = || workspace.slack().channels().into_iter().map(|one| one.id);
    let before: Vec<String> = channels().collect();
    let text = format!("declare {text} service:api");
    asks(workspace, user, GENERAL, &text).await;
    until(&text, async || {
        let made = channels().find(|id| id.starts_with('C') && !before.contains(id))?;
        let is_filled = !workspace.slack().topic(&made).is_empty();
        is_filled.then_some(made)
    })
    .await
}

/// What people were told alone, with all blocks.
fn private_answers(workspace: &Workspace) -> String {
    format!("{:?}", workspace.slack().ephemerals())
}

/// Waits until the page shows the component so.
async fn component_is(page: &Running, status: &str) {
    until(&format!("the component is {status}"), async || {
        let api = page.fake.components().into_iter().next()?;
        (api.status == status).then_some(())
    })
    .await;
}

#[tokio::test]
async fn seed_defect_1_every_status_is_reachable_and_shown() {
    let (page, workspace) = with_page().await;
    let room = declares(&workspace, BOB, "Checkout is down sev:P2 triage").await;
    let shown = || workspace.slack().topic(&room);
    assert!(shown().contains("triage"), "{}", shown());
    for (text, status) in [
        ("accept", "declared"),
        ("status investigating Looking", "investigating"),
        ("status identified A disk is full", "identified"),
        ("status investigating It was not the disk", "investigating"),
        ("status monitoring Restarted", "monitoring"),
        ("resolved All well", "resolved"),
        ("reopen Not so well", "investigating"),
        ("resolved Now it is", "resolved"),
        ("cancel It was none", "resolved"),
    ] {
        workspace.types(BOB, &room, text).await;
        assert!(shown().contains(status), "{text}: {}", shown());
        if status == "identified" || status == "monitoring" {
            let public = format!("public Now {status}");
            workspace.types(BOB, &room, &public).await;
            until(&format!("the page says {status}"), async || {
                let posted = page.fake.incidents().pop()?;
                (posted.status == status).then_some(())
            })
            .await;
        }
    }
    workspace.types(ALICE, &room, "close").await;
    assert!(shown().contains("closed"), "{}", shown());
    let other = declares(&workspace, BOB, "Another one sev:P3").await;
    workspace.types(BOB, &other, "cancel A false alarm").await;
    let topic = workspace.slack().topic(&other);
    assert!(topic.contains("cancel"), "{topic}");
}

#[tokio::test]
async fn seed_defect_2_the_throttle_holds_between_commands_and_swallows_no_resolve() {
    let world = DeclareWorld::new().await;
    world.declare().await;
    world.settle().await;
    let channels = world.world.slack.channels();
    let room = channels.iter().find(|one| one.name.starts_with("inc-"));
    let room = room.unwrap().id.as_str();
    // Bob hears of every P1.
    let told = || world.world.slack.messages("D0BOB000001").len();
    assert_eq!(told(), 1);
    for (id, text, messages) in [
        ("1", "status Looking", 2),
        ("2", "status Still looking, within five minutes", 2),
        ("3", "resolved Rolled back, which is never swallowed", 3),
        ("4", "reopen It is back", 4),
        ("5", "status Looking again", 4),
    ] {
        world.types(id, room, text).await;
        world.settle().await;
        assert_eq!(told(), messages, "{text}");
    }
    world.passes_time(Duration::from_mins(6)).await;
    world.types("6", room, "status Five minutes later").await;
    world.settle().await;
    assert_eq!(told(), 5);
}

#[tokio::test]
async fn seed_defect_3_one_target_that_fails_stops_no_other() {
    let workspace = workspace().await;
    let mut fault = Fault::new("chat.postMessage", FaultKind::OkFalse);
    fault.channel = Some(INCIDENTS.to_owned());
    fault.error = Some("channel_not_found".to_owned());
    fault.times = 100;
    workspace.slack().add_fault(fault);
    let room = declares(&workspace, BOB, "Checkout is down sev:P1").await;
    for told in [GENERAL, RANDOM, "D0DAVE00001"] {
        let said = workspace.said(told);
        assert!(said.contains("Checkout is down"), "{told}: {said}");
    }
    assert_eq!(workspace.said(INCIDENTS), "");
    workspace.types(BOB, &room, "deliveries").await;
    let deliveries = private_answers(&workspace);
    assert!(deliveries.contains("channel_not_found"), "{deliveries}");
    workspace.types(BOB, &room, "resolved Rolled back").await;
    for told in [GENERAL, RANDOM, "D0DAVE00001"] {
        let said = workspace.said(told);
        assert!(said.to_lowercase().contains("resolved"), "{told}: {said}");
    }
}

#[tokio::test]
async fn seed_defect_4_a_status_page_that_fails_is_tried_again_until_it_has_it() {
    use tidegate_fake_statuspage::{Fault, FaultKind};
    let (page, workspace) = with_page().await;
    let room = declares(&workspace, BOB, "Checkout is down sev:P2").await;
    page.fake.add_fault(Fault {
        times: Some(2),
        ..Fault::new(FaultKind::Http503)
    });
    page.fake.add_fault(Fault::after_effect(FaultKind::Reset));
    // The queue is not empty before the page has it.
    asks(&workspace, BOB, &room, "public Checkout fails").await;
    let forward = async || {
        workspace.product.clock.advance(Duration::from_secs(1));
        let posted = page.fake.incidents();
        let text = posted.first()?.incident_updates.first()?.body.clone();
        (text.contains("Checkout fails")).then_some(posted.len())
    };
    let posted = until("the page has it", forward).await;
    assert_eq!(posted, 1, "once");
}

#[tokio::test]
async fn seed_defect_5_the_status_page_has_an_incident_with_its_updates() {
    let (page, workspace) = with_page().await;
    let room = declares(&workspace, BOB, "Checkout is down sev:P2").await;
    for text in ["First words", "Second words"] {
        let public = format!("public {text}");
        workspace.types(BOB, &room, &public).await;
        until("the page has it", async || {
            let posted = page.fake.incidents().pop()?;
            let newest = posted.incident_updates.first()?;
            newest.body.contains(text).then_some(())
        })
        .await;
    }
    let posted = page.fake.incidents();
    assert_eq!(posted.len(), 1);
    assert_eq!(posted[0].incident_updates.len(), 2);
    assert_eq!(posted[0].component_ids, ["cmpapi000001"]);
}

#[tokio::test]
async fn seed_defect_6_a_component_that_another_incident_holds_is_not_operational() {
    let (page, workspace) = with_page().await;
    let first = declares(&workspace, BOB, "Checkout is down sev:P1").await;
    component_is(&page, "major_outage").await;
    let second = declares(&workspace, CAROL, "Logins fail sev:P2").await;
    asks(&workspace, BOB, &first, "resolved Rolled back").await;
    component_is(&page, "partial_outage").await;
    asks(&workspace, CAROL, &second, "resolved Rolled back too").await;
    component_is(&page, "operational").await;
}

#[tokio::test]
async fn seed_defect_7_an_incident_declared_while_slack_is_down_is_recorded() {
    let world = DeclareWorld::new().await;
    let down = Fault::of_everything(FaultKind::Http503, Duration::from_mins(10));
    world.world.slack.add_fault(down);
    world.declare().await;
    world.passes_time(Duration::from_mins(9)).await;
    let seen = world.seen().await;
    assert_eq!((seen.incidents.len(), seen.channels), (1, 0));
    world.settle().await;
    assert_eq!(world.seen().await, Seen::whole());
}

#[tokio::test]
async fn seed_defect_8_names_in_any_script_make_a_channel() {
    let workspace = workspace().await;
    let titles = [
        "Ошибка оплаты: платежи не проходят уже несколько минут подряд, и никто не знает почему",
        "決済が失敗しています。チェックアウトページが表示されず、ユーザーが注文を完了できません。",
        "Zahlungen schlagen fehl — größere Störung in der Übermittlung, Kunden können nichts kaufen",
        "🔥🔥🔥 👩‍👩‍👧‍👧",
    ];
    for title in titles {
        let text = format!("\"{title}\" sev:P3");
        let room = declares(&workspace, BOB, &text).await;
        let channels = workspace.slack().channels();
        let made = channels.iter().find(|one| one.id == room).unwrap();
        assert!(made.name.starts_with("inc-"), "{title}: {}", made.name);
        let header = workspace.said(&room);
        assert!(header.contains(title), "{header}");
    }
}

#[tokio::test]
async fn seed_defect_9_limits_are_waited_out_and_what_comes_twice_is_done_once() {
    let world = DeclareWorld::new().await;
    for method in ["conversations.create", "chat.postMessage", "pins.add"] {
        let mut fault = Fault::new(method, FaultKind::RateLimited);
        fault.retry_after = Some(json!(30));
        fault.times = 2;
        world.world.slack.add_fault(fault);
    }
    world.declare().await;
    world.declare().await;
    world.settle().await;
    assert_eq!(world.seen().await, Seen::whole());
}

#[tokio::test]
async fn seed_defect_10_forms_are_answered_the_command_passes_on_and_an_end_is_no_end() {
    let workspace = workspace().await;
    let room = declares(&workspace, BOB, "Checkout is down sev:P2").await;
    // The problems of a form reach the person who filled it in, also after it was taken.
    workspace.types(BOB, &room, "update").await;
    let pass = format!("commander {}", mention(CAROL));
    workspace.types(BOB, &room, &pass).await;
    let form = json!({"status": "identified", "text": "It was the disk"});
    workspace.submits(BOB, &form).await;
    let told = workspace.said("D0BOB000001");
    assert!(told.contains("Only"), "{told}");
    // The commander has changed.
    let topic = workspace.slack().topic(&room);
    assert!(topic.contains(CAROL), "{topic}");
    // Cancelled, and it was one after all; resolved, and it comes back; closed, and put away in time.
    workspace.types(CAROL, &room, "cancel A false alarm").await;
    workspace.types(CAROL, &room, "reopen It was one").await;
    workspace.types(CAROL, &room, "resolved Rolled back").await;
    workspace.types(CAROL, &room, "reopen Not quite").await;
    workspace.types(CAROL, &room, "resolved For good").await;
    let said = workspace.said(&room).to_lowercase();
    for words in ["cancel", "reopen", "resolved"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    workspace.types(ALICE, &room, "close").await;
    let days = Duration::from_hours(24 * 15);
    workspace.product.clock.advance(days);
    until("the channel is put away", async || {
        let channels = workspace.slack().channels();
        let one = channels.iter().find(|one| one.id == room)?;
        one.is_archived.then_some(())
    })
    .await;
}
