//! The list of commands, from the table of the grammar.

use serde_json::Value;
use tidegate_slack::blocks::{message, paragraphs};

use super::text::line;
use crate::command::HelpGroup;

/// Renders the list, one section per group of commands.
pub fn message_of(groups: &[HelpGroup]) -> Value {
    let mut blocks = Vec::new();
    for group in groups {
        let mut lines = vec![format!("*{}*", group.group.title())];
        let typed_lines = group.lines.iter();
        lines.extend(typed_lines.map(|(typed, does)| {
            format!("`/incident {}` – {}", line(typed, 150), line(does, 200))
        }));
        blocks.extend(paragraphs(&lines));
    }
    message("The commands of `/incident`, and what they do", blocks)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;
    use super::*;
    use crate::command::help;

    #[test]
    fn every_command_is_shown_as_it_is_typed() {
        let groups = help(None);
        let shown = message_of(&groups);
        check(&shown);
        let text = shown.to_string();
        for (typed, _) in groups.iter().flat_map(|group| &group.lines) {
            let typed = serde_json::json!(format!("`/incident {}`", line(typed, 999))).to_string();
            assert!(text.contains(typed.trim_matches('"')), "{typed}");
        }
    }
}
