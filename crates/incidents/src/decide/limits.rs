//! How often one person, or one API key, may declare incidents and call people in a workspace.
//!
//! A declaration makes a channel and tells a room; a call wakes somebody up. A slip, a joke or a script must not do that without end.
//! There is no limit for a day, because the worst day is when people must be able to go on: after a few at once, there is always the
//! next one after a while. Tidegate's own timers and the operator are not limited.
//!
//! The count is written in the transaction of what it counts, so a request that is done twice is counted once, and one that is
//! refused is not counted.

use std::time::Duration;

use tidegate_pipeline::budget::{Budget, Offer};
use tidegate_slack::prose;
use tidegate_slack::prose::{Prose, code};
use tidegate_slack::tiers::Rate;

use super::change::Change;
use super::context::{DecisionContext, RequestError};
use super::declaration;
use super::request::RequestKind;
use crate::command::{Command, Paged};
use crate::model::actor::Actor;
use crate::model::form::{Declaration, Form};

/// What a person declares: five at once, which is more than one outage takes, and then one every ten minutes.
pub const PERSON_DECLARES: Rate = every(5, 600);

/// How often a person calls people: ten times at once, which reaches a whole escalation list, and then once a minute.
pub const PERSON_CALLS: Rate = every(10, 60);

/// What an API key declares. A monitoring system declares for many services at once.
pub const KEY_DECLARES: Rate = every(20, 60);

/// How often an API key calls people.
pub const KEY_CALLS: Rate = every(30, 20);

/// The code of the refusal.
pub const CODE: &str = "limit_reached";

const MINUTE: Duration = Duration::from_mins(1);

/// So many at once after a pause, and then one every so many seconds.
const fn every(burst: u32, seconds: u32) -> Rate {
    Rate {
        burst,
        interval_ms: seconds * 1000,
    }
}

/// The budget that a request is counted in. `None` if nobody counts it.
pub fn budget(kind: &RequestKind, actor: &Actor) -> Option<Budget> {
    let calls = matches!(
        kind,
        RequestKind::Command(Command::Page(_) | Command::Escalate)
    );
    let (what, person, key) = if kind.declares() {
        ("declare", PERSON_DECLARES, KEY_DECLARES)
    } else if calls {
        ("call", PERSON_CALLS, KEY_CALLS)
    } else {
        return None;
    };
    match actor {
        Actor::Person(user) => Some(Budget::of(&format!("{what}.person.{user}"), person)),
        Actor::App(id) => Some(Budget::of(&format!("{what}.key.{id}"), key)),
        Actor::Operator | Actor::Tidegate => None,
    }
}

/// Counts a declaration with the change that it makes. Refuses if none is left.
pub fn count_declaration(
    context: &DecisionContext<'_>,
    change: &mut Change,
) -> Result<(), RequestError> {
    count(context, change).map_err(|wait| {
        let (who, one) = words_for(&context.actor);
        let text = prose!(
            who,
            " declared as many incidents as ",
            one,
            " may in a short time. Nothing has been declared. Try again in ",
            minutes(wait),
            ". If it cannot wait, somebody else can declare it now."
        );
        refused(text, wait)
    })
}

/// Counts a call of people with the change that it makes. `typed` is what to type again. Refuses if none is left.
pub fn count_call(
    context: &DecisionContext<'_>,
    change: &mut Change,
    typed: &Prose,
) -> Result<(), RequestError> {
    count(context, change).map_err(|wait| {
        let (who, one) = words_for(&context.actor);
        let text = prose!(
            who,
            " called people as often as ",
            one,
            " may in a short time. Nobody has been called. In ",
            minutes(wait),
            ", type ",
            typed,
            " again. If it cannot wait, somebody else can call them now."
        );
        refused(text, wait)
    })
}

/// What to type to call people again.
pub fn typed(whom: &Paged) -> Prose {
    match whom {
        Paged::Person(user) => prose!(code("/incident page"), " ", user),
        Paged::Service(slug) => prose!(code(format!("/incident page {slug}"))),
    }
}

/// The form that brings back what was typed or filled in, if the request was refused for its limit. `None` if nothing would be lost.
pub fn form_again(kind: &RequestKind, why: &RequestError) -> Option<Form> {
    let declaration: Declaration = match kind {
        _ if why.code != CODE => return None,
        RequestKind::Declare(declaration) => (**declaration).clone(),
        RequestKind::Command(Command::Declare(known)) => declaration::typed(known),
        _ => return None,
    };
    Some(Form::Declare(Box::new(declaration)))
}

fn count(context: &DecisionContext<'_>, change: &mut Change) -> Result<(), Duration> {
    match &context.offer {
        None => Ok(()),
        Some(Offer::Left(take)) => {
            change.write(take.clone());
            Ok(())
        }
        Some(Offer::Wait(until)) => Err(until.since(context.now)),
    }
}

fn refused(text: Prose, wait: Duration) -> RequestError {
    RequestError {
        wait: Some(wait),
        ..RequestError::new(CODE, text)
    }
}

fn words_for(actor: &Actor) -> (&'static str, &'static str) {
    match actor {
        Actor::App(_) => ("This API key has", "one key"),
        _ => ("You have", "one person"),
    }
}

/// A time in whole minutes, rounded up.
fn minutes(wait: Duration) -> String {
    let minutes = wait.as_millis().div_ceil(MINUTE.as_millis());
    match minutes {
        0 | 1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}
