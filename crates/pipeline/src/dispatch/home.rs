//! The app's home tab: the sections of all domains in one view, because `views.publish` replaces the whole of it. A domain whose
//! section cannot be drawn takes nothing from the others: the tab says so in its place.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::try_join_all;
use serde_json::{Value as Json, json};
use tidegate_outcome::Refusal;
use tidegate_slack::api::views::Publish;
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::UserId;

use super::Dispatcher;
use crate::delivery::{Done, Effect, Undone};
use crate::domain::{Domain, HomeContext};
use crate::outbox::{Class, Lane, Post, Target};

/// The effect that publishes somebody's home tab.
pub const PUBLISH_HOME: &str = "home.publish";

/// Slack's limit for the blocks of a view.
const MOST_BLOCKS: usize = 100;

/// The longest time that a domain may take for its section.
const SECTION_LIMIT: Duration = Duration::from_secs(4);

/// Attempts at the tab that wait for a section whose error may pass.
const PATIENT_ATTEMPTS: i64 = 3;

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
    /// Publishes the home tab as it stands.
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
        let domains = self.domains.iter().filter(|domain| domain.spec().has_home);
        let sections = domains.map(|domain| section(&**domain, context, effect.attempts));
        let sections = try_join_all(sections).await?;
        let request = Publish {
            user_id: user,
            hash: None,
            view: json!({"type": "home", "blocks": fitted(sections)}),
        };
        effect.call(&request).await?;
        Ok(Done::default())
    }
}

/// Returns a domain's section, or a line in its place if the domain cannot draw it. Fails if it is worth trying again.
async fn section(
    domain: &dyn Domain,
    context: HomeContext<'_>,
    attempts: i64,
) -> Result<Vec<Json>, Undone> {
    let drawn = AssertUnwindSafe(domain.home(context)).catch_unwind();
    let why = match tokio::time::timeout(SECTION_LIMIT, drawn).await {
        Ok(Ok(Ok(blocks))) => return Ok(blocks),
        Ok(Ok(Err(undone))) if attempts < PATIENT_ATTEMPTS && may_pass(&undone) => {
            return Err(undone);
        }
        Ok(Ok(Err(undone))) => format!("{undone:?}"),
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(_) => "it took too long".to_owned(),
    };
    let name = domain.spec().name;
    tracing::error!(domain = name, why, "home.section_failed");
    let text = format!("*{name}* cannot be shown at the moment. Open this tab again in a minute.");
    Ok(vec![note(&text)])
}

/// A block of small print.
fn note(text: &str) -> Json {
    json!({"type": "context", "elements": [{"type": "mrkdwn", "text": text}]})
}

fn may_pass(undone: &Undone) -> bool {
    !matches!(
        undone,
        Undone::Park(_) | Undone::Refused(Refusal::Rejected(_))
    )
}

/// The sections in one view. If they have more blocks than Slack takes, each long one is cut to an equal share, and says so.
fn fitted(mut sections: Vec<Vec<Json>>) -> Vec<Json> {
    if sections.iter().map(Vec::len).sum::<usize>() > MOST_BLOCKS {
        let share = MOST_BLOCKS / sections.len();
        for section in sections.iter_mut().filter(|section| section.len() > share) {
            section.truncate(share.saturating_sub(1));
            section.push(note("There is more than fits here."));
        }
    }
    sections.into_iter().flatten().take(MOST_BLOCKS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_view_has_at_most_a_hundred_blocks_and_leaves_nothing_out_silently(
            lengths in vec(0..150_usize, 0..6),
        ) {
            let block = |n: usize| vec![json!({"type": "divider"}); n];
            let all: usize = lengths.iter().sum();
            let count = lengths.len();
            let view = fitted(lengths.iter().copied().map(block).collect());
            prop_assert!(view.len() <= MOST_BLOCKS);
            let notices = view.iter().filter(|block| block["type"] == "context").count();
            if all <= MOST_BLOCKS {
                prop_assert_eq!((view.len(), notices), (all, 0));
            } else {
                let share = MOST_BLOCKS / count;
                let cut = lengths.iter().filter(|length| **length > share).count();
                prop_assert_eq!(notices, cut);
            }
        }
    }
}
