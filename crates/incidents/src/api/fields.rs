//! A JSON body read field by field, so that a caller learns of all that is wrong with it at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::input::segment;
use tidegate_slack::ids::UserId;

use crate::model::settings::shapes::is_person;
use tidegate_api::{ApiError, Call};

/// The fields of a body, and the problems that were found so far. A field that is null counts as left out.
pub(super) struct Fields {
    given: Map<String, Value>,
    known: BTreeSet<&'static str>,
    problems: Vec<(String, String)>,
}

impl Fields {
    /// The fields of a call's body. A call without a body has none.
    pub(super) fn of(call: &Call) -> Result<Self, ApiError> {
        let body = if call.body.is_empty() {
            Value::Object(Map::new())
        } else {
            call.json()?
        };
        let Value::Object(given) = body else {
            return Err(ApiError::bad("the body takes a JSON object"));
        };
        Ok(Self {
            given,
            known: BTreeSet::new(),
            problems: Vec::new(),
        })
    }

    /// Notes a problem of a field.
    pub(super) fn wrong(&mut self, name: &str, words: &str) {
        self.problems.push((name.to_owned(), words.to_owned()));
    }

    /// Whether a field has a problem.
    pub(super) fn is_wrong(&self, name: &str) -> bool {
        self.problems.iter().any(|(wrong, _)| wrong == name)
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.insert(name);
        self.given.get(name).filter(|v| !v.is_null()).cloned()
    }

    /// A text of `most` characters at most, without the spaces around it; an empty one counts as left out.
    pub(super) fn text(&mut self, name: &'static str, most: usize) -> Option<String> {
        let Value::String(text) = self.take(name)? else {
            self.wrong(name, "takes a text");
            return None;
        };
        if text.trim().chars().count() > most {
            self.wrong(name, &format!("takes {most} characters at most"));
            return None;
        }
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The same for a field that must not be left out.
    pub(super) fn needed(&mut self, name: &'static str, most: usize) -> String {
        let text = self.text(name, most);
        if text.is_none() && !self.is_wrong(name) {
            self.wrong(name, "is needed");
        }
        text.unwrap_or_default()
    }

    /// A boolean; false if it is left out.
    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.wrong(name, "takes true or false");
                false
            }
        }
    }

    /// A list of texts; none if it is left out.
    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let Some(value) = self.take(name) else {
            return Vec::new();
        };
        serde_json::from_value(value).unwrap_or_else(|_| {
            self.wrong(name, "takes a list of texts");
            Vec::new()
        })
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(&mut self, name: &'static str, least: u32, most: u32) -> Option<u32> {
        let value = self.take(name)?;
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
        let fits = number.filter(|n| (least..=most).contains(n));
        if fits.is_none() {
            self.wrong(name, &format!("takes a number from {least} to {most}"));
        }
        fits
    }

    /// A text that `read` parses; `takes` describes the values that it accepts.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
        takes: &str,
    ) -> Option<T> {
        let value = self.take(name)?;
        let read = value.as_str().and_then(read);
        if read.is_none() {
            self.wrong(name, &format!("takes {takes}"));
        }
        read
    }

    /// A field with the id of a person, such as `U0123456789`; any other value is a problem.
    pub(super) fn person(&mut self, name: &'static str) -> Option<UserId> {
        let person = |id: &str| is_person(id).then(|| UserId::from(id));
        self.read(name, person, "the id of a person, such as `U0123456789`")
    }

    /// A moment of the past. A clock that is ahead of ours means now.
    pub(super) fn moment(&mut self, name: &'static str, now: Timestamp) -> Option<Timestamp> {
        let moment = |text: &str| {
            let at: jiff::Timestamp = text.parse().ok()?;
            Some(Timestamp(at.as_millisecond()).min(now))
        };
        let takes = "a time such as `2026-11-21T14:05:00Z`";
        let moment = self.read(name, moment, takes)?;
        if moment.millis() < 0 {
            self.wrong(name, "is before 1970");
        }
        Some(moment)
    }

    /// Refuses the call if any field has a problem or is unknown.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let told = |(name, words): &(String, String)| format!("`{name}` {words}");
        let mut problems: Vec<String> = self.problems.iter().map(told).collect();
        let unknown = self.given.keys();
        let unknown = unknown.filter(|name| !self.known.contains(name.as_str()));
        problems.extend(unknown.map(|name| format!("{} is no field here", segment(name))));
        if problems.is_empty() {
            return Ok(());
        }
        Err(ApiError::problems(&problems))
    }
}
