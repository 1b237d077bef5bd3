//! Prints hooks and deliveries, one a line.

use std::borrow::Cow;

use serde_json::Value;

use crate::cli::printed;

/// Prints a secret, and whose it is on standard error.
pub(super) fn secret(answer: &Value, json: bool, whose: &str, id: &str) {
    if json {
        anstream::println!("{answer}");
        return;
    }
    anstream::println!("{}", text(answer, "secret"));
    anstream::eprintln!("Keep it now: it is not shown again. {whose} {id}.");
}

/// Prints a list of hooks.
pub(super) fn hooks(list: &Value, json: bool) {
    let mut any = false;
    for hook in list["hooks"].as_array().into_iter().flatten() {
        any = true;
        if json {
            anstream::println!("{hook}");
            continue;
        }
        let state = if hook["enabled"] == false {
            "disabled"
        } else if hook["interrupted"] == true {
            "interrupted"
        } else if hook["failing_since_ms"].is_null() {
            "enabled"
        } else {
            "failing"
        };
        let events = printed::list(&hook["events"]);
        let channels = match printed::list(&hook["channels"]) {
            channels if channels.is_empty() => "all channels".to_owned(),
            channels => channels,
        };
        anstream::println!(
            "{}  {state:<11}  {}  {events}  {channels}",
            text(hook, "id"),
            text(hook, "url")
        );
    }
    if !any && !json {
        anstream::eprintln!("No hooks. `tidegate hooks add` makes one.");
    }
}

/// Prints a page of deliveries.
pub(super) fn deliveries(page: &Value, json: bool) {
    let mut any = false;
    for delivery in page["deliveries"].as_array().into_iter().flatten() {
        any = true;
        if json {
            anstream::println!("{delivery}");
            continue;
        }
        let made = delivery["created_at_ms"].as_i64().unwrap_or_default();
        let made = jiff::Timestamp::from_second(made.div_euclid(1000)).unwrap_or_default();
        let why = delivery["reason"].as_str().or(delivery["problem"].as_str());
        anstream::println!(
            "{}  {made}  {:<9}  {:<11}  {:<22}  {}",
            text(delivery, "id"),
            text(delivery, "state"),
            attempts(delivery["attempts"].as_u64().unwrap_or(0)),
            text(delivery, "type"),
            printed::plain(why.unwrap_or_default()),
        );
    }
    if !page["next"].is_null() {
        anstream::eprintln!(
            "There are more: raise --limit (at most 200), or page through `GET /v1/hooks/{{id}}/deliveries`."
        );
    }
    if !any && !json {
        anstream::eprintln!("No deliveries.");
    }
}

fn attempts(count: u64) -> String {
    let noun = if count == 1 { "attempt" } else { "attempts" };
    format!("{count:>2} {noun}")
}

fn text<'v>(value: &'v Value, name: &str) -> Cow<'v, str> {
    printed::text(&value[name])
}
