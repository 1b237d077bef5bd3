//! The section of App Home: open incidents, and the reader's roles and tasks.

use serde_json::Value;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::blocks::{
    actions, button, context, divider, header, paragraphs, primary, section, section_with,
};
use tidegate_slack::ids::UserId;

use super::facts;
use super::list::{self, ListRow};
use super::tasks::{self, MyTask};
use super::text::line;
use super::value::value_of;

/// Most incidents in the section; a line counts the rest.
const INCIDENTS: usize = 30;
/// Most tasks in the section; a line counts the rest.
const TASKS: usize = 20;

/// The input of the section. The caller omits everything that the reader may not see.
#[derive(Clone, Copy)]
pub struct Home<'a> {
    /// The person whose home tab it is.
    pub user: &'a UserId,
    /// Open incidents that the reader may see.
    pub open: &'a [ListRow<'a>],
    /// The reader's open tasks.
    pub tasks: &'a [MyTask<'a>],
    /// The present time, for overdue tasks.
    pub now: Timestamp,
}

/// Renders the section as Block Kit blocks.
pub fn blocks(home: &Home<'_>) -> Vec<Value> {
    let mut blocks = vec![header("Incidents")];
    blocks.extend(actions([primary(button(
        "Declare an incident",
        "incident.declare",
        "declare",
    ))]));
    blocks.push(section(&format!("*Open: {}*", home.open.len())));
    if home.open.is_empty() {
        blocks.push(section("No open incidents."));
    }
    for row in home.open.iter().take(INCIDENTS) {
        let info = button("Show", "incident.info", &value_of(row.incident));
        blocks.push(section_with(&list::row_text(row), info));
    }
    blocks.extend(beyond(home.open.len(), INCIDENTS));
    blocks.push(divider());
    blocks.extend(roles(home));
    blocks.push(section(&format!("*Your tasks: {}*", home.tasks.len())));
    for mine in home.tasks.iter().take(TASKS) {
        let name = line(&mine.incident.name(), 40);
        blocks.push(tasks::row(mine.incident, mine.task, home.now));
        blocks.push(context(&format!(
            "{name} · {}",
            facts::standing(mine.incident)
        )));
    }
    blocks.extend(beyond(home.tasks.len(), TASKS));
    blocks
}

fn beyond(all: usize, shown: usize) -> Option<Value> {
    (all > shown).then(|| context(&format!("{} more: `/incident list`.", all - shown)))
}

fn roles(home: &Home<'_>) -> Vec<Value> {
    let held = home.open.iter().flat_map(|row| {
        let mine = row
            .incident
            .roles
            .iter()
            .filter(|held| held.user == *home.user);
        mine.map(|held| {
            format!(
                "*{}* of {}",
                facts::role(&held.role),
                facts::title(row.incident)
            )
        })
    });
    let mut lines = vec!["*Your roles*".to_owned()];
    lines.extend(held.take(INCIDENTS));
    if lines.len() == 1 {
        lines.push("You have none.".to_owned());
    }
    paragraphs(&lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::fixture::{NOW, check, hostile, incident};
    use super::super::tasks::TaskView;
    use super::*;

    #[test]
    fn it_shows_what_is_the_readers() {
        let incident = incident();
        let open = [ListRow {
            incident: &incident,
            room: None,
        }];
        let shown = |user: &str| {
            let blocks = blocks(&Home {
                user: &user.into(),
                open: &open,
                tasks: &[],
                now: NOW,
            });
            json!(blocks).to_string()
        };
        assert!(shown("UCOMMANDER").contains("*Commander* of *INC-4"));
        assert!(shown("UOTHER").contains("You have none."));
    }

    proptest! {
        #[test]
        fn any_words_make_a_tab_that_slack_takes(words in hostile(), n in 0usize..60) {
            let mut incident = incident();
            incident.title.clone_from(&words);
            let task = TaskView { n: 1, text: words, assignee: None, due: Some(NOW), done: false };
            let open = vec![ListRow { incident: &incident, room: None }; n];
            let tasks = vec![MyTask { incident: &incident, task: &task }; n];
            let section = blocks(&Home { user: &"UCOMMANDER".into(), open: &open, tasks: &tasks, now: NOW });
            check(&tidegate_slack::blocks::home(section));
        }
    }
}
