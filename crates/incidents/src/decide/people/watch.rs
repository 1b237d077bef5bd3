//! Commands: `/incident watch`, `unwatch`.

use tidegate_slack::prose;

use super::{goes_on, person};
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::model::permissions::Action;

/// Most people who watch one incident: each is told by rows of the same transaction, which holds 100.
pub const MAX_WATCHERS: usize = 20;

/// Makes the asker a watcher. Refuses a private incident, and more than [`MAX_WATCHERS`].
pub fn watch(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Watch)?;
    let user = person(context)?;
    goes_on(incident)?;
    let name = incident.name();
    if incident.private {
        return Err(RequestError::new(
            "incident_private",
            prose!(
                name,
                " is private: news of it appears in its channel only, and nobody can watch it."
            ),
        ));
    }
    if incident.watchers.contains(user) {
        return Ok(Verdict::words(prose!("You watch ", name, " already.")));
    }
    if incident.watchers.len() >= MAX_WATCHERS {
        return Err(RequestError::new(
            "too_many_watchers",
            prose!(
                MAX_WATCHERS,
                " people watch ",
                name,
                ", which is as many as can. Join it with `/incident join`, or follow its channel."
            ),
        ));
    }
    let mut change = context.change(incident);
    change.incident.watchers.insert(user.clone());
    Ok(Verdict::changed(
        change,
        prose!(
            "You watch ",
            name,
            ": you get a direct message of what is new. `/incident unwatch` ends it."
        ),
    ))
}

/// Ends the asker's watching.
pub fn unwatch(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Watch)?;
    let user = person(context)?;
    let name = incident.name();
    if !incident.watchers.contains(user) {
        return Ok(Verdict::words(prose!("You do not watch ", name, ".")));
    }
    let mut change = context.change(incident);
    change.incident.watchers.remove(user);
    Ok(Verdict::changed(
        change,
        prose!("You no longer watch ", name, "."),
    ))
}
