//! Reads JSON bodies into the types that the OpenAPI document describes, and reports everything that does not fit at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tidegate_pipeline::documents::input::{Problem, segment};

use super::ApiError;

/// The most problems that one answer reports of a body.
const MOST: usize = 50;

/// The longest description of a problem, in characters: it may quote a long value.
const LONGEST: usize = 200;

/// Reads a JSON object. An empty body counts as an object without fields.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut fields = object(body)?;
    let mut problems: Vec<Problem> = Vec::new();
    loop {
        let wrong = match parse(&fields) {
            Ok(body) if problems.is_empty() => return Ok(body),
            Ok(_) => break,
            Err(wrong) => wrong,
        };
        let root = wrong.path.split(['.', '[']).next().unwrap_or_default();
        // A field that was taken out for another problem is missing now.
        let is_known = problems.iter().any(|known| known.path == wrong.path);
        let taken = fields.remove(root);
        if !is_known {
            problems.push(wrong);
        }
        if taken.is_none() || problems.len() == MOST {
            break;
        }
    }
    Err(ApiError::problems(&problems))
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

fn parse<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(fields).map_err(|e| {
        let path = e.path().to_string();
        describe(&path, &e.inner().to_string())
    })
}

/// Makes a problem of what serde says about the value at a path. For a field that is missing or unknown, the name stands in the
/// message.
pub(super) fn describe(path: &str, message: &str) -> Problem {
    let named = |start: &str| {
        let rest = message.strip_prefix(start)?;
        rest.split_once('`').map(|(name, _)| name)
    };
    let inside = |name: &str| match path {
        "." => segment(name),
        path => format!("{path}.{}", segment(name)),
    };
    if let Some(name) = named("missing field `") {
        return Problem::new(inside(name), "is needed");
    }
    if message.starts_with("unknown field `") {
        let name = path.rsplit('.').next().unwrap_or_default();
        return Problem::new(segment(name), "there is no such field here");
    }
    let cut: String = message.chars().take(LONGEST).collect();
    Problem::new(path, cut)
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
                "1 problem: `title`: invalid type: integer `1`, expected a string",
                Some("title"),
            ),
            (
                r#"{"title":"a","colour":1}"#,
                "1 problem: `colour`: there is no such field here",
                Some("colour"),
            ),
            (
                r#"{"title":"a","lines":[{"price":1},{"price":"x"}],"count":300}"#,
                "2 problems: `count`: invalid value: integer `300`, expected u8; \
                 `lines[1].price`: invalid type: string \"x\", expected u8",
                Some("count"),
            ),
            (
                r#"{"title":"a","lines":[{}]}"#,
                "1 problem: `lines[0].price`: is needed",
                Some("lines[0].price"),
            ),
            (
                r#"{"title":"a","lines":[{"price":1,"x":2}]}"#,
                "1 problem: `x`: there is no such field here",
                Some("x"),
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
