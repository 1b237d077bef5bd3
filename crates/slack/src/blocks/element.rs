//! The elements that people click, choose from and write into. Options are `(label, value)` unless they are JSON from
//! [`option`]; a label is plain text, and an option without a usable value (1 to 150 characters) is left out.

use serde_json::{Value, json};

use super::{id, limits, plain_text};
use crate::ids::{ChannelId, UserId};
use crate::text::{cut, length};

/// A button. A value of more than 2000 characters is left out.
pub fn button(label: &str, action: &str, value: &str) -> Value {
    let mut button = json!({
        "type": "button",
        "text": plain_text(label, limits::BUTTON),
        "action_id": id(action),
    });
    if length(value) <= limits::BUTTON_VALUE {
        button["value"] = value.into();
    }
    button
}

/// A button that opens an address. `None` if the address is empty or has more than 3000 characters.
pub fn link_button(label: &str, action: &str, url: &str) -> Option<Value> {
    (1..=limits::URL).contains(&length(url)).then(|| {
        json!({
            "type": "button",
            "text": plain_text(label, limits::BUTTON),
            "action_id": id(action),
            "url": url,
        })
    })
}

/// Marks the button that most people will want.
pub fn primary(mut button: Value) -> Value {
    button["style"] = "primary".into();
    button
}

/// Marks the button that people should think about.
pub fn danger(mut button: Value) -> Value {
    button["style"] = "danger".into();
    button
}

/// An option of a select, of checkboxes or of an overflow menu.
pub fn option(label: &str, value: &str) -> Value {
    json!({"text": plain_text(label, limits::OPTION), "value": value})
}

/// A select whose options say what a click means. The first hundred are offered; `None` if there are none.
pub fn select(action: &str, placeholder: &str, options: Vec<Value>) -> Option<Value> {
    let options = offered(options, limits::OPTIONS);
    (!options.is_empty()).then(|| {
        json!({
            "type": "static_select",
            "action_id": id(action),
            "placeholder": plain_text(placeholder, limits::PLACEHOLDER),
            "options": options,
        })
    })
}

/// A menu behind three dots. The first five options are offered; `None` if there are none.
pub fn overflow(action: &str, options: Vec<Value>) -> Option<Value> {
    let options = offered(options, limits::OVERFLOW);
    (!options.is_empty())
        .then(|| json!({"type": "overflow", "action_id": id(action), "options": options}))
}

/// A select of a form, with one option chosen by its value. The first hundred are offered; `None` if there are none.
pub fn select_one(
    action: &str,
    options: &[(impl AsRef<str>, impl AsRef<str>)],
    initial: Option<&str>,
) -> Option<Value> {
    let options = drawn(options, limits::OPTIONS);
    if options.is_empty() {
        return None;
    }
    let mut element = json!({"type": "static_select", "action_id": id(action), "options": options});
    let chosen = options.into_iter().find(|o| o["value"].as_str() == initial);
    if let Some(chosen) = chosen {
        element["initial_option"] = chosen;
    }
    Some(element)
}

/// A select of which up to `most` options can be chosen, with some chosen by their values. The first hundred are
/// offered; `None` if there are none.
pub fn multi_select(
    action: &str,
    options: &[(impl AsRef<str>, impl AsRef<str>)],
    initial: &[String],
    most: usize,
) -> Option<Value> {
    let options = drawn(options, limits::OPTIONS);
    if options.is_empty() {
        return None;
    }
    let most = most.max(1);
    let mut element = json!({
        "type": "multi_static_select",
        "action_id": id(action),
        "max_selected_items": most,
        "options": options,
    });
    let is_chosen = |o: &Value| initial.iter().any(|value| o["value"] == value.as_str());
    let chosen: Vec<_> = options.into_iter().filter(is_chosen).take(most).collect();
    if !chosen.is_empty() {
        element["initial_options"] = chosen.into();
    }
    Some(element)
}

/// Boxes to tick, with some ticked by their values. The first ten are offered; `None` if there are none.
pub fn checkboxes(
    action: &str,
    options: &[(impl AsRef<str>, impl AsRef<str>)],
    ticked: &[&str],
) -> Option<Value> {
    let options = drawn(options, limits::BOXES);
    if options.is_empty() {
        return None;
    }
    let mut element = json!({"type": "checkboxes", "action_id": id(action), "options": options});
    let is_ticked = |o: &Value| ticked.iter().any(|value| o["value"] == *value);
    let chosen: Vec<_> = options.into_iter().filter(is_ticked).collect();
    if !chosen.is_empty() {
        element["initial_options"] = chosen.into();
    }
    Some(element)
}

/// A select of one person of the workspace.
pub fn users_select(action: &str, initial: Option<&UserId>) -> Value {
    let mut element = json!({"type": "users_select", "action_id": id(action)});
    if let Some(user) = initial {
        element["initial_user"] = user.as_str().into();
    }
    element
}

/// A select of up to `most` people of the workspace.
pub fn multi_users_select(action: &str, initial: &[UserId], most: usize) -> Value {
    let most = most.max(1);
    let mut element = json!({
        "type": "multi_users_select",
        "action_id": id(action),
        "max_selected_items": most,
    });
    let chosen: Vec<_> = initial.iter().take(most).map(UserId::as_str).collect();
    if !chosen.is_empty() {
        element["initial_users"] = chosen.into();
    }
    element
}

/// A select of one public channel.
pub fn channels_select(action: &str, initial: Option<&ChannelId>) -> Value {
    let mut element = json!({"type": "channels_select", "action_id": id(action)});
    if let Some(channel) = initial {
        element["initial_channel"] = channel.as_str().into();
    }
    element
}

/// A field to write up to `max` characters into, at most 3000 and at least one. `lines` makes it several lines high.
pub fn text_input(action: &str, max: usize, initial: &str, lines: bool) -> Value {
    let max = max.clamp(1, limits::INPUT);
    let mut element = json!({
        "type": "plain_text_input",
        "action_id": id(action),
        "max_length": max,
        "multiline": lines,
    });
    if !initial.is_empty() {
        element["initial_value"] = cut(initial, max).into();
    }
    element
}

/// The options of these labels and values that can be offered.
fn drawn(options: &[(impl AsRef<str>, impl AsRef<str>)], most: usize) -> Vec<Value> {
    let options = options.iter();
    let options = options.map(|(label, value)| option(label.as_ref(), value.as_ref()));
    offered(options.collect(), most)
}

fn offered(mut options: Vec<Value>, most: usize) -> Vec<Value> {
    options.retain(|option| {
        let value = option["value"].as_str().unwrap_or_default();
        (1..=limits::OPTION_VALUE).contains(&length(value))
    });
    options.truncate(most);
    options
}
