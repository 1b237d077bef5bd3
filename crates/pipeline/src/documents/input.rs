//! Parses documents that a program or a person sends as JSON. An unknown field is a problem. Every problem names the path of its
//! value.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::misfit::misfit;

/// The most problems that are reported of one object.
pub const MOST: usize = 50;

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

    /// Returns the problem with its path at another place: what is at `from` lies at `to`. `Err` if its path is not inside of `from`.
    pub fn moved(self, from: &str, to: &str) -> Result<Self, Self> {
        if !is_within(&self.path, from) {
            return Err(self);
        }
        let path = format!("{to}{}", &self.path[from.len()..]);
        Ok(Self { path, ..self })
    }

    /// Returns the problem with its path inside of another one. An empty path stands for the whole.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        let path = match (outer, self.path.as_str()) {
            ("", inner) => inner.to_owned(),
            (outer, "") => outer.to_owned(),
            (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
            (outer, inner) => format!("{outer}.{inner}"),
        };
        Self { path, ..self }
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
    match input {
        Value::Object(fields) => read_fields(path, fields),
        _ => Err(vec![Problem::new(path, "takes a JSON object")]),
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

/// Parses the fields of a part of a document, or returns all problems. A field that the type does not have is one. An empty `path`
/// stands for the whole document.
pub fn read_fields<T: DeserializeOwned + Serialize>(
    path: &str,
    input: &Map<String, Value>,
) -> Result<T, Vec<Problem>> {
    let Fitting {
        part,
        fields,
        problems,
    } = fitting(input.clone());
    let within = |problem: Problem| problem.within(path);
    let mut problems: Vec<Problem> = problems.into_iter().map(within).collect();
    let Some(part) = part else {
        return Err(problems);
    };
    match serde_json::to_value(&part) {
        Ok(kept) => unknown(path, &Value::Object(fields), &kept, &mut problems),
        Err(e) => problems.push(Problem::new(path, e)),
    }
    if problems.is_empty() {
        Ok(part)
    } else {
        Err(problems)
    }
}

/// Parses fields whose type refuses unknown ones by itself, or returns all problems, at most [`MOST`].
pub fn parse<T: DeserializeOwned>(input: Map<String, Value>) -> Result<T, Vec<Problem>> {
    match fitting(input) {
        Fitting {
            part: Some(part),
            problems,
            ..
        } if problems.is_empty() => Ok(part),
        Fitting { problems, .. } => Err(problems),
    }
}

/// What fits of an object.
struct Fitting<T> {
    /// The value, made of the fields that fit. `None` if it needs one that does not, or that is missing.
    part: Option<T>,
    /// The fields that fit.
    fields: Map<String, Value>,
    /// What does not fit, at most [`MOST`].
    problems: Vec<Problem>,
}

/// Parses an object without the fields that do not fit: each is taken out, so that it does not hide the next one.
fn fitting<T: DeserializeOwned>(mut fields: Map<String, Value>) -> Fitting<T> {
    let mut problems: Vec<Problem> = Vec::new();
    loop {
        let e = match serde_path_to_error::deserialize::<_, T>(&fields) {
            Ok(part) => {
                let part = Some(part);
                return Fitting {
                    part,
                    fields,
                    problems,
                };
            }
            Err(e) => e,
        };
        let problem = misfit(&e);
        let taken = match e.path().iter().next() {
            Some(Segment::Map { key }) => fields.remove(key),
            _ => None,
        };
        // A field that was taken out for another problem is missing now.
        if !problems
            .iter()
            .any(|known| is_within(&known.path, &problem.path))
        {
            problems.push(problem);
        }
        if taken.is_none() || problems.len() == MOST {
            let part = None;
            return Fitting {
                part,
                fields,
                problems,
            };
        }
    }
}

/// Whether the path is that one or leads further into it.
fn is_within(path: &str, root: &str) -> bool {
    let rest = path.strip_prefix(root);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
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

/// Appends a name to a path.
pub fn join(path: &str, name: &str) -> String {
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
