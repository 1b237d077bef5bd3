//! Escapes what people wrote for Markdown files.

use std::collections::BTreeMap;

use tidegate_slack::ids::UserId;
use tidegate_slack::mrkdwn::{Part, Reference, Target, parts};

use crate::model::actor::Actor;

/// Names of people by user id, for files that are read outside Slack. A person who is missing is shown by id.
pub type Names = BTreeMap<UserId, String>;

/// A text as one line of Markdown, escaped so that it makes no heading, list, link, HTML or table.
pub(super) fn line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        out
    })
}

/// A text as a Markdown quotation, line by line.
pub(super) fn quoted(text: &str) -> String {
    let lines = text.trim().lines().map(|l| format!("> {}", line(l)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A person's name, or the id if the name is not known.
pub(super) fn person(names: &Names, user: &UserId) -> String {
    names
        .get(user)
        .map_or_else(|| line(user.as_str()), |name| line(name))
}

/// Mrkdwn with mentions replaced by names, because nobody outside Slack can read `<@U0ANA>`.
pub(super) fn named(names: &Names, markup: &str) -> String {
    let parts = parts(markup).into_iter().map(|part| match part {
        Part::Reference(Reference {
            target: Target::User(id),
            ..
        }) if is_id(id) => {
            let name = names.get(&UserId::from(id)).map_or(id, String::as_str);
            format!("@{name}")
        }
        Part::Reference(other) => other.markup.to_owned(),
        Part::Text(text) => text.to_owned(),
    });
    parts.collect()
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The name of an actor.
pub(super) fn actor(names: &Names, actor: &Actor) -> String {
    match actor {
        Actor::Person(user) => person(names, user),
        Actor::App(name) => format!("app {}", line(name)),
        Actor::Operator => "the operator".to_owned(),
        Actor::Tidegate => "Tidegate".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        assert_eq!(line("# [a](b)\n<i>*c*"), "\\# \\[a\\](b) &lt;i&gt;\\*c\\*");
        assert_eq!(quoted("a\n\nb"), "> a\n> \n> b");
        let names = Names::from([("U1".into(), "Ann_B".to_owned())]);
        assert_eq!(person(&names, &"U1".into()), "Ann\\_B");
        assert_eq!(person(&names, &"U2".into()), "U2");
    }

    #[test]
    fn people_in_a_text_are_told_by_name() {
        let names = Names::from([("U1".into(), "Ann".to_owned())]);
        for (text, told) in [
            ("called <@U1>, <@U2|bob>.", "called @Ann, @U2."),
            ("<@> <@U1 <@U1>", "<@> <@U1 @Ann"),
            ("a < b @U1", "a < b @U1"),
        ] {
            assert_eq!(named(&names, text), told);
        }
    }
}
