//! Events: the outer envelope, what a user's message sets off, and the bot's own posts on their way back to the app.

use serde_json::{Value, json};

use crate::delivery::{DeliveryReport, Outgoing};
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::PostedMessage;
use crate::signing::keyed_hash;

impl FakeSlack {
    /// Posts a message as this user and tells the app: a `message` event, and an `app_mention` if it names the bot.
    pub async fn post_as_user(
        &self,
        user: &str,
        channel: &str,
        text: &str,
        thread_ts: Option<&str>,
    ) -> DeliveryReport {
        let (ts, event, is_direct) = match self.record_user_message(user, channel, text, thread_ts)
        {
            Ok(recorded) => recorded,
            Err(error) => return DeliveryReport::refused(error),
        };
        let mention = (text.contains(&format!("<@{}>", self.config().bot_user_id)) && !is_direct)
            .then(|| {
                let mut mention = event.clone();
                mention["type"] = "app_mention".into();
                if let Some(fields) = mention.as_object_mut() {
                    fields.remove("channel_type");
                }
                mention
            });
        let message = self.send_event(event);
        let report = match mention {
            // Slack sends the two side by side, in no order.
            Some(mention) => {
                let (message, mention) = tokio::join!(message, self.send_event(mention));
                message.and(mention)
            }
            None => message.await,
        };
        DeliveryReport {
            ts: Some(ts),
            ..report
        }
    }

    /// Sends any event in a real envelope; a `C…` channel it names is made on demand.
    pub async fn send_event(&self, inner_event: Value) -> DeliveryReport {
        self.deliver(self.envelop(inner_event)).await
    }

    fn record_user_message(
        &self,
        user: &str,
        channel: &str,
        text: &str,
        thread_ts: Option<&str>,
    ) -> Result<(String, Value, bool), &'static str> {
        let now = self.now();
        let mut world = self.world();
        if !world.meet_user(user) {
            return Err("user_not_found");
        }
        let channel = world.channel_id(channel);
        let tick = world.tick(now);
        let ts = world.next_ts(now);
        let room = world.room(&channel, now).ok_or("channel_not_found")?;
        if room.channel.is_archived {
            return Err("is_archived");
        }
        let message = PostedMessage {
            channel,
            ts: ts.clone(),
            user: user.to_owned(),
            text: text.to_owned(),
            thread_ts: thread_ts.map(str::to_owned),
            client_msg_id: Some(client_msg_id(&self.config().signing_secret, tick)),
            ..PostedMessage::default()
        };
        let event = message_json::as_event(self.config(), room, &message);
        let is_direct = room.kind() == "im";
        room.post(message);
        world.revision += 1;
        Ok((ts, event, is_direct))
    }

    /// The request that carries an inner event.
    fn envelop(&self, mut event: Value) -> Outgoing {
        let config = self.config();
        let now = self.now();
        let mut world = self.world();
        if let Some(channel) = event.get("channel").and_then(Value::as_str) {
            world.room(channel, now);
        }
        let event_id = world.next_id("Ev", now);
        if let Some(fields) = event.as_object_mut() {
            fields
                .entry("event_ts")
                .or_insert_with(|| world.next_ts(now).into());
        }
        drop(world);
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("event")
            .to_owned();
        let context = keyed_hash(&config.signing_secret, &[b"context", event_id.as_bytes()]);
        let envelope = json!({
            "token": self.verification_token(),
            "team_id": config.team_id,
            "context_team_id": config.team_id,
            "context_enterprise_id": config.enterprise_id,
            "api_app_id": config.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": now.as_secs(),
            "authorizations": [{
                "enterprise_id": config.enterprise_id,
                "team_id": config.team_id,
                "user_id": config.bot_user_id,
                "is_bot": true,
                "is_enterprise_install": false,
            }],
            "is_ext_shared_channel": false,
            "event_context": format!("4-{context}"),
        });
        Outgoing {
            kind,
            path: "/slack/events",
            content_type: "application/json",
            body: envelope.to_string(),
            event_id: Some(event_id),
            retried: true,
            in_background: false,
        }
    }

    /// Tells the app of the bot's own doings, without keeping the caller waiting.
    pub(crate) fn echo(&self, event: Value) {
        if !self.config().echo_bot_messages || self.app_url().is_none() {
            return;
        }
        let outgoing = Outgoing {
            in_background: true,
            ..self.envelop(event)
        };
        let fake = self.clone();
        tokio::spawn(async move { fake.deliver(outgoing).await });
    }

    /// Slack's deprecated way to tell that a request is its own; still in every payload.
    pub(crate) fn verification_token(&self) -> String {
        let hash = keyed_hash(&self.config().signing_secret, &[b"verification token"]);
        hash.get(..24).unwrap_or(&hash).to_owned()
    }
}

/// A UUID, as Slack's own clients send with each message.
fn client_msg_id(secret: &str, tick: u64) -> String {
    let hash = keyed_hash(secret, &[b"client message", &tick.to_be_bytes()]);
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-4{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}
