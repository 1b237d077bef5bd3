//! The list of commands, as the grammar's own table has them.

use serde_json::Value;

use super::blocks::{message, paragraphs};
use super::text::line;

/// Commands that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpGroup<'a> {
    /// What they are about.
    pub title: &'a str,
    /// Each as it is typed, and what it does.
    pub lines: Vec<(&'a str, &'a str)>,
}

/// The list.
pub fn message_of(groups: &[HelpGroup<'_>]) -> Value {
    let mut blocks = Vec::new();
    for group in groups {
        let mut lines = vec![format!("*{}*", line(group.title, 60))];
        let told = group.lines.iter();
        lines.extend(
            told.map(|(typed, does)| format!("`{}` – {}", line(typed, 150), line(does, 200))),
        );
        blocks.extend(paragraphs(&lines));
    }
    message("The commands of `/incident`, and what they do", blocks)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;
    use super::*;

    #[test]
    fn what_is_to_be_typed_is_shown_as_it_is() {
        let group = HelpGroup {
            title: "People",
            lines: vec![("/incident handover @u <notes>", "offers the command"); 40],
        };
        let shown = message_of(&[group]);
        check(&shown);
        assert!(
            shown
                .to_string()
                .contains("`/incident handover @u &lt;notes&gt;` – offers the command")
        );
    }
}
