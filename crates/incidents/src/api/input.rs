//! Values in the bodies of calls about incidents that are more than texts and numbers, and the problems of a body.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use tidegate_api::ApiError;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::input::Problem;
use tidegate_slack::ids::UserId;

use crate::model::settings::shapes::is_person;
use crate::model::severity::Severity;

/// Longest text, in characters: a section of a message in Slack holds no more.
pub(super) const MAX_TEXT: usize = 3000;

/// Reads a severity in upper or lower case.
pub(super) fn severity<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Severity>, D::Error> {
    read(from, Severity::parse, "takes P1, P2, P3 or P4")
}

/// Reads the id of a person.
pub(super) fn person<'de, D: Deserializer<'de>>(from: D) -> Result<Option<UserId>, D::Error> {
    let person = |id: &str| is_person(id).then(|| UserId::from(id));
    read(
        from,
        person,
        "takes the id of a person, such as `U0123456789`",
    )
}

/// Reads a moment since 1970.
pub(super) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let moment = |text: &str| {
        let at: jiff::Timestamp = text.parse().ok()?;
        Some(Timestamp(at.as_millisecond())).filter(|at| at.millis() >= 0)
    };
    read(
        from,
        moment,
        "takes a time since 1970, such as `2026-11-21T14:05:00Z`",
    )
}

fn read<'de, D: Deserializer<'de>, T>(
    from: D,
    read: impl Fn(&str) -> Option<T>,
    takes: &str,
) -> Result<Option<T>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    let value = text.map(|text| read(&text).ok_or_else(|| D::Error::custom(takes)));
    value.transpose()
}

/// The problems of a body that its type does not rule out.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem of a field.
    pub(super) fn note(&mut self, field: &str, what: &str) {
        self.0.push(Problem::new(field, what));
    }

    /// Fails if there are any.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(ApiError::problems(&self.0))
    }
}
