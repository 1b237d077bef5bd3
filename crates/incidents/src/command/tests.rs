//! The grammar: every example of the table, what each form means, and what is answered to nonsense.

use std::time::Duration;

use tidegate_slack::ids::{ChannelId, UserId};

use super::forms::GRAMMAR;
use super::*;
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;

mod properties;

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

#[test]
fn people_are_read_from_slacks_tokens_only() {
    for token in ["<@U0ANA>", "<@U0ANA|ana>", "<@U0ANA|Ana B. Lee>"] {
        let user = ana();
        assert_eq!(
            read(&format!("commander {token}")),
            Command::Commander(Some(ana()))
        );
        let role = RoleName::Scribe;
        assert_eq!(
            read(&format!("role Scribe {token}")),
            Command::Role { role, user }
        );
        let notes = Some("the DB team is on it".to_owned());
        let handover = Command::Handover { to: ana(), notes };
        assert_eq!(
            read(&format!("handover {token} the DB team is on it")),
            handover
        );
        assert_eq!(
            read(&format!("page {token}")),
            Command::Page(Paged::Person(ana()))
        );
    }
    for text in [
        "commander @ana",
        "handover @ana",
        "role scribe @ana",
        "page @ana",
        "invite @ana",
        "task add @ana x",
    ] {
        assert!(
            refused(text).contains("pick the person from the list"),
            "{text}"
        );
    }
    for text in [
        "commander ana",
        "handover",
        "role scribe",
        "commander <!subteam^S1|@oncall>",
        "commander <@ana>",
    ] {
        assert!(refused(text).contains("type @ and pick them"), "{text}");
    }
    let invited = Command::Invite(vec![ana(), UserId::from("W2")]);
    assert_eq!(read("invite <@U0ANA|ana><@W2> <@U0ANA>"), invited);
    assert_eq!(
        read("page Checkout"),
        Command::Page(Paged::Service("checkout".to_owned()))
    );
    assert_eq!(
        read("claim DBA-lead"),
        Command::Claim(RoleName::Custom("dba-lead".to_owned()))
    );
    assert!(refused("claim c!").starts_with("The role must be"));
}

#[test]
fn the_timeline_takes_a_time_only_where_one_stands() {
    let added = |at: Option<&str>, text: &str| {
        let at = at.map(|at| When::parse(at).unwrap());
        let text = text.to_owned();
        Command::Timeline(Timeline::Add { at, text })
    };
    assert_eq!(
        read("timeline add at 14:05 Restarted"),
        added(Some("14:05"), "Restarted")
    );
    assert_eq!(
        read("timeline add At 9:05z Restarted"),
        added(Some("09:05Z"), "Restarted")
    );
    assert_eq!(read("timeline add at the edge"), added(None, "at the edge"));
    assert_eq!(
        read("timeline add \"at 14:05 it was\""),
        added(None, "at 14:05 it was")
    );
    let text = "r".to_owned();
    assert_eq!(
        read("timeline edit 12 r"),
        Command::Timeline(Timeline::Edit { entry: 12, text })
    );
    assert_eq!(
        read("timeline export MD"),
        Command::Timeline(Timeline::Export(ExportFormat::Markdown))
    );
    assert!(refused("timeline add at 25:00 x").starts_with("The time must be"));
    for text in [
        "timeline add",
        "timeline add at 14:05",
        "timeline edit 4",
        "timeline hide 0",
        "timeline export pdf",
        "timeline nonsense",
        "timeline verify it",
        "milestone mitigated",
        "milestone lunch at 12:00",
    ] {
        assert!(refused(text).contains("`/incident "), "{text}");
    }
}

#[test]
fn tasks() {
    let add = |assignee, text: &str, due| {
        let text = text.to_owned();
        Command::Task(Task::Add {
            assignee,
            text,
            due,
        })
    };
    assert_eq!(
        read("task add <@U0ANA> fix it due:2d"),
        add(Some(ana()), "fix it", Some(48 * HOUR))
    );
    assert_eq!(
        read("task add due:1h30m tell <@U1|bob>"),
        add(None, "tell @bob", Some(HOUR * 3 / 2))
    );
    assert_eq!(
        read("task add \"is it due:soon?\""),
        add(None, "is it due:soon?", None)
    );
    assert_eq!(read("tasks"), Command::Task(Task::List));
    assert_eq!(read("task TAKE 7"), Command::Task(Task::Take(7)));
    assert!(refused("task add fix it due:soon").starts_with("`due:` takes"));
    for text in [
        "task add",
        "task add <@U0ANA>",
        "task done",
        "task done x",
        "task done 0",
        "task take 1 2",
        "task 4",
    ] {
        assert!(refused(text).contains("`/incident task "), "{text}");
    }
}

#[test]
fn links_name_incidents_and_pages() {
    let number = IncidentRef::Number(12);
    let channel = IncidentRef::Channel(ChannelId::from("C0INC"));
    let url = |url: &str| Command::Link(Link::Url(url.to_owned()));
    assert_eq!(
        read("link inc-12"),
        Command::Link(Link::Incident(number.clone(), Relation::Related))
    );
    assert_eq!(
        read("link #12 Cause"),
        Command::Link(Link::Incident(number.clone(), Relation::Cause))
    );
    assert_eq!(
        read("merge <#C0INC|inc-20261121-api>"),
        Command::Merge(channel)
    );
    assert_eq!(
        read("link <https://example.com/a?b=1&amp;c=2|graph>"),
        url("https://example.com/a?b=1&c=2")
    );
    assert_eq!(read("link https://example.com"), url("https://example.com"));
    assert_eq!(read("info 12"), Command::Info(Some(number)));
    for text in [
        "link",
        "link INC-0",
        "link inc-x",
        "link javascript:alert(1)",
        "link INC-1 friend",
        "merge",
        "merge INC-99999999999",
        "info +5",
        "link https://",
    ] {
        assert!(refused(text).contains("`/incident "), "{text}");
    }
}

#[test]
fn durations_and_choices() {
    assert_eq!(read("remind 45min"), Command::Remind(Some(HOUR * 3 / 4)));
    assert_eq!(read("pause OFF"), Command::Pause(None));
    assert_eq!(read("pause 1w"), Command::Pause(Some(7 * 24 * HOUR)));
    let service = Some("api".to_owned());
    assert_eq!(
        read("stats service:API 90d"),
        Command::Stats { days: 90, service }
    );
    assert_eq!(
        read("stats"),
        Command::Stats {
            days: 30,
            service: None
        }
    );
    assert_eq!(
        read("config owner add api <@U1|a>"),
        Command::Config("owner add api <@U1|a>".to_owned())
    );
    for text in [
        "remind",
        "remind 30",
        "remind 0m",
        "remind m",
        "pause 9999999999w",
        "pause 500d",
        "pause 1h x",
        "pause -1h",
        "stats 0d",
        "stats 30",
        "stats 900d",
        "private",
        "private maybe",
        "list some",
        "join me",
        "rename",
        "public",
        "reopen",
        "cancel  ",
    ] {
        assert!(refused(text).contains("`/incident "), "{text}");
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
