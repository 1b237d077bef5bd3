//! Commands that move an incident: declare, status, severity, and its ends.

use tidegate_slack::grammar::{self, Read, Words};

use super::When;
use super::meaning::{Command, Declare};
use crate::model::milestone::Milestone;
use crate::model::severity::Severity;
use crate::model::status::Status;

pub(super) fn declare(words: &mut Words<'_>) -> Read<Command> {
    let mut wanted = Declare::default();
    let mut title = Vec::new();
    for piece in words.pieces() {
        if let Some(value) = piece.option(&["sev", "severity"]) {
            wanted.severity = Some(severity_named(value)?);
        } else if let Some(value) = piece.option(&["service", "services"]) {
            add_services(&mut wanted.services, value)?;
        } else if let Some(value) = piece.option(&["template"]) {
            wanted.template = Some(slug(value, "template")?);
        } else {
            title.push(piece);
        }
    }
    // Words that can be part of a title count only before and after it.
    let mut title = title.as_slice();
    while let [first, rest @ ..] = title
        && first.word().is_some_and(|word| flag(&mut wanted, word))
    {
        title = rest;
    }
    while let [rest @ .., last] = title
        && last.word().is_some_and(|word| flag(&mut wanted, word))
    {
        title = rest;
    }
    wanted.title = grammar::joined(title);
    Ok(Command::Declare(wanted))
}

fn flag(wanted: &mut Declare, word: &str) -> bool {
    match word.to_lowercase().as_str() {
        "private" => wanted.private = true,
        "drill" => wanted.drill = true,
        "triage" => wanted.triage = true,
        _ => return false,
    }
    true
}

fn add_services(services: &mut Vec<String>, value: &str) -> Read<()> {
    for name in value.split(',').filter(|name| !name.is_empty()) {
        let name = slug(name, "service")?;
        if !services.contains(&name) {
            services.push(name);
        }
    }
    if services.is_empty() {
        return Err("`service:` needs a name, as in `service:api`.".to_owned());
    }
    Ok(())
}

/// A name of a service or template, as typed but in lower case.
pub(super) fn slug(text: &str, what: &str) -> Read<String> {
    let text = grammar::plain(text).to_lowercase();
    if text.is_empty() {
        return Err(format!("`{what}:` needs a name, as in `{what}:api`."));
    }
    Ok(text)
}

fn severity_named(word: &str) -> Read<Severity> {
    Severity::parse(word).ok_or_else(|| "severity must be one of P1, P2, P3, P4.".to_owned())
}

pub(super) fn status(words: &mut Words<'_>) -> Read<Command> {
    if let Some(word) = words.peek().filter(|_| words.is_one()) {
        let instead = match word.to_lowercase().as_str() {
            "resolved" | "resolve" => Some("resolve <summary>"),
            "closed" | "close" => Some("close"),
            "canceled" | "cancelled" | "cancel" => Some("cancel <why>"),
            _ => None,
        };
        if let Some(instead) = instead {
            return Err(format!("For that there is `/incident {instead}`."));
        }
    }
    let to = words.next_if(|word| {
        let word = word.to_lowercase();
        let word = word.strip_suffix(':').unwrap_or(&word);
        [
            Status::Investigating,
            Status::Identified,
            Status::Monitoring,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    });
    let text = words.text();
    if to.is_none() && text.is_none() {
        return Err("Say where it stands.".to_owned());
    }
    Ok(Command::Status { to, text })
}

pub(super) fn severity(words: &mut Words<'_>) -> Read<Command> {
    let to = severity_named(words.next_word().unwrap_or_default())?;
    Ok(Command::Severity {
        to,
        reason: words.text(),
    })
}

pub(super) fn reopen(words: &mut Words<'_>) -> Read<Command> {
    words.needed("The reason").map(Command::Reopen)
}

pub(super) fn cancel(words: &mut Words<'_>) -> Read<Command> {
    words.needed("The reason").map(Command::Cancel)
}

pub(super) fn milestone(words: &mut Words<'_>) -> Read<Command> {
    let Some(milestone) = words.next_if(Milestone::parse) else {
        let names: Vec<&str> = Milestone::ALL.iter().map(|m| m.as_str()).collect();
        return Err(format!(
            "The milestone must be one of {}.",
            names.join(", ")
        ));
    };
    words.next_is("at");
    let when = words.next_if(When::parse).ok_or(TIME)?;
    Ok(Command::Milestone(milestone, when))
}

/// How a moment is typed.
pub(super) const TIME: &str =
    "The time must be like 14:05, 14:05Z (UTC) or 2026-11-21T14:05, as in `at 14:05`.";
