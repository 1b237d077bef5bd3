//! The form of a block's element when a person clicks it or fills it in, as payloads and `state.values` carry it.
//! Contract: docs.slack.dev/reference/block-kit/block-elements.

use serde_json::{Map, Value, json};

/// The element of that name in some blocks, with the id of its block.
pub(super) fn find<'a>(blocks: &'a Value, action_id: &str) -> Option<(&'a str, &'a Value)> {
    let mut all = elements(blocks);
    all.find(|(_, element)| element["action_id"] == action_id)
}

/// Every element that acts, with the id of its block.
fn elements(blocks: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let blocks = blocks.as_array().into_iter().flatten();
    blocks.flat_map(|block| {
        let id = block["block_id"].as_str().unwrap_or_default();
        let several = block.get("elements").and_then(Value::as_array);
        let single = ["accessory", "element"].map(|name| block.get(name));
        let several = several.into_iter().flatten();
        several
            .chain(single.into_iter().flatten())
            .map(move |element| (id, element))
    })
}

/// `state.values` of a modal as a person leaves it who enters `given`, by block, and keeps what else stands there.
pub(super) fn state(view: &Value, given: &Map<String, Value>) -> Result<Value, String> {
    let blocks = view["blocks"].as_array().map(Vec::as_slice);
    let blocks = blocks.unwrap_or_default();
    let is_input = |name: &str| {
        let mut inputs = blocks.iter().filter(|block| block["type"] == "input");
        inputs.any(|block| block["block_id"] == name)
    };
    if let Some(unknown) = given.keys().find(|name| !is_input(name)) {
        return Err(format!("no input block is called {unknown}"));
    }
    let mut values = Map::new();
    for (block_id, element) in elements(&view["blocks"]) {
        if element["type"] == "button" {
            continue;
        }
        let Some(action_id) = element["action_id"].as_str() else {
            continue;
        };
        let kept = initial(element);
        let wanted = given.get(block_id).unwrap_or(&kept);
        let entered = entered(element, wanted).map_err(|e| format!("{block_id}: {e}"))?;
        let block = values.entry(block_id).or_insert_with(|| json!({}));
        block[action_id] = entered;
    }
    for block in blocks.iter().filter(|block| block["type"] == "input") {
        let id = block["block_id"].as_str().unwrap_or_default();
        let is_optional = block["optional"] == true;
        if !is_optional && values.get(id).is_none_or(is_blank) {
            return Err(format!("{id}: please complete this required field"));
        }
    }
    Ok(Value::Object(values))
}

/// Whether nothing was entered; the type says only what could have been.
fn is_blank(actions: &Value) -> bool {
    let inputs = actions.as_object().into_iter().flat_map(Map::values);
    let mut parts = inputs.filter_map(Value::as_object).flatten();
    parts.all(|(name, part)| {
        let is_empty = part.is_null() || part.as_array().is_some_and(Vec::is_empty);
        name == "type" || is_empty
    })
}

/// The initial content of an element, in the form in which [`entered`] takes it.
fn initial(element: &Value) -> Value {
    let of = |name: &str| element.get(name).cloned();
    let option = |option: &Value| option["value"].clone();
    let options = |list: &Value| list.as_array().map(|all| all.iter().map(option).collect());
    [
        "initial_value",
        "initial_user",
        "initial_users",
        "initial_conversation",
        "initial_conversations",
        "initial_channel",
        "initial_channels",
        "initial_date",
        "initial_time",
        "initial_date_time",
    ]
    .into_iter()
    .find_map(of)
    .or_else(|| element.get("initial_option").map(option))
    .or_else(|| element.get("initial_options").and_then(options))
    .unwrap_or_default()
}

/// An element with what a person gave it: a text, an option's value, an id, a date or Unix seconds; a list where several
/// can be chosen; null for nothing.
pub(super) fn entered(element: &Value, given: &Value) -> Result<Value, &'static str> {
    let kind = element["type"].as_str().unwrap_or_default();
    let (field, value) = match kind {
        "button" => {
            let value = element.get("value").cloned().unwrap_or_default();
            return Ok(json!({ "type": kind, "text": element["text"], "value": value }));
        }
        "plain_text_input" => ("value", text(element, given)?),
        "number_input" | "email_text_input" | "url_text_input" => ("value", given.clone()),
        "static_select" | "overflow" | "radio_buttons" => {
            ("selected_option", option(element, given)?)
        }
        "multi_static_select" | "checkboxes" => {
            let chosen = given.as_array().map(Vec::as_slice).unwrap_or_default();
            let chosen: Result<Value, _> = chosen.iter().map(|one| option(element, one)).collect();
            ("selected_options", chosen?)
        }
        "users_select" => ("selected_user", given.clone()),
        "conversations_select" => ("selected_conversation", given.clone()),
        "channels_select" => ("selected_channel", given.clone()),
        "multi_users_select" => ("selected_users", list(given)),
        "multi_conversations_select" => ("selected_conversations", list(given)),
        "multi_channels_select" => ("selected_channels", list(given)),
        "datepicker" => ("selected_date", given.clone()),
        "timepicker" => ("selected_time", given.clone()),
        "datetimepicker" => ("selected_date_time", given.clone()),
        _ => return Err("nobody can enter anything here"),
    };
    Ok(json!({ "type": kind, field: value }))
}

/// A text within the limits that Slack's clients hold people to; an empty one is none.
fn text(element: &Value, given: &Value) -> Result<Value, &'static str> {
    let length = given.as_str().unwrap_or_default().chars().count();
    let limit = |name: &str| {
        let limit = element.get(name).and_then(Value::as_u64);
        limit.and_then(|limit| usize::try_from(limit).ok())
    };
    if length == 0 {
        Ok(Value::Null)
    } else if limit("max_length").is_some_and(|most| length > most) {
        Err("the text is too long")
    } else if limit("min_length").is_some_and(|least| length < least) {
        Err("the text is too short")
    } else {
        Ok(given.clone())
    }
}

fn option(element: &Value, given: &Value) -> Result<Value, &'static str> {
    if given.is_null() {
        return Ok(Value::Null);
    }
    let groups = element["option_groups"].as_array().into_iter().flatten();
    let lists = groups.map(|group| &group["options"]);
    let lists = std::iter::once(&element["options"]).chain(lists);
    let mut options = lists.filter_map(Value::as_array).flatten();
    options
        .find(|option| option["value"] == *given)
        .cloned()
        .ok_or("there is no such option")
}

fn list(given: &Value) -> Value {
    if given.is_array() {
        given.clone()
    } else {
        json!([])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option_of(value: &str) -> Value {
        json!({ "text": { "type": "plain_text", "text": value }, "value": value })
    }

    #[test]
    fn each_kind_of_element_has_a_field_of_its_own() {
        let (a, b) = (option_of("a"), option_of("b"));
        let options = json!([a, b]);
        for (kind, given, field, expected) in [
            ("plain_text_input", json!("x"), "value", json!("x")),
            ("plain_text_input", json!(""), "value", Value::Null),
            ("static_select", json!("b"), "selected_option", b.clone()),
            ("static_select", Value::Null, "selected_option", Value::Null),
            ("checkboxes", json!(["a"]), "selected_options", json!([a])),
            ("checkboxes", Value::Null, "selected_options", json!([])),
            ("users_select", json!("U1"), "selected_user", json!("U1")),
            (
                "multi_users_select",
                json!(["U1"]),
                "selected_users",
                json!(["U1"]),
            ),
            ("datetimepicker", json!(7), "selected_date_time", json!(7)),
        ] {
            let element = json!({ "type": kind, "options": options });
            let entered = entered(&element, &given);
            assert_eq!(entered, Ok(json!({ "type": kind, field: expected })));
        }
        let select = json!({ "type": "static_select", "option_groups": [{ "options": options }] });
        assert!(entered(&select, &json!("a")).is_ok());
        assert!(entered(&select, &json!("c")).is_err());
    }

    #[test]
    fn a_form_keeps_what_nobody_changed_and_asks_for_what_is_missing() {
        let view = json!({ "blocks": [
            { "type": "input", "block_id": "title", "element": { "type": "plain_text_input", "action_id": "a", "max_length": 3 } },
            { "type": "input", "block_id": "severity", "element": { "type": "static_select", "action_id": "a",
                "options": [option_of("P2")], "initial_option": option_of("P2") } },
            { "type": "input", "block_id": "more", "optional": true, "element": { "type": "plain_text_input", "action_id": "a" } },
            { "type": "actions", "block_id": "buttons", "elements": [{ "type": "button", "action_id": "go" }] },
        ] });
        let fill = |given: Value| state(&view, given.as_object().unwrap());
        assert_eq!(
            fill(json!({ "title": "x" })),
            Ok(json!({
                "title": { "a": { "type": "plain_text_input", "value": "x" } },
                "severity": { "a": { "type": "static_select", "selected_option": option_of("P2") } },
                "more": { "a": { "type": "plain_text_input", "value": null } },
            }))
        );
        for wrong in [
            json!({}),
            json!({ "title": "long" }),
            json!({ "title": "x", "severity": "P9" }),
            json!({ "title": "x", "buttons": "y" }),
        ] {
            assert!(fill(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
