//! A change of an incident under way: what a decision has collected, and the one transaction that it becomes.

use std::collections::BTreeSet;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::outbox::Post;
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_slack::ids::UserId;

use crate::model::actor::Actor;
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::settings::Timers;
use crate::model::timeline::{Entry, EntryKind, NewEntry, Source};
use crate::model::{rows, timers};

/// A change of one incident. Decisions edit the fields of `incident` in place; [`Self::finish`] works out everything
/// that follows.
pub struct Change {
    /// The incident as it will be stored; decisions edit it in place.
    pub incident: Incident,
    /// The time of the change, which its entries and rows carry.
    pub now: Timestamp,
    /// The person or program that makes the change.
    pub actor: Actor,
    before: Option<Incident>,
    entries: Vec<Entry>,
    writes: Vec<Write<RowKey>>,
    posts: Vec<Post>,
}

impl Change {
    /// A change of an existing incident.
    pub fn of(incident: &Incident, actor: &Actor, now: Timestamp) -> Self {
        Self::from(Some(incident.clone()), incident.clone(), actor, now)
    }

    /// A change that creates an incident.
    pub fn new(incident: Incident, actor: &Actor, now: Timestamp) -> Self {
        Self::from(None, incident, actor, now)
    }

    fn from(before: Option<Incident>, incident: Incident, actor: &Actor, now: Timestamp) -> Self {
        Self {
            incident,
            now,
            actor: actor.clone(),
            before,
            entries: Vec::new(),
            writes: Vec::new(),
            posts: Vec::new(),
        }
    }

    /// The incident as it was read; `None` for a new one.
    pub fn before(&self) -> Option<&Incident> {
        self.before.as_ref()
    }

    /// Adds an entry to the timeline for an event of this moment.
    pub fn note(&mut self, kind: EntryKind, text: impl Into<String>) {
        self.note_from(kind, text, self.now, None);
    }

    /// Adds an entry for an event at another time or in a message. Returns the entry's number.
    pub fn note_from(
        &mut self,
        kind: EntryKind,
        text: impl Into<String>,
        at: Timestamp,
        source: Option<Source>,
    ) -> u64 {
        let text = text.into();
        let new = NewEntry {
            at,
            kind,
            text,
            source,
        };
        let incident = &mut self.incident;
        let entry = Entry::after(incident.seq, &incident.chain, new, &self.actor, self.now);
        incident.seq = entry.seq;
        incident.chain.clone_from(&entry.hash);
        self.entries.push(entry);
        incident.seq
    }

    /// Adds an effect in Slack or on the status page. Effects of one incident are performed in the order in which they are added.
    pub fn effect(&mut self, effect: &Effect) {
        self.posts.push(effect.post());
    }

    /// Adds a write of another row.
    pub fn write(&mut self, write: Write<RowKey>) {
        self.writes.push(write);
    }

    /// Adds a post of another kind, such as the answer to a command.
    pub fn post(&mut self, post: Post) {
        self.posts.push(post);
    }

    /// The transaction: the incident, its new entries, its timers, its places in lists, and the posts. It fails if another change
    /// was stored first.
    pub fn finish(mut self, timers: &Timers) -> Decision {
        let read_version = self.before.as_ref().map_or(0, |before| before.version);
        self.incident.version = read_version + 1;
        if let Some(before) = &self.before {
            if before.status != self.incident.status {
                self.incident.status_since = self.now;
            }
            timers::forget(before, &mut self.incident);
        }
        let timers = timers::writes(self.before.as_ref(), &self.incident, timers);
        self.writes.extend(timers);
        let mut writes = vec![rows::put(&self.incident, read_version)];
        writes.extend(
            self.entries
                .iter()
                .map(|entry| rows::put_entry(&self.incident.id, entry)),
        );
        writes.extend(self.lists());
        writes.append(&mut self.writes);
        Decision {
            writes,
            posts: self.posts,
            audit: None,
        }
    }

    /// The writes that add the incident to lists and remove it from others.
    fn lists(&self) -> Vec<Write<RowKey>> {
        let (was, is) = (self.before.as_ref().map(places), places(&self.incident));
        let was = was.unwrap_or_default();
        let id = &self.incident.id;
        let gone = was.difference(&is).map(|key| Write::delete(key.clone()));
        let new = is
            .difference(&was)
            .map(|key| Write::put(key.clone(), rows::pointer(id)));
        gone.chain(new).collect()
    }
}

/// The lists that an incident stands in.
fn places(incident: &Incident) -> BTreeSet<RowKey> {
    let (id, declared) = (&incident.id, incident.milestones.declared);
    let mut places = BTreeSet::from([rows::of_month(&rows::month(declared), declared, id)]);
    if incident.status.is_open() {
        places.insert(rows::open(incident.severity, declared, id));
    }
    places.extend(
        incident
            .services
            .iter()
            .map(|service| rows::of_service(service, declared, id)),
    );
    let holders: BTreeSet<&UserId> = incident.roles.iter().map(|held| &held.user).collect();
    if incident.status.is_open() {
        places.extend(holders.into_iter().map(|user| rows::of_person(user, id)));
    }
    places
}
