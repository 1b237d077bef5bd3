//! Tests of the rights of guests, bots, API keys, the operator and the timers, and of private incidents.

use super::*;

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
