//! Parses documents that a program or a person sends as JSON. An unknown field is a problem. Every problem names the path of its
//! value.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The longest name that a path shows unchanged, in characters.
const MAX_NAME: usize = 40;

/// One value that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path of the value: `limit`, `services.api.owners[0]`.
    pub path: String,
    /// What is wrong with it, or what it takes.
    pub what: String,
}

impl Problem {
    /// Makes a problem.
    pub fn new(path: impl Into<String>, what: impl fmt::Display) -> Self {
        Self {
            path: path.into(),
            what: what.to_string(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.what)
    }
}

/// Parses a part of a document from a JSON object, or returns all problems. `path` names the part in problems.
pub fn read_part<T: DeserializeOwned + Serialize>(
    path: &str,
    input: &Value,
) -> Result<T, Vec<Problem>> {
    if input.is_object() {
        read_fields(path, input)
    } else {
        Err(vec![Problem::new(path, "takes a JSON object")])
    }
}

/// Returns the valid entries of a map in a document. `instead`, if given, replaces an invalid entry. Problems are added to
/// `problems`.
pub fn each<T: DeserializeOwned + Serialize>(
    path: &str,
    entries: &Map<String, Value>,
    instead: Option<&Value>,
    problems: &mut Vec<Problem>,
) -> Value {
    let mut fitting = Map::new();
    for (name, value) in entries {
        match read_part::<T>(&join(path, name), value) {
            Ok(_) => fitting.insert(name.clone(), value.clone()),
            Err(found) => {
                problems.extend(found);
                instead.and_then(|instead| fitting.insert(name.clone(), instead.clone()))
            }
        };
    }
    Value::Object(fitting)
}

/// Parses a part of a document from JSON, or returns all problems. An empty `path` stands for the whole document.
pub fn read_fields<T: DeserializeOwned + Serialize>(
    path: &str,
    input: &Value,
) -> Result<T, Vec<Problem>> {
    let place = match (
        path,
        input.as_object().and_then(|fields| fields.keys().next()),
    ) {
        ("", Some(first)) => join("", first),
        (path, _) => path.to_owned(),
    };
    let part = T::deserialize(input).map_err(|e| vec![misfit(&place, &e)])?;
    let kept = serde_json::to_value(&part).map_err(|e| vec![misfit(&place, &e)])?;
    let mut problems = Vec::new();
    unknown(path, input, &kept, &mut problems);
    if problems.is_empty() {
        Ok(part)
    } else {
        Err(problems)
    }
}

/// Reports every field of the input that parsing has dropped.
fn unknown(path: &str, input: &Value, kept: &Value, problems: &mut Vec<Problem>) {
    let (Value::Object(input), Value::Object(kept)) = (input, kept) else {
        return;
    };
    for (name, value) in input {
        let path = join(path, name);
        match kept.get(name) {
            Some(kept) => unknown(&path, value, kept, problems),
            None => problems.push(Problem::new(path, "there is no such setting")),
        }
    }
}

/// Describes a value that cannot be parsed, in at most 200 characters.
pub fn misfit(path: &str, e: &serde_json::Error) -> Problem {
    // The text may quote a long value of the input, so it is cut.
    let words = e.to_string();
    let cut: String = words.chars().take(200).collect();
    Problem::new(path, cut)
}

/// Appends a name to a path.
fn join(path: &str, name: &str) -> String {
    match path {
        "" => segment(name),
        path => format!("{path}.{}", segment(name)),
    }
}

/// Quotes a value for a problem: at most 40 characters, without line breaks.
pub fn shown(value: &str) -> String {
    let mut short: String = value.chars().take(40).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    format!("{short:?}")
}

/// Returns a name as part of a path. It is quoted and cut if it has unusual characters or is too long.
pub fn segment(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=MAX_NAME).contains(&name.len()) && name.chars().all(plain) {
        name.to_owned()
    } else {
        shown(name)
    }
}
