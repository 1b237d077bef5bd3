//! The steps as a function: whatever is lost, whoever dies when, the page ends with every text once and in order.

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

fn wanted(incident: &Incident, text: Option<Text>) -> Wanted {
    Wanted::of(incident, &Settings::default(), text, BTreeMap::new())
}

fn with(components: &[(&str, ComponentStatus)], base: Wanted) -> Wanted {
    let components = components.iter();
    Wanted {
        components: components
            .map(|(id, status)| ((*id).into(), *status))
            .collect(),
        ..base
    }
}

#[test]
fn nothing_is_published_before_somebody_publishes() {
    let wanted = wanted(&incident(), None);
    assert_eq!(
        next_step(&wanted, &Known::default(), &Shown::default()),
        Step::Nothing
    );
}

#[test]
fn components_follow_without_a_text_and_are_left_alone_while_all_is_well() {
    let shown = Shown::default();
    let operational = with(
        &[("c1", ComponentStatus::Operational)],
        wanted(&incident(), None),
    );
    assert_eq!(
        next_step(&operational, &Known::default(), &shown),
        Step::Nothing
    );
    let bad = with(
        &[("c1", ComponentStatus::MajorOutage)],
        wanted(&incident(), None),
    );
    let set = Step::SetComponent("c1".into(), ComponentStatus::MajorOutage);
    assert_eq!(next_step(&bad, &Known::default(), &shown), set);
    let shown = Shown(bad.components.clone());
    assert_eq!(next_step(&bad, &Known::default(), &shown), Step::Nothing);
    let back = Step::SetComponent("c1".into(), ComponentStatus::Operational);
    assert_eq!(next_step(&operational, &Known::default(), &shown), back);
}

/// The first text makes an incident on the page, and every status after it an update: the older bot only ever coloured
/// components.
#[test]
fn seed_defect_5_an_incident_and_its_updates_are_published() {
    let mut incident = incident();
    let first = text(1, "We look into it.", Status::Investigating);
    let Step::Create(Says::Text(1), made) = next_step(
        &wanted(&incident, Some(first)),
        &Known::default(),
        &Shown::default(),
    ) else {
        panic!("not created");
    };
    assert_eq!(made.status, IncidentStatus::Investigating);
    assert_eq!(made.our_id, incident.id.as_str());
    assert!(!made.name.contains("secret"), "the title is for the inside");
    let known = Known {
        ext_id: Some("x1".to_owned()),
        synced: 1,
        status: Some("investigating".to_owned()),
        ..Known::default()
    };
    for (status, word) in [
        (Status::Identified, IncidentStatus::Identified),
        (Status::Monitoring, IncidentStatus::Monitoring),
        (Status::Resolved, IncidentStatus::Resolved),
        (Status::Canceled, IncidentStatus::Resolved),
    ] {
        incident.status = status;
        let step = next_step(&wanted(&incident, None), &known, &Shown::default());
        let Step::Update(Says::Status { .. }, _, update) = step else {
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
        &wanted(&incident, Some(only)),
        &Known::default(),
        &Shown::default(),
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
    let known = Known {
        ext_id: Some("x1".to_owned()),
        status: Some("investigating".to_owned()),
        refused_status: Some("identified".to_owned()),
        ..Known::default()
    };
    assert_eq!(
        next_step(&wanted(&incident, None), &known, &Shown::default()),
        Step::Nothing
    );
    incident.status = Status::Monitoring;
    let step = next_step(&wanted(&incident, None), &known, &Shown::default());
    assert!(matches!(step, Step::Update(..)), "{step:?}");
}

/// A page, and what is known of it by a sender that may lose an answer, or die, at any call.
#[derive(Default)]
struct World {
    posted: Vec<Posted>,
    updates: u32,
    known: Known,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    /// It was done, and nobody heard.
    LostAfter,
    /// It was not done, and nobody heard.
    LostBefore,
    /// It was refused for the time being.
    Refused,
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

    /// One step with that luck. Answers whether anything was left to do.
    fn step(&mut self, texts: &[Text], incident: &Incident, luck: Luck) -> bool {
        let next = self.known.synced as usize;
        let wanted = wanted(incident, texts.get(next).cloned());
        let begin = |says: Says| {
            Some(Call {
                says,
                since: NOW,
                part: 1,
            })
        };
        match next_step(&wanted, &self.known, &Shown::default()) {
            Step::Nothing => return false,
            Step::SetComponent(..) => unreachable!("there are none"),
            Step::Create(says, made) => {
                self.known.call = begin(says);
                if matches!(luck, Luck::Good | Luck::LostAfter) {
                    let said = self.say(made.status, &made.body);
                    self.posted.push(Posted {
                        id: format!("x{}", self.posted.len()).into(),
                        our_id: Some(made.our_id.clone()),
                        status: Some(made.status),
                        link: String::new(),
                        updates: vec![said],
                    });
                }
                let posted = self.posted.last().cloned();
                self.ended(luck, posted, made.status);
            }
            Step::Update(says, id, update) => {
                self.known.call = begin(says);
                if matches!(luck, Luck::Good | Luck::LostAfter) {
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
                        self.known.done(&posted, status);
                    }
                    None => self.known.call = None,
                }
            }
            Step::LookForUpdate(id, call) if luck == Luck::Good => {
                let posted = self.posted.iter().find(|p| p.id == id).cloned().unwrap();
                let (status, body) = match &call.says {
                    Says::Text(n) => {
                        let text = &texts[*n as usize - 1];
                        (public_status(text.status), text.text.clone())
                    }
                    Says::Status { status, words } => {
                        (IncidentStatus::from_word(status).unwrap(), words.clone())
                    }
                };
                let sought = update(&wanted, status, &body, BTreeMap::new());
                let newest = self.known.newest.as_deref().map(UpdateId::from);
                if posted.shows(&sought, newest.as_ref()) {
                    self.known.done(&posted, status.as_str());
                } else {
                    self.known.newest = posted.newest().map(|id| id.as_str().to_owned());
                    self.known.call = None;
                }
            }
            Step::LookForIncident(_) | Step::LookForUpdate(..) => {}
        }
        true
    }

    fn ended(&mut self, luck: Luck, posted: Option<Posted>, status: IncidentStatus) {
        match luck {
            Luck::Good => self.known.done(&posted.unwrap(), status.as_str()),
            Luck::Refused => self.known.call = None,
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
        prop_assert_eq!(world.known.call, None);
    }
}

#[test]
fn the_clock_of_a_call_is_kept() {
    let call = Call {
        says: Says::Text(1),
        since: Timestamp(7),
        part: 3,
    };
    let known = Known {
        call: Some(call.clone()),
        ..Known::default()
    };
    let stored: Known = serde_json::from_str(&serde_json::to_string(&known).unwrap()).unwrap();
    let step = next_step(&wanted(&incident(), None), &stored, &Shown::default());
    assert_eq!(step, Step::LookForIncident(call));
}
