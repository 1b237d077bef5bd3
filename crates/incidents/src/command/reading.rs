//! Commands that speak to others, ask, and set how an incident is shown.

use std::time::Duration;

use tidegate_slack::grammar::{self, Read, Words};

use super::meaning::{Command, Listed};
use super::{lifecycle, record};

/// Days that statistics look back over, unless somebody says so, and at most.
const DAYS: u16 = 30;
const MAX_DAYS: u16 = 366;

pub(super) fn public(words: &mut Words<'_>) -> Read<Command> {
    words.needed("The text").map(Command::Public)
}

pub(super) fn remind(words: &mut Words<'_>) -> Read<Command> {
    length_or_off(words, "30m").map(Command::Remind)
}

pub(super) fn pause(words: &mut Words<'_>) -> Read<Command> {
    length_or_off(words, "2h").map(Command::Pause)
}

fn length_or_off(words: &mut Words<'_>, example: &str) -> Read<Option<Duration>> {
    let word = words.next_word().unwrap_or_default();
    if grammar::is(word, "off") {
        return Ok(None);
    }
    let length = grammar::duration(word);
    let length = length.ok_or_else(|| format!("The time must be like {example}, or off."))?;
    Ok(Some(length))
}

pub(super) fn private(words: &mut Words<'_>) -> Read<Command> {
    match words.next_word().map(str::to_lowercase).as_deref() {
        Some("on") => Ok(Command::Private(true)),
        Some("off") => Ok(Command::Private(false)),
        _ => Err("It must be on or off.".to_owned()),
    }
}

pub(super) fn rename(words: &mut Words<'_>) -> Read<Command> {
    words.needed("The new name").map(Command::Rename)
}

pub(super) fn info(words: &mut Words<'_>) -> Read<Command> {
    let other = words.next_word().map(record::named).transpose()?;
    Ok(Command::Info(other))
}

pub(super) fn list(words: &mut Words<'_>) -> Read<Command> {
    let listed = match words.next_word().map(str::to_lowercase).as_deref() {
        None | Some("open") => Listed::Open,
        Some("mine") => Listed::Mine,
        Some("all") => Listed::All,
        Some(_) => return Err("Which ones: open, mine or all?".to_owned()),
    };
    Ok(Command::List(listed))
}

pub(super) fn stats(words: &mut Words<'_>) -> Read<Command> {
    let (mut days, mut service) = (DAYS, None);
    for piece in words.pieces() {
        if let Some(name) = piece.option(&["service"]) {
            service = Some(lifecycle::slug(name, "service")?);
        } else {
            let word = piece.word().unwrap_or_default().to_lowercase();
            let count = word.strip_suffix('d').and_then(grammar::number);
            let count = count.filter(|days| *days <= MAX_DAYS);
            days = count.ok_or("The days must be like 30d, 366d at most.")?;
        }
    }
    Ok(Command::Stats { days, service })
}
