//! The grammar: every example of the table, what each form means, and what is answered to nonsense.

use std::time::Duration;

use tidegate_slack::ids::{ChannelId, UserId};

use super::forms::GRAMMAR;
use super::*;
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;

mod lifecycle;
mod people;
mod properties;
mod record;

const HOUR: Duration = Duration::from_hours(1);

fn read(text: &str) -> Command {
    parse(text).unwrap_or_else(|usage| panic!("{text}: {usage}"))
}

fn refused(text: &str) -> String {
    let usage = parse(text).expect_err(text);
    assert_eq!(format!("{usage:?}"), "Usage");
    usage.to_string()
}

fn ana() -> UserId {
    UserId::from("U0ANA")
}

#[test]
fn every_example_of_the_table_is_a_command_under_each_of_its_words() {
    for form in GRAMMAR.forms() {
        assert!(!form.examples.is_empty(), "{}", form.word);
        for example in form.examples {
            let command = read(example);
            assert_eq!(
                read(&format!("  {}  ", example.replacen(' ', "\u{a0}", 1))),
                command
            );
            let (_, rest) = example.split_once(' ').unwrap_or((example, ""));
            for word in std::iter::once(&form.word).chain(form.also) {
                assert_eq!(
                    read(&format!("{} {rest}", word.to_uppercase())),
                    command,
                    "{example}"
                );
            }
        }
    }
}

#[test]
fn a_word_means_one_command_and_the_help_shows_every_one() {
    let mut names: Vec<&str> = GRAMMAR
        .forms()
        .flat_map(|form| std::iter::once(&form.word).chain(form.also))
        .copied()
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let lines: usize = help(None).iter().map(|group| group.lines.len()).sum();
    assert_eq!(
        lines,
        GRAMMAR.forms().map(|form| form.lines.len()).sum::<usize>()
    );
    for form in GRAMMAR.forms() {
        let shown = help(Some(form.word));
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].lines, form.lines);
        assert!(
            form.lines
                .iter()
                .all(|(typed, _)| typed.starts_with(form.word))
        );
    }
}

#[test]
fn an_unknown_word_is_answered_with_the_nearest() {
    for (typed, near) in [
        ("severty P1", "severity"),
        ("tiemline", "timeline"),
        ("RESOLV", "resolve"),
        ("post_mortem", "postmortem"),
        ("lsit", "list"),
        ("statsu", "status"),
    ] {
        let said = refused(typed);
        assert!(said.contains(&format!("did you mean `{near}`?")), "{said}");
    }
    assert_eq!(
        refused("frobnicate"),
        "There is no `/incident frobnicate`. `/incident help` shows all commands."
    );
    assert_eq!(
        refused("<!channel> `now`"),
        "There is no such command. `/incident help` shows all commands."
    );
    let said = refused("severity SEV1");
    assert!(
        said.starts_with(
            "severity must be one of P1, P2, P3, P4.\n`/incident severity P1|P2|P3|P4 [reason]`"
        ),
        "{said}"
    );
}

#[test]
fn debug_shows_no_words() {
    assert_eq!(format!("{:?}", read("declare Secret")), "Command");
}
