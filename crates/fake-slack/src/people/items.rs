//! What people do with messages: edit, delete, react, pin.

use serde_json::Value;

use crate::channel_events;
use crate::delivery::DeliveryReport;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::PostedMessage;
use crate::room::{Pin, Room};

/// A person's action in a channel, and the event about it; no event where there is none to send.
pub(super) type Done = Result<(String, Option<Value>), &'static str>;

impl FakeSlack {
    /// Changes the text of a person's own message: `message_changed`.
    pub async fn edit_as_user(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        text: &str,
    ) -> DeliveryReport {
        let event_ts = self.world().next_ts(self.now());
        let config = self.config();
        let done = self.in_room(channel, |room| {
            let previous = own(room, user, ts).ok_or("cant_update_message")?.clone();
            let edited = PostedMessage {
                text: text.to_owned(),
                edited_ts: Some(event_ts.clone()),
                ..previous.clone()
            };
            let event = message_json::as_change(config, room, &previous, &edited, &event_ts);
            room.messages.insert(ts.to_owned(), edited);
            Ok(event)
        });
        self.tell_of_message(done).await
    }

    /// Deletes a person's own message: `message_deleted`.
    pub async fn delete_as_user(&self, user: &str, channel: &str, ts: &str) -> DeliveryReport {
        let event_ts = self.world().next_ts(self.now());
        let config = self.config();
        let done = self.in_room(channel, |room| {
            let message = own(room, user, ts).ok_or("cant_delete_message")?;
            let event = message_json::as_deletion(config, room, message, &event_ts);
            room.remove(ts);
            Ok(event)
        });
        self.tell_of_message(done).await
    }

    /// Reacts to any message: `reaction_added`.
    pub async fn react_as_user(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        name: &str,
    ) -> DeliveryReport {
        let done = self.in_room(channel, |room| {
            room.react(ts, user, name)?;
            Ok(channel_events::reaction(
                "reaction_added",
                room,
                ts,
                user,
                name,
            ))
        });
        self.tell(done.map(|(id, event)| (id, Some(event)))).await
    }

    /// Takes a reaction back: `reaction_removed`.
    pub async fn unreact_as_user(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        name: &str,
    ) -> DeliveryReport {
        let done = self.in_room(channel, |room| {
            room.unreact(ts, user, name)?;
            Ok(channel_events::reaction(
                "reaction_removed",
                room,
                ts,
                user,
                name,
            ))
        });
        self.tell(done.map(|(id, event)| (id, Some(event)))).await
    }

    /// Pins a message: `pin_added`.
    pub async fn pin_as_user(&self, user: &str, channel: &str, ts: &str) -> DeliveryReport {
        let now = self.now();
        let done = self.in_room(channel, |room| {
            if !room.messages.contains_key(ts) {
                return Err("message_not_found");
            }
            if room.pins.iter().any(|pin| pin.ts == ts) {
                return Err("already_pinned");
            }
            let pin = Pin {
                ts: ts.to_owned(),
                user: user.to_owned(),
                created: now,
            };
            room.pins.push(pin.clone());
            Ok(channel_events::pin(
                "pin_added",
                self.config(),
                room,
                &pin,
                user,
            ))
        });
        self.tell(done).await
    }

    /// Takes a pin off: `pin_removed`.
    pub async fn unpin_as_user(&self, user: &str, channel: &str, ts: &str) -> DeliveryReport {
        let done = self.in_room(channel, |room| {
            let at = room.pins.iter().position(|pin| pin.ts == ts);
            let pin = room.pins.remove(at.ok_or("no_pin")?);
            Ok(channel_events::pin(
                "pin_removed",
                self.config(),
                room,
                &pin,
                user,
            ))
        });
        self.tell(done).await
    }

    /// Does something to a channel that is there, and answers with the channel's id besides.
    pub(super) fn in_room<T>(
        &self,
        channel: &str,
        act: impl FnOnce(&mut Room) -> Result<T, &'static str>,
    ) -> Result<(String, T), &'static str> {
        let now = self.now();
        let mut world = self.world();
        let id = world.channel_id(channel);
        let room = world.room(&id, now).ok_or("channel_not_found")?;
        if room.channel.is_archived {
            return Err("is_archived");
        }
        let done = act(room)?;
        world.revision += 1;
        Ok((id, done))
    }

    /// Tells the app of what was done if it has asked for such events.
    pub(super) async fn tell(&self, done: Done) -> DeliveryReport {
        match done {
            Ok((channel, Some(event))) => self.tell_of_person(&channel, event).await,
            Ok((_, None)) => DeliveryReport::nothing_to_tell(),
            Err(error) => DeliveryReport::refused(error),
        }
    }

    /// Messages and what becomes of them are told of always.
    async fn tell_of_message(&self, done: Result<(String, Value), &'static str>) -> DeliveryReport {
        match done {
            Ok((channel, event)) => {
                let to = self.addressee(&channel, None);
                self.send_event_to(&to, event).await
            }
            Err(error) => DeliveryReport::refused(error),
        }
    }
}

/// A message that this person wrote.
fn own<'a>(room: &'a Room, user: &str, ts: &str) -> Option<&'a PostedMessage> {
    let message = room.messages.get(ts)?;
    (message.user == user && message.bot_id.is_none()).then_some(message)
}
