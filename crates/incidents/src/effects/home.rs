//! The app's home tab: open incidents that its reader may know of, their roles in them, and their tasks.

use serde_json::Value as Json;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::people::PersonKind;
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::api::views::Publish;
use tidegate_slack::ids::UserId;

use super::person;
use crate::decide::case::Case;
use crate::decide::{read, tasks};
use crate::domain::Incidents;
use crate::model::actor::Actor;
use crate::model::settings::Settings;
use crate::render::home::{self, Home};
use crate::render::list::ListRow;
use crate::render::tasks::MyTask;

/// Open incidents that are counted at most.
const COUNTED: usize = 200;

/// Shows a person the home tab as it stands for them.
pub async fn publish(
    turn: &Turn<'_>,
    incidents: &Incidents,
    user: &UserId,
) -> Result<Done, Undone> {
    let (rows, now) = (turn.rows, turn.clock.now());
    let settings = incidents.settings(rows).await?.settings;
    let person = person::look_up(incidents, turn.tenant, rows, user, None, now).await?;
    let view = view(rows, &settings, user, person.kind, now).await?;
    let request = Publish {
        user_id: user.clone(),
        hash: None,
        view,
    };
    turn.call(&request).await?;
    Ok(Done::default())
}

/// The tab as it stands for a person.
pub async fn view(
    rows: &Rows,
    settings: &Settings,
    user: &UserId,
    kind: PersonKind,
    now: Timestamp,
) -> Result<Json, TableError> {
    let case = Case {
        settings,
        settings_version: 0,
        actor: Actor::Person(user.clone()),
        kind,
        zone: None,
        admin_key: false,
        subject: None,
        other: None,
        cause: "",
        now,
        count: 0,
    };
    let open = read::open(rows, &case, |_| true, COUNTED).await?;
    let mine = tasks::load_mine(rows, user, |incident| read::sees(&case, incident)).await?;
    let views: Vec<_> = mine.iter().map(|(_, task)| task.view()).collect();
    let tasks: Vec<MyTask<'_>> = mine
        .iter()
        .zip(&views)
        .map(|((incident, _), task)| MyTask { incident, task })
        .collect();
    let open: Vec<ListRow<'_>> = open.iter().map(read::row).collect();
    Ok(home::view(&Home {
        user,
        open: &open,
        tasks: &tasks,
        now,
    }))
}
