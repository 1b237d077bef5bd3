//! The tables of rights and of statuses in `docs/incidents.md` say what the code decides, cell by cell.

use tidegate_app::incidents::decide::declare;
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::form::Declaration;
use tidegate_app::incidents::model::incident::Incident;
use tidegate_app::incidents::model::permissions::{
    Action, PermissionDenied, Policy, Rules, allow, standing,
};
use tidegate_app::incidents::model::role::{RoleHolder, RoleName};
use tidegate_app::incidents::model::settings::Settings;
use tidegate_app::incidents::model::status::Status;
use tidegate_app::incidents::model::transition::{self, Transition};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::PersonKind;

use super::page::{guide, literals};

/// The rows, by how they begin, and what they stand for.
const ROWS: [(&str, &[Action]); 8] = [
    (
        "declare, list, see",
        &[
            Action::Declare,
            Action::List,
            Action::View,
            Action::Watch,
            Action::Join,
            Action::Leave,
        ],
    ),
    (
        "catch up, add to the timeline",
        &[
            Action::Catchup,
            Action::AddToTimeline,
            Action::EditOwnEntry,
            Action::Task,
            Action::ClaimRole,
            Action::Accept,
            Action::Page,
            Action::Invite,
            Action::DraftReview,
        ],
    ),
    ("change or hide others' entries", &[Action::EditEntry]),
    ("post an update", &[Action::Update]),
    (
        "write for the public",
        &[Action::DraftPublic, Action::PublishPublic],
    ),
    (
        "change status or severity",
        &[
            Action::ChangeStatus,
            Action::ChangeSeverity,
            Action::Resolve,
            Action::Reopen,
            Action::Cancel,
            Action::Pause,
            Action::EditMilestone,
            Action::Rename,
            Action::AssignRole,
            Action::Handover,
            Action::Merge,
            Action::Link,
            Action::MakePrivate,
            Action::Close,
            Action::PublishReview,
            Action::WaiveReview,
        ],
    ),
    ("bring a cancelled one back", &[Action::Uncancel]),
    (
        "make public again",
        &[
            Action::MakePublic,
            Action::CloseEarly,
            Action::ReopenClosed,
            Action::Unmerge,
            Action::Export,
            Action::Configure,
        ],
    ),
];

/// The columns: somebody of each.
const PEOPLE: [&str; 7] = [
    "UMEMBER",
    "UPARTICIPANT",
    "USCRIBE",
    "UCOMMS",
    "UDEPUTY",
    "UCOMMANDER",
    "UADMIN",
];

fn incident() -> Incident {
    let reporter = Actor::Person("UCOMMANDER".into());
    let now = Timestamp(1_795_258_538_362);
    let declaration = Declaration {
        title: "Checkout fails".to_owned(),
        ..Declaration::default()
    };
    let settings = Settings::default();
    let mut incident = declare::decide(&declaration, &settings, &reporter, "a", 0, now).incident;
    incident.participants.insert("UPARTICIPANT".into());
    for (role, user) in [
        (RoleName::Scribe, "USCRIBE"),
        (RoleName::Comms, "UCOMMS"),
        (RoleName::Deputy, "UDEPUTY"),
    ] {
        let (by, since) = (reporter.clone(), now);
        let user = user.into();
        incident.roles.push(RoleHolder {
            role,
            user,
            since,
            by,
        });
    }
    incident
}

/// Whether the code lets somebody do that. A text that waits for a yes is written all the same.
fn may(user: &str, action: Action) -> bool {
    let incident = incident();
    let admins = ["UADMIN".into()].into();
    let rules = Rules {
        policy: Policy::Standard,
        admins: &admins,
        guests: &[].into(),
        approval: &[].into(),
    };
    let actor = Actor::Person(user.into());
    let who = standing(&actor, Some(&incident), PersonKind::Member, &rules);
    match allow(&who, action, Some(&incident), &rules) {
        Ok(()) => true,
        Err(PermissionDenied::Forbidden(_)) => false,
        Err(other) => panic!("{user} {action:?}: {other:?}"),
    }
}

#[test]
fn the_table_of_rights_is_that_of_the_code() {
    let rows = guide("incidents.md").rows("## Who may do what");
    assert_eq!(rows.len(), ROWS.len());
    for row in &rows {
        let known = ROWS.iter().find(|(begins, _)| row[0].starts_with(begins));
        let (_, actions) = known.unwrap_or_else(|| panic!("{}", row[0]));
        for (user, cell) in PEOPLE.iter().zip(&row[1..]) {
            for action in *actions {
                assert_eq!(may(user, *action), cell == "✓", "{action:?} by {user}");
            }
        }
    }
}

#[test]
fn the_table_of_statuses_has_every_step_and_no_other() {
    let before = Status::Identified;
    let rows = guide("incidents.md").rows("## Statuses");
    assert_eq!(rows.len(), Status::ALL.len());
    for (from, row) in Status::ALL.into_iter().zip(&rows) {
        assert_eq!(literals(&row[0]), [from.as_str()]);
        let mut documented = literals(&row[2]);
        if row[2].starts_with("where it stood") {
            documented.push(before.as_str().to_owned());
        }
        for to in Status::ALL.into_iter().filter(|to| *to != from) {
            let mut incident = incident();
            incident.status = from;
            incident.previous = Some(before);
            let now = incident.milestones.declared;
            let went = transition::move_to(&mut incident, to, Some("why"), true, now);
            let is_documented = documented.iter().any(|name| name == to.as_str());
            assert_eq!(
                went == Ok(Transition::Moved),
                is_documented,
                "{from} → {to}"
            );
        }
    }
}
