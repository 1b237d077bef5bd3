//! A flood of deliveries to receivers that do not answer, and a reply in Slack meanwhile.

use serde_json::{Value, json};
use tidegate_testing::product::{envelope, mention, until};

use crate::receiver::{Receiver, Reply};
use crate::setting::{CHANNEL, make, product, send_now};

/// Hooks of the workspace, all to one receiver: as many as one may have.
const HOOKS: usize = 20;
/// Lanes that local mode works on at once.
const LANES: usize = 64;

fn reaction(name: &str) -> Value {
    let item = json!({"type": "message", "channel": CHANNEL, "ts": "1763690400.000100"});
    envelope(&json!({
        "type": "reaction_added", "user": "U0ALICE0001", "reaction": name, "item": item,
        "event_ts": tidegate_testing::product::unique_ts(),
    }))
}

/// When a lane becomes free, the reply is next, although deliveries of the same workspace have waited for longer.
#[tokio::test]
async fn a_reply_does_not_wait_behind_a_backlog_of_deliveries() {
    let product = product().await;
    let receiver = Receiver::start(Reply::Nothing).await;
    for _ in 0..HOOKS {
        make(
            &product,
            &receiver.url,
            json!({"events": ["reaction_added"]}),
        )
        .await;
    }
    send_now(&product, &reaction("eyes")).await;
    receiver.has_got(HOOKS).await;
    for _ in 0..4 {
        send_now(&product, &reaction("hourglass")).await;
    }
    receiver.has_got(LANES).await;
    product.handled().await;
    send_now(&product, &mention(CHANNEL, "are you there?")).await;
    product.handled().await;
    assert_eq!(product.replies(CHANNEL).len(), 0, "every lane is taken");
    receiver.answer(Reply::NothingTo("hourglass", 200));
    until("the reply", async || {
        (!product.replies(CHANNEL).is_empty()).then_some(())
    })
    .await;
    // The lanes that became free are taken again, and no call was given up.
    until("the next deliveries", async || {
        (receiver.got().len() >= LANES + HOOKS - 1).then_some(())
    })
    .await;
    let waiting = receiver.waiting();
    assert!(waiting >= LANES - HOOKS, "only {waiting} calls still wait");
    receiver.answer(Reply::ok());
    receiver.has_got(5 * HOOKS).await;
}
