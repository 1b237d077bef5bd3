//! The table of commands: what each is called, how it is typed, and what reads it. The parser and the help both live
//! from it, so that nothing can be typed that the help does not show.

use tidegate_slack::grammar::{self, Grammar, Line, Read, Usage, Words};

use super::meaning::Command;
use super::{lifecycle, people, reading, record};

/// A command's place in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Commands that move an incident from one status to another.
    Lifecycle,
    /// Commands about roles, participants and pages.
    People,
    /// Commands about the timeline, tasks, the post-mortem and links.
    Record,
    /// Commands about who is notified, and about how the incident is shown.
    Comms,
    /// Commands that change nothing.
    Read,
    /// Commands about the workspace's settings.
    Settings,
}

impl Group {
    /// The group's heading in the help, as plain text.
    pub fn title(self) -> &'static str {
        match self {
            Self::Lifecycle => "Lifecycle",
            Self::People => "People",
            Self::Record => "Record",
            Self::Comms => "Comms",
            Self::Read => "Read",
            Self::Settings => "Settings",
        }
    }
}

type Form = grammar::Form<Command, Group>;

/// The grammar of `/incident`.
pub(super) const GRAMMAR: Grammar<Command, Group> = Grammar {
    command: "/incident",
    forms: &[LIFECYCLE, PEOPLE, RECORD, COMMS, READ, SETTINGS],
};

const fn form(
    group: Group,
    word: &'static str,
    also: &'static [&'static str],
    lines: &'static [Line],
    examples: &'static [&'static str],
    read: for<'a> fn(&mut Words<'a>) -> Read<Command>,
) -> Form {
    Form {
        group,
        word,
        also,
        lines,
        examples,
        read,
    }
}

#[rustfmt::skip]
const LIFECYCLE: &[Form] = &[
    form(Group::Lifecycle, "declare", &["new"],
        &[("declare [title] [sev:P1] [service:api,web] [template:name] [private] [drill] [triage]",
            "declare an incident; a form asks for what is missing")],
        &["declare", "declare Checkout fails sev:P1 service:checkout,api", "declare sev:p3 private \"Drill bits are late\"",
            "declare triage Odd errors template:database", "declare drill"],
        lifecycle::declare),
    form(Group::Lifecycle, "accept", &[],
        &[("accept", "declare what is in triage")], &["accept"], |_| Ok(Command::Accept)),
    form(Group::Lifecycle, "status", &[],
        &[("status [investigating|identified|monitoring] <message>",
            "say where it stands; the first word moves it there")],
        &["status Still looking at the database", "status identified: a full disk", "status monitoring",
            "status \"monitoring is down too\""],
        lifecycle::status),
    form(Group::Lifecycle, "update", &[],
        &[("update", "the form of an update: for the team, for the public, and when the next one comes")],
        &["update"], |_| Ok(Command::Update)),
    form(Group::Lifecycle, "severity", &["sev"],
        &[("severity P1|P2|P3|P4 [reason]", "change how bad it is")],
        &["severity P1 Payments fail as well", "severity p3"], lifecycle::severity),
    form(Group::Lifecycle, "resolve", &["resolved"],
        &[("resolve [summary]", "end it; P1 and P2 need a summary")],
        &["resolve Rolled back to 4.1", "resolved"], |words| Ok(Command::Resolve(words.text()))),
    form(Group::Lifecycle, "reopen", &[],
        &[("reopen <why>", "take it up again")], &["reopen Errors are back"], lifecycle::reopen),
    form(Group::Lifecycle, "cancel", &[],
        &[("cancel <why>", "cancel it as a false alarm")], &["cancel A test alarm"], lifecycle::cancel),
    form(Group::Lifecycle, "close", &[],
        &[("close", "close it once it is resolved")], &["close"], |_| Ok(Command::Close)),
    form(Group::Lifecycle, "milestone", &[],
        &[("milestone impact|detected|declared|acknowledged|identified|mitigated|resolved|closed at <14:05>",
            "correct when something happened")],
        &["milestone impact at 14:05", "milestone mitigated at 2026-11-21T14:05Z"], lifecycle::milestone),
];

#[rustfmt::skip]
const PEOPLE: &[Form] = &[
    form(Group::People, "commander", &["lead", "ic"],
        &[("commander [@person]", "show or set who leads")],
        &["commander", "commander <@U0ANA|ana>"], people::commander),
    form(Group::People, "take", &[],
        &[("take [reason]", "take the command when nobody has it or nobody answers")],
        &["take", "take The commander is on a plane"], |words| Ok(Command::Take(words.text()))),
    form(Group::People, "handover", &[],
        &[("handover @person [notes]", "offer the command; it moves when they accept")],
        &["handover <@U0ANA|ana> The database team is on it"], people::handover),
    form(Group::People, "role", &[],
        &[("role <role> @person", "give a role: commander, deputy, comms, scribe, sme, or your own")],
        &["role scribe <@U0ANA|ana>"], people::role),
    form(Group::People, "claim", &[],
        &[("claim <role>", "take a role yourself")], &["claim comms"], people::claim),
    form(Group::People, "drop", &[],
        &[("drop <role>", "leave a role")], &["drop comms"], people::drop),
    form(Group::People, "roles", &[],
        &[("roles", "show who holds what")], &["roles"], |_| Ok(Command::Roles)),
    form(Group::People, "page", &[],
        &[("page @person|<service>", "call somebody, or the owners of a service")],
        &["page <@U0ANA|ana>", "page checkout"], people::page),
    form(Group::People, "escalate", &[],
        &[("escalate", "call the next of the escalation list")], &["escalate"], |_| Ok(Command::Escalate)),
    form(Group::People, "invite", &[],
        &[("invite @person…", "bring people in")], &["invite <@U0ANA|ana> <@U0BEN|ben>"], people::invite),
    form(Group::People, "join", &[],
        &[("join", "take part")], &["join"], |_| Ok(Command::Join)),
    form(Group::People, "leave", &[],
        &[("leave", "stop taking part")], &["leave"], |_| Ok(Command::Leave)),
];

#[rustfmt::skip]
const RECORD: &[Form] = &[
    form(Group::Record, "timeline", &[],
        &[("timeline", "show what happened"),
            ("timeline add [at 14:05] <text>", "add to it"),
            ("timeline edit <n> <text>", "say what an entry should have said; the original is kept"),
            ("timeline hide <n>", "leave an entry out of reports; the original is kept"),
            ("timeline export [markdown|json]", "hand out the whole record"),
            ("timeline verify", "check its chain of hashes")],
        &["timeline", "timeline add at 14:05 Restarted the primary", "timeline add at the edge, errors fell",
            "timeline edit 4 Restarted the replica", "timeline hide 4", "timeline export json", "timeline verify"],
        record::timeline),
    form(Group::Record, "task", &["tasks"],
        &[("task add [@person] <text> [due:2d]", "note what has to be done"),
            ("task [list|mine]", "show tasks: of this incident, or yours of all"),
            ("task take|done|reopen <n>", "do it, end it, begin it again")],
        &["task add <@U0ANA|ana> Raise the disk alarm's limit due:2d", "task add Write to the customers", "task",
            "task list", "tasks mine", "task done 1", "task reopen 1", "task take 1"],
        record::task),
    form(Group::Record, "postmortem", &["post-mortem"],
        &[("postmortem [draft]", "draft the post-mortem from the record"),
            ("postmortem publish", "publish it"),
            ("postmortem waive <why>", "decide that none is needed")],
        &["postmortem", "postmortem draft", "postmortem publish", "postmortem waive Same cause as INC-3"],
        record::postmortem),
    form(Group::Record, "link", &[],
        &[("link INC-12 [cause|related]", "link to another incident"),
            ("link <address>", "link to a page")],
        &["link INC-12", "link inc-12 cause", "link <https://example.com/graph>"], record::link),
    form(Group::Record, "merge", &[],
        &[("merge INC-12", "make this incident part of another")], &["merge INC-12"], record::merge),
];

#[rustfmt::skip]
const COMMS: &[Form] = &[
    form(Group::Comms, "public", &[],
        &[("public <message>", "tell the public; a bad incident's commander has to approve")],
        &["public Payments by card fail. We are on it."], reading::public),
    form(Group::Comms, "watch", &[],
        &[("watch", "be notified without taking part")], &["watch"], |_| Ok(Command::Watch)),
    form(Group::Comms, "unwatch", &[],
        &[("unwatch", "stop being notified")], &["unwatch"], |_| Ok(Command::Unwatch)),
    form(Group::Comms, "remind", &[],
        &[("remind 30m|off", "when the next update is asked for")], &["remind 30m", "remind off"], reading::remind),
    form(Group::Comms, "pause", &[],
        &[("pause 2h|off", "keep reminders quiet; the clock goes on")], &["pause 2h", "pause off"], reading::pause),
    form(Group::Comms, "private", &[],
        &[("private on|off", "show it to participants only")], &["private on", "private off"], reading::private),
    form(Group::Comms, "rename", &[],
        &[("rename <name>", "change the end of the channel's name")], &["rename checkout-disk"], reading::rename),
];

#[rustfmt::skip]
const READ: &[Form] = &[
    form(Group::Read, "info", &[],
        &[("info [INC-12]", "show an incident")], &["info", "info INC-12", "info <#C0INC|inc-20261121-api>"], reading::info),
    form(Group::Read, "list", &[],
        &[("list [open|mine|all]", "show incidents")], &["list", "list mine", "list all"], reading::list),
    form(Group::Read, "catchup", &["catch-up"],
        &[("catchup", "what happened so far, in short")], &["catchup"], |_| Ok(Command::Catchup)),
    form(Group::Read, "stats", &[],
        &[("stats [30d] [service:api]", "how long it takes to acknowledge, mitigate and resolve")],
        &["stats", "stats 90d service:checkout"], reading::stats),
    form(Group::Read, "deliveries", &[],
        &[("deliveries", "who has been told what")], &["deliveries"], |_| Ok(Command::Deliveries)),
    form(Group::Read, "help", &[],
        &[("help [command]", "this list, or one command")], &["help", "help task"], |words| Ok(Command::Help(words.next_word().map(str::to_lowercase)))),
];

#[rustfmt::skip]
const SETTINGS: &[Form] = &[
    form(Group::Settings, "config", &[],
        &[("config …", "show and change the settings; `config` alone says how")],
        &["config", "config service add checkout"], |words| Ok(Command::Config(words.raw()))),
    form(Group::Settings, "template", &["templates"],
        &[("template …", "show and change the templates; `template` alone says how")],
        &["template list"], |words| Ok(Command::Template(words.raw()))),
    form(Group::Settings, "map", &[],
        &[("map …", "map services to the status page's components; `map` alone says how")],
        &["map list"], |words| Ok(Command::Map(words.raw()))),
];

/// A group of the help of `/incident`.
pub type HelpGroup = grammar::HelpGroup<Group>;

/// Reads what was typed after `/incident`.
pub fn parse(text: &str) -> Result<Command, Usage> {
    let command = GRAMMAR.parse(text)?;
    Ok(command.unwrap_or(Command::Menu))
}

/// The help: all of it, or what a word means. A word that means nothing has all of it.
pub fn help(word: Option<&str>) -> Vec<HelpGroup> {
    GRAMMAR.help(word)
}
