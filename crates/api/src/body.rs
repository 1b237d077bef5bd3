//! Reads JSON bodies into the types that the OpenAPI document describes, and reports everything that does not fit at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tidegate_pipeline::documents::input;

use super::ApiError;

/// Reads a JSON object. An empty body counts as an object without fields.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    input::parse(object(body)?).map_err(|problems| ApiError::problems(&problems))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(ApiError::bad("the body takes a JSON object")),
        Err(e) => Err(ApiError::bad(format!("the body is no JSON: {e}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors matter here")]
    struct Order {
        title: String,
        count: Option<u8>,
        lines: Option<Vec<Line>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors matter here")]
    struct Line {
        price: u8,
    }

    #[test]
    fn everything_that_does_not_fit_is_told_with_its_path() {
        for (body, message, field) in [
            (
                "{",
                "the body is no JSON: EOF while parsing an object at line 1 column 1",
                None,
            ),
            ("[]", "the body takes a JSON object", None),
            ("", "1 problem: `title`: is needed", Some("title")),
            (
                r#"{"title":1}"#,
                "1 problem: `title`: takes a text",
                Some("title"),
            ),
            (
                r#"{"title":"a","colour":1}"#,
                "1 problem: `colour`: there is no such field here",
                Some("colour"),
            ),
            (
                r#"{"title":"a","lines":[{"price":1},{"price":"x"}],"count":300}"#,
                "2 problems: `count`: takes a whole number from 0 to 255; \
                 `lines[1].price`: takes a whole number from 0 to 255",
                Some("count"),
            ),
            (
                r#"{"title":"a","lines":[{}]}"#,
                "1 problem: `lines[0].price`: is needed",
                Some("lines[0].price"),
            ),
            (
                r#"{"title":"a","lines":[{"price":1,"x":2}]}"#,
                "1 problem: `lines[0].x`: there is no such field here",
                Some("lines[0].x"),
            ),
        ] {
            let Err(ApiError::Request(refused)) = read::<Order>(body.as_bytes()) else {
                panic!("{body}");
            };
            assert_eq!(refused.message, message, "{body}");
            assert_eq!(refused.field.as_deref(), field, "{body}");
        }
    }
}
