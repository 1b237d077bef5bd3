//! Incidents that would have one name: each has a channel of its own, however seldom Slack takes a call.

use super::declare_world::DeclareWorld;

#[tokio::test]
async fn incidents_of_one_name_have_a_channel_each_also_when_no_call_is_left() {
    let world = DeclareWorld::new().await;
    for n in 0..5 {
        let id = format!("command.{n}");
        let text = "declare \"決済が失敗しています\" sev:P3 service:api";
        world.types(&id, "C0RANDOM001", text).await;
    }
    world.settle().await;
    assert_eq!(world.seen().await.channels, 5);
    let calls = world.world.slack.calls();
    let asked = calls
        .iter()
        .filter(|call| call.method == "conversations.create");
    // The first has its name; each other one is told once that it is taken.
    assert_eq!(asked.count(), 1 + 4 * 2);
}
