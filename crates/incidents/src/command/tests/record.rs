//! Tests of the forms of `record`: timeline, tasks, links, durations and choices.

use super::*;

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
