//! The settings of incidents as a program or a person gives them, read strictly.

use serde_json::{Map, Value, json};
use tidegate_pipeline::documents::input::{each, misfit, read_fields};

use super::check::check;
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

#[cfg(test)]
mod tests;
