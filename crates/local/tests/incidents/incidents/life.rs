//! The whole life of an incident, over HTTP with signed requests, against the stand-in Slack and a stand-in Statuspage that
//! keeps Statuspage's limits.

use serde_json::json;
use tidegate_fake_statuspage::{FakeConfig, FakeStatuspage, SeedComponent};
use tidegate_testing::product::until;

use super::people::{ALICE, BOB, CAROL, DAVE, GENERAL, PACE, Workspace, mention};

const ENGINEERING: &str = "C0ENGINEER1";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn from_the_declaration_to_the_post_mortem() {
    let page = FakeStatuspage::start(FakeConfig {
        components: vec![SeedComponent::new("cmpapi000001", "API")],
        calls_per_minute: FakeConfig::default().calls_per_minute * PACE as usize,
        ..FakeConfig::default()
    })
    .await
    .unwrap();
    let url = page.api_url();
    let workspace = Workspace::start(&[
        ("SERVICES", "api,payments"),
        ("SERVICE_OWNERS", r#"{"api":["U0BOB000001"]}"#),
        ("NOTIFICATION_CHANNEL_GENERAL", GENERAL),
        ("NOTIFICATION_CHANNEL_ENGINEERING", ENGINEERING),
        ("P1_USERS", DAVE),
        ("INCIDENT_ADMINS", ALICE),
        ("STATUSPAGE_API_KEY", "sandbox-statuspage-key"),
        ("STATUSPAGE_PAGE_ID", "sandboxpage1"),
        ("STATUSPAGE_API_BASE_URL", &url),
    ])
    .await;
    let slack = workspace.slack();
    workspace
        .types(ALICE, GENERAL, "map api cmpapi000001")
        .await;

    // Declared by the form.
    workspace.types(ALICE, GENERAL, "declare").await;
    let form = json!({
        "title": "Checkout is down", "severity": "P2", "service": ["api"], "commander": ALICE,
    });
    workspace.submits(ALICE, &form).await;
    let channel = workspace.channel("api");
    let room = channel.as_str();
    assert!(
        slack.topic(room).starts_with("P2 · declared"),
        "{}",
        slack.topic(room)
    );
    assert_eq!(slack.pins(room).len(), 1);
    assert!(workspace.said(ENGINEERING).contains("Checkout is down"));
    assert!(!workspace.said(GENERAL).contains("Checkout is down"));

    // Somebody says where it stands, and it gets worse.
    workspace
        .types(ALICE, room, "status identified A deploy broke it")
        .await;
    assert!(
        slack.topic(room).contains("identified"),
        "{}",
        slack.topic(room)
    );
    workspace
        .types(ALICE, room, "severity P1 all regions")
        .await;
    assert!(workspace.said(GENERAL).contains("Checkout is down"));
    assert!(workspace.said("D0DAVE00001").contains("Checkout is down"));

    // Handed over, which counts once the other says yes.
    let offer = format!("handover {} I need sleep", mention(BOB));
    workspace.types(ALICE, room, &offer).await;
    assert!(slack.topic(room).contains(ALICE), "{}", slack.topic(room));
    workspace
        .clicks(BOB, room, "incident.handover_accept")
        .await;
    assert!(slack.topic(room).contains(BOB), "{}", slack.topic(room));

    // The public hears of it once the commander has said yes.
    workspace
        .types(BOB, room, &format!("role comms {}", mention(CAROL)))
        .await;
    workspace
        .types(CAROL, room, "public Checkout fails for some of you")
        .await;
    assert!(page.fake.incidents().is_empty(), "a P1 needs the commander");
    workspace.clicks(BOB, room, "incident.public_publish").await;
    let public = until("it is published", async || page.fake.incidents().pop()).await;
    assert_eq!(public.incident_updates.len(), 1);
    until("the component shows it", async || {
        let api = page
            .fake
            .components()
            .into_iter()
            .find(|c| c.id == "cmpapi000001");
        (api?.status == "partial_outage").then_some(())
    })
    .await;

    // Over, not over, over; put away; looked back at.
    workspace.types(BOB, room, "resolved Rolled back").await;
    assert!(workspace.said(GENERAL).contains("resolved"));
    workspace.types(BOB, room, "reopen It came back").await;
    workspace.types(BOB, room, "resolved Fixed for good").await;
    workspace.types(BOB, room, "postmortem").await;
    workspace.types(BOB, room, "postmortem publish").await;
    workspace.types(ALICE, room, "close").await;
    let said = workspace.said(room);
    for words in [
        "identified",
        "has the command",
        "resolved",
        "reopened",
        "post-mortem published",
        "closed",
    ] {
        assert!(
            said.to_lowercase().contains(&words.to_lowercase()),
            "{words}: {said}"
        );
    }
    until("the public knows that it is over", async || {
        let posted = page.fake.incidents().pop()?;
        (posted.status == "resolved").then_some(())
    })
    .await;
    let timeline = workspace.types(BOB, room, "timeline").await;
    assert!(timeline.contains("A deploy broke it"), "{timeline}");
    let verified = workspace.types(BOB, room, "timeline verify").await;
    assert!(!verified.contains("cannot answer"), "{verified}");
    let stats = workspace.types(BOB, GENERAL, "stats 30d").await;
    assert!(stats.contains("P1"), "{stats}");
}
