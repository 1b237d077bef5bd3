//! Tests of every cell of the table of rights, under every policy.

use proptest::prelude::*;
use serde_json::json;
use tidegate_slack::prose;

use super::*;

mod actors;
mod leading;

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
