//! Messages outside the incident's channel: the root message in announcement channels, which is edited later, the
//! replies in its thread, and direct messages.

use serde_json::Value;
use tidegate_slack::blocks::{actions, button, fields, message, section};
use tidegate_slack::ids::ChannelId;
use tidegate_slack::mrkdwn::channel;
use tidegate_slack::text::cut;

use super::facts;
use super::text::{quoted, when};
use super::value::value_of;
use crate::model::incident::Incident;
use crate::model::severity::Severity;
use crate::model::status::Status;

/// Most characters of an author's text that are shown.
const WORDS: usize = 2000;

/// The part of a text that is shown.
pub fn shown(words: &str) -> String {
    cut(words.trim(), WORDS)
}

/// An event that the thread of an announcement reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News<'a> {
    /// The severity changed, up or down.
    Severity {
        /// The severity before the change.
        from: Severity,
        /// The author's reason; `None` if there is none.
        reason: Option<&'a str>,
    },
    /// Somebody posted an update.
    Update(&'a str),
    /// The incident was resolved.
    Resolved(&'a str),
    /// The incident was reopened.
    Reopened(&'a str),
    /// The incident was canceled or merged.
    Canceled(&'a str),
}

/// The reason for a direct message, which the message states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The person is notified of every P1.
    Severity,
    /// The person owns an affected service.
    Owner,
    /// The person watches the incident.
    Watcher,
    /// The person was paged.
    Paged,
    /// Nobody took charge in time, and the person is on the escalation list.
    Escalation,
}

/// The root message in an announcement channel, with a link to the incident's channel if it exists.
pub fn root(incident: &Incident, room: Option<&ChannelId>) -> Value {
    let mut facts_shown = vec![
        format!("*Status*\n{}", incident.status),
        format!("*Severity*\n{}", incident.severity),
        format!("*Services*\n{}", facts::services(incident)),
        format!("*Commander*\n{}", facts::commander(incident)),
        format!("*Declared*\n{}", when(incident.milestones.declared)),
    ];
    if let Some(due) = facts::next_update(incident) {
        facts_shown.push(format!("*Next update due*\n{due}"));
    }
    let title = format!("{} {}", facts::mark(incident), facts::title(incident));
    let mut blocks = vec![section(&title)];
    blocks.extend(fields(&facts_shown));
    if let Some(summary) = incident.summary.as_deref().filter(|s| !s.trim().is_empty()) {
        blocks.push(section(&quoted(summary, 1500)));
    }
    blocks.push(section(&place(incident, room)));
    if incident.status.is_open() {
        let value = value_of(incident);
        blocks.extend(actions(vec![
            button("Join", "incident.join", &value),
            button("Watch", "incident.watch", &value),
        ]));
    }
    message(&format!("{title} {}", facts::standing(incident)), blocks)
}

/// The replacement for an announcement once the incident is private. It only says that the incident is private.
pub fn withheld(incident: &Incident) -> Value {
    let said = format!(
        "*{}* is private now: only who takes part in it can follow it.",
        incident.name()
    );
    message(&said, vec![section(&said)])
}

/// A reply in the thread of an announcement.
pub fn update(incident: &Incident, news: News<'_>, room: Option<&ChannelId>) -> Value {
    let said = news_text(incident, news);
    let text = format!("{said}\n{}", place(incident, room));
    message(&text, vec![section(&text)])
}

/// The event as one text.
fn news_text(incident: &Incident, news: News<'_>) -> String {
    let name = incident.name();
    let with = |head: String, words: &str| {
        if words.trim().is_empty() {
            head
        } else {
            format!("{head}\n{}", quoted(words, WORDS))
        }
    };
    match news {
        News::Severity { from, reason } => {
            let to = incident.severity;
            let verb = if to.worse_than(from) {
                "raised"
            } else {
                "lowered"
            };
            with(
                format!("*{name}* was {verb} from {from} to {to}."),
                reason.unwrap_or_default(),
            )
        }
        News::Update(words) => with(
            format!(
                "*{name}* {} ({}).",
                facts::now(incident.status),
                incident.severity
            ),
            words,
        ),
        News::Resolved(words) => with(format!("*{name}* {}.", facts::now(Status::Resolved)), words),
        News::Reopened(words) => with(format!("*{name}* was reopened."), words),
        News::Canceled(words) if incident.status == Status::Merged => {
            with(format!("*{name}* {}.", facts::now(Status::Merged)), words)
        }
        News::Canceled(words) => with(
            format!("*{name}* was cancelled: it was no incident."),
            words,
        ),
    }
}

/// A direct message, with the reason for it.
pub fn direct_message(incident: &Incident, room: Option<&ChannelId>, because: Because) -> Value {
    let why = match because {
        Because::Severity => "You are told of every P1.",
        Because::Owner => "You own a service that it concerns.",
        Because::Watcher => "You watch it.",
        Because::Paged => "Somebody asks you to come and help.",
        Because::Escalation => "Nobody has taken it up in time. Please look.",
    };
    let head = format!(
        "{} {} {}",
        facts::mark(incident),
        facts::title(incident),
        facts::standing(incident)
    );
    let body = format!(
        "Services: {} · commander: {}\n{}\n_{why}_",
        facts::services(incident),
        facts::commander(incident),
        place(incident, room)
    );
    let value = value_of(incident);
    let mut blocks = vec![section(&format!("{head}\n{body}"))];
    if incident.status.is_open() {
        blocks.extend(actions(vec![
            button("Join", "incident.join", &value),
            button("Watch", "incident.watch", &value),
        ]));
    }
    message(&format!("{head}. {why}"), blocks)
}

fn place(incident: &Incident, room: Option<&ChannelId>) -> String {
    match room {
        Some(room) if incident.status.is_open() => format!("Work goes on in {}.", channel(room)),
        Some(room) => format!("Its channel was {}.", channel(room)),
        None => format!("The channel of {} is being made.", incident.name()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile, incident};
    use super::*;

    #[test]
    fn the_channel_is_linked_once_it_exists() {
        let room = ChannelId::from("C1");
        assert!(root(&incident(), Some(&room)).to_string().contains("<#C1>"));
        let mut over = incident();
        over.status = Status::Resolved;
        assert!(
            !root(&over, Some(&room))
                .to_string()
                .contains("Work goes on")
        );
        let early = root(&incident(), None).to_string();
        assert!(
            early.contains("The channel of INC-4 is being made."),
            "{early}"
        );
    }

    #[test]
    fn an_escalation_says_from_where_and_why() {
        let news = News::Severity {
            from: Severity::P3,
            reason: Some("more customers"),
        };
        assert_eq!(
            news_text(&incident(), news),
            "*INC-4* was raised from P3 to P1.\n> more customers"
        );
        let mut lower = incident();
        lower.severity = Severity::P4;
        assert_eq!(
            news_text(
                &lower,
                News::Severity {
                    from: Severity::P3,
                    reason: None
                }
            ),
            "*INC-4* was lowered from P3 to P4."
        );
    }

    #[test]
    fn what_became_private_says_no_more_than_that() {
        let mut incident = incident();
        incident.private = true;
        let said = withheld(&incident);
        check(&said);
        assert!(!said.to_string().contains("Checkout"), "{said}");
    }

    #[test]
    fn a_merged_incident_is_not_told_as_none() {
        let mut incident = incident();
        incident.status = Status::Merged;
        assert_eq!(
            news_text(&incident, News::Canceled("It is part of INC-2 now.")),
            "*INC-4* is merged into another.\n> It is part of INC-2 now."
        );
    }

    #[test]
    fn a_direct_message_says_why_it_comes() {
        let text = direct_message(&incident(), None, Because::Owner).to_string();
        assert!(text.contains("You own a service"), "{text}");
    }

    proptest! {
        #[test]
        fn any_words_make_messages_that_slack_takes(title in hostile(), words in hostile()) {
            let mut incident = incident();
            incident.title = title;
            incident.summary = Some(words.clone());
            let room = ChannelId::from("C1");
            check(&root(&incident, Some(&room)));
            check(&direct_message(&incident, None, Because::Paged));
            for news in [
                News::Severity { from: Severity::P2, reason: Some(&words) },
                News::Update(&words), News::Resolved(&words), News::Reopened(&words), News::Canceled(&words),
            ] {
                check(&update(&incident, news, None));
            }
        }
    }
}
