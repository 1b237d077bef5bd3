//! The outer envelope of an event: which workspace it happened in, and which installation it is delivered for.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::FakeConfig;
use crate::delivery::Outgoing;
use crate::fake::FakeSlack;
use crate::signing::keyed_hash;
use crate::workspaces::Place;
use crate::world::World;

const CONTEXTS_KEPT: usize = 10_000;

/// The installation that an event is delivered for, and the workspace where it happened. Without any field it is the first
/// workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addressee {
    /// The workspace it happened in and is delivered through.
    #[serde(default)]
    pub team: Option<String>,
    /// The organisation whose org-wide installation it is delivered for.
    #[serde(default)]
    pub enterprise: Option<String>,
    /// Slack Connect: the workspace of its author, which is then the top-level `team_id`.
    #[serde(default)]
    pub author_team: Option<String>,
    /// Leaves `authorizations` out, as for an event about the installation itself.
    #[serde(default)]
    pub without_authorizations: bool,
}

impl Addressee {
    /// An event of this workspace.
    #[must_use]
    pub fn team(id: &str) -> Self {
        Self {
            team: Some(id.to_owned()),
            ..Self::default()
        }
    }

    /// An event about an installation as a whole.
    pub(crate) fn whole(place: &Place) -> Self {
        let id = Some(place.id().to_owned());
        let (team, enterprise) = if place.is_org() {
            (None, id)
        } else {
            (id, None)
        };
        Self {
            team,
            enterprise,
            without_authorizations: true,
            ..Self::default()
        }
    }
}

/// An addressee with everything left out filled in.
struct Route {
    /// None for an event about an org-wide installation as a whole.
    team: Option<String>,
    author_team: Option<String>,
    place: Place,
    with_authorizations: bool,
}

impl FakeSlack {
    /// The request that carries an inner event.
    pub(crate) fn envelop(&self, to: &Addressee, mut event: Value) -> Outgoing {
        let config = self.config();
        let now = self.now();
        let mut world = self.world();
        if let Some(channel) = event.get("channel").and_then(Value::as_str) {
            let home = to.team.as_ref().unwrap_or(&config.team_id);
            world.room_in(home, channel, now);
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
        let route = self.route(to);
        let mut envelope = route.envelope(self);
        let context = format!("4-{context}");
        let visible_to = self.visible_to(&route, event.get("channel"));
        self.world().remember_context(&context, visible_to);
        envelope["token"] = self.verification_token().into();
        envelope["api_app_id"] = config.app_id.clone().into();
        envelope["event"] = event;
        envelope["type"] = "event_callback".into();
        envelope["event_id"] = event_id.clone().into();
        envelope["event_time"] = now.as_secs().into();
        envelope["event_context"] = context.into();
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

    /// The installations an event is visible to: the one it is sent for first, then those of everyone in the channel.
    fn visible_to(&self, route: &Route, channel: Option<&Value>) -> Vec<Place> {
        let config = self.config();
        let world = self.world();
        let room = channel
            .and_then(Value::as_str)
            .and_then(|id| world.rooms.get(id));
        let mut teams: Vec<&String> = route.author_team.iter().collect();
        if let Some(room) = room {
            teams.push(&room.channel.team);
            teams.extend(&room.channel.shared_with);
        }
        let mut places = vec![route.place.clone()];
        for team in teams {
            let place = world.installs.covering(config, team);
            if world.installs.is_installed(&place) && !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    fn route(&self, to: &Addressee) -> Route {
        let config = self.config();
        let named = |id: &String| Some(id.clone());
        let (team, place) = match (&to.team, &to.enterprise) {
            (Some(team), None) => (named(team), self.world().installs.covering(config, team)),
            (team, Some(org)) => {
                let first = || config.teams_of(org).first().cloned();
                // What happens, happens in one workspace of it; what is about all of it does not.
                let first = (!to.without_authorizations).then(first).flatten();
                (team.clone().or(first), Place::Org(org.clone()))
            }
            (None, None) => (
                named(&config.team_id),
                self.world().installs.covering(config, &config.team_id),
            ),
        };
        Route {
            team,
            author_team: to.author_team.clone(),
            place,
            with_authorizations: !to.without_authorizations,
        }
    }
}

/// An installation as `authorizations` names it.
pub(crate) fn authorization(config: &FakeConfig, place: &Place) -> Value {
    json!({
        "enterprise_id": config.enterprise_of(place),
        "team_id": (!place.is_org()).then(|| place.id()),
        "user_id": config.bot_user_of(place),
        "is_bot": true,
        "is_enterprise_install": place.is_org(),
    })
}

impl World {
    fn remember_context(&mut self, context: &str, places: Vec<Place>) {
        // Which one is forgotten does not matter: nobody asks after so many.
        if self.event_contexts.len() >= CONTEXTS_KEPT {
            self.event_contexts.pop_first();
        }
        self.event_contexts.insert(context.to_owned(), places);
    }
}

impl Route {
    fn envelope(&self, fake: &FakeSlack) -> Value {
        let config = fake.config();
        let enterprise = config.enterprise_of(&self.place);
        if !self.with_authorizations {
            let mut envelope = json!({});
            if let Some(team) = &self.team {
                envelope["team_id"] = team.clone().into();
            }
            if let Some(enterprise) = enterprise {
                envelope["enterprise_id"] = enterprise.into();
            }
            return envelope;
        }
        json!({
            "team_id": self.author_team.as_ref().or(self.team.as_ref()),
            "context_team_id": self.team,
            "context_enterprise_id": enterprise,
            "authorizations": [authorization(config, &self.place)],
            "is_ext_shared_channel": self.author_team.is_some(),
        })
    }
}
