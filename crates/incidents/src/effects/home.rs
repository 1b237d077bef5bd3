//! The section of App Home: open incidents that the reader may see, the reader's roles in them, and the reader's tasks.

use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::Undone;
use tidegate_pipeline::domain::HomeContext;
use tidegate_pipeline::people::PersonKind;
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::ids::UserId;

use super::person;
use crate::decide::context::DecisionContext;
use crate::decide::{read, tasks};
use crate::model::actor::Actor;
use crate::model::settings::Settings;
use crate::render::home::{self, Home};
use crate::render::list::ListRow;
use crate::render::tasks::MyTask;
use crate::service::Incidents;

/// Most open incidents that the section counts.
const COUNTED: usize = 200;

/// Loads and renders the section for a person.
pub async fn section(incidents: &Incidents, home: HomeContext<'_>) -> Result<Vec<Json>, Undone> {
    let HomeContext {
        tenant,
        user,
        rows,
        now,
    } = home;
    let settings = incidents.settings(rows).await?.settings;
    let person = person::look_up(incidents, tenant, rows, user, None, now).await?;
    Ok(blocks(rows, &settings, user, person.kind, now).await?)
}

/// The Block Kit blocks of the section.
pub async fn blocks(
    rows: &Rows,
    settings: &Settings,
    user: &UserId,
    kind: PersonKind,
    now: Timestamp,
) -> Result<Vec<Json>, TableError> {
    let case = DecisionContext::new(settings, Actor::Person(user.clone()), kind, now);
    let open = read::open(rows, &case, |_| true, COUNTED).await?;
    let mine = tasks::load_mine(rows, user, |incident| read::sees(&case, incident)).await?;
    let views: Vec<_> = mine.iter().map(|(_, task)| task.view()).collect();
    let tasks: Vec<MyTask<'_>> = mine
        .iter()
        .zip(&views)
        .map(|((incident, _), task)| MyTask { incident, task })
        .collect();
    let open: Vec<ListRow<'_>> = open.iter().map(read::row).collect();
    Ok(home::blocks(&Home {
        user,
        open: &open,
        tasks: &tasks,
        now,
    }))
}
