//! What a decision is made from when a test makes it without a request.

use tidegate_app::incidents::decide::context::DecisionContext;
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::rows::Loaded;
use tidegate_app::incidents::model::settings::Settings;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::PersonKind;

/// The context in which a member decides about an incident, or about none.
pub(crate) fn by_member<'a>(
    user: &str,
    settings: &'a Settings,
    subject: Option<&'a Loaded>,
    now: Timestamp,
) -> DecisionContext<'a> {
    DecisionContext {
        subject,
        cause: "test",
        ..DecisionContext::new(
            settings,
            Actor::Person(user.into()),
            PersonKind::Member,
            now,
        )
    }
}
