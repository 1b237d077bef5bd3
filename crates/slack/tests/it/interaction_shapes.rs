//! What comes out of interactions of each kind, in the shapes of docs.slack.dev/reference/interaction-payloads.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tidegate_slack::interaction::{Element, Interaction};

use crate::corpus::interactions;

fn with<T>(payload: &Value, read: impl FnOnce(&Interaction<'_>) -> T) -> T {
    read(&Interaction::parse(&payload.to_string()).unwrap())
}

fn button_click() -> Value {
    json!({
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T2"},
        "container": {"type": "message", "message_ts": "17.1", "channel_id": "C1", "is_ephemeral": false, "thread_ts": "16.9"},
        "trigger_id": "1.2.sesame", "channel": {"id": "C1", "name": "inc"},
        "message": {"type": "message", "user": "UBOT", "bot_id": "B1", "ts": "17.1", "text": "bonjour", "thread_ts": "16.9"},
        "response_url": "https://hooks.slack.com/actions/sesame",
        "actions": [{"type": "button", "action_id": "join", "block_id": "header", "value": "01J", "action_ts": "18.0"}],
    })
}

#[test]
fn a_click_says_who_where_and_what() {
    with(&button_click(), |click| {
        assert_eq!(click.user(), Some("U1".into()));
        assert_eq!(click.user_team(), Some("T2"));
        assert_eq!(click.channel(), Some("C1".into()));
        assert_eq!(click.message_ts(), Some("17.1".into()));
        assert_eq!(click.thread_ts(), Some("16.9".into()));
        assert_eq!(click.trigger_id().unwrap().expose_secret(), "1.2.sesame");
        let url = click.response_url().unwrap();
        assert_eq!(
            url.expose_secret(),
            "https://hooks.slack.com/actions/sesame"
        );
        assert!(!click.is_ephemeral());
        let actions: Vec<_> = click
            .actions()
            .map(|a| (a.kind(), a.block_id(), a.action_id(), a.value()))
            .collect();
        assert_eq!(actions, [("button", "header", "join", Some("01J"))]);
    });
}

#[test]
fn an_ephemeral_message_has_no_message_but_a_container() {
    let mut payload = button_click();
    let fields = payload.as_object_mut().unwrap();
    fields.remove("message");
    fields["container"]["is_ephemeral"] = true.into();
    with(&payload, |click| {
        assert!(click.is_ephemeral());
        assert_eq!(click.message_ts(), Some("17.1".into()));
        assert!(click.message().is_none());
    });
}

#[test]
fn a_message_shortcut_carries_the_message() {
    let payload = json!({
        "type": "message_action", "callback_id": "add_to_timeline", "trigger_id": "1.2.x", "message_ts": "17.1",
        "user": {"id": "U1", "username": "ada", "team_id": "T1", "name": "ada"}, "channel": {"id": "C1", "name": "inc"},
        "team": {"id": "T1", "domain": "d"}, "response_url": "https://hooks.slack.com/app/x",
        "message": {"type": "message", "user": "U2", "ts": "17.1", "thread_ts": "16.9", "text": "it is the cache"},
    });
    with(&payload, |shortcut| {
        assert_eq!(shortcut.callback_id(), Some("add_to_timeline"));
        assert_eq!(shortcut.message_ts(), Some("17.1".into()));
        assert_eq!(shortcut.thread_ts(), Some("16.9".into()));
        let message = shortcut.message().unwrap();
        assert_eq!(message.user(), Some("U2"));
        assert_eq!(message.text(), Some("it is the cache"));
        assert_eq!(shortcut.actions().count(), 0);
    });
}

#[test]
fn a_global_shortcut_happens_nowhere() {
    let payload = json!({
        "type": "shortcut", "callback_id": "declare_incident", "trigger_id": "1.2.x", "action_ts": "18.0",
        "team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"},
    });
    with(&payload, |shortcut| {
        assert_eq!(shortcut.callback_id(), Some("declare_incident"));
        assert_eq!((shortcut.channel(), shortcut.message_ts()), (None, None));
        assert!(shortcut.response_url().is_none());
    });
}

#[test]
fn a_click_in_a_home_tab_knows_its_view() {
    let payload = json!({
        "type": "block_actions", "user": {"id": "U1"}, "container": {"type": "view", "view_id": "V1"},
        "view": {"id": "V1", "type": "home", "hash": "1.abc", "callback_id": "home", "root_view_id": "V1"},
        "actions": [{"type": "overflow", "action_id": "more", "block_id": "b", "selected_option": {"value": "close"}}],
    });
    with(&payload, |click| {
        assert_eq!(click.view_id(), Some("V1"));
        assert_eq!(click.callback_id(), Some("home"));
        let view = click.view.as_ref().unwrap();
        assert_eq!(
            (view.hash(), view.root_view_id()),
            (Some("1.abc"), Some("V1"))
        );
        assert_eq!(click.actions().next().unwrap().selected(), Some("close"));
        assert_eq!(click.channel(), None);
    });
}

/// `state.values` with every kind of input, as docs.slack.dev/reference/views writes it.
fn declare_modal() -> Value {
    let option =
        |value: &str| json!({"text": {"type": "plain_text", "text": value}, "value": value});
    json!({
        "type": "view_submission", "user": {"id": "U1"}, "trigger_id": "1.2.x",
        "response_urls": [{"block_id": "where", "action_id": "a", "channel_id": "C9", "response_url": "https://hooks.slack.com/app/y"}],
        "view": {
            "id": "V1", "callback_id": "declare_incident_modal", "private_metadata": "{\"limits\":{}}", "hash": "1.abc",
            "state": {"values": {
                "title": {"a": {"type": "plain_text_input", "value": "  Checkout fails "}},
                "summary": {"a": {"type": "plain_text_input", "value": null}},
                "severity": {"a": {"type": "static_select", "selected_option": option("P1")}},
                "template": {"a": {"type": "static_select", "selected_option": null}},
                "service": {"a": {"type": "multi_static_select", "selected_options": [option("api"), option("web")]}},
                "commander": {"a": {"type": "users_select", "selected_user": "U2"}},
                "others": {"a": {"type": "multi_users_select", "selected_users": ["U3", "U4"]}},
                "where": {"a": {"type": "conversations_select", "selected_conversation": "C9"}},
                "flags": {"a": {"type": "checkboxes", "selected_options": [option("private")]}},
                "next": {"a": {"type": "datetimepicker", "selected_date_time": 1_800_000_000}},
                "day": {"a": {"type": "datepicker", "selected_date": "2027-01-15"}},
                "at": {"a": {"type": "timepicker", "selected_time": "14:05"}},
                "odd": {"a": 7},
                "two": {"x": {"type": "plain_text_input", "value": "1"}, "y": {"type": "plain_text_input", "value": "2"}},
            }},
        },
    })
}

#[test]
fn every_kind_of_input_is_read_by_its_block() {
    with(&declare_modal(), |submission| {
        let view = submission.view.as_ref().unwrap();
        assert_eq!(submission.callback_id(), Some("declare_incident_modal"));
        assert_eq!(submission.channel(), Some("C9".into()));
        assert!(submission.response_url().is_some());
        assert_eq!(view.text("title"), "  Checkout fails ");
        assert_eq!(
            (view.text("summary"), view.text("odd"), view.text("none")),
            ("", "", "")
        );
        assert_eq!(
            (view.selected("severity"), view.selected("template")),
            (Some("P1"), None)
        );
        assert_eq!(view.all_selected("service"), ["api", "web"]);
        assert_eq!(view.user("commander"), Some("U2".into()));
        assert_eq!(view.all_selected("others"), ["U3", "U4"]);
        assert_eq!(
            view.value("where").unwrap().conversation(),
            Some("C9".into())
        );
        assert!(view.checked("flags", "private") && !view.checked("flags", "drill"));
        assert_eq!(view.time("next"), Some(1_800_000_000));
        assert_eq!(view.value("day").unwrap().date(), Some("2027-01-15"));
        assert_eq!(view.value("at").unwrap().time_of_day(), Some("14:05"));
        let two: Vec<_> = view.values().filter(|e| e.block_id() == "two").collect();
        let two: Vec<_> = two.iter().map(|e| (e.action_id(), e.value())).collect();
        assert_eq!(two, [("x", Some("1")), ("y", Some("2"))]);
    });
}

#[test]
fn nothing_entered_is_blank() {
    with(&declare_modal(), |submission| {
        let view = submission.view.as_ref().unwrap();
        let blank: Vec<_> = view.values().filter(Element::is_blank).collect();
        let blank: Vec<_> = blank.iter().map(Element::block_id).collect();
        assert_eq!(blank, ["odd", "summary", "template"]);
        assert!(view.is_blank("no such block"));
    });
}

#[test]
fn debug_output_shows_no_words_and_no_credentials() {
    let mut payload = declare_modal();
    let click = button_click();
    payload
        .as_object_mut()
        .unwrap()
        .extend(click.as_object().unwrap().clone());
    with(&payload, |interaction| {
        let view = interaction.view.as_ref().unwrap();
        let shown = format!(
            "{interaction:?} {view:?} {:?} {:?} {:?}",
            view.values().collect::<Vec<_>>(),
            interaction.actions().collect::<Vec<_>>(),
            interaction.message(),
        );
        for secret in ["sesame", "hooks", "Checkout", "bonjour", "limits", "01J"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    });
}

#[test]
fn slacks_published_payloads_are_readable() {
    let Some(folder) = interactions() else { return };
    for (file, kind) in [
        ("BlockActionPayload", "block_actions"),
        ("MessageShortcutPayload", "message_action"),
        ("ViewSubmissionPayload", "view_submission"),
    ] {
        let payload = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        let interaction = Interaction::parse(&payload).unwrap();
        assert_eq!(interaction.kind.as_deref(), Some(kind));
        // Their texts are all empty, which reads as absent.
        assert_eq!((interaction.user(), interaction.tenant()), (None, None));
        assert_eq!(interaction.actions().count() > 0, kind == "block_actions");
        assert_eq!(interaction.message().is_some(), kind != "view_submission");
        assert_eq!(interaction.view.is_some(), kind != "message_action");
    }
}
