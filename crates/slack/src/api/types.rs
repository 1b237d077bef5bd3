//! What answers of several families share, and how they bear with odd values.

pub mod channel;
pub mod file;
pub mod message;
pub mod user;

use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::ids::TenantId;

/// A value that is not what it should be reads as absent. Slack sends `[]` for an empty object, `null` for most
/// things, and now and then a number as text.
pub(super) fn or_default<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value = Value::deserialize(input)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// A list of an answer, without the items that cannot be read: one odd item does not cost the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let items = Vec::<Value>::deserialize(input)?;
        let readable = items
            .into_iter()
            .filter_map(|item| serde_json::from_value(item).ok());
        Ok(Self(readable.collect()))
    }
}

answer! {
    /// `ok` and nothing else of interest.
    Empty {}
}

answer! {
    /// A workspace or an organisation as it is named in passing.
    Named {
        must {
            /// The id of the workspace, `T…`, or of the organisation, `E…`.
            id: TenantId,
        }
        /// The name that people read.
        name: String,
    }
}

answer! {
    #[derive(Default)]
    /// The metadata of an answer, which says where its next page begins.
    Metadata {
        /// Empty on the last page.
        next_cursor: String,
    }
}

answer! {
    #[derive(Default)]
    /// Where a page stands, in the methods that number their pages.
    Paging {
        /// The number of items on all pages together.
        total: u64,
        /// The number of this page, from 1.
        page: u64,
        /// The number of pages.
        pages: u64,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    answer! {
        #[expect(unreachable_pub, reason = "the macro is for public types")]
        /// An answer with a field of every shape.
        Sample {
            must {
                /// Without it the answer cannot be read.
                id: TenantId,
            }
            /// A number; 0 if it is missing or odd.
            n: u64,
            /// A flag; false if it is missing or odd.
            yes: bool,
            /// A list; items that cannot be read are left out.
            names: List<Named>,
            /// An object; `None` if it is missing or odd.
            team: Option<Named>,
        }
    }

    #[test]
    fn one_odd_field_costs_itself_only() {
        let odd = json!({
            "id": "T1", "n": "12", "yes": 1, "unknown": {"a": []}, "team": [],
            "names": [{"id": "T2"}, 7, null, "x", {"name": "no id"}, {"id": "T3", "name": {}}],
        });
        let sample: Sample = serde_json::from_value(odd).unwrap();
        assert_eq!((sample.id.as_str(), sample.n, sample.yes), ("T1", 0, false));
        assert!(sample.team.is_none());
        let names: Vec<_> = sample.names.iter().map(|n| n.id.as_str()).collect();
        assert_eq!(names, ["T2", "T3"]);
    }

    #[test]
    fn what_an_answer_is_about_must_be_there() {
        assert!(serde_json::from_value::<Sample>(json!({"n": 1})).is_err());
        assert!(serde_json::from_value::<Sample>(json!({"id": 1})).is_err());
        assert!(serde_json::from_value::<Sample>(json!({"id": "T1"})).is_ok());
    }
}
