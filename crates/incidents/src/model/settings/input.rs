//! Settings as a program or a person gives them: JSON, in which nothing unknown is passed over.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::check::check;
use super::shapes::segment;
use super::{Service, Settings};
use crate::model::templates::Template;

/// The settings in that JSON, or everything that is wrong with it. What it leaves out has its default.
pub fn read(input: &Value) -> Result<Settings, Vec<String>> {
    let Value::Object(fields) = input else {
        return Err(vec!["the settings are a JSON object".to_owned()]);
    };
    let mut problems = Vec::new();
    // Each part by itself, so that one misfit does not hide the next.
    let mut fitting = Map::new();
    for (name, value) in fields {
        let part = match (name.as_str(), value) {
            // A service that does not fit is there all the same: templates may name it.
            ("services", Value::Object(services)) => {
                each::<Service>("services", services, Some(&json!({})), &mut problems)
            }
            ("templates", Value::Object(templates)) => {
                each::<Template>("templates", templates, None, &mut problems)
            }
            (_, value) => match read_fields::<Settings>("", &json!({ name.as_str(): value })) {
                Ok(_) => value.clone(),
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            },
        };
        fitting.insert(name.clone(), part);
    }
    let whole = serde_json::from_value::<Settings>(Value::Object(fitting));
    let settings = whole.map_err(|e| vec![misfit("settings", &e)])?;
    problems.extend(check(&settings));
    if problems.is_empty() {
        Ok(settings)
    } else {
        Err(problems)
    }
}

/// A service, template or other part of the settings in that JSON, or everything that does not fit. Whether its values
/// can be worked with, [`check`] says of the whole.
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

/// The entries that fit, each with `instead` where it does not.
fn each<T: DeserializeOwned + Serialize>(
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

fn read_fields<T: DeserializeOwned + Serialize>(
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

fn misfit(path: &str, e: &serde_json::Error) -> String {
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

#[cfg(test)]
mod tests;
