//! Exports an incident as a file in Markdown, for people. Hidden and deleted entries are marked and have no text; edited entries
//! have both texts.

use super::facts;
use super::markdown::{actor, line, named, person, quoted};
use super::tasks::TaskView;
use super::text::utc;
use crate::model::incident::Incident;
use crate::model::timeline::{Entry, broken_at};

pub use super::markdown::Names;

/// The input of an export.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// The incident to export.
    pub incident: &'a Incident,
    /// Its complete timeline in the order of entry numbers. The hash chain is verified over it.
    pub entries: &'a [Entry],
    /// Its tasks, open and done.
    pub tasks: &'a [TaskView],
    /// Names of the people who occur in it.
    pub names: &'a Names,
}

/// Renders the export as Markdown.
pub fn markdown(export: &Export<'_>) -> String {
    let incident = export.incident;
    let mut out = vec![
        format!("# {}", line(&facts::heading(incident))),
        String::new(),
    ];
    out.extend(facts_of(export));
    section(&mut out, "Milestones", milestones(incident));
    section(&mut out, "Roles", roles(export));
    section(
        &mut out,
        "Tasks",
        export.tasks.iter().map(|t| task(export.names, t)).collect(),
    );
    let public = incident.public.iter();
    let public = public.map(|p| format!("- {} · {}\n{}", utc(p.at), p.status, indented(&p.text)));
    section(&mut out, "Public updates", public.collect());
    let timeline = export
        .entries
        .iter()
        .map(|entry| entry_with_original(export.names, entry));
    section(&mut out, "Timeline", timeline.collect());
    out.push(String::new());
    out.push(match broken_at(None, export.entries) {
        None => format!(
            "The timeline is as it was written: {} entries, each chained to the one before.",
            export.entries.len()
        ),
        Some(seq) => format!("**The timeline does not fit its chain from entry {seq} on.**"),
    });
    out.push(String::new());
    out.join("\n")
}

fn section(out: &mut Vec<String>, title: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        out.extend([String::new(), format!("## {title}"), String::new()]);
        out.extend(lines);
    }
}

fn facts_of(export: &Export<'_>) -> Vec<String> {
    let incident = export.incident;
    let services: Vec<_> = incident.services.iter().map(|s| line(s)).collect();
    let mut lines = vec![
        format!("- Status: {}", facts::standing(incident)),
        format!(
            "- Services: {}",
            if services.is_empty() {
                "–".to_owned()
            } else {
                services.join(", ")
            }
        ),
        format!("- Reported by: {}", actor(export.names, &incident.reporter)),
    ];
    if incident.reopened > 0 {
        lines.push(format!("- Reopened: {} times", incident.reopened));
    }
    if let Some(summary) = incident.summary.as_deref().filter(|s| !s.trim().is_empty()) {
        lines.extend([String::new(), quoted(summary)]);
    }
    lines
}

/// The milestones that were reached, one per line.
pub(super) fn milestones(incident: &Incident) -> Vec<String> {
    let reached = facts::milestones(&incident.milestones).into_iter();
    reached
        .map(|(name, at)| format!("- {name}: {}", utc(at)))
        .collect()
}

/// The roles and their holders, one per line.
pub(super) fn roles(export: &Export<'_>) -> Vec<String> {
    let held = export.incident.roles.iter();
    held.map(|h| {
        format!(
            "- {}: {}, since {}",
            line(h.role.as_str()),
            person(export.names, &h.user),
            utc(h.since)
        )
    })
    .collect()
}

/// A task as a line with a checkbox.
pub(super) fn task(names: &Names, task: &TaskView) -> String {
    let mark = if task.done { "x" } else { " " };
    let who = task
        .assignee
        .as_ref()
        .map(|who| format!(" ({})", person(names, who)));
    let due = task.due.map(|due| format!(", due {}", utc(due)));
    format!(
        "- [{mark}] {}. {}{}{}",
        task.n,
        line(&task.text),
        who.unwrap_or_default(),
        due.unwrap_or_default()
    )
}

/// An entry of the timeline with its present text.
pub(super) fn entry_text(names: &Names, entry: &Entry) -> String {
    let head = format!(
        "- {} · {} · {}",
        utc(entry.at),
        actor(names, &entry.actor),
        facts::kind(entry.kind)
    );
    if let Some(by) = &entry.hidden_by {
        return format!("{head} (hidden by {})", actor(names, by));
    }
    if let Some(at) = entry.removed_at {
        return format!("{head} (deleted {})", utc(at));
    }
    let edited = if entry.edited.is_some() {
        " (edited)"
    } else {
        ""
    };
    if entry.words().trim().is_empty() {
        return format!("{head}{edited}");
    }
    let words = named(names, entry.words());
    format!("{head}{edited}\n{}", indented(&words))
}

/// An entry with its present text and, if it was edited, the original one.
fn entry_with_original(names: &Names, entry: &Entry) -> String {
    let now = entry_text(names, entry);
    if entry.edited.is_some() && entry.is_shown() {
        let before = named(names, &entry.text);
        return format!("{now}\n  before:\n{}", indented(&before));
    }
    now
}

fn indented(text: &str) -> String {
    let lines = quoted(text);
    lines
        .lines()
        .map(|l| format!("  {l}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::export_json::{Exported, Until};
    use super::super::fixture::{NOW, entries, hostile, incident};
    use super::*;
    use crate::model::actor::Actor;
    use crate::model::incident::PublicUpdate;
    use crate::model::status::Status;

    fn both(entries: &[Entry]) -> (String, Value) {
        let mut incident = incident();
        incident.seq = entries.last().map_or(0, |last| last.seq);
        incident.chain = entries
            .last()
            .map_or(String::new(), |last| last.hash.clone());
        incident.public.push(PublicUpdate {
            n: 1,
            text: "We are on it".to_owned(),
            status: Status::Identified,
            at: NOW,
        });
        let names = Names::from([("UCOMMANDER".into(), "Ann".to_owned())]);
        let task = TaskView {
            n: 1,
            text: "fix".to_owned(),
            assignee: Some("U2".into()),
            due: None,
            done: true,
        };
        let export = Export {
            incident: &incident,
            entries,
            tasks: &[task],
            names: &names,
        };
        let exported = Exported::of(&incident, None, entries, Until::End, export.tasks);
        (markdown(&export), serde_json::to_value(exported).unwrap())
    }

    #[test]
    fn it_holds_everything_that_is_shown() {
        let (text, json) = both(&entries(&["first", "second"]));
        for part in [
            "# INC-4 · Checkout fails",
            "- commander: Ann, since",
            "- [x] 1. fix (U2)",
            "  > We are on it",
            "  > second",
            "2 entries, each chained",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(json["timeline"][1]["text"], "second");
        assert_eq!(json["chain"]["intact"], true);
    }

    #[test]
    fn what_was_hidden_or_deleted_keeps_its_place_and_loses_its_words() {
        let mut all = entries(&["secret one", "secret two", "before"]);
        all[0].hidden_by = Some(Actor::Operator);
        all[1].removed_at = Some(NOW);
        all[2].edited = Some("after".to_owned());
        let (text, json) = both(&all);
        assert!(!text.contains("secret") && !json.to_string().contains("secret"));
        assert!(text.contains("(hidden by the operator)") && text.contains("(deleted 2026-11-21"));
        assert!(text.contains("  > after\n  before:\n  > before"), "{text}");
        assert_eq!(json["timeline"][0]["hash"], all[0].hash.as_str());
        assert_eq!(json["chain"]["broken_at"], Value::Null);
    }

    #[test]
    fn a_broken_chain_is_told() {
        let mut all = entries(&["a", "b"]);
        all[1].text = "c".to_owned();
        let (text, json) = both(&all);
        assert!(text.contains("does not fit its chain from entry 2 on"));
        assert_eq!(json["chain"]["broken_at"], 2);
    }

    proptest! {
        #[test]
        fn no_words_become_markup(words in hostile()) {
            let (text, _) = both(&entries(&[&words]));
            prop_assert!(!text.contains('<'));
        }
    }
}
