//! The app's home tab: the sections of all domains in one view, because `views.publish` replaces the whole of it.

use serde_json::{Value as Json, json};
use tidegate_slack::api::views::Publish;
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::UserId;

use super::Dispatcher;
use crate::delivery::{Done, Effect, Undone};
use crate::domain::HomeContext;
use crate::outbox::{Class, Lane, Post, Target};

/// The effect that publishes somebody's home tab.
pub const PUBLISH_HOME: &str = "home.publish";

/// Slack's limit for the blocks of a view.
const MOST_BLOCKS: usize = 100;

/// The post that draws the home tab of the user who opened it.
pub(super) fn opened(envelope: &Envelope) -> Option<Post> {
    let event = envelope.event()?;
    let is_home = event.kind() == "app_home_opened" && event.tab() != Some("messages");
    let user = event.user().filter(|_| is_home && !envelope.is_own())?;
    Some(Post {
        lane: Lane::named(&["home", user]),
        target: Target::Effect,
        body: json!({"user": user}),
        class: Class::Repeatable,
        purpose: PUBLISH_HOME,
    })
}

impl Dispatcher {
    /// Publishes the home tab as it stands. A domain whose section fails fails the whole: a tab without it would say that
    /// there is nothing.
    pub(super) async fn publish_home(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        let user = effect.body.get("user").and_then(Json::as_str);
        let user = user.ok_or_else(|| Undone::Park("it names nobody".to_owned()))?;
        let user = UserId::from(user);
        let context = HomeContext {
            tenant: effect.tenant,
            user: &user,
            rows: effect.rows,
            now: effect.clock.now(),
        };
        let mut blocks = Vec::new();
        for domain in self.domains.iter().filter(|domain| domain.spec().has_home) {
            blocks.extend(domain.home(context).await?);
        }
        blocks.truncate(MOST_BLOCKS);
        let request = Publish {
            user_id: user,
            hash: None,
            view: json!({"type": "home", "blocks": blocks}),
        };
        effect.call(&request).await?;
        Ok(Done::default())
    }
}
