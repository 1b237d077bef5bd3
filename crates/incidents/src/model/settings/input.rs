//! Parses settings from JSON strictly.

use serde_json::{Map, Value, json};
use tidegate_pipeline::documents::input::{Problem, each, parse, read_fields};

use super::check::check;
use super::{Service, Settings};
use crate::model::templates::Template;

/// Parses settings, or returns every problem. Fields that are missing have their defaults.
pub fn read(input: &Value) -> Result<Settings, Vec<Problem>> {
    let Value::Object(fields) = input else {
        return Err(vec![Problem::new("settings", "takes a JSON object")]);
    };
    let mut problems = Vec::new();
    // Each field is parsed on its own, so that one problem does not hide another.
    let mut fitting = Map::new();
    for (name, value) in fields {
        let part = match (name.as_str(), value) {
            // A service that is invalid still exists, because templates may name it.
            ("services", Value::Object(services)) => {
                each::<Service>("services", services, Some(&json!({})), &mut problems)
            }
            ("templates", Value::Object(templates)) => {
                each::<Template>("templates", templates, None, &mut problems)
            }
            (_, value) => {
                let alone = Map::from_iter([(name.clone(), value.clone())]);
                match read_fields::<Settings>("", &alone) {
                    Ok(_) => value.clone(),
                    Err(found) => {
                        problems.extend(found);
                        continue;
                    }
                }
            }
        };
        fitting.insert(name.clone(), part);
    }
    let settings = parse::<Settings>(fitting)?;
    problems.extend(check(&settings));
    if problems.is_empty() {
        Ok(settings)
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests;
