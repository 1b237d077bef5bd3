//! Commands about who does what.

use tidegate_slack::grammar::{self, Read, Words};

use super::lifecycle;
use super::meaning::{Command, Paged};
use crate::model::role::RoleName;

/// Most people that one command brings in: Slack takes as many in one call.
const MAX_INVITED: usize = 100;

pub(super) fn commander(words: &mut Words<'_>) -> Read<Command> {
    let user = words.peek().map(|_| words.user()).transpose()?;
    Ok(Command::Commander(user))
}

pub(super) fn handover(words: &mut Words<'_>) -> Read<Command> {
    let to = words.user()?;
    Ok(Command::Handover {
        to,
        notes: words.text(),
    })
}

pub(super) fn role(words: &mut Words<'_>) -> Read<Command> {
    let role = role_named(words)?;
    let user = words.user()?;
    Ok(Command::Role { role, user })
}

pub(super) fn claim(words: &mut Words<'_>) -> Read<Command> {
    role_named(words).map(Command::Claim)
}

pub(super) fn drop(words: &mut Words<'_>) -> Read<Command> {
    role_named(words).map(Command::Drop)
}

fn role_named(words: &mut Words<'_>) -> Read<RoleName> {
    words.next_if(RoleName::parse).ok_or_else(|| {
        "The role must be commander, deputy, comms, scribe, sme, or a role of your workspace."
            .to_owned()
    })
}

pub(super) fn page(words: &mut Words<'_>) -> Read<Command> {
    let Some(word) = words.next_word() else {
        return Err("Say whom to page: a person or a service.".to_owned());
    };
    let paged = if word.starts_with(['<', '@']) {
        Paged::Person(grammar::user(word)?)
    } else {
        Paged::Service(lifecycle::slug(word, "service")?)
    };
    Ok(Command::Page(paged))
}

pub(super) fn invite(words: &mut Words<'_>) -> Read<Command> {
    let mut users = vec![words.user()?];
    while !words.is_empty() {
        let user = words.user()?;
        if !users.contains(&user) {
            users.push(user);
        }
    }
    if users.len() > MAX_INVITED {
        return Err(format!("That is more than {MAX_INVITED} people at once."));
    }
    Ok(Command::Invite(users))
}
