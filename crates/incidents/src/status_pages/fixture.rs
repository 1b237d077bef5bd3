//! An incident for tests of status pages.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_pipeline::clock::Timestamp;

use crate::model::actor::Actor;
use crate::model::incident::{Incident, IncidentId, Milestones, Review};
use crate::model::role::{RoleHolder, RoleName};
use crate::model::severity::Severity;
use crate::model::status::Status;

/// The time of the tests: 2026-11-21 10:30 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_257_000_000);

/// INC-4: a P1 of the service `checkout` that is being investigated, with a commander and a comms person.
pub(crate) fn incident() -> Incident {
    let held = |role, user: &str| RoleHolder {
        role,
        user: user.into(),
        since: NOW,
        by: Actor::Operator,
    };
    Incident {
        id: IncidentId::new(NOW, "test"),
        number: 4,
        title: "The secret project is down".to_owned(),
        status: Status::Investigating,
        previous: None,
        severity: Severity::P1,
        services: vec!["checkout".to_owned()],
        reporter: Actor::Person("UREPORTER".into()),
        roles: vec![
            held(RoleName::Commander, "UCOMMANDER"),
            held(RoleName::Comms, "UCOMMS"),
        ],
        participants: BTreeSet::from(["UCOMMANDER".into(), "UCOMMS".into()]),
        watchers: BTreeSet::new(),
        private: false,
        drill: false,
        paused_until: None,
        review: Review::None,
        milestones: Milestones {
            declared: NOW,
            ..Milestones::default()
        },
        reopened: 0,
        summary: None,
        updated_at: NOW,
        status_since: NOW,
        zone: None,
        timers: BTreeMap::new(),
        next_update_at: None,
        handover: None,
        draft: None,
        public: Vec::new(),
        merged_into: None,
        tasks: 0,
        notified: BTreeMap::new(),
        counted: None,
        channel_name: "inc-20261121-checkout".to_owned(),
        seq: 0,
        chain: String::new(),
        version: 7,
    }
}
