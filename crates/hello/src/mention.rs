//! Mentions: a person who mentions the bot is answered in the thread of the mention.

use serde_json::json;
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::ChannelId;

/// Makes the answer to an `app_mention`. `None` if a bot wrote the mention, because two bots could answer each other forever.
pub fn decide(envelope: &Envelope) -> Option<Post> {
    let event = envelope.event()?;
    if event.bot().is_some() || envelope.is_own() {
        return None;
    }
    let (channel, user) = (event.channel()?, event.user()?);
    let thread = event.thread_ts().or(event.ts())?;
    let text = format!("Hello <@{user}>, Tidegate is here. Type `/tidegate ping` to see how fast.");
    Some(Post {
        lane: Lane::channel(&ChannelId::from(channel)),
        target: Target::Channel,
        body: json!({"channel": channel, "thread_ts": thread, "text": text}),
        class: Class::AtMostOnce,
        purpose: "mention_reply",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn reply(event: &Value) -> Option<Value> {
        let outer = json!({
            "type": "event_callback", "api_app_id": "A1", "event": event,
            "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": true}],
        });
        decide(&Envelope::parse(outer.to_string().as_bytes()).unwrap()).map(|post| post.body)
    }

    fn mention() -> Value {
        json!({"type": "app_mention", "channel": "C1", "user": "U1", "ts": "10.1", "text": "<@UBOT> hi"})
    }

    #[test]
    fn a_mention_is_answered_in_its_thread() {
        let body = reply(&mention()).unwrap();
        assert_eq!(
            (&body["channel"], &body["thread_ts"]),
            (&json!("C1"), &json!("10.1"))
        );
        let mut in_thread = mention();
        in_thread["thread_ts"] = json!("9.0");
        assert_eq!(reply(&in_thread).unwrap()["thread_ts"], json!("9.0"));
    }

    #[test]
    fn no_bot_is_answered() {
        for (field, value) in [("bot_id", "B1"), ("user", "UBOT"), ("app_id", "A1")] {
            let mut event = mention();
            event[field] = json!(value);
            assert_eq!(reply(&event), None, "{field}");
        }
    }
}
