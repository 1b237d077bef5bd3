//! Tests of the forms of `lifecycle`: declarations, status, severity and the end.

use super::*;

#[test]
fn the_seeds_syntax() {
    assert_eq!(read(""), Command::Menu);
    assert_eq!(read("declare"), Command::Declare(Declare::default()));
    let text = Some("Looking at the logs".to_owned());
    assert_eq!(
        read("status Looking at the logs"),
        Command::Status { to: None, text }
    );
    for (word, to) in ["P1", "p2", "P3", "p4"].into_iter().zip(Severity::ALL) {
        assert_eq!(
            read(&format!("severity {word}")),
            Command::Severity { to, reason: None }
        );
    }
    let reason = Some("It spreads".to_owned());
    assert_eq!(
        read("severity P1 It spreads"),
        Command::Severity {
            to: Severity::P1,
            reason
        }
    );
    assert_eq!(read("resolved"), Command::Resolve(None));
    assert_eq!(read("timeline"), Command::Timeline(Timeline::Show));
    assert_eq!(read("postmortem"), Command::Postmortem(Postmortem::Draft));
}

#[test]
fn a_declaration_takes_its_options_anywhere_and_flags_at_its_ends() {
    let full = Declare {
        title: Some("Checkout fails".to_owned()),
        severity: Some(Severity::P1),
        services: vec!["api".to_owned(), "web".to_owned()],
        template: Some("database".to_owned()),
        private: true,
        drill: true,
        triage: false,
    };
    for text in [
        "declare Checkout fails sev:P1 service:api,web template:database private drill",
        "declare drill sev:p1 Checkout fails service:API,web,api private template:database",
        "declare private template:database Checkout sev:P1 fails drill services:api,,web",
        "declare “Checkout fails” private drill severity:P1 service:api service:web template:database",
    ] {
        assert_eq!(read(text), Command::Declare(full.clone()), "{text}");
    }
    let titles = [
        (
            "declare \"private sev:P9 drill\" triage",
            "private sev:P9 drill",
        ),
        (
            "declare The private API of \"web\"",
            "The private API of \"web\"",
        ),
        ("declare «Drill bits» are late", "«Drill bits» are late"),
        ("declare 12:30 train is late", "12:30 train is late"),
        (
            "declare A &amp; B &lt;C&gt; by <@U1|bob> in <#C1|ops>",
            "A & B <C> by @bob in #ops",
        ),
        (
            "declare see <https://example.com/a|this>",
            "see https://example.com/a",
        ),
        ("declare \u{a0}Größe\u{202f}黒", "Größe 黒"),
    ];
    for (text, title) in titles {
        let Command::Declare(declare) = read(text) else {
            panic!("{text}");
        };
        assert_eq!(declare.title.as_deref(), Some(title));
    }
    let said = refused("declare Checkout fails sev:P9");
    assert!(
        said.starts_with("severity must be one of P1, P2, P3, P4."),
        "{said}"
    );
    assert!(refused("declare x service:").contains("`service:` needs a name"));
    assert!(refused("declare x template:").contains("`template:` needs a name"));
}

#[test]
fn the_first_word_of_a_status_moves_it() {
    use Status::{Identified, Investigating, Monitoring};
    let cases = [
        (
            "status identified A full disk",
            Some(Identified),
            Some("A full disk"),
        ),
        (
            "status Identified: a full disk",
            Some(Identified),
            Some("a full disk"),
        ),
        ("status MONITORING", Some(Monitoring), None),
        (
            "status investigating \"again\"",
            Some(Investigating),
            Some("again"),
        ),
        (
            "status \"monitoring is down\"",
            None,
            Some("monitoring is down"),
        ),
        (
            "status resolved the DNS part",
            None,
            Some("resolved the DNS part"),
        ),
        (
            "status declared war on it",
            None,
            Some("declared war on it"),
        ),
    ];
    for (typed, to, text) in cases {
        let text = text.map(str::to_owned);
        assert_eq!(read(typed), Command::Status { to, text }, "{typed}");
    }
    assert!(refused("status").starts_with("Say where it stands."));
    assert!(
        refused("status resolved").starts_with("For that there is `/incident resolve <summary>`.")
    );
    assert!(refused("status Closed").starts_with("For that there is `/incident close`."));
}
