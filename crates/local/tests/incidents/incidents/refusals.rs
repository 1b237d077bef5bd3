//! What cannot be: each time a private, plain answer that says what to do, and nothing changes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidegate_app::incidents::model::incident::IncidentId;
use tidegate_app::incidents::model::rows;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::table::{Range, Rows};

use super::people::{ALICE, BOB, CAROL, DAVE, GENERAL, Workspace, mention};

const GUEST: &str = "U0GWEN00001";
const TEAM: &str = "T0SANDBOX1";

/// An incident that Bob leads. Alice is an admin, Carol and Dave are nobody in particular.
struct Scene {
    workspace: Workspace,
    room: String,
    id: IncidentId,
}

/// Every row of the incident, and how many there have been.
type Rest = (u32, BTreeMap<String, String>);

impl Scene {
    async fn new() -> Self {
        let settings = [("SERVICES", "api"), ("INCIDENT_ADMINS", ALICE)];
        let workspace = Workspace::start(&settings).await;
        let text = "declare Checkout is down sev:P2 service:api";
        workspace.types(BOB, GENERAL, text).await;
        let room = workspace.channel("inc-");
        let rows = workspace.product.table().tenant(&TEAM.into());
        let loaded = rows::load_pointed(&rows, &rows::by_number(1)).await;
        let id = loaded.unwrap().unwrap().incident.id;
        Self {
            workspace,
            room,
            id,
        }
    }

    fn rows(&self) -> Rows {
        self.workspace.product.table().tenant(&TEAM.into())
    }

    async fn rest(&self) -> Rest {
        let rows = self.rows();
        let own = rows::partition(&self.id);
        let page = rows.query(&own, Range::All, true, 1000, None).await;
        let of = |(key, item)| (format!("{key:?}"), format!("{item:?}"));
        let all = page.unwrap().rows.into_iter().map(of).collect();
        (rows::count(&rows).await.unwrap(), all)
    }

    /// Somebody types what cannot be, and is told so, privately; nothing changes.
    async fn refuses(&self, user: &str, channel: &str, text: &str, words: &[&str]) {
        let before = (self.rest().await, self.messages());
        let told = self.workspace.types(user, channel, text).await;
        for words in words {
            assert!(told.contains(words), "{text}: {told}");
        }
        assert_eq!((self.rest().await, self.messages()), before, "{text}");
    }

    /// Everything that more than one person can read.
    fn messages(&self) -> String {
        format!(
            "{}\n{}",
            self.workspace.said(GENERAL),
            self.workspace.said(&self.room)
        )
    }

    /// A button of the header, as it stood there at some time.
    fn button(&self, action: &str) -> (String, Value) {
        let messages = self.workspace.slack().messages(&self.room);
        let header = messages.first().unwrap();
        let blocks = header.blocks.as_ref().unwrap().as_array().unwrap();
        let elements = blocks
            .iter()
            .filter_map(|block| block["elements"].as_array());
        let found = elements.flatten().find(|one| one["action_id"] == action);
        let button = found.unwrap_or_else(|| panic!("no {action}"));
        (header.ts.clone(), button.clone())
    }

    /// Clicks a button that may stand there no more, as a client does that shows an old state.
    async fn clicks_old(&self, user: &str, (ts, button): &(String, Value)) -> String {
        let before = self.workspace.slack().ephemerals().len();
        let action = json!({
            "type": "button", "action_id": button["action_id"], "value": button["value"],
            "block_id": "old", "action_ts": "1.000001",
        });
        let payload = json!({
            "type": "block_actions", "user": {"id": user}, "channel": {"id": self.room},
            "container": {"type": "message", "message_ts": ts, "channel_id": self.room},
            "actions": [action],
        });
        let report = self.workspace.slack().send_interaction(payload).await;
        assert!(report.ok, "{report:?}");
        self.workspace.product.drained().await;
        let told = self.workspace.slack().ephemerals();
        let own = told[before..].iter().filter(|one| one.user == user);
        own.map(|one| one.text.clone()).collect()
    }

    /// Slack refuses the next form in that way.
    fn refuse_form(&self, code: &str) {
        let mut fault = Fault::new("views.open", FaultKind::OkFalse);
        fault.error = Some(code.to_owned());
        self.workspace.slack().add_fault(fault);
    }
}

#[tokio::test]
async fn what_is_no_command_is_answered_with_what_is() {
    let scene = Scene::new().await;
    let room = scene.room.as_str();
    let help = "`/incident help` shows all commands";
    scene.refuses(BOB, room, "frobnicate", &[help]).await;
    let severities = "severity must be one of P1, P2, P3, P4";
    scene.refuses(BOB, room, "severity P9", &[severities]).await;
    scene
        .refuses(BOB, GENERAL, "declare x sev:high", &["P1"])
        .await;
    let unknown = "`nope` is no service here. There are: api.";
    let text = "declare Something sev:P2 service:nope";
    scene.refuses(BOB, GENERAL, text, &[unknown]).await;
    let elsewhere = ["There is no incident here", "`/incident list`"];
    scene
        .refuses(BOB, GENERAL, "status All is well", &elsewhere)
        .await;
}

#[tokio::test]
async fn who_may_not_is_told_who_may() {
    let scene = Scene::new().await;
    let room = scene.room.as_str();
    for (text, words) in [
        ("status monitoring Looks good", "the commander"),
        ("severity P1 worse", "the commander"),
        ("resolved All well", "the commander"),
        ("cancel none", "the commander"),
        ("private on", "the commander"),
    ] {
        scene.refuses(DAVE, room, text, &[words, BOB]).await;
    }
    scene
        .refuses(DAVE, room, "config", &["Only an admin"])
        .await;
}

#[tokio::test]
async fn a_guest_is_told_that_guests_may_not() {
    let scene = Scene::new().await;
    let text = "declare Guests see it too sev:P1 service:api";
    scene
        .refuses(GUEST, GENERAL, text, &["full members", "An admin can"])
        .await;
    let room = scene.room.as_str();
    // They see no incident that they were not let in to.
    for text in ["status monitoring x", "claim scribe", "timeline add x"] {
        let words = ["There is no incident here"];
        scene.refuses(GUEST, room, text, &words).await;
    }
}

#[tokio::test]
async fn the_form_of_somebody_who_may_no_longer_changes_nothing_and_its_sender_hears_why() {
    let scene = Scene::new().await;
    let (workspace, room) = (&scene.workspace, scene.room.as_str());
    // Bob has the form open while the command passes to Carol.
    workspace.types(BOB, room, "update").await;
    let pass = format!("commander {}", mention(CAROL));
    workspace.types(ALICE, room, &pass).await;
    let before = scene.rest().await;
    let form = json!({"status": "identified", "text": "It was the disk"});
    workspace.submits(BOB, &form).await;
    let told = workspace.said("D0BOB000001");
    assert!(told.contains("Only"), "{told}");
    assert!(told.contains(CAROL), "{told}");
    assert_eq!(scene.rest().await, before);
}

#[tokio::test]
async fn the_form_that_another_person_has_open_changes_nothing() {
    let scene = Scene::new().await;
    let (workspace, room) = (&scene.workspace, scene.room.as_str());
    workspace.types(BOB, room, "update").await;
    let before = scene.rest().await;
    let open = workspace.slack().open_views();
    let view = &open.last().unwrap().view;
    let fields = view["blocks"].as_array().unwrap().iter();
    let fields = fields.filter(|block| block["type"] == "input");
    let values: serde_json::Map<_, _> = fields
        .map(|block| {
            let (id, element) = (block["block_id"].as_str().unwrap(), &block["element"]);
            let entered = match element["options"].get(0) {
                Some(option) => json!({"type": element["type"], "selected_option": option}),
                None => json!({"type": element["type"], "value": "All is well"}),
            };
            let action = element["action_id"].as_str().unwrap();
            (id.to_owned(), json!({ action: entered }))
        })
        .collect();
    let payload = json!({
        "type": "view_submission", "user": {"id": DAVE},
        "view": {"id": view["id"], "state": {"values": values}},
    });
    let report = workspace.slack().send_interaction(payload).await;
    assert!(report.ok, "{report:?}");
    workspace.product.drained().await;
    let told = workspace.said("D0DAVE00001");
    assert!(told.contains("Only"), "{told}");
    assert_eq!(scene.rest().await, before);
}

#[tokio::test]
async fn an_old_button_changes_nothing_and_its_clicker_hears_how_things_stand() {
    let scene = Scene::new().await;
    let (workspace, room) = (&scene.workspace, scene.room.as_str());
    let (page, resolve) = (
        scene.button("incident.page"),
        scene.button("incident.resolve"),
    );
    let update = scene.button("incident.update");
    workspace.types(BOB, room, "cancel A false alarm").await;
    let before = scene.rest().await;
    for button in [page, resolve, update] {
        let told = scene.clicks_old(BOB, &button).await;
        assert!(!told.is_empty(), "{button:?}");
        assert!(told.contains("cancel"), "{button:?}: {told}");
        assert_eq!(scene.rest().await, before, "{button:?}");
        assert!(workspace.slack().open_views().is_empty(), "{button:?}");
    }
    // A reminder of a time that is over.
    workspace.types(BOB, room, "reopen It was one").await;
    let before = scene.rest().await;
    let (ts, mut button) = scene.button("incident.update");
    button["action_id"] = "incident.public_publish".into();
    let value = button["value"].as_str().unwrap();
    let mut value: Value = serde_json::from_str(value).unwrap();
    value["x"] = 9.into();
    button["value"] = value.to_string().into();
    scene.clicks_old(BOB, &(ts, button)).await;
    assert_eq!(scene.rest().await, before);
}

#[tokio::test]
async fn whoever_gets_no_form_in_time_gets_a_button_that_opens_it() {
    let scene = Scene::new().await;
    for code in ["expired_trigger_id", "trigger_expired", "invalid_trigger"] {
        scene.refuse_form(code);
        let room = scene.room.as_str();
        scene
            .refuses(BOB, room, "update", &["came too late", "Nothing"])
            .await;
        let shown = scene.workspace.slack().ephemerals().pop().unwrap();
        let action = "incident.open_form";
        let clicked = scene.workspace.slack();
        let clicked = clicked.click(BOB, room, &shown.ts, action, &Value::Null);
        let clicked = clicked.await;
        assert!(clicked.ok, "{code}: {clicked:?}");
        scene.workspace.product.drained().await;
        let open = scene.workspace.slack().open_views();
        assert!(open.iter().any(|open| open.user == BOB), "{code}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_told_with_what_to_do() {
    let scene = Scene::new().await;
    scene.refuse_form("missing_scope");
    let words = ["install Tidegate again", "`/incident help`"];
    scene.refuses(BOB, &scene.room, "update", &words).await;
    // The channel cannot be made: the incident is there all the same, and who declared it hears why.
    let mut fault = Fault::new("conversations.create", FaultKind::OkFalse);
    fault.error = Some("missing_scope".to_owned());
    scene.workspace.slack().add_fault(fault);
    let text = "declare Payments fail sev:P2 service:api";
    scene.workspace.types(CAROL, GENERAL, text).await;
    let told = scene.workspace.said("D0CAROL0001");
    assert!(told.contains("missing_scope"), "{told}");
    assert!(told.contains("apps of this workspace"), "{told}");
    scene.workspace.types(CAROL, GENERAL, "list mine").await;
    let listed = scene.workspace.slack().ephemerals().pop().unwrap();
    let listed = format!("{:?}", listed.blocks);
    assert!(listed.contains("Payments fail"), "{listed}");
}

#[tokio::test]
async fn of_a_deleted_or_archived_channel_nothing_is_asked_any_more() {
    for deleted in [true, false] {
        let scene = Scene::new().await;
        let (workspace, room) = (&scene.workspace, scene.room.as_str());
        let slack = workspace.slack();
        let report = if deleted {
            slack.delete_channel_as_user(ALICE, room).await
        } else {
            slack.archive_as_user(ALICE, room).await
        };
        assert!(report.ok, "{report:?}");
        workspace.product.drained().await;
        let words = ["There is no incident here", "`/incident list`"];
        scene
            .refuses(BOB, GENERAL, "status All is well", &words)
            .await;
        let listed = workspace.types(BOB, GENERAL, "info INC-1").await;
        assert!(listed.contains("Checkout is down"), "{listed}");
        // The others still hear of it, and nothing is tried in vain for ever.
        let calls = slack.calls().len();
        workspace.types(BOB, GENERAL, "list").await;
        assert!(slack.calls().len() <= calls + 2, "deleted: {deleted}");
    }
}
