//! Who is told of an incident beyond its own channel, and when they have just been told enough.

use std::collections::BTreeSet;
use std::time::Duration;

use super::change::Change;
use super::delivery::{self, Delivered};
use super::effect::{Audience, Effect, News};
use super::incident::Incident;
use super::settings::Settings;
use super::status::Status;

/// A person gets one direct message of an incident and kind of news within that time. That it is over is always told.
pub const THROTTLE: Duration = Duration::from_mins(5);

/// People left alone that the ledger says so of: a transaction takes a hundred rows.
const MOST_NOTED: u32 = 20;

/// Audiences that are told in the transaction of a change itself; more are spread over several.
const AT_ONCE: usize = 8;

/// Who is told of an incident as it stands: the channels and people of its severity and services. Nobody is told of
/// what is private, a drill, or not yet known to be an incident.
pub fn audience(incident: &Incident, settings: &Settings) -> BTreeSet<Audience> {
    if incident.private || incident.drill || incident.status == Status::Triage {
        return BTreeSet::new();
    }
    let (severity, services) = (incident.severity, incident.services.as_slice());
    let channels = settings.announced_in(severity, services).into_iter();
    let people = settings.told_directly(severity, services).into_iter();
    channels
        .map(Audience::Channel)
        .chain(people.map(Audience::Person))
        .collect()
}

/// Who has been told of an incident so far, whatever it has become since.
pub fn told(incident: &Incident) -> BTreeSet<Audience> {
    incident.told.keys().filter_map(|key| parse(key)).collect()
}

/// Whether an audience has been told that kind of news of an incident.
pub fn has_heard(incident: &Incident, news: News, to: &Audience) -> bool {
    incident.told.contains_key(&key(news, to))
}

/// Those who watch an incident, as an audience.
pub fn watchers(incident: &Incident) -> BTreeSet<Audience> {
    incident
        .watchers
        .iter()
        .cloned()
        .map(Audience::Person)
        .collect()
}

/// Has an audience told, each for itself. People who heard the same kind of news just now are left alone, which the
/// delivery ledger says. Answers the effects, in the order of the audience.
pub fn tell(
    change: &mut Change,
    audience: &BTreeSet<Audience>,
    news: News,
    words: Option<&str>,
) -> Vec<Effect> {
    let (now, seq) = (change.now, change.incident.seq);
    let id = change.incident.id.clone();
    let (mut effects, mut left_out) = (Vec::new(), 0);
    for to in audience {
        let key = key(news, to);
        let last = change.incident.told.get(&key).copied();
        let may_wait = matches!(to, Audience::Person(_)) && news != News::Resolved;
        if may_wait && last.is_some_and(|last| now.since(last) < THROTTLE) {
            left_out += 1;
            if left_out <= MOST_NOTED {
                change.write(delivery::begin(
                    &id,
                    news,
                    to,
                    seq,
                    Delivered::Throttled,
                    now,
                ));
            }
            continue;
        }
        change.incident.told.insert(key, now);
        effects.push(Effect::Tell {
            incident: id.clone(),
            to: to.clone(),
            news,
            seq,
            from: change.before().map(|before| before.severity),
            words: words.map(str::to_owned),
        });
    }
    if effects.len() > AT_ONCE {
        // Their rows of the ledger come with them.
        return spread(&change.incident, effects);
    }
    let begun: Vec<_> = effects
        .iter()
        .filter_map(|effect| delivery::pending(effect, now))
        .collect();
    for row in begun {
        change.write(row);
    }
    effects
}

/// One effect in place of many.
fn spread(incident: &Incident, each: Vec<Effect>) -> Vec<Effect> {
    if each.is_empty() {
        return each;
    }
    let incident = incident.id.clone();
    vec![Effect::Spread { incident, each }]
}

/// Edits what others were told to the present state.
pub fn refresh(change: &mut Change) {
    let incident = &change.incident;
    let refresh = |to| Effect::Refresh {
        incident: incident.id.clone(),
        to,
    };
    let mut effects: Vec<Effect> = told(incident).into_iter().map(refresh).collect();
    if effects.len() > AT_ONCE {
        effects = spread(incident, effects);
    }
    for effect in effects {
        change.effect(&effect);
    }
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
mod tests {
    use super::*;
    use crate::incidents::case::fixture::{LEAD, NOW, Room};
    use crate::incidents::incident::Actor;

    /// What each of two tellings, a minute apart, comes to for a person.
    fn twice(news: News) -> [usize; 2] {
        let room = Room::new();
        let to = BTreeSet::from([Audience::Person("UA".into())]);
        let actor = Actor::Person(LEAD.into());
        let mut first = Change::of(room.incident(), &actor, NOW);
        let told = tell(&mut first, &to, news, None).len();
        let later = NOW.plus(Duration::from_mins(1));
        let mut second = Change::of(&first.incident, &actor, later);
        [told, tell(&mut second, &to, news, None).len()]
    }

    #[test]
    fn news_are_told_once_in_five_minutes_but_that_it_is_over_always() {
        for news in [News::Declared, News::Updated, News::Paged, News::Reopened] {
            assert_eq!(twice(news), [1, 0], "{news:?}");
        }
        assert_eq!(twice(News::Resolved), [1, 1]);
    }
}
