//! Tests of the steps as a pure function: if any response is lost and a sender dies at any time, the page still ends
//! with every text once and in order.

use proptest::prelude::*;
use tidegate_connectors::status_page::{Posted, PostedUpdate, UpdateId, find_ours};
use tidegate_pipeline::clock::Timestamp;

use super::*;
use crate::model::incident::{Incident, PublicUpdate as Text};
use crate::model::settings::Settings;
use crate::model::status::Status;
use crate::status_pages::fixture::{NOW, incident};

fn text(n: u32, words: &str, status: Status) -> Text {
    Text {
        n,
        text: words.to_owned(),
        status,
        at: NOW,
    }
}

fn desired(incident: &Incident, text: Option<Text>) -> Desired {
    Desired::of(incident, &Settings::default(), text, BTreeMap::new())
}

fn with(components: &[(&str, ComponentStatus)], base: Desired) -> Desired {
    let components = components.iter();
    Desired {
        components: components
            .map(|(id, status)| ((*id).into(), *status))
            .collect(),
        ..base
    }
}

#[test]
fn nothing_is_published_before_somebody_publishes() {
    let desired = desired(&incident(), None);
    assert_eq!(
        next_step(&desired, &SyncState::default(), &ShownStatuses::default()),
        Step::Nothing
    );
}

#[test]
fn components_follow_without_a_text_and_are_left_alone_while_all_is_well() {
    let shown = ShownStatuses::default();
    let operational = with(
        &[("c1", ComponentStatus::Operational)],
        desired(&incident(), None),
    );
    assert_eq!(
        next_step(&operational, &SyncState::default(), &shown),
        Step::Nothing
    );
    let bad = with(
        &[("c1", ComponentStatus::MajorOutage)],
        desired(&incident(), None),
    );
    let set = Step::SetComponent("c1".into(), ComponentStatus::MajorOutage);
    assert_eq!(next_step(&bad, &SyncState::default(), &shown), set);
    let shown = ShownStatuses(bad.components.clone());
    assert_eq!(
        next_step(&bad, &SyncState::default(), &shown),
        Step::Nothing
    );
    let back = Step::SetComponent("c1".into(), ComponentStatus::Operational);
    assert_eq!(next_step(&operational, &SyncState::default(), &shown), back);
}

/// The first text creates an incident on the page, and every later status an update. The older bot only changed the
/// colors of components.
#[test]
fn seed_defect_5_an_incident_and_its_updates_are_published() {
    let mut incident = incident();
    let first = text(1, "We look into it.", Status::Investigating);
    let Step::Create(Content::Text(1), made) = next_step(
        &desired(&incident, Some(first)),
        &SyncState::default(),
        &ShownStatuses::default(),
    ) else {
        panic!("not created");
    };
    assert_eq!(made.status, IncidentStatus::Investigating);
    assert_eq!(made.our_id, incident.id.as_str());
    assert!(!made.name.contains("secret"), "the title is for the inside");
    let state = SyncState {
        ext_id: Some("x1".to_owned()),
        synced: 1,
        status: Some("investigating".to_owned()),
        ..SyncState::default()
    };
    for (status, word) in [
        (Status::Identified, IncidentStatus::Identified),
        (Status::Monitoring, IncidentStatus::Monitoring),
        (Status::Resolved, IncidentStatus::Resolved),
        (Status::Canceled, IncidentStatus::Resolved),
    ] {
        incident.status = status;
        let step = next_step(&desired(&incident, None), &state, &ShownStatuses::default());
        let Step::Update(Content::Status { .. }, _, update) = step else {
            panic!("{status}: {step:?}");
        };
        assert_eq!(update.status, word);
        assert!(!update.body.is_empty());
    }
}

#[test]
fn what_was_resolved_before_it_was_published_is_published_first() {
    let mut incident = incident();
    incident.status = Status::Resolved;
    let only = text(1, "All is well again.", Status::Resolved);
    let step = next_step(
        &desired(&incident, Some(only)),
        &SyncState::default(),
        &ShownStatuses::default(),
    );
    let Step::Create(_, made) = step else {
        panic!("{step:?}")
    };
    assert_eq!(made.status, IncidentStatus::Monitoring);
}

#[test]
fn a_refused_status_is_not_tried_again_and_the_next_one_is() {
    let mut incident = incident();
    incident.status = Status::Identified;
    let state = SyncState {
        ext_id: Some("x1".to_owned()),
        status: Some("investigating".to_owned()),
        refused_status: Some("identified".to_owned()),
        ..SyncState::default()
    };
    assert_eq!(
        next_step(&desired(&incident, None), &state, &ShownStatuses::default()),
        Step::Nothing
    );
    incident.status = Status::Monitoring;
    let step = next_step(&desired(&incident, None), &state, &ShownStatuses::default());
    assert!(matches!(step, Step::Update(..)), "{step:?}");
}

/// A page, and the state known to a sender that may lose a response or die at any call.
#[derive(Default)]
struct World {
    posted: Vec<Posted>,
    updates: u32,
    state: SyncState,
}

/// The fate of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    /// The call succeeded, and its response was lost.
    LostAfter,
    /// The call never arrived, and no response came.
    LostBefore,
    /// The page rejected the call temporarily.
    Refused,
}

impl Luck {
    fn reaches_page(self) -> bool {
        matches!(self, Self::Good | Self::LostAfter)
    }
}

impl World {
    fn say(&mut self, status: IncidentStatus, body: &str) -> PostedUpdate {
        self.updates += 1;
        PostedUpdate {
            id: UpdateId::from(format!("u{}", self.updates)),
            status: Some(status),
            body: body.to_owned(),
        }
    }

    /// Makes one step with that fate. Returns whether there was anything to do.
    fn step(&mut self, texts: &[Text], incident: &Incident, luck: Luck) -> bool {
        let next = self.state.synced as usize;
        let desired = desired(incident, texts.get(next).cloned());
        let begin = |content: Content| {
            Some(Call {
                content,
                since: NOW,
                part: 1,
            })
        };
        match next_step(&desired, &self.state, &ShownStatuses::default()) {
            Step::Nothing => return false,
            Step::SetComponent(..) => unreachable!("there are none"),
            Step::Create(content, made) => {
                self.state.call = begin(content);
                if luck.reaches_page() {
                    self.create(&made);
                }
                let posted = self.posted.last().cloned();
                self.ended(luck, posted, made.status);
            }
            Step::Update(content, id, update) => {
                self.state.call = begin(content);
                if luck.reaches_page() {
                    let said = self.say(update.status, &update.body);
                    let posted = self.posted.iter_mut().find(|p| p.id == id).unwrap();
                    posted.updates.insert(0, said);
                    posted.status = Some(update.status);
                }
                let posted = self.posted.iter().find(|p| p.id == id).cloned();
                self.ended(luck, posted, update.status);
            }
            Step::LookForIncident(_) if luck == Luck::Good => {
                match find_ours(&self.posted, incident.id.as_str()).cloned() {
                    Some(posted) => {
                        let status = posted.status.unwrap().as_str();
                        self.state.done(&posted, status);
                    }
                    None => self.state.call = None,
                }
            }
            Step::LookForUpdate(id, call) if luck == Luck::Good => {
                self.look_for_update(&desired, &id, &call, texts);
            }
            Step::LookForIncident(_) | Step::LookForUpdate(..) => {}
        }
        true
    }

    fn create(&mut self, incident: &PublicIncident) {
        let said = self.say(incident.status, &incident.body);
        self.posted.push(Posted {
            id: format!("x{}", self.posted.len()).into(),
            our_id: Some(incident.our_id.clone()),
            status: Some(incident.status),
            link: String::new(),
            updates: vec![said],
        });
    }

    fn look_for_update(&mut self, desired: &Desired, id: &ExternalId, call: &Call, texts: &[Text]) {
        let posted = self.posted.iter().find(|p| p.id == *id).cloned().unwrap();
        let (status, body) = match &call.content {
            Content::Text(n) => {
                let text = &texts[*n as usize - 1];
                (public_status(text.status), text.text.clone())
            }
            Content::Status { status, words } => {
                (IncidentStatus::from_word(status).unwrap(), words.clone())
            }
        };
        let sought = update(desired, status, &body, BTreeMap::new());
        let newest = self.state.newest.as_deref().map(UpdateId::from);
        if posted.shows(&sought, newest.as_ref()) {
            self.state.done(&posted, status.as_str());
        } else {
            self.state.newest = posted.newest().map(|id| id.as_str().to_owned());
            self.state.call = None;
        }
    }

    fn ended(&mut self, luck: Luck, posted: Option<Posted>, status: IncidentStatus) {
        match luck {
            Luck::Good => self.state.done(&posted.unwrap(), status.as_str()),
            Luck::Refused => self.state.call = None,
            Luck::LostAfter | Luck::LostBefore => {}
        }
    }
}

fn any_luck() -> impl Strategy<Value = Luck> {
    prop::sample::select(vec![
        Luck::Good,
        Luck::LostAfter,
        Luck::LostBefore,
        Luck::Refused,
    ])
}

proptest! {
    #[test]
    fn whatever_is_lost_every_text_is_published_once_and_in_order(
        words in prop::collection::vec(prop::sample::select(vec!["Same.", "New.", "Other."]), 1..6),
        luck in prop::collection::vec(any_luck(), 0..20),
        moves in prop::collection::vec(0_usize..4, 0..20),
    ) {
        let texts: Vec<Text> = (1..).zip(&words).map(|(n, words)| text(n, words, Status::Investigating)).collect();
        let statuses = [Status::Investigating, Status::Identified, Status::Monitoring, Status::Resolved];
        let mut world = World::default();
        let mut incident = incident();
        let mut moves = moves.into_iter();
        for luck in luck {
            if let Some(to) = moves.next() {
                incident.status = statuses[to];
            }
            world.step(&texts, &incident, luck);
        }
        let mut steps = 0;
        while world.step(&texts, &incident, Luck::Good) {
            steps += 1;
            prop_assert!(steps < 50, "it does not end");
        }
        prop_assert_eq!(world.posted.len(), 1);
        let said: Vec<&str> = world.posted[0].updates.iter().rev().map(|u| u.body.as_str()).collect();
        let ours: Vec<&str> = said.into_iter().filter(|body| words.contains(body)).collect();
        prop_assert_eq!(ours, words);
        prop_assert_eq!(world.posted[0].status, Some(public_status(incident.status)));
        prop_assert_eq!(world.state.call, None);
    }
}

#[test]
fn the_clock_of_a_call_is_kept() {
    let call = Call {
        content: Content::Text(1),
        since: Timestamp(7),
        part: 3,
    };
    let state = SyncState {
        call: Some(call.clone()),
        ..SyncState::default()
    };
    let stored: SyncState = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
    let step = next_step(
        &desired(&incident(), None),
        &stored,
        &ShownStatuses::default(),
    );
    assert_eq!(step, Step::LookForIncident(call));
}
