//! The draft of a post-mortem in Markdown: facts from the records, and questions for people to answer.

use super::export::{self, Export};
use super::facts;
use super::markdown::{line, quoted};
use super::text::{span, utc};
use crate::model::incident::Incident;

/// Headings and questions about what the records do not contain.
const QUESTIONS: [(&str, &str); 4] = [
    (
        "Causes",
        "_What made it possible? More than one thing did._",
    ),
    ("What went well", "_What helped, and should stay?_"),
    (
        "What went badly",
        "_What slowed us down, or made it worse?_",
    ),
    ("Where we were lucky", "_What could have gone worse?_"),
];

/// Renders the draft. It describes events without blame: the timeline names actors, the questions do not.
pub fn markdown(export: &Export<'_>) -> String {
    let incident = export.incident;
    let mut out = vec![
        format!("# Post-mortem: {}", line(&facts::heading(incident))),
        String::new(),
    ];
    out.push(format!(
        "Severity {} · services: {} · declared {}",
        incident.severity,
        services(incident),
        utc(incident.milestones.declared)
    ));
    let summary = incident
        .summary
        .as_deref()
        .map(str::trim)
        .filter(|s| !s.is_empty());
    section(
        &mut out,
        "Summary",
        summary.map_or_else(|| "_What happened, in three sentences?_".to_owned(), quoted),
    );
    section(&mut out, "Impact", impact(incident));
    section(
        &mut out,
        "Milestones",
        export::milestones(incident).join("\n"),
    );
    section(&mut out, "Roles", or_none(&export::roles(export)));
    let shown = export.entries.iter().filter(|entry| entry.is_shown());
    let timeline: Vec<_> = shown
        .map(|entry| export::entry_text(export.names, entry))
        .collect();
    section(&mut out, "Timeline", or_none(&timeline));
    for (title, question) in QUESTIONS {
        section(&mut out, title, question.to_owned());
    }
    let tasks: Vec<_> = export
        .tasks
        .iter()
        .map(|task| export::task(export.names, task))
        .collect();
    let follow_ups = if tasks.is_empty() {
        "- [ ] _What will we change, who does it, until when?_".to_owned()
    } else {
        tasks.join("\n")
    };
    section(&mut out, "Follow-ups", follow_ups);
    out.push(String::new());
    out.join("\n")
}

fn section(out: &mut Vec<String>, title: &str, text: String) {
    out.extend([String::new(), format!("## {title}"), String::new(), text]);
}

fn or_none(lines: &[String]) -> String {
    if lines.is_empty() {
        "None recorded.".to_owned()
    } else {
        lines.join("\n")
    }
}

fn services(incident: &Incident) -> String {
    if incident.services.is_empty() {
        return "–".to_owned();
    }
    line(&incident.services.join(", "))
}

fn impact(incident: &Incident) -> String {
    let milestones = &incident.milestones;
    let mut lines = Vec::new();
    let began = milestones.impact_started.unwrap_or(milestones.declared);
    for (what, end) in [
        ("until it was mitigated", milestones.mitigated),
        ("until it was resolved", milestones.resolved),
    ] {
        if let Some(end) = end {
            lines.push(format!("- {} {what}", span(end.0.saturating_sub(began.0))));
        }
    }
    lines.push("- _Who felt it, how many, and how?_".to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::export::Names;
    use super::super::fixture::{NOW, entries, incident};
    use super::*;
    use crate::model::actor::Actor;

    #[test]
    fn it_tells_what_is_known_and_asks_the_rest() {
        let mut incident = incident();
        incident.milestones.resolved = Some(NOW);
        let mut entries = entries(&["shown", "hidden"]);
        entries[1].hidden_by = Some(Actor::Operator);
        let names = Names::new();
        let text = markdown(&Export {
            incident: &incident,
            entries: &entries,
            tasks: &[],
            names: &names,
        });
        for part in [
            "# Post-mortem: INC-4 · Checkout fails",
            "> The database is full",
            "- 20 min until it was resolved",
            "  > shown",
            "## What went badly",
            "- [ ] _What will we change",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("hidden"), "{text}");
    }

    #[test]
    fn words_of_a_title_are_no_markup() {
        let mut incident = incident();
        incident.title = "# <b>[x](y)\n## z".to_owned();
        incident.summary = None;
        let names = Names::new();
        let text = markdown(&Export {
            incident: &incident,
            entries: &[],
            tasks: &[],
            names: &names,
        });
        assert!(
            text.starts_with("# Post-mortem: INC-4 · \\# &lt;b&gt;\\[x\\](y) \\#\\# z\n"),
            "{text}"
        );
    }
}
