//! Tests of notifications to very many audiences: no row or transaction is too large for DynamoDB.

use std::collections::BTreeSet;

use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::outbox::{Post, insert};
use tidegate_pipeline::table::{Value, Write};
use tidegate_slack::ids::{ChannelId, UserId};

use super::*;
use crate::decide::context::fixture::{LEAD, NOW, Room};
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::declare;
use crate::decide::lifecycle::{self, Update, cancel, reopen, resolve};
use crate::decide::people::MAX_WATCHERS;
use crate::model::actor::Actor;
use crate::model::form::Declaration;
use crate::model::incident::MAX_SERVICES;
use crate::model::news::News;
use crate::model::settings::check::check;
use crate::model::settings::{Routing, Service, Settings};
use crate::model::severity::Severity;
use crate::service::NAME;

/// Largest size of a row in bytes; DynamoDB allows 400 kB.
const MOST_BYTES: usize = 300_000;

/// Rows of a transaction in addition to those that were decided.
const SETTLED_BY: usize = 2;

/// Ids of the greatest length that Slack uses.
fn ids<T: for<'a> From<&'a str>>(kind: char, of: usize, n: usize) -> Vec<T> {
    let id = |n| format!("{kind}{of:015}{n:016}");
    (0..n).map(|n| T::from(id(n).as_str())).collect()
}

/// Settings with full lists of audiences.
fn full() -> Settings {
    let service = |n| Service {
        users: ids::<UserId>('U', n, 50),
        channels: ids::<ChannelId>('C', n, 20),
        ..Service::default()
    };
    let named = |n| (format!("service-{n}"), service(n));
    let settings = Settings {
        services: (0..MAX_SERVICES).map(named).collect(),
        routing: Routing {
            p1_users: ids('U', 50, 50),
            p1_channels: ids('C', 50, 20),
            ..Routing::default()
        },
        ..Settings::default()
    };
    assert_eq!(check(&settings), []);
    settings
}

fn declaration(settings: &Settings) -> Declaration {
    Declaration {
        title: "é".repeat(100),
        severity: Some(Severity::P1),
        services: settings.services.keys().cloned().collect(),
        ..Declaration::default()
    }
}

fn bytes(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::B(bytes) | Value::Sealed(bytes) => bytes.len(),
        Value::N(_) | Value::Bool(_) => 8,
        Value::L(all) => all.iter().map(bytes).sum(),
        Value::M(all) => all.values().map(bytes).sum(),
    }
}

/// Checks the rows of one transaction: none is too large, and there are not too many.
fn fits(writes: &[Write<tidegate_pipeline::table::RowKey>], posts: &[Post]) {
    let posted: Vec<_> = posts
        .iter()
        .enumerate()
        .map(|(n, post)| insert("E1", NAME, n, post, NOW))
        .collect();
    let all = writes.iter().chain(&posted);
    assert!(writes.len() + posts.len() + SETTLED_BY < 100);
    for write in all {
        let size: usize = write.all_values().map(bytes).sum();
        assert!(size < MOST_BYTES, "{:?} takes {size}", write.key);
    }
}

/// Performs the batches until none is left. Returns the audiences that are notified, and those whose messages are
/// edited.
fn performed(decision: &Decision) -> (Vec<Audience>, Vec<Audience>) {
    fits(&decision.writes, &decision.posts);
    let (mut told, mut edited) = (Vec::new(), Vec::new());
    let parse = |post: &Post| Effect::parse(&post.body).unwrap();
    let mut left: Vec<Effect> = decision.posts.iter().map(parse).collect();
    while let Some(effect) = left.pop() {
        match effect {
            Effect::CreateChannel { then, .. } => left.extend(then),
            Effect::Tell { to, words, .. } => {
                assert!(words.is_none_or(|words| words.encode_utf16().count() <= 2000));
                told.push(to);
            }
            Effect::Refresh { to, .. } => edited.push(to),
            Effect::Spread { .. } | Effect::SpreadRefresh { .. } => {
                let done = fan_out(effect, NOW);
                fits(&done.writes, &done.posts);
                left.extend(done.posts.iter().map(parse));
            }
            _ => {}
        }
    }
    (told, edited)
}

/// Checks that each audience occurs exactly once.
fn each_once(all: &[Audience], n: usize) {
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (n, n));
}

/// Expected audiences: 50 people of each service and 50 more, and 20 channels of each service.
const ALL: usize = 50 * (MAX_SERVICES + 1) + 20 * MAX_SERVICES;

#[test]
fn a_declaration_tells_the_largest_audience() {
    let settings = full();
    let actor = Actor::Person(LEAD.into());
    let change = declare::decide(&declaration(&settings), &settings, &actor, "test", 0, NOW);
    let (told, _) = performed(&change.finish(&settings.timers));
    each_once(&told, ALL);
}

#[test]
fn the_longest_texts_reach_the_largest_audience() {
    let mut room = Room::new();
    room.settings = full();
    let declared = declaration(&room.settings);
    room.edit().services = declared.services;
    room.edit().title = declared.title;
    room.edit().watchers = ids('W', 0, MAX_WATCHERS).into_iter().collect();
    room.edit().participants = ids('U', 99, 400).into_iter().collect();
    // Characters that take the most bytes when escaped or encoded as JSON.
    for text in ["<".repeat(3000), "\u{1}€".repeat(1500)] {
        for news in [
            News::Escalated,
            News::Updated,
            News::Resolved,
            News::Reopened,
            News::Withdrawn,
        ] {
            let change = asked(&room, news, &text);
            let (told, edited) = performed(&change.0);
            room.edit().clone_from(&change.1);
            // The second time, the messages of people who were notified shortly before are edited.
            each_once(&[told, edited].concat(), ALL + MAX_WATCHERS);
        }
    }
}

/// A change that notifies so many, and the incident after it.
fn asked(room: &Room, news: News, text: &str) -> (Decision, crate::model::incident::Incident) {
    let mut before = room.loaded.clone();
    if news == News::Escalated {
        before.incident.status = crate::model::status::Status::Investigating;
        before.incident.severity = Severity::P2;
    }
    if news == News::Withdrawn {
        before.incident.status = crate::model::status::Status::Investigating;
    }
    let case = DecisionContext {
        subject: Some(&before),
        ..room.by(LEAD)
    };
    let update = Update {
        text: Some(text.to_owned()),
        ..Update::default()
    };
    let asked: Result<Verdict, RequestError> = match news {
        News::Escalated => lifecycle::severity(&case, Severity::P1, Some(text)),
        News::Updated => lifecycle::update(&case, &update),
        News::Resolved => resolve(&case, Some(text)),
        News::Reopened => reopen(&case, text),
        _ => cancel(&case, text),
    };
    let change = match asked {
        Ok(Verdict::Change(change, _)) => *change,
        Ok(_) => panic!("it changes nothing"),
        Err(refused) => panic!("refused: {refused:?}"),
    };
    let after = change.incident.clone();
    (change.finish(&room.settings.timers), after)
}
