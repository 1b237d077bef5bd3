//! Interactions: buttons pressed and modals submitted, completed with the fields that Slack adds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::blocks::fill_block_ids;
use crate::delivery::{DeliveryReport, Outgoing};
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::OpenView;
use crate::world::World;

impl FakeSlack {
    /// Sends an interaction; what the payload lacks of Slack's own fields (trigger, response URL, message) is added.
    pub async fn send_interaction(&self, payload: Value) -> DeliveryReport {
        let payload = self.complete_interaction(payload);
        let kind = payload
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("interaction")
            .to_owned();
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &payload.to_string())
            .finish();
        let outgoing = Outgoing {
            kind: kind.clone(),
            path: "/slack/interactions",
            content_type: "application/x-www-form-urlencoded",
            body,
            event_id: None,
            retried: false,
            in_background: false,
        };
        let report = self.deliver(outgoing).await;
        self.follow_view(&kind, &payload, &report);
        report
    }

    fn complete_interaction(&self, mut payload: Value) -> Value {
        let config = self.config();
        let at = |path: &str| {
            payload
                .pointer(path)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let user = at("/user/id").unwrap_or_else(|| "U0ALICE0001".to_owned());
        let channel = at("/channel/id").or_else(|| at("/container/channel_id"));
        let message_ts = at("/message/ts").or_else(|| at("/container/message_ts"));
        let (view_id, named_team) = (at("/view/id"), at("/team/id"));
        let is_view = at("/type").is_some_and(|kind| kind.starts_with("view_"));

        let now = self.now();
        let mut world = self.world();
        let room = channel.as_deref().and_then(|id| world.room(id, now));
        let of_room = room.map(|room| room.channel.team.clone());
        let team = named_team.or(of_room);
        let team = team.unwrap_or_else(|| world.team_of_user(&user));
        world.meet_user_in(&team, &user);
        let name = world.user_name(&user);
        let trigger_id = world.next_trigger(&config.signing_secret, &user, &team, now);
        let workspace = config.workspace(&team);
        let place = world.installs.covering(config, &team);
        let mut added = json!({
            "token": self.verification_token(),
            "api_app_id": config.app_id,
            "team": { "id": team, "domain": workspace.domain() },
            "enterprise": workspace.enterprise_id.as_ref().map(|id| json!({ "id": id, "name": config.enterprise_name(id) })),
            "is_enterprise_install": place.is_org(),
            "user": { "id": user, "username": name, "name": name, "team_id": team },
            "trigger_id": trigger_id,
        });
        if let Some(channel) = &channel {
            let name = world
                .room(channel, now)
                .map(|room| room.channel.name.clone())
                .unwrap_or_default();
            added["channel"] = json!({ "id": channel, "name": name });
            if let Some(message) = message_ts
                .as_ref()
                .and_then(|ts| self.find_message(&world, channel, ts))
            {
                added["message"] = message;
            } else if at("/type").as_deref() == Some("block_actions") && message_ts.is_some() {
                // Slack does not repeat what only one person sees.
                added["container"] = json!({ "is_ephemeral": true });
            }
        }
        if let Some(view) = view_id.and_then(|id| world.view(&id)) {
            added["view"] = view.clone();
        }
        drop(world);
        if let Some(channel) = channel.filter(|_| !is_view) {
            added["response_url"] = self.new_response_url(&channel, &user, message_ts).into();
        }
        merge_missing(&mut payload, added);
        payload
    }

    fn find_message(&self, world: &World, channel: &str, ts: &str) -> Option<Value> {
        let room = world.rooms.get(channel)?;
        let message = room.messages.get(ts)?;
        Some(message_json::in_answer(self.config(), room, message, true))
    }

    /// Closes a modal, or lets its next step take its place, as the app answered.
    fn follow_view(&self, kind: &str, payload: &Value, report: &DeliveryReport) {
        let Some(id) = payload.pointer("/view/id").and_then(Value::as_str) else {
            return;
        };
        let answer: Value = report
            .attempts
            .last()
            .and_then(|last| serde_json::from_str(&last.body).ok())
            .unwrap_or_default();
        let action = answer.get("response_action").and_then(Value::as_str);
        let mut world = self.world();
        world.revision += 1;
        match (kind, action) {
            ("view_closed", _) => {
                world.views.remove(id);
            }
            ("view_submission", None) if report.ok => {
                world.views.remove(id);
            }
            ("view_submission", Some("clear")) => world.close_all(id),
            ("view_submission", Some(action @ ("update" | "push"))) => {
                if let Some(view) = answer.get("view") {
                    world.next_step(id, view.clone(), action == "push", self.now());
                }
            }
            _ => {}
        }
    }
}

impl World {
    /// A modal, or a home tab.
    pub(crate) fn view(&self, id: &str) -> Option<&Value> {
        let mut homes = self.homes.values();
        let open = self.views.get(id).map(|open| &open.view);
        open.or_else(|| homes.find(|home| home["id"] == id))
    }

    /// Closes the whole stack that a modal belongs to.
    fn close_all(&mut self, id: &str) {
        if let Some(user) = self.views.get(id).map(|open| open.user.clone()) {
            self.views.retain(|_, open| open.user != user);
        }
    }

    /// The modal that an app answers a submission with: in place of the submitted one, or over it.
    fn next_step(&mut self, id: &str, mut view: Value, over: bool, now: Duration) {
        let Some(old) = self.views.get(id).cloned() else {
            return;
        };
        let new_id = if over {
            self.next_id("V", now)
        } else {
            id.to_owned()
        };
        if let Some(blocks) = view.get_mut("blocks") {
            fill_block_ids(blocks, &new_id);
        }
        merge_missing(&mut view, old.view);
        view["id"] = new_id.clone().into();
        view["hash"] = self.next_ts(now).into();
        if over {
            view["previous_view_id"] = id.into();
        }
        self.views.insert(
            new_id,
            OpenView {
                user: old.user,
                view,
            },
        );
    }
}

/// Adds what is not there yet, at every depth; what is given stays.
fn merge_missing(given: &mut Value, added: Value) {
    let (Some(given), Value::Object(added)) = (given.as_object_mut(), added) else {
        return;
    };
    for (name, value) in added {
        match given.get_mut(&name) {
            Some(present) if present.is_object() => merge_missing(present, value),
            Some(_) => {}
            None => {
                given.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_stays() {
        let mut payload = json!({ "user": { "id": "U1" }, "trigger_id": "mine" });
        merge_missing(
            &mut payload,
            json!({ "user": { "id": "U2", "name": "bob" }, "trigger_id": "new", "token": "t" }),
        );
        let expected =
            json!({ "user": { "id": "U1", "name": "bob" }, "trigger_id": "mine", "token": "t" });
        assert_eq!(payload, expected);
    }
}
