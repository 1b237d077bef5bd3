//! An incident that was declared, for tests of decisions about its record: who asks, and what their verdict comes to.

use std::collections::BTreeSet;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::people::PersonKind;
use tidegate_pipeline::table::{Item, RowKey, WriteAction};

use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::declare;
use crate::model::actor::Actor;
use crate::model::effect::Effect;
use crate::model::form::Declaration;
use crate::model::incident::Incident;
use crate::model::rows::{self, Loaded, Place};
use crate::model::settings::Settings;
use crate::model::timeline::Entry;

/// The time of the tests: 2026-11-21 10:30 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_257_000_000);

/// The person with that Slack id, as an actor.
pub(crate) fn person(user: &str) -> Actor {
    Actor::Person(user.into())
}

/// Rows that a decision may look at.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) subject: Loaded,
    pub(crate) other: Option<Loaded>,
    /// The timeline of the subject.
    pub(crate) entries: Vec<Entry>,
}

impl World {
    /// INC-1, declared ten minutes ago by its commander `ULEAD`; `UPART` takes part, and `UADMIN` may do everything.
    pub(crate) fn new() -> Self {
        let settings = Settings {
            admins: BTreeSet::from(["UADMIN".into()]),
            ..Settings::default()
        };
        let (subject, entries) = declared(&settings, 1);
        Self {
            settings,
            subject,
            other: None,
            entries,
        }
    }

    /// The same with INC-2, of the same commander.
    pub(crate) fn of_two() -> Self {
        let mut world = Self::new();
        world.other = Some(declared(&world.settings, 2).0);
        world
    }

    /// The context of a decision on that person's request.
    pub(crate) fn context(&self, user: &str) -> DecisionContext<'_> {
        DecisionContext {
            subject: Some(&self.subject),
            other: self.other.as_ref(),
            cause: "test",
            ..DecisionContext::new(&self.settings, person(user), PersonKind::Member, NOW)
        }
    }

    /// Makes the change of a verdict, and returns its decision.
    pub(crate) fn make(&mut self, verdict: Result<Verdict, RequestError>) -> Decision {
        let Ok(Verdict::Change(change, _)) = verdict else {
            panic!("nothing is changed: {:?}", words(verdict));
        };
        let id = self.subject.incident.id.clone();
        let decision = change.finish(&self.settings.timers);
        distinct(&decision);
        for (entry, key) in entries_of(&decision) {
            if key != rows::entry(&id, entry.seq) {
                continue;
            }
            match self.entries.iter_mut().find(|known| known.seq == entry.seq) {
                Some(known) => *known = entry,
                None => self.entries.push(entry),
            }
        }
        let meta = put(&decision, &rows::meta(&id)).unwrap();
        self.subject.incident = rows::INCIDENT.read(meta).unwrap();
        decision
    }

    pub(crate) fn incident(&mut self) -> &mut Incident {
        &mut self.subject.incident
    }
}

fn declared(settings: &Settings, number: u32) -> (Loaded, Vec<Entry>) {
    let declaration = Declaration {
        title: format!("Checkout <{number}> fails"),
        ..Declaration::default()
    };
    let at = Timestamp(NOW.millis() - 600_000);
    let actor = person("ULEAD");
    let cause = number.to_string();
    let mut change = declare::decide(&declaration, settings, &actor, &cause, number - 1, at);
    change.incident.participants.insert("UPART".into());
    let id = change.incident.id.clone();
    let decision = change.finish(&settings.timers);
    let incident = put(&decision, &rows::meta(&id)).unwrap();
    let loaded = Loaded {
        incident: rows::INCIDENT.read(incident).unwrap(),
        place: Place::Made {
            channel: format!("C{number}").into(),
            archived: false,
        },
    };
    let entries = entries_of(&decision).into_iter().map(|(entry, _)| entry);
    (loaded, entries.collect())
}

/// The words of an answer or refusal.
pub(crate) fn words(verdict: Result<Verdict, RequestError>) -> String {
    let answer = match verdict {
        Err(refused) => return refused.text.mrkdwn(),
        Ok(
            Verdict::Answer(answer)
            | Verdict::Settings(_, answer)
            | Verdict::Change(_, Some(answer)),
        ) => answer,
        Ok(Verdict::Change(_, None) | Verdict::Form(_)) => return String::new(),
    };
    answer.message()["text"].as_str().unwrap().to_owned()
}

/// Whether a verdict changes something.
pub(crate) fn changes(verdict: &Result<Verdict, RequestError>) -> bool {
    matches!(verdict, Ok(Verdict::Change(..)))
}

/// The row that a decision puts.
pub(crate) fn put<'d>(decision: &'d Decision, key: &RowKey) -> Option<&'d Item> {
    let write = decision.writes.iter().find(|write| write.key == *key)?;
    match &write.action {
        WriteAction::Put(item) => Some(item),
        _ => None,
    }
}

/// The keys that a decision deletes.
pub(crate) fn deleted(decision: &Decision) -> Vec<&RowKey> {
    let deletes = decision
        .writes
        .iter()
        .filter(|write| write.action == WriteAction::Delete);
    deletes.map(|write| &write.key).collect()
}

/// The entries that a decision puts.
pub(crate) fn entries_of(decision: &Decision) -> Vec<(Entry, RowKey)> {
    let entry = |key: &RowKey| Some((rows::ENTRY.read(put(decision, key)?).ok()?, key.clone()));
    let keys = decision.writes.iter().map(|write| &write.key);
    keys.filter_map(entry).collect()
}

/// The messages to channels, and the names of the other effects.
pub(crate) fn effects(decision: &Decision) -> Vec<String> {
    let effects = decision.posts.iter().map(|post| Effect::parse(&post.body));
    let told = effects.map(|effect| match effect {
        Some(Effect::Say { message, .. }) => message["text"].as_str().unwrap().to_owned(),
        Some(effect) => effect.name().to_owned(),
        None => "no effect".to_owned(),
    });
    told.collect()
}

/// A transaction names each row once, and holds 100 of them with the ledger's own two.
fn distinct(decision: &Decision) {
    let keys: BTreeSet<_> = decision.writes.iter().map(|write| &write.key).collect();
    assert_eq!(keys.len(), decision.writes.len(), "a row is written twice");
    assert!(decision.writes.len() + decision.posts.len() <= 98);
}
