//! Who is told of an incident beyond its own channel, and when they have just been told enough.

use std::collections::BTreeSet;
use std::time::Duration;

use super::change::Change;
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::news::{Audience, News};
use crate::model::notification::{self, NotificationState};
use crate::model::settings::Settings;
use crate::model::status::Status;
use crate::render::announcement::shown;

/// A person gets one direct message of an incident and kind of news within that time. News of the end and of a
/// reopening is never dropped.
pub const THROTTLE: Duration = Duration::from_mins(5);

/// Most throttled notifications that the ledger records: a transaction takes a hundred rows.
const MOST_NOTED: usize = 20;

/// Audiences that are told in the transaction of a change itself; more are spread over several.
const AT_ONCE: usize = 8;

/// The audiences of an incident as it stands: the channels and people of its severity and services. An incident that is
/// private, a drill or in triage has none.
pub fn audience(incident: &Incident, settings: &Settings) -> BTreeSet<Audience> {
    if incident.private || incident.drill || incident.status == Status::Triage {
        return BTreeSet::new();
    }
    let (severity, services) = (incident.severity, incident.services.as_slice());
    let channels = settings.announced_in(severity, services).into_iter();
    let people = settings.direct_recipients(severity, services).into_iter();
    channels
        .map(Audience::Channel)
        .chain(people.map(Audience::Person))
        .collect()
}

/// The audiences that have been told of an incident so far.
pub fn told(incident: &Incident) -> BTreeSet<Audience> {
    incident
        .notified
        .keys()
        .filter_map(|key| parse(key))
        .collect()
}

/// Whether an audience has been told that kind of news of an incident.
pub fn has_heard(incident: &Incident, news: News, to: &Audience) -> bool {
    incident.notified.contains_key(&key(news, to))
}

/// The watchers of an incident, as audiences.
pub fn watchers(incident: &Incident) -> BTreeSet<Audience> {
    incident
        .watchers
        .iter()
        .cloned()
        .map(Audience::Person)
        .collect()
}

/// The result of telling an audience.
pub struct Told {
    /// The audiences that are told now, in order; the others were told just before.
    pub to: Vec<Audience>,
    /// The effects that tell them, which the caller posts.
    pub effects: Vec<Effect>,
}

/// Tells each audience. People who heard the same kind of news just now are left alone, which the delivery ledger
/// records, and their earlier messages are edited to the present state.
pub fn tell(
    change: &mut Change,
    audience: &BTreeSet<Audience>,
    news: News,
    words: Option<&str>,
) -> Told {
    let (now, seq) = (change.now, change.incident.seq);
    let (mut to, mut left_alone) = (Vec::new(), Vec::new());
    for one in audience {
        let key = key(news, one);
        let last = change.incident.notified.get(&key).copied();
        let just_now = last.is_some_and(|last| now.since(last) < THROTTLE);
        if just_now && matches!(one, Audience::Person(_)) && may_wait(news) {
            left_alone.push(one.clone());
            continue;
        }
        change.incident.notified.insert(key, now);
        to.push(one.clone());
    }
    let incident = change.incident.id.clone();
    for one in left_alone.iter().take(MOST_NOTED) {
        let row = notification::begin(&incident, news, one, seq, NotificationState::Throttled, now);
        change.write(row);
    }
    let from = change.before().map(|before| before.severity);
    let words = words.map(shown);
    let spread = Effect::Spread {
        incident,
        to: to.clone(),
        news,
        seq,
        from,
        words,
    };
    let mut effects = each_or_one_for_many(spread);
    for row in effects
        .iter()
        .filter_map(|each| notification::pending(each, now))
    {
        change.write(row);
    }
    effects.extend(refreshed(&change.incident, left_alone));
    Told { to, effects }
}

/// Whether that kind of news can be dropped for a person who heard it just now. News of the end and of a reopening is never
/// dropped, because it changes what people do.
fn may_wait(news: News) -> bool {
    match news {
        News::Declared | News::Escalated | News::Updated | News::Paged => true,
        News::Resolved | News::Reopened | News::Withdrawn => false,
    }
}

/// One effect per audience, or one for all if they are many. The notification rows of the latter are written when it
/// is fanned out.
fn each_or_one_for_many(mut effect: Effect) -> Vec<Effect> {
    let many = effect.audiences_mut().is_some_and(|to| to.len() > AT_ONCE);
    if many {
        vec![effect]
    } else {
        effect.per_audience()
    }
}

/// Edits the earlier messages to the present state.
pub fn refresh(change: &mut Change) {
    let to = told(&change.incident).into_iter().collect();
    for effect in refreshed(&change.incident, to) {
        change.effect(&effect);
    }
}

/// The effects that edit the messages of those audiences.
fn refreshed(incident: &Incident, to: Vec<Audience>) -> Vec<Effect> {
    let incident = incident.id.clone();
    each_or_one_for_many(Effect::SpreadRefresh { incident, to })
}

fn key(news: News, to: &Audience) -> String {
    let kind = match to {
        Audience::Channel(_) => 'c',
        Audience::Person(_) => 'p',
    };
    format!("{}:{kind}:{}", news.as_str(), to.as_str())
}

fn parse(key: &str) -> Option<Audience> {
    let mut parts = key.splitn(3, ':').skip(1);
    match (parts.next()?, parts.next()?) {
        ("c", channel) => Some(Audience::Channel(channel.into())),
        ("p", user) => Some(Audience::Person(user.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
