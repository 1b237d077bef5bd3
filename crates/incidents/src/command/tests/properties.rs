//! Properties that hold for every text that people type.

use proptest::prelude::*;

use super::*;

fn options() -> impl Strategy<Value = Vec<&'static str>> {
    Just(vec![
        "sev:P1",
        "service:api,web",
        "template:database",
        "private",
        "drill",
        "triage",
    ])
    .prop_shuffle()
}

proptest! {
    #[test]
    fn nothing_typed_panics(text in "\\PC{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn nothing_typed_after_a_command_panics(
        which in 0usize..60,
        rest in "([a-z]{0,6}|at|add|[<>@#\"“”:|]|<@U1>|P1|[0-9:]{1,6}|due:|sev:|\u{a0}|黒|é){0,8}( ?([a-z]{0,4}|[<>\"“:]|due:[0-9]d)){0,6}",
    ) {
        let forms: Vec<_> = GRAMMAR.forms().collect();
        let _ = parse(&format!("{} {rest}", forms[which % forms.len()].word));
    }

    /// However options and title are put together, the title is the title.
    #[test]
    fn a_title_never_contains_the_options(options in options(), split in 0usize..7, title in "[A-Z黒][a-zé]{0,5}( [A-Z][0-9!?]{0,4}){0,4}") {
        let (before, after) = options.split_at(split.min(options.len()));
        let text = format!("declare {} {title} {}", before.join(" "), after.join(" "));
        let Command::Declare(declare) = read(&text) else { panic!("{text}") };
        let expected = Declare {
            title: Some(title),
            severity: Some(Severity::P1),
            services: vec!["api".to_owned(), "web".to_owned()],
            template: Some("database".to_owned()),
            private: true,
            drill: true,
            triage: true,
        };
        prop_assert_eq!(Command::Declare(declare), Command::Declare(expected));
    }

    /// A text in quotes is taken as it is, even if it looks like an option.
    #[test]
    fn quotes_protect_a_text(text in "[a-zA-Z0-9:#@é黒]{1,8}( [a-zA-Z0-9:#@é黒]{1,8}){0,5}") {
        let title = Some(text.clone());
        let declared = Declare { title, ..Declare::default() };
        prop_assert_eq!(read(&format!("declare \"{text}\"")), Command::Declare(declared));
        let said = Command::Status { to: None, text: Some(text.clone()) };
        prop_assert_eq!(read(&format!("status “{text}”")), said);
        let added = Command::Timeline(Timeline::Add { at: None, text: text.clone() });
        prop_assert_eq!(read(&format!("timeline add \"{text}\"")), added);
        let task = Command::Task(Task::Add { assignee: None, text: text.clone(), due: None });
        prop_assert_eq!(read(&format!("task add \"{text}\"")), task);
    }

    #[test]
    fn a_printed_duration_is_read_back(hours in 0u64..20, minutes in 0u64..60, days in 0u64..300) {
        prop_assume!(hours + minutes + days > 0);
        let length = Duration::from_mins((days * 24 + hours) * 60 + minutes);
        prop_assert_eq!(read(&format!("pause {days}d{hours}h{minutes}m")), Command::Pause(Some(length)));
    }
}
