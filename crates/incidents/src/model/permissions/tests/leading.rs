//! Tests of the rights to take, hand over and claim roles.

use super::*;

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
