//! Events: what a user's message sets off, and the bot's own posts on their way back to the app.

use serde_json::Value;

use crate::delivery::{DeliveryReport, Outgoing};
use crate::envelope::Addressee;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::PostedMessage;
use crate::signing::keyed_hash;
use crate::workspaces::Place;

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
        let author = event.get("team").and_then(Value::as_str);
        let place = event.get("channel").and_then(Value::as_str);
        let to = self.addressee(place.unwrap_or_default(), author);
        let mention = (self.names_bot(&to, text) && !is_direct).then(|| {
            let mut mention = event.clone();
            mention["type"] = "app_mention".into();
            if let Some(fields) = mention.as_object_mut() {
                fields.remove("channel_type");
            }
            mention
        });
        let message = self.send_event_to(&to, event);
        let report = match mention {
            // Slack sends the two side by side, in no order.
            Some(mention) => {
                let (message, mention) = tokio::join!(message, self.send_event_to(&to, mention));
                message.and(mention)
            }
            None => message.await,
        };
        DeliveryReport {
            ts: Some(ts),
            ..report
        }
    }

    /// Sends any event of the first workspace in a real envelope; a `C…` channel it names is made on demand.
    pub async fn send_event(&self, inner_event: Value) -> DeliveryReport {
        self.send_event_to(&Addressee::default(), inner_event).await
    }

    /// Sends any event of any workspace or organisation, whether or not the app is installed there.
    pub async fn send_event_to(&self, to: &Addressee, inner_event: Value) -> DeliveryReport {
        self.deliver(self.envelop(to, inner_event)).await
    }

    /// Shares a channel with another workspace, as Slack Connect does; tells whether it exists.
    pub fn share_channel(&self, channel: &str, team: &str) -> bool {
        let now = self.now();
        let mut world = self.world();
        let Some(room) = world.room(channel, now) else {
            return false;
        };
        if !room.is_in(team) {
            room.channel.shared_with.push(team.to_owned());
        }
        world.revision += 1;
        true
    }

    /// The addressee of an event of a message. In a shared channel that is the author's workspace if the app is installed there,
    /// else the first one that has it.
    pub(crate) fn addressee(&self, channel: &str, author_team: Option<&str>) -> Addressee {
        let config = self.config();
        let world = self.world();
        let Some(room) = world.rooms.get(channel) else {
            return Addressee::default();
        };
        let author = author_team.unwrap_or(&room.channel.team);
        let mut sides = vec![author, &room.channel.team];
        sides.extend(room.channel.shared_with.iter().map(String::as_str));
        let has_app = |team: &&&str| {
            let place = world.installs.covering(config, team);
            world.installs.is_installed(&place)
        };
        let through = sides
            .iter()
            .filter(|team| room.is_in(team))
            .find(has_app)
            .copied()
            .unwrap_or(&room.channel.team);
        let is_shared = !room.channel.shared_with.is_empty();
        Addressee {
            author_team: is_shared.then(|| author.to_owned()),
            ..Addressee::team(through)
        }
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
        let channel = world.channel_id(channel);
        let home = world.room(&channel, now).ok_or("channel_not_found")?;
        let home = home.channel.team.clone();
        if !world.meet_user_in(&home, user) {
            return Err("user_not_found");
        }
        let author_team = world.users.get(user).map(|user| user.team.clone());
        let tick = world.tick(now);
        let ts = world.next_ts(now);
        let room = world.room(&channel, now).ok_or("channel_not_found")?;
        if room.channel.is_archived {
            return Err("is_archived");
        }
        if room.channel.is_private && !room.has_member(user) {
            return Err("not_in_channel");
        }
        let message = PostedMessage {
            channel,
            ts: ts.clone(),
            user: user.to_owned(),
            text: text.to_owned(),
            thread_ts: thread_ts.map(str::to_owned),
            client_msg_id: Some(client_msg_id(&self.config().signing_secret, tick)),
            // A person of another workspace speaks for it only where the channel is shared with it.
            team: author_team.filter(|team| room.is_in(team)).or(Some(home)),
            ..PostedMessage::default()
        };
        let event = message_json::as_event(self.config(), room, &message);
        let is_direct = room.kind() == "im";
        room.post(message);
        world.revision += 1;
        Ok((ts, event, is_direct))
    }

    /// Tells the app of the bot's own doings, without keeping the caller waiting.
    pub(crate) fn echo(&self, event: Value) {
        if !self.config().echo_bot_messages || !self.has_app() {
            return;
        }
        let channel = event.get("channel").and_then(Value::as_str);
        let author = event.get("team").and_then(Value::as_str);
        let to = self.addressee(channel.unwrap_or_default(), author);
        self.send_in_background(&to, event);
    }

    /// Tells the app what became of its installation.
    pub(crate) fn tell_in_background(&self, place: &Place, event: Value) {
        if self.has_app() {
            self.send_in_background(&Addressee::whole(place), event);
        }
    }

    pub(crate) fn send_in_background(&self, to: &Addressee, event: Value) {
        let outgoing = Outgoing {
            in_background: true,
            ..self.envelop(to, event)
        };
        let fake = self.clone();
        tokio::spawn(async move { fake.deliver(outgoing).await });
    }

    /// Whether a text names the app's bot, as the installation knows it or as the first workspace does.
    fn names_bot(&self, to: &Addressee, text: &str) -> bool {
        let config = self.config();
        let team = to.team.as_ref().unwrap_or(&config.team_id);
        let place = self.world().installs.covering(config, team);
        let bots = [config.bot_user_of(&place), config.bot_user_id.clone()];
        bots.iter().any(|bot| text.contains(&format!("<@{bot}>")))
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
