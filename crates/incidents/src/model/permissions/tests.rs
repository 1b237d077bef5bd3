//! Tests of every cell of the table of rights, under every policy.

use proptest::prelude::*;
use serde_json::json;
use tidegate_slack::prose;

use super::*;

const OUTSIDE: &str = "U0ANY";
const COLUMNS: [&str; 7] = [
    "U0ANY", "U0PART", "U0SCRIBE", "U0COMMS", "U0DEPUTY", "U0CMD", "U0ADMIN",
];

fn incident() -> Incident {
    let held = |role: &str, user: &str| json!({"role": role, "user": user, "since": 0, "by": {"person": "U0CMD"}});
    let stored = json!({
        "id": "0123456789ab0123456789ab", "number": 4, "title": "Checkout fails", "status": "investigating",
        "severity": "P2", "services": [], "reporter": {"person": "U0PART"},
        "roles": [held("commander", "U0CMD"), held("deputy", "U0DEPUTY"), held("comms", "U0COMMS"), held("scribe", "U0SCRIBE")],
        "participants": ["U0PART"], "watchers": ["U0ANY"], "private": false, "drill": false,
        "milestones": {"declared": 0}, "updated_at": 0, "channel_name": "inc-20261121-checkout",
        "seq": 1, "chain": "", "version": 1,
    });
    serde_json::from_value(stored).unwrap()
}

struct Workspace {
    admins: BTreeSet<UserId>,
    guests: BTreeSet<UserId>,
    approval: BTreeSet<Severity>,
}

impl Workspace {
    fn new() -> Self {
        Self {
            admins: BTreeSet::from([UserId::from("U0ADMIN")]),
            guests: BTreeSet::from([UserId::from("U0LISTED")]),
            approval: BTreeSet::from([Severity::P1]),
        }
    }

    fn rules(&self, policy: Policy) -> Rules<'_> {
        Rules {
            policy,
            admins: &self.admins,
            guests: &self.guests,
            approval: &self.approval,
        }
    }
}

fn person(user: &str) -> Actor {
    Actor::Person(UserId::from(user))
}

const HONEST: Action = Action::TakeCommand {
    commander_silent: false,
};
const SILENT: Action = Action::TakeCommand {
    commander_silent: true,
};

/// For each action, whether each of these may do it: member, participant, scribe, comms, deputy, commander, admin.
/// Three rows: standard, strict, open.
const CELLS: [(Action, [&str; 3]); 45] = [
    (Action::Declare, ["+++++++", "+++++++", "+++++++"]),
    (Action::List, ["+++++++", "+++++++", "+++++++"]),
    (Action::View, ["+++++++", "+++++++", "+++++++"]),
    (Action::Watch, ["+++++++", "+++++++", "+++++++"]),
    (Action::Join, ["+++++++", "+++++++", "+++++++"]),
    (Action::Leave, ["+++++++", "+++++++", "+++++++"]),
    (Action::AnswerHandover, ["-------", "-------", "-------"]),
    (Action::AddToTimeline, ["-++++++", "-++++++", "-++++++"]),
    (Action::Task, ["-++++++", "-++++++", "-++++++"]),
    (Action::ClaimRole, ["-++++++", "-++++++", "-++++++"]),
    (Action::Catchup, ["-++++++", "-++++++", "-++++++"]),
    (Action::Accept, ["-++++++", "-++++++", "-++++++"]),
    (Action::Page, ["-++++++", "-++++++", "-++++++"]),
    (Action::Invite, ["-++++++", "-++++++", "-++++++"]),
    (Action::DraftReview, ["-++++++", "-++++++", "-++++++"]),
    (Action::EditOwnEntry, ["-++++++", "-++++++", "-++++++"]),
    (Action::EditEntry, ["--+-+++", "--+-+++", "-++++++"]),
    (Action::Update, ["--+++++", "-----++", "-++++++"]),
    (Action::ChangeStatus, ["----+++", "-----++", "-++++++"]),
    (Action::ChangeSeverity, ["----+++", "-----++", "-++++++"]),
    (Action::Resolve, ["----+++", "-----++", "-++++++"]),
    (Action::Reopen, ["----+++", "-----++", "-++++++"]),
    (Action::Cancel, ["----+++", "-----++", "-++++++"]),
    (Action::Pause, ["----+++", "-----++", "-++++++"]),
    (Action::Uncancel, ["-----++", "-----++", "-----++"]),
    (Action::EditMilestone, ["----+++", "----+++", "-++++++"]),
    (Action::Rename, ["----+++", "----+++", "-++++++"]),
    (Action::DraftPublic, ["---++++", "---++++", "-++++++"]),
    (Action::PublishPublic, ["---++++", "---++++", "-++++++"]),
    (Action::AssignRole, ["----+++", "----+++", "-++++++"]),
    (Action::Handover, ["----+++", "----+++", "-++++++"]),
    (HONEST, ["----+-+", "----+-+", "-++++-+"]),
    (SILENT, ["-++++-+", "-++++-+", "-++++-+"]),
    (Action::Merge, ["----+++", "----+++", "-++++++"]),
    (Action::Link, ["----+++", "----+++", "-++++++"]),
    (Action::MakePrivate, ["----+++", "----+++", "-++++++"]),
    (Action::Close, ["----+++", "----+++", "-++++++"]),
    (Action::PublishReview, ["----+++", "-----++", "-++++++"]),
    (Action::WaiveReview, ["----+++", "-----++", "-++++++"]),
    (Action::MakePublic, ["------+", "------+", "------+"]),
    (Action::CloseEarly, ["------+", "------+", "------+"]),
    (Action::ReopenClosed, ["------+", "------+", "------+"]),
    (Action::Unmerge, ["------+", "------+", "------+"]),
    (Action::Export, ["------+", "------+", "------+"]),
    (Action::Configure, ["------+", "------+", "------+"]),
];

#[test]
fn every_cell_of_the_matrix_under_every_policy() {
    let (workspace, incident) = (Workspace::new(), incident());
    for (action, rows) in CELLS {
        for (policy, row) in [Policy::Standard, Policy::Strict, Policy::Open]
            .into_iter()
            .zip(rows)
        {
            let rules = workspace.rules(policy);
            for (user, cell) in COLUMNS.into_iter().zip(row.chars()) {
                let who = standing(&person(user), Some(&incident), PersonKind::Member, &rules);
                let allowed = allow(&who, action, Some(&incident), &rules);
                assert_eq!(
                    allowed.is_ok(),
                    cell == '+',
                    "{action:?} {policy:?} {user}: {allowed:?}"
                );
            }
        }
    }
}

#[test]
fn whoever_is_no_full_member_needs_to_be_on_the_list() {
    let (workspace, incident) = (Workspace::new(), incident());
    let rules = workspace.rules(Policy::Open);
    for kind in [PersonKind::Guest, PersonKind::Outsider, PersonKind::Bot] {
        for (user, goes) in [
            ("U0PART", false),
            ("U0CMD", false),
            ("U0LISTED", true),
            ("U0ADMIN", true),
        ] {
            let who = standing(&person(user), Some(&incident), kind, &rules);
            assert_eq!(can_see(&who, &incident), goes, "{kind:?} {user}");
            for action in [Action::Declare, Action::List, Action::View, Action::Join] {
                let allowed = allow(&who, action, Some(&incident), &rules);
                assert_eq!(allowed.is_ok(), goes, "{kind:?} {user} {action:?}");
            }
        }
    }
}

#[test]
fn a_private_incident_does_not_exist_for_others_whatever_they_want() {
    let (workspace, mut incident) = (Workspace::new(), incident());
    incident.private = true;
    for policy in Policy::ALL {
        let rules = workspace.rules(policy);
        for (user, kind) in [
            (OUTSIDE, PersonKind::Member),
            (OUTSIDE, PersonKind::Guest),
            ("U0PART", PersonKind::Guest),
        ] {
            let who = standing(&person(user), Some(&incident), kind, &rules);
            assert!(!can_see(&who, &incident));
            for (action, _) in CELLS {
                let allowed = allow(&who, action, Some(&incident), &rules);
                assert_eq!(allowed, Err(PermissionDenied::NotFound), "{action:?}");
            }
        }
        for user in &COLUMNS[1..] {
            let who = standing(&person(user), Some(&incident), PersonKind::Member, &rules);
            assert!(can_see(&who, &incident));
            assert_eq!(allow(&who, Action::View, Some(&incident), &rules), Ok(()));
        }
    }
}

#[test]
fn without_an_incident_there_is_only_what_needs_none() {
    let workspace = Workspace::new();
    let rules = workspace.rules(Policy::Standard);
    let who = standing(&person("U0ADMIN"), None, PersonKind::Member, &rules);
    for (action, _) in CELLS {
        let general = matches!(action, Action::Declare | Action::List | Action::Configure);
        let wanted = if general {
            Ok(())
        } else {
            Err(PermissionDenied::NotFound)
        };
        assert_eq!(allow(&who, action, None, &rules), wanted, "{action:?}");
    }
}

#[test]
fn an_api_key_declares_and_reports_and_leads_nobody() {
    let (workspace, mut incident) = (Workspace::new(), incident());
    let rules = workspace.rules(Policy::Strict);
    let app = standing(
        &Actor::App("k1".to_owned()),
        Some(&incident),
        PersonKind::Bot,
        &rules,
    );
    let may = [
        Action::Declare,
        Action::List,
        Action::View,
        Action::Catchup,
        Action::AddToTimeline,
        Action::Task,
        Action::Update,
        Action::ChangeStatus,
        Action::ChangeSeverity,
        Action::Resolve,
    ];
    for (action, _) in CELLS {
        let allowed = allow(&app, action, Some(&incident), &rules);
        assert_eq!(allowed.is_ok(), may.contains(&action), "{action:?}");
    }
    let admin = app.clone().with_admin_scope();
    assert_eq!(
        allow(&admin, Action::Export, Some(&incident), &rules),
        Ok(())
    );
    assert!(allow(&admin, SILENT, Some(&incident), &rules).is_err());
    incident.private = true;
    assert!(!can_see(&app, &incident) && can_see(&admin, &incident));
    assert_eq!(
        allow(&app, Action::View, Some(&incident), &rules),
        Err(PermissionDenied::NotFound)
    );
}

#[test]
fn the_operator_and_the_timers_may_do_all_but_lead() {
    let (workspace, mut incident) = (Workspace::new(), incident());
    incident.private = true;
    let rules = workspace.rules(Policy::Strict);
    for actor in [Actor::Operator, Actor::Tidegate] {
        let who = standing(&actor, Some(&incident), PersonKind::Bot, &rules);
        for (action, _) in CELLS {
            let persons = matches!(action, HONEST | SILENT | Action::AnswerHandover);
            assert_eq!(
                allow(&who, action, Some(&incident), &rules).is_ok(),
                !persons,
                "{action:?}"
            );
        }
    }
}

#[test]
fn comms_needs_a_yes_for_the_public_text_of_a_p1() {
    let (workspace, mut incident) = (Workspace::new(), incident());
    incident.severity = Severity::P1;
    for policy in Policy::ALL {
        let rules = workspace.rules(policy);
        let ask = |user: &str, action| {
            let who = standing(&person(user), Some(&incident), PersonKind::Member, &rules);
            allow(&who, action, Some(&incident), &rules)
        };
        assert_eq!(ask("U0COMMS", Action::DraftPublic), Ok(()));
        let commander = UserId::from("U0CMD");
        let words = prose!(
            "INC-4 is a P1: the commander, ",
            commander,
            ", has to approve what the public reads."
        );
        let asked = Err(PermissionDenied::NeedsApproval(words));
        assert_eq!(ask("U0COMMS", Action::PublishPublic), asked);
        for user in ["U0DEPUTY", "U0CMD", "U0ADMIN"] {
            assert_eq!(ask(user, Action::PublishPublic), Ok(()));
        }
        assert_eq!(
            ask("U0PART", Action::PublishPublic) == asked,
            policy == Policy::Open
        );
    }
}

#[test]
fn the_command_is_free_for_who_takes_part_when_nobody_has_it() {
    let (workspace, mut incident) = (Workspace::new(), incident());
    incident
        .roles
        .retain(|held| held.role != RoleName::Commander);
    for policy in Policy::ALL {
        let rules = workspace.rules(policy);
        for (user, goes) in [
            (OUTSIDE, false),
            ("U0PART", true),
            ("U0COMMS", true),
            ("U0ADMIN", true),
        ] {
            let who = standing(&person(user), Some(&incident), PersonKind::Member, &rules);
            assert_eq!(
                allow(&who, HONEST, Some(&incident), &rules).is_ok(),
                goes,
                "{user}"
            );
        }
    }
}

#[test]
fn a_handover_is_answered_by_whom_it_asks() {
    let (workspace, mut incident) = (Workspace::new(), incident());
    let asked = json!({"to": "U0PART", "from": "U0CMD", "notes": "", "at": 0});
    incident.handover = serde_json::from_value(asked).unwrap();
    let rules = workspace.rules(Policy::Standard);
    for user in COLUMNS {
        let who = standing(&person(user), Some(&incident), PersonKind::Member, &rules);
        let allowed = allow(&who, Action::AnswerHandover, Some(&incident), &rules);
        assert_eq!(allowed.is_ok(), user == "U0PART", "{user}");
    }
}

#[test]
fn roles_that_lead_or_are_held_are_not_just_claimed() {
    let incident = incident();
    let user = UserId::from("U0PART");
    for (role, action) in [
        (RoleName::Commander, SILENT),
        (RoleName::Deputy, Action::AssignRole),
        (RoleName::Scribe, Action::AssignRole),
        (RoleName::Sme, Action::ClaimRole),
        (RoleName::Custom("dba".to_owned()), Action::ClaimRole),
    ] {
        assert_eq!(Action::claim(&role, &user, &incident, true), action);
    }
    let scribe = UserId::from("U0SCRIBE");
    assert_eq!(
        Action::claim(&RoleName::Scribe, &scribe, &incident, false),
        Action::ClaimRole
    );
}

#[test]
fn a_refusal_says_who_may() {
    let (workspace, mut incident) = (Workspace::new(), incident());
    let rules = workspace.rules(Policy::Standard);
    let said = |incident: &Incident, action| {
        let who = standing(&person(OUTSIDE), Some(incident), PersonKind::Member, &rules);
        allow(&who, action, Some(incident), &rules)
            .unwrap_err()
            .text()
            .mrkdwn()
    };
    assert_eq!(
        said(&incident, Action::ChangeSeverity),
        "Only the commander, the deputy or an admin can change the severity. The commander is <@U0CMD>."
    );
    assert_eq!(
        said(&incident, Action::Export),
        "Only an admin can export the timeline."
    );
    assert_eq!(
        said(&incident, Action::Task),
        "Only who takes part (`/incident join`) can work on tasks."
    );
    incident.roles.clear();
    assert_eq!(
        said(&incident, Action::Resolve),
        "Only the commander, the deputy or an admin can resolve this incident. There is no commander; `/incident take` makes you one."
    );
}

#[test]
fn policies_are_written_as_words() {
    for policy in Policy::ALL {
        assert_eq!(json!(policy), policy.as_str());
    }
    assert_eq!(Policy::default(), Policy::Standard);
}

proptest! {
    /// A further role never removes a right, and the strict policy never allows what the standard one denies, nor the
    /// standard one what the open one denies.
    #[test]
    fn rights_only_grow(mask in 0usize..32, cell in 0usize..45, private in any::<bool>(), severity in 0usize..4) {
        let (workspace, mut incident) = (Workspace::new(), incident());
        let (action, _) = CELLS[cell];
        (incident.private, incident.severity) = (private, Severity::ALL[severity]);
        let roles = incident.roles.clone();
        let with = |mask: usize, policy| {
            let mut incident = incident.clone();
            let me = UserId::from("U0ME");
            for (bit, held) in roles.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0) {
                incident.roles[bit].user = me.clone();
                assert_eq!(incident.roles[bit].role, held.role);
            }
            if mask & 16 != 0 {
                incident.participants.insert(me.clone());
            }
            let rules = workspace.rules(policy);
            let who = standing(&Actor::Person(me), Some(&incident), PersonKind::Member, &rules);
            let allowed = allow(&who, action, Some(&incident), &rules).is_ok();
            assert!(!allowed || can_see(&who, &incident));
            allowed
        };
        let [standard, strict, open] = [Policy::Standard, Policy::Strict, Policy::Open].map(|policy| with(mask, policy));
        prop_assert!(standard >= strict && open >= standard);
        let commands = matches!(action, HONEST | SILENT);
        for bit in (0..5).filter(|_| !commands) {
            prop_assert!(with(mask | (1 << bit), Policy::Standard) >= standard);
        }
    }
}
