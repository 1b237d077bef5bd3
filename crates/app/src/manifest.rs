//! The Slack app's manifest, for the domains that are on.
//! Contract: <https://docs.slack.dev/reference/app-manifest>.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_pipeline::dispatch::COMMAND;
use tidegate_pipeline::domain::ShortcutSpec;

use crate::domains::DomainChoice;

/// Returns the manifest in Slack's JSON format. `host` is the host name under which Slack reaches Tidegate, without a scheme.
pub fn manifest(domains: &DomainChoice, host: &str) -> Value {
    let url = |path: &str| format!("https://{host}{path}");
    let scopes = domains.bot_scopes();
    let has_home = domains.specs().any(|spec| spec.has_home);
    json!({
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {"name": "Tidegate", "description": "A serverless Slack backend"},
        "features": {
            "app_home": {
                "home_tab_enabled": has_home,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": false,
            },
            "bot_user": {"display_name": "tidegate", "always_online": true},
            "slash_commands": commands(domains, &url("/slack/commands")),
            "shortcuts": domains.specs().flat_map(|spec| spec.shortcuts).map(shortcut).collect::<Vec<_>>(),
        },
        "oauth_config": {
            "redirect_urls": [url("/slack/oauth/callback"), url("/slack/login/callback")],
            "scopes": {"bot": scopes.all(), "bot_optional": scopes.optional},
        },
        "settings": {
            "event_subscriptions": {"request_url": url("/slack/events"), "bot_events": events(domains)},
            "interactivity": {"is_enabled": true, "request_url": url("/slack/interactions")},
            "org_deploy_enabled": false,
            "token_rotation_enabled": false,
            "socket_mode_enabled": false,
        },
    })
}

/// Returns the events to subscribe to, sorted. `message` needs one subscription for each kind of conversation that the bot asks to
/// read, and `app_rate_limited` needs none.
pub fn events(domains: &DomainChoice) -> Vec<String> {
    let asked = domains.bot_scopes().all();
    let mut events = BTreeSet::new();
    for name in domains.specs().flat_map(|spec| spec.events) {
        match *name {
            "message" => {
                let kinds = ["channels", "groups", "im", "mpim"];
                let readable = kinds
                    .iter()
                    .filter(|kind| asked.contains(&format!("{kind}:history")));
                events.extend(readable.map(|kind| format!("message.{kind}")));
            }
            "app_rate_limited" => {}
            name => {
                events.insert(name.to_owned());
            }
        }
    }
    if domains.specs().any(|spec| spec.has_home) {
        events.insert("app_home_opened".to_owned());
    }
    events.into_iter().collect()
}

fn commands(domains: &DomainChoice, url: &str) -> Vec<Value> {
    let words: Vec<&str> = domains
        .specs()
        .flat_map(|spec| spec.subcommands)
        .map(|own| own.word)
        .collect();
    let tidegate = (!words.is_empty()).then(|| {
        json!({
            "command": COMMAND, "url": url, "description": "Ask Tidegate", "usage_hint": words.join(" | "),
            "should_escape": false,
        })
    });
    let own = domains.specs().flat_map(|spec| spec.commands).map(|own| {
        // Names can change, and two people can have the same one, so Slack must send mentions as ids.
        json!({
            "command": own.command, "url": url, "description": own.description, "usage_hint": own.usage_hint,
            "should_escape": true,
        })
    });
    tidegate.into_iter().chain(own).collect()
}

fn shortcut(spec: &ShortcutSpec) -> Value {
    json!({
        "name": spec.name,
        "type": if spec.on_message { "message" } else { "global" },
        "callback_id": spec.callback_id,
        "description": spec.description,
    })
}
