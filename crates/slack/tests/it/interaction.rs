//! Interactions: any JSON is read or refused without a panic, and the tenant follows from Slack's documented places.

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_slack::ids::TenantId;
use tidegate_slack::interaction::{Element, Interaction};

use crate::any_json;

fn tenant(payload: &Value) -> Option<TenantId> {
    Interaction::parse(&payload.to_string()).unwrap().tenant()
}

/// Reads every field: none may panic, whatever stands there.
fn read_all(input: Element<'_>) {
    let _ = (
        input.value(),
        input.selected(),
        input.all_selected(),
        input.user(),
    );
    let _ = (
        input.conversation(),
        input.date(),
        input.time_of_day(),
        input.time(),
        input.is_blank(),
    );
}

fn submission() -> Value {
    json!({
        "type": "view_submission", "is_enterprise_install": false,
        "team": {"id": "T1", "domain": "d"}, "enterprise": {"id": "E1", "name": "e"},
        "user": {"id": "U1", "team_id": "TUSER"}, "container": {"message_ts": "1.2", "is_ephemeral": true},
        "actions": [{"type": "static_select", "action_id": "a", "block_id": "b", "selected_option": {"value": "v"}}],
        "view": {
            "team_id": "TVIEW", "app_installed_team_id": "TAPP", "private_metadata": "{}",
            "state": {"values": {"block": {"action": {"type": "plain_text_input", "value": "typed"}}}},
        },
    })
}

proptest! {
    #[test]
    fn arbitrary_text_does_no_harm(payload in any::<String>()) {
        if let Ok(interaction) = Interaction::parse(&payload) {
            let _ = interaction.tenant();
        }
    }

    #[test]
    fn every_object_can_be_read(payload in any_json::object()) {
        let payload = Value::from(payload).to_string();
        let interaction = Interaction::parse(&payload);
        prop_assert!(interaction.is_ok(), "{:?}", interaction.err());
        let interaction = interaction.unwrap();
        interaction.actions().for_each(read_all);
        let _ = (interaction.user(), interaction.channel(), interaction.callback_id(), interaction.view_id());
        let _ = (interaction.message_ts(), interaction.thread_ts(), interaction.is_ephemeral());
        let _ = (interaction.trigger_id(), interaction.response_url());
    }

    #[test]
    fn fields_of_other_types_do_no_harm(payload in any_json::mutated(submission()), block in any::<String>()) {
        let text = payload.to_string();
        let interaction = Interaction::parse(&text);
        prop_assert_eq!(interaction.is_ok(), payload.is_object());
        if let Ok(Interaction { view: Some(view), .. }) = interaction {
            let _ = (view.text(&block), view.is_blank("block"), view.first_block());
            for input in view.values() {
                read_all(input);
            }
        }
    }

    #[test]
    fn unknown_fields_never_matter(unknown in any_json::object()) {
        let mut payload = submission();
        for place in ["", "/team", "/user", "/view", "/view/state"] {
            let place = payload.pointer_mut(place).and_then(Value::as_object_mut).unwrap();
            place.extend(unknown.iter().map(|(name, v)| (format!("new_{name}"), v.clone())));
        }
        prop_assert_eq!(tenant(&payload), Some("TAPP".into()));
        let text = payload.to_string();
        let view = Interaction::parse(&text).unwrap().view.unwrap();
        prop_assert_eq!(view.text("block"), "typed");
    }
}

/// The cases of Bolt-Python's `test_internals.py`: where each kind of payload names the installation.
#[test]
fn the_tenant_follows_from_the_documented_places() {
    let org = json!({"id": "E1"});
    for (case, payload, expected) in [
        (
            "one workspace",
            json!({"team": {"id": "T1"}, "user": {"team_id": "T1"}}),
            "T1",
        ),
        (
            "a workspace of an organisation",
            json!({"team": {"id": "T1"}, "enterprise": org}),
            "T1",
        ),
        (
            "org-wide, from a workspace",
            json!({"is_enterprise_install": true, "team": {"id": "T1"}, "enterprise": org}),
            "E1",
        ),
        (
            "org-wide, no team at all",
            json!({"is_enterprise_install": true, "team": null, "enterprise": org, "user": {"team_id": "T1"}}),
            "E1",
        ),
        (
            "org-wide as text, as forms write it",
            json!({"is_enterprise_install": "true", "team": {"id": "T1"}, "enterprise": org}),
            "E1",
        ),
        (
            "org-wide without the organisation's id",
            json!({"is_enterprise_install": true, "team": {"id": "T1"}, "enterprise": null}),
            "T1",
        ),
        (
            "team null, not org-wide: the user's team",
            json!({"team": null, "enterprise": org, "user": {"team_id": "T1"}}),
            "T1",
        ),
        (
            "Slack Connect: the view knows where the app is installed",
            json!({"team": {"id": "TOTHER"}, "user": {"team_id": "TOTHER"},
                "view": {"team_id": "TOTHER", "app_installed_team_id": "T1"}}),
            "T1",
        ),
        (
            "Slack Connect: a person of another workspace in our channel",
            json!({"team": {"id": "T1"}, "user": {"id": "U2", "team_id": "TOTHER"}}),
            "T1",
        ),
        (
            "view.app_installed_team_id null: the team",
            json!({"team": {"id": "T1"}, "view": {"team_id": "TOTHER", "app_installed_team_id": null}}),
            "T1",
        ),
        (
            "only the view's team",
            json!({"team": null, "view": {"team_id": "T1"}}),
            "T1",
        ),
        (
            "an app installed org-wide in a view",
            json!({"team": null, "view": {"app_installed_team_id": "E1"}}),
            "E1",
        ),
        (
            "only the organisation",
            json!({"team": null, "enterprise": org}),
            "E1",
        ),
    ] {
        assert_eq!(tenant(&payload), Some(expected.into()), "{case}");
    }
}

#[test]
fn what_names_no_installation_has_no_tenant() {
    for payload in [
        json!({}),
        json!({"team": null, "enterprise": null, "user": null, "view": null}),
        json!({"team": {"id": "t1"}, "user": {"team_id": ""}}),
        json!({"team": "T1"}),
        json!({"team": ["T1"]}),
    ] {
        assert_eq!(tenant(&payload), None, "{payload}");
    }
}

#[test]
fn a_list_is_no_interaction_even_if_its_items_stand_in_the_fields_order() {
    for payload in ["[]", r#"["block_suggestion"]"#, "null", "7"] {
        assert!(Interaction::parse(payload).is_err(), "{payload}");
    }
}
