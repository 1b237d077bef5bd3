//! The kit with a small grammar of its own, and the properties that hold for every text that people type.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq)]
enum Brew {
    Tea(Option<String>),
    For(UserId, Duration),
    Help,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Group {
    Drinks,
    About,
}

const BREW: Grammar<Brew, Group> = Grammar {
    command: "/brew",
    forms: &[
        &[
            Form {
                group: Group::Drinks,
                word: "tea",
                also: &["chai"],
                lines: &[("tea [kind]", "make tea")],
                examples: &["tea", "tea \"Earl Grey\""],
                read: |words| Ok(Brew::Tea(words.text())),
            },
            Form {
                group: Group::Drinks,
                word: "for",
                also: &[],
                lines: &[("for @person 30m", "make it for somebody")],
                examples: &["for <@U1|ana> 1h30m"],
                read: |words| {
                    let user = words.user()?;
                    let length = words.next_if(duration).ok_or("The time is missing.")?;
                    Ok(Brew::For(user, length))
                },
            },
        ],
        &[Form {
            group: Group::About,
            word: "help",
            also: &[],
            lines: &[("help", "this list")],
            examples: &["help"],
            read: |_| Ok(Brew::Help),
        }],
    ],
};

fn refused(text: &str) -> String {
    BREW.parse(text).unwrap_err().to_string()
}

#[test]
fn forms_are_found_by_any_of_their_words_and_read_the_rest() {
    let tea = |kind: &str| Some(Brew::Tea(Some(kind.to_owned())));
    assert_eq!(BREW.parse(" \u{a0} "), Ok(None));
    assert_eq!(BREW.parse("TEA “Earl Grey”"), Ok(tea("Earl Grey")));
    assert_eq!(BREW.parse("chai salt &amp; milk"), Ok(tea("salt & milk")));
    let ana = Brew::For("U1".into(), Duration::from_mins(90));
    assert_eq!(BREW.parse("for <@U1|ana> 1h30m"), Ok(Some(ana)));
}

#[test]
fn what_is_wrong_is_answered_with_the_usage() {
    let said = refused("for ana 5m");
    assert!(said.starts_with("A person has to stand there"), "{said}");
    assert!(
        said.contains("\n`/brew for @person 30m`: make it for somebody."),
        "{said}"
    );
    assert!(refused("for @ana 5m").starts_with("Slack sent that name as plain text"));
    assert!(refused("for <@U1> soon").starts_with("The time is missing."));
    assert!(refused("help me").starts_with("That is more than this command takes."));
    let said = refused("tae");
    assert_eq!(
        said,
        "There is no `/brew tae`; did you mean `tea`? `/brew help` shows all commands."
    );
    let said = refused("<script>");
    assert_eq!(
        said,
        "There is no such command. `/brew help` shows all commands."
    );
}

#[test]
fn the_help_has_every_line_in_its_group_or_those_of_one_word() {
    let groups = BREW.help(None);
    let lines: Vec<usize> = groups.iter().map(|group| group.lines.len()).collect();
    assert_eq!(lines, [2, 1]);
    assert_eq!(BREW.help(Some("coffee")), groups);
    let chai = HelpGroup {
        group: Group::Drinks,
        lines: vec![("tea [kind]", "make tea")],
    };
    assert_eq!(BREW.help(Some("chai")), [chai]);
}

proptest! {
    #[test]
    fn nothing_typed_panics(text in "((tea|chai|for|help) )?([a-z]{0,4}|[<>@#\"“”:|]|<@U1>|[0-9:]{1,6}|\u{a0}|黒|é){0,8}") {
        let _ = BREW.parse(&text);
    }

    /// Words and texts in quotes are taken one by one, and nothing between blanks is lost.
    #[test]
    fn pieces_make_up_the_text(words in proptest::collection::vec("[a-z]{1,3}|“[a-z ]{0,4}”", 0..6)) {
        let text = words.join(" ");
        let pieces = Words::new(&text).pieces();
        prop_assert_eq!(pieces.len(), words.len());
        for (piece, word) in pieces.iter().zip(&words) {
            prop_assert_eq!(piece.word(), Some(word.as_str()).filter(|word| !word.starts_with('“')));
        }
    }

    #[test]
    fn a_printed_duration_is_read_back(hours in 0u64..20, minutes in 0u64..60, days in 0u64..300) {
        prop_assume!(hours + minutes + days > 0);
        let length = Duration::from_mins((days * 24 + hours) * 60 + minutes);
        prop_assert_eq!(duration(&format!("{days}d{hours}h{minutes}m")), Some(length));
    }
}
