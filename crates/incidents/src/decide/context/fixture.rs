//! An incident and its workspace for tests of decisions: who asks, what is decided, what the rows are then. There is no
//! table: an incident is read back from the row that a change writes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::people::PersonKind;
use tidegate_pipeline::table::WriteAction;
use tidegate_pipeline::timers::Timer;
use tidegate_slack::ids::UserId;

use super::{DecisionContext, Reply, RequestError, Verdict};
use crate::decide::change::Change;
use crate::decide::{declare, reminders};
use crate::model::actor::Actor;
use crate::model::effect::Effect;
use crate::model::form::Declaration;
use crate::model::incident::Incident;
use crate::model::rows::{self, Loaded, Place};
use crate::model::settings::{Service, Settings};
use crate::model::severity::Severity;
use crate::model::timeline::Entry;
use crate::model::timer_kind::TimerKind;
use crate::model::timers;

/// The commander, who declared it.
pub(crate) const LEAD: &str = "ULEAD";

/// 2026-11-20 10:30 UTC, a Friday.
pub(crate) const NOW: Timestamp = Timestamp(1_795_170_600_000);

/// A workspace with one incident, INC-1.
pub(crate) struct Room {
    pub(crate) settings: Settings,
    pub(crate) loaded: Loaded,
    pub(crate) now: Timestamp,
    /// The timer rows as they stand.
    pub(crate) timers: BTreeMap<TimerKind, Timer>,
}

/// The result of a decision.
pub(crate) struct Done {
    pub(crate) effects: Vec<Effect>,
    pub(crate) entries: Vec<Entry>,
    /// States of the ledger rows that were written, by person or channel.
    pub(crate) deliveries: Vec<(String, String)>,
    pub(crate) answer: String,
}

impl Room {
    /// A P1 of the service `checkout`, just declared, with an owner and two people to escalate to.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same fixture with an edited declaration.
    pub(crate) fn with(edit: impl FnOnce(&mut Declaration)) -> Self {
        let mut settings = Settings::default();
        let service = Service {
            owners: vec!["UOWNER".into()],
            ..Service::default()
        };
        settings.services.insert("checkout".to_owned(), service);
        settings.escalation = vec!["UESC1".into(), "UESC2".into()];
        settings
            .roles
            .insert("legal".to_owned(), "Read the contracts.".to_owned());
        let mut declaration = Declaration {
            title: "Checkout fails".to_owned(),
            severity: Some(Severity::P1),
            services: vec!["checkout".to_owned()],
            ..Declaration::default()
        };
        edit(&mut declaration);
        let actor = Actor::Person(LEAD.into());
        let change = declare::decide(&declaration, &settings, &actor, "test", 0, NOW);
        let mut room = Self {
            settings,
            loaded: Loaded {
                incident: change.incident.clone(),
                place: Place::Made {
                    channel: "CROOM".into(),
                    archived: false,
                },
            },
            now: NOW,
            timers: BTreeMap::new(),
        };
        room.write(change);
        room
    }

    pub(crate) fn incident(&self) -> &Incident {
        &self.loaded.incident
    }

    pub(crate) fn edit(&mut self) -> &mut Incident {
        &mut self.loaded.incident
    }

    /// The context of a request by the member with that id.
    pub(crate) fn by(&self, user: &str) -> DecisionContext<'_> {
        self.asked_by(Actor::Person(user.into()))
    }

    pub(crate) fn asked_by(&self, actor: Actor) -> DecisionContext<'_> {
        DecisionContext {
            zone: Some(3600),
            subject: Some(&self.loaded),
            cause: "test",
            count: 1,
            ..DecisionContext::new(&self.settings, actor, PersonKind::Member, self.now)
        }
    }

    pub(crate) fn wait(&mut self, by: Duration) {
        self.now = self.now.plus(by);
    }

    /// Has somebody ask, and does what is decided.
    pub(crate) fn does(
        &mut self,
        user: &str,
        ask: impl FnOnce(&DecisionContext<'_>) -> Result<Verdict, RequestError>,
    ) -> Done {
        self.does_as(Actor::Person(user.into()), ask)
    }

    pub(crate) fn does_as(
        &mut self,
        actor: Actor,
        ask: impl FnOnce(&DecisionContext<'_>) -> Result<Verdict, RequestError>,
    ) -> Done {
        match ask(&self.asked_by(actor)) {
            Ok(Verdict::Change(change, answer)) => {
                let mut done = self.write(*change);
                done.answer = text(answer.as_ref());
                done
            }
            Ok(Verdict::Answer(answer)) => Done {
                effects: Vec::new(),
                entries: Vec::new(),
                deliveries: Vec::new(),
                answer: text(Some(&answer)),
            },
            Ok(Verdict::Form(_)) => panic!("it asks for a form"),
            Ok(Verdict::Settings(..)) => panic!("it changes the settings"),
            Err(refused) => panic!("refused: {refused:?}"),
        }
    }

    /// When that timer is due.
    pub(crate) fn due(&self, kind: TimerKind) -> Option<Timestamp> {
        let wanted = timers::wanted(self.incident(), &self.settings.timers);
        wanted.get(&kind).copied()
    }

    /// Has that timer go off now, due or not.
    pub(crate) fn goes_off(&mut self, kind: TimerKind) -> Done {
        self.does_as(Actor::Tidegate, |context| reminders::fire(context, kind))
    }

    /// Waits until that timer is due, and has it go off.
    pub(crate) fn awaited(&mut self, kind: TimerKind) -> Done {
        self.now = self
            .due(kind)
            .unwrap_or_else(|| panic!("{kind} is not awaited"));
        self.goes_off(kind)
    }

    /// Has somebody ask who is refused; the words.
    pub(crate) fn refuses(
        &self,
        user: &str,
        ask: impl FnOnce(&DecisionContext<'_>) -> Result<Verdict, RequestError>,
    ) -> String {
        match ask(&self.by(user)) {
            Err(refused) => refused.text.mrkdwn(),
            Ok(_) => panic!("it is not refused"),
        }
    }

    /// Does what a transaction would: all its writes are of different rows, and not too many.
    fn write(&mut self, change: Change) -> Done {
        let decision = change.finish(&self.settings.timers);
        let keys: BTreeSet<_> = decision.writes.iter().map(|write| &write.key).collect();
        assert_eq!(keys.len(), decision.writes.len(), "a row is written twice");
        assert!(decision.writes.len() + decision.posts.len() < 98);
        self.keep(&decision);
        let put = decision
            .writes
            .iter()
            .filter_map(|write| match &write.action {
                WriteAction::Put(item) => Some((write.key.sort_parts(), item)),
                _ => None,
            });
        let deliveries = put.clone().filter(|(sort, _)| sort[0] == "delivery");
        let read = |name, item: &tidegate_pipeline::table::Item| {
            item.text(name).unwrap_or_default().to_owned()
        };
        Done {
            effects: decision
                .posts
                .iter()
                .map(|post| Effect::parse(&post.body).unwrap())
                .collect(),
            entries: put
                .filter_map(|(_, item)| rows::ENTRY.read(item).ok())
                .collect(),
            deliveries: deliveries
                .map(|(_, item)| (read("target", item), read("state", item)))
                .collect(),
            answer: String::new(),
        }
    }

    fn keep(&mut self, decision: &Decision) {
        for write in &decision.writes {
            if write.key == rows::meta(&self.loaded.incident.id)
                && let WriteAction::Put(item) = &write.action
            {
                self.loaded.incident = rows::INCIDENT.read(item).unwrap();
            }
            let sort = write.key.sort_parts();
            if sort[0] != "timer" {
                continue;
            }
            let kind = TimerKind::parse(&sort[1]).unwrap();
            match &write.action {
                WriteAction::Put(item) => {
                    self.timers.insert(kind, Timer::parse(item).unwrap());
                }
                _ => {
                    self.timers.remove(&kind);
                }
            }
        }
    }
}

impl Done {
    /// The effects' names, without `incident.`.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let short = |effect: &Effect| effect.name().trim_start_matches("incident.");
        self.effects.iter().map(short).collect()
    }

    /// The messages in the channel.
    pub(crate) fn said(&self) -> String {
        let said = self.effects.iter().filter_map(|effect| match effect {
            Effect::Say { message, .. } => message["text"].as_str(),
            _ => None,
        });
        said.collect::<Vec<_>>().join("\n")
    }

    /// Who gets a direct message of the incident's news, or another.
    pub(crate) fn told(&self) -> Vec<UserId> {
        let told = self.effects.iter().flat_map(|effect| match effect {
            Effect::Tell { to, .. } => vec![UserId::from(to.as_str())],
            Effect::Spread { to, .. } => to.iter().map(|to| to.as_str().into()).collect(),
            Effect::Direct { user, .. } => vec![user.clone()],
            _ => Vec::new(),
        });
        told.collect()
    }

    /// Who is brought into the channel.
    pub(crate) fn invited(&self) -> Vec<UserId> {
        let invited = self.effects.iter().filter_map(|effect| match effect {
            Effect::Invite { users, .. } => Some(users.clone()),
            _ => None,
        });
        invited.flatten().collect()
    }

    /// The messages that one person is shown in the channel.
    pub(crate) fn whispered(&self, to: &str) -> String {
        let shown = self.effects.iter().filter_map(|effect| match effect {
            Effect::Whisper { user, message, .. } if user.as_str() == to => {
                Some(message.to_string())
            }
            _ => None,
        });
        shown.collect()
    }

    /// The entries that it adds to the timeline.
    pub(crate) fn noted(&self) -> String {
        let noted: Vec<&str> = self
            .entries
            .iter()
            .map(|entry| entry.text.as_str())
            .collect();
        noted.join("\n")
    }
}

fn text(reply: Option<&Reply>) -> String {
    let message = reply.map(Reply::message).unwrap_or_default();
    message["text"].as_str().unwrap_or_default().to_owned()
}
