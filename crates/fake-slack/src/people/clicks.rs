//! What people click: buttons and menus of messages and views, forms, shortcuts, the app's home tab.

use serde_json::{Map, Value, json};

use super::inputs;
use crate::delivery::DeliveryReport;
use crate::fake::FakeSlack;
use crate::world::World;

impl FakeSlack {
    /// Clicks a button of a message, or chooses `choice` in a menu of it: the value of an option, or an id. An ephemeral
    /// message can be clicked only by who sees it.
    pub async fn click(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        action_id: &str,
        choice: &Value,
    ) -> DeliveryReport {
        let channel = self.world().channel_id(channel);
        let found = self.world().blocks_shown(user, &channel, ts);
        let Some((blocks, thread_ts, is_ephemeral)) = found else {
            return DeliveryReport::refused("message_not_found");
        };
        let action = match self.action(&blocks, action_id, choice) {
            Ok(action) => action,
            Err(error) => return DeliveryReport::refused(error),
        };
        let mut container = json!({
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "is_ephemeral": is_ephemeral,
        });
        if let Some(thread_ts) = thread_ts {
            container["thread_ts"] = thread_ts.into();
        }
        self.send_interaction(json!({
            "type": "block_actions",
            "user": { "id": user },
            "channel": { "id": channel },
            "container": container,
            "actions": [action],
        }))
        .await
    }

    /// Clicks in the modal that is open for a person, or in their home tab where none is.
    pub async fn click_in_view(
        &self,
        user: &str,
        action_id: &str,
        choice: &Value,
    ) -> DeliveryReport {
        let Some(view) = self.open_view(user).or_else(|| self.home_view(user)) else {
            return DeliveryReport::refused("no_open_view");
        };
        let action = match self.action(&view["blocks"], action_id, choice) {
            Ok(action) => action,
            Err(error) => return DeliveryReport::refused(error),
        };
        self.send_interaction(json!({
            "type": "block_actions",
            "user": { "id": user },
            "container": { "type": "view", "view_id": view["id"] },
            "view": { "id": view["id"] },
            "actions": [action],
        }))
        .await
    }

    /// Submits the modal that is open for a person with these values by block; fields that are not named stay as the app set them.
    /// The stand-in refuses input that Slack's own client would refuse (an empty required field, an option that is not there).
    pub async fn submit(&self, user: &str, values: &Map<String, Value>) -> DeliveryReport {
        let Some(view) = self.open_view(user) else {
            return DeliveryReport::refused("no_open_view");
        };
        let values = match inputs::state(&view, values) {
            Ok(values) => values,
            Err(error) => return DeliveryReport::refused(&error),
        };
        self.send_interaction(json!({
            "type": "view_submission",
            "user": { "id": user },
            "view": { "id": view["id"], "state": { "values": values } },
        }))
        .await
    }

    /// Runs a shortcut: a global one, or that of a message (channel and `ts`).
    pub async fn run_shortcut(
        &self,
        user: &str,
        callback_id: &str,
        message: Option<(&str, &str)>,
    ) -> DeliveryReport {
        let mut payload = json!({
            "type": "shortcut",
            "callback_id": callback_id,
            "user": { "id": user },
            "action_ts": self.world().next_ts(self.now()),
        });
        if let Some((channel, ts)) = message {
            let channel = self.world().channel_id(channel);
            let is_there = {
                let world = self.world();
                let room = world.rooms.get(&channel);
                room.is_some_and(|room| room.messages.contains_key(ts))
            };
            if !is_there {
                return DeliveryReport::refused("message_not_found");
            }
            payload["type"] = "message_action".into();
            payload["channel"] = json!({ "id": channel });
            payload["message_ts"] = ts.into();
            payload["message"] = json!({ "ts": ts });
        }
        self.send_interaction(payload).await
    }

    /// Opens the app's home tab: `app_home_opened`, with what was published last.
    pub async fn open_home(&self, user: &str) -> DeliveryReport {
        let channel = user.replacen('U', "D", 1);
        let is_there = self.world().room(&channel, self.now()).is_some();
        if !is_there {
            return DeliveryReport::refused("user_not_found");
        }
        let mut event = json!({
            "type": "app_home_opened",
            "user": user,
            "channel": channel,
            "tab": "home",
        });
        if let Some(view) = self.home_view(user) {
            event["view"] = view;
        }
        self.tell_of_person(&channel, event).await
    }

    fn open_view(&self, user: &str) -> Option<Value> {
        let world = self.world();
        let mut open = world.views.values().rev();
        open.find(|open| open.user == user)
            .map(|open| open.view.clone())
    }

    /// An item of `actions`.
    fn action(
        &self,
        blocks: &Value,
        action_id: &str,
        choice: &Value,
    ) -> Result<Value, &'static str> {
        let (block_id, element) = inputs::find(blocks, action_id).ok_or("no_such_action")?;
        let mut action = inputs::entered(element, choice)?;
        action["action_id"] = action_id.into();
        action["block_id"] = block_id.into();
        action["action_ts"] = self.world().next_ts(self.now()).into();
        Ok(action)
    }
}

impl World {
    /// The blocks of a message as this person sees it, its thread, and whether nobody else does.
    fn blocks_shown(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
    ) -> Option<(Value, Option<String>, bool)> {
        let room = self.rooms.get(channel)?;
        if let Some(message) = room.messages.get(ts) {
            let blocks = message.blocks.clone().unwrap_or_default();
            return Some((blocks, message.thread_ts.clone(), false));
        }
        let shown = self
            .ephemerals
            .iter()
            .find(|shown| shown.ts == ts && shown.channel == channel && shown.user == user)?;
        let blocks = shown.blocks.clone().unwrap_or_default();
        Some((blocks, shown.thread_ts.clone(), true))
    }
}
