//! Every output is within Slack's limits, for every input: an oracle with numbers of its own walks through it.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tidegate_slack::blocks::{
    Field, Form, Question, actions, button, channels_select, checkboxes, context, danger, divider,
    fields, header, home, link_button, message, multi_select, multi_users_select, option, overflow,
    paragraphs, primary, section, section_with, select, select_one, text_input, users_select,
};
use tidegate_slack::ids::UserId;
use tidegate_slack::text::length;

/// Asserts Slack's limits for a message, a modal or a home tab.
fn check(surface: &Value) {
    let most = if surface["type"].is_string() { 100 } else { 50 };
    let blocks = surface["blocks"].as_array().unwrap();
    assert!(
        (1..=most).contains(&blocks.len()),
        "{} blocks",
        blocks.len()
    );
    within(surface, "private_metadata", 0..=3000);
    within(surface, "callback_id", 0..=255);
    if surface["type"].is_null() {
        within(surface, "text", 1..=40_000);
        let all: usize = texts(&surface["blocks"]).map(length).sum();
        assert!(all <= 10_000, "{all} characters in the blocks");
    }
    for part in ["title", "submit", "close"] {
        within(&surface[part], "text", 1..=24);
    }
    walk(surface);
}

/// Every text in a value, at any depth.
fn texts(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter().flat_map(texts)),
        Value::Object(map) => {
            let own = map.get("text").and_then(Value::as_str);
            Box::new(own.into_iter().chain(map.values().flat_map(texts)))
        }
        _ => Box::new(std::iter::empty()),
    }
}

fn within(object: &Value, key: &str, range: std::ops::RangeInclusive<usize>) {
    if let Some(text) = object[key].as_str() {
        assert!(range.contains(&length(text)), "{key} {range:?}: {text}");
    }
}

fn count(object: &Value, key: &str, range: std::ops::RangeInclusive<usize>) {
    let n = object[key].as_array().map_or(0, Vec::len);
    assert!(range.contains(&n), "{key} {range:?}: {n}");
}

fn walk(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(walk),
        Value::Object(map) => {
            check_object(value);
            map.values().for_each(walk);
        }
        _ => {}
    }
}

fn check_object(object: &Value) {
    within(object, "action_id", 0..=255);
    within(object, "block_id", 0..=255);
    match object["type"].as_str().unwrap_or_default() {
        "mrkdwn" | "plain_text" => {
            within(object, "text", 1..=3000);
            assert!(!object["text"].as_str().unwrap().trim().is_empty());
        }
        "header" => within(&object["text"], "text", 1..=150),
        "section" => {
            assert!(object["text"].is_object() || object["fields"].is_array());
            if object["fields"].is_array() {
                count(object, "fields", 1..=10);
            }
            for field in object["fields"].as_array().into_iter().flatten() {
                within(field, "text", 1..=2000);
            }
        }
        "context" => count(object, "elements", 1..=10),
        "actions" => count(object, "elements", 1..=25),
        "input" => {
            within(&object["label"], "text", 1..=2000);
            within(&object["hint"], "text", 1..=2000);
            assert!(object["element"].is_object());
        }
        "button" => {
            within(&object["text"], "text", 1..=75);
            within(object, "value", 0..=2000);
            within(object, "url", 1..=3000);
        }
        kind @ ("static_select" | "multi_static_select" | "checkboxes" | "overflow") => {
            let most = match kind {
                "checkboxes" => 10,
                "overflow" => 5,
                _ => 100,
            };
            count(object, "options", 1..=most);
            check_options(object);
        }
        "plain_text_input" => {
            let most = usize::try_from(object["max_length"].as_u64().unwrap()).unwrap();
            assert!((1..=3000).contains(&most));
            within(object, "initial_value", 0..=most);
        }
        _ => {}
    }
}

fn check_options(object: &Value) {
    let options = object["options"].as_array().unwrap();
    for option in options {
        within(&option["text"], "text", 1..=75);
        within(option, "value", 1..=150);
    }
    within(&object["placeholder"], "text", 1..=150);
    let chosen = object["initial_options"].as_array().into_iter().flatten();
    for initial in chosen.chain(object.get("initial_option")) {
        assert!(options.contains(initial), "{initial}");
    }
    if let Some(most) = object["max_selected_items"].as_u64() {
        count(
            object,
            "initial_options",
            0..=usize::try_from(most).unwrap(),
        );
    }
}

/// Texts of any length, with entities, references, surrogate pairs and blanks.
fn words() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec!["a", "&amp;", "<@U1>", "<", "&", "😀", "\n", " ", "é"]);
    let short = prop::collection::vec(piece.clone(), 0..20);
    let long =
        (prop::collection::vec(piece, 1..9), 1usize..500).prop_map(|(pieces, n)| pieces.repeat(n));
    prop_oneof![short, long].prop_map(|pieces| pieces.concat())
}

/// Every element there is, with these words in it.
fn elements(words: &str, options: &[(String, String)], most: usize) -> Vec<Value> {
    let drawn = || {
        options
            .iter()
            .map(|(l, v)| option(l, v))
            .collect::<Vec<_>>()
    };
    let values: Vec<String> = options.iter().map(|(_, value)| value.clone()).collect();
    let ticked: Vec<&str> = values.iter().map(String::as_str).collect();
    let users: Vec<UserId> = vec!["U1".into(); 20];
    let optional = [
        link_button(words, words, words),
        select(words, words, drawn()),
        overflow(words, drawn()),
        select_one(words, options, ticked.last().copied()),
        multi_select(words, options, &values, most),
        checkboxes(words, options, &ticked),
    ];
    let mut elements: Vec<Value> = optional.into_iter().flatten().collect();
    elements.extend([
        primary(button(words, words, words)),
        danger(button(words, words, "v")),
        users_select(words, users.first()),
        multi_users_select(words, &users, most),
        channels_select(words, Some(&"C1".into())),
        text_input(words, most, words, true),
    ]);
    elements
}

#[test]
fn blocks_are_built_as_slack_takes_them() {
    let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": true});
    let options = || vec![option("One", "1"), option("Two", "2")];
    let drawn = json!([{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]);
    for (built, expected) in [
        (
            section_with("*hello*", button("Go", "go", "7")),
            json!({
                "type": "section", "text": {"type": "mrkdwn", "text": "*hello*"},
                "accessory": {"type": "button", "text": plain("Go"), "action_id": "go", "value": "7"},
            }),
        ),
        (
            context("small"),
            json!({"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]}),
        ),
        (
            header("Title"),
            json!({"type": "header", "text": plain("Title")}),
        ),
        (
            select("pick", "Pick", options()).unwrap(),
            json!({"type": "static_select", "action_id": "pick", "placeholder": plain("Pick"), "options": drawn}),
        ),
        (
            overflow("more", options()).unwrap(),
            json!({"type": "overflow", "action_id": "more", "options": drawn}),
        ),
        (
            select_one("pick", &[("One", "1"), ("Two", "2")], Some("2")).unwrap(),
            json!({"type": "static_select", "action_id": "pick", "options": drawn, "initial_option": drawn[1]}),
        ),
        (
            link_button("Open", "open", "https://a.example").unwrap(),
            json!({"type": "button", "text": plain("Open"), "action_id": "open", "url": "https://a.example"}),
        ),
        (
            primary(button("Go", "go", "7")),
            json!({
                "type": "button", "text": plain("Go"), "action_id": "go", "value": "7", "style": "primary",
            }),
        ),
        (
            message("said", vec![divider()]),
            json!({"text": "said", "blocks": [{"type": "divider"}]}),
        ),
    ] {
        assert_eq!(built, expected);
    }
}

#[test]
fn what_is_too_long_is_cut_and_what_comes_back_is_left_out() {
    let long = "x".repeat(5000);
    for (built, pointer, expected) in [
        (section(&long), "/text/text", 3000),
        (context(&long), "/elements/0/text", 2000),
        (header(&long), "/text/text", 150),
        (button(&long, "a", "v"), "/text/text", 75),
        (button("b", &long, "v"), "/action_id", 255),
        (button("b", "a", &long[..2000]), "/value", 2000),
        (option(&long, "v"), "/text/text", 75),
        (text_input("a", 9000, &long, true), "/initial_value", 3000),
        (message(&long, Vec::new()), "/text", 3000),
    ] {
        let text = built.pointer(pointer).and_then(Value::as_str).unwrap();
        assert_eq!(length(text), expected, "{pointer}");
        let is_value = matches!(pointer, "/action_id" | "/value");
        assert_eq!(text.ends_with('…'), !is_value, "{pointer}");
    }
    assert_eq!(button("b", "a", &long).get("value"), None);
    assert_eq!(link_button("b", "a", &long), None);
    assert_eq!(
        select("a", "p", vec![option("l", &long), option("l", "")]),
        None
    );
    let escaped = section(&format!("{}&amp;x", "y".repeat(2996)));
    assert_eq!(escaped["text"]["text"], format!("{}…", "y".repeat(2996)));
}

#[test]
fn what_has_no_room_goes_on_or_is_counted() {
    let facts: Vec<String> = (0..23).map(|n| n.to_string()).collect();
    let rows: Vec<_> = fields(&facts)
        .iter()
        .map(|b| b["fields"].as_array().unwrap().len())
        .collect();
    assert_eq!(rows, [10, 10, 3]);
    let row = actions(vec![button("b", "a", "v"); 26]);
    assert_eq!(row[1]["elements"].as_array().unwrap().len(), 1);
    assert!(actions(Vec::new()).is_empty() && fields(&[]).is_empty() && paragraphs(&[]).is_empty());

    let full = message("t", vec![divider(); 50]);
    assert_eq!(full["blocks"][49], divider());
    let over = message("t", vec![divider(); 60]);
    let last = &over["blocks"][49]["elements"][0]["text"];
    assert_eq!(last, "11 more parts are not shown.");
    assert_eq!(
        home(vec![divider(); 101])["blocks"]
            .as_array()
            .unwrap()
            .len(),
        100
    );
}

#[test]
fn a_form_remembers_its_limits_before_anything_else() {
    let form = |memory: &str| {
        let question = Question {
            id: "title",
            label: "Title",
            required: true,
        };
        let memory = json!({"i": memory});
        let view = Form {
            callback: "c",
            title: "t",
            submit: "s",
            memory: memory.as_object().unwrap().clone(),
            fields: vec![Field::text(&question, "title", 80, "", false).hint("short")],
        }
        .view();
        check(&view);
        serde_json::from_str::<Value>(view["private_metadata"].as_str().unwrap()).unwrap()
    };
    let limits = json!({"title": {"required": true, "max": 80}});
    assert_eq!(form("x"), json!({"i": "x", "limits": limits}));
    assert_eq!(form(&"x".repeat(3000)), json!({"limits": limits}));
}

#[test]
fn a_choice_among_nothing_is_a_note() {
    let question = Question {
        id: "q",
        label: "<Which>",
        required: true,
    };
    let field = Field::select(&question, "a", &[("", ""); 0], None)
        .hint("h")
        .dispatched();
    let form = Form {
        callback: "c",
        title: "t",
        submit: "s",
        memory: Map::new(),
        fields: vec![field],
    };
    let view = form.view();
    check(&view);
    let note = context("&lt;Which&gt;: there is nothing to choose from.");
    assert_eq!(view["blocks"], json!([note]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_message_is_one_that_slack_takes(
        text in words(), label in words(), value in words(), n in 0usize..120, lines in 0usize..70,
    ) {
        let options = vec![(label.clone(), "v".to_owned()), (text.clone(), value.clone())];
        let options: Vec<_> = options.into_iter().cycle().take(n).collect();
        let mut blocks = vec![header(&text), section(&label), divider(), context(&value)];
        blocks.extend(fields(&vec![label.clone(); n]));
        blocks.extend(paragraphs(&vec![text.clone(); lines]));
        let row = elements(&label, &options, n);
        blocks.extend(row.iter().map(|element| section_with(&text, element.clone())));
        blocks.extend(actions(row));
        check(&message(&text, blocks.clone()));
        let twice: Vec<_> = blocks.iter().chain(&blocks).cloned().collect();
        check(&home(twice));
    }

    #[test]
    fn any_form_is_one_that_slack_takes(
        id in words(), label in words(), memory in words(), n in 0usize..120, required in any::<bool>(),
    ) {
        let question = Question { id: &id, label: &label, required };
        let options: Vec<_> = (0..n).map(|n| (label.clone(), format!("{n}{label}"))).collect();
        let initial: Vec<String> = options.iter().map(|(_, value)| value.clone()).collect();
        let ticked: Vec<&str> = initial.iter().map(String::as_str).collect();
        let fields = vec![
            Field::paragraph(&label),
            Field::note(&label),
            Field::text(&question, &id, n, &label, true).hint(&label),
            Field::select(&question, &id, &options, ticked.last().copied()).dispatched(),
            Field::multi_select(&question, &id, &options, &initial, n),
            Field::user(&question, &id, Some(&label.as_str().into())),
            Field::checkboxes(&question, &id, &options, &ticked),
        ];
        let fields: Vec<_> = fields.into_iter().cycle().take(7 * (1 + n / 6)).collect();
        let mut kept = Map::new();
        kept.insert("i".to_owned(), memory.into());
        let form = Form { callback: &id, title: &label, submit: &label, memory: kept, fields };
        check(&form.view());
    }
}

#[test]
fn a_message_of_long_blocks_keeps_those_that_fit_and_says_how_many_do_not() {
    let blocks = |n: usize| vec![section(&"x".repeat(3000)); n];
    let whole = message("text", blocks(3));
    check(&whole);
    assert_eq!(whole["blocks"].as_array().unwrap().len(), 3);
    let cut = message("text", blocks(6));
    check(&cut);
    let shown = cut["blocks"].as_array().unwrap();
    assert_eq!(shown.len(), 4);
    assert!(shown[3].to_string().contains("3 more parts are not shown."));
}
