//! Tests of scheduled messages: `chat.scheduleMessage` and its list.

use std::time::Duration;

use serde_json::json;

use crate::fakes::{START, sandbox};
use crate::oauth::text;

#[tokio::test]
async fn a_scheduled_message_is_listed_taken_back_or_posted_in_time() {
    let sandbox = sandbox().await;
    let at = |seconds: u64| json!({ "channel": "C0GENERAL01", "text": "later", "post_at": START.as_secs() + seconds });
    let kept = sandbox.call("chat.scheduleMessage", at(60)).await;
    assert_eq!(kept["post_at"], START.as_secs() + 60);
    let other = sandbox.call("chat.scheduleMessage", at(90)).await;
    assert_eq!(
        sandbox.error("chat.scheduleMessage", at(0)).await,
        "time_in_past"
    );
    let far = at(121 * 24 * 3600);
    assert_eq!(
        sandbox.error("chat.scheduleMessage", far).await,
        "time_too_far"
    );

    let page = sandbox
        .call("chat.scheduledMessages.list", json!({ "limit": 1 }))
        .await;
    assert_eq!(
        page["scheduled_messages"][0]["id"],
        kept["scheduled_message_id"]
    );
    let cursor = text(&page, "/response_metadata/next_cursor");
    let rest = sandbox
        .call("chat.scheduledMessages.list", json!({ "cursor": cursor }))
        .await;
    assert_eq!(rest["scheduled_messages"].as_array().unwrap().len(), 1);
    let back =
        json!({ "channel": "C0GENERAL01", "scheduled_message_id": other["scheduled_message_id"] });
    let method = "chat.deleteScheduledMessage";
    assert_eq!(sandbox.call(method, back.clone()).await["ok"], true);
    assert_eq!(
        sandbox.error(method, back).await,
        "invalid_scheduled_message_id"
    );

    sandbox.clock.advance(Duration::from_mins(1));
    sandbox.call("auth.test", json!({})).await;
    let posted = sandbox.fake.messages("C0GENERAL01");
    assert_eq!((posted.len(), posted[0].text.as_str()), (1, "later"));
}
