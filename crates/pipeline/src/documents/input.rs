//! Documents as a program or a person gives them: JSON, in which nothing unknown is passed over. Every problem names the
//! path of the value that has it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Longest name that a path shows as it is, in characters.
const MAX_NAME: usize = 40;

/// A part of a document in that JSON object, or everything that does not fit. `path` names the part in problems.
pub fn read_part<T: DeserializeOwned + Serialize>(
    path: &str,
    input: &Value,
) -> Result<T, Vec<String>> {
    if input.is_object() {
        read_fields(path, input)
    } else {
        Err(vec![format!("`{path}`: takes a JSON object")])
    }
}

/// The entries of a map in a document that fit; in place of one that does not, `instead`, if given. Problems are added to
/// those found before.
pub fn each<T: DeserializeOwned + Serialize>(
    path: &str,
    entries: &Map<String, Value>,
    instead: Option<&Value>,
    problems: &mut Vec<String>,
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

/// A part of a document in that JSON, or everything that does not fit: an empty `path` is the document itself.
pub fn read_fields<T: DeserializeOwned + Serialize>(
    path: &str,
    input: &Value,
) -> Result<T, Vec<String>> {
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

/// Names every field of the input that reading it has dropped.
fn unknown(path: &str, input: &Value, kept: &Value, problems: &mut Vec<String>) {
    let (Value::Object(input), Value::Object(kept)) = (input, kept) else {
        return;
    };
    for (name, value) in input {
        let path = join(path, name);
        match kept.get(name) {
            Some(kept) => unknown(&path, value, kept, problems),
            None => problems.push(format!("`{path}`: there is no such setting")),
        }
    }
}

/// What serde says of a value that does not fit, cut to a sensible length.
pub fn misfit(path: &str, e: &serde_json::Error) -> String {
    // The text may repeat a value of the input, which is cut.
    let words = e.to_string();
    let cut: String = words.chars().take(200).collect();
    format!("`{path}`: {cut}")
}

/// A path one name further.
fn join(path: &str, name: &str) -> String {
    match path {
        "" => segment(name),
        path => format!("{path}.{}", segment(name)),
    }
}

/// A value as a problem shows it: short, and without line breaks.
pub fn shown(value: &str) -> String {
    let mut short: String = value.chars().take(40).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    format!("{short:?}")
}

/// A name as part of a path: quoted and cut if it is none of ours.
pub fn segment(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=MAX_NAME).contains(&name.len()) && name.chars().all(plain) {
        name.to_owned()
    } else {
        shown(name)
    }
}
