//! Components: listed, read, and set to a status.

use serde_json::{Value, json};

use super::wanted::COMPONENT_STATUSES;
use super::{Answer, Call, Refusal};
use crate::world::{World, rfc3339};

pub(super) fn list(world: &World, call: &Call<'_>) -> Value {
    let all = world.components.iter().map(|c| json!(c)).collect();
    call.cut(all)
}

pub(super) fn get(world: &World, id: &str) -> Answer {
    let found = world.components.iter().find(|c| c.id == id);
    found
        .map(|c| (200, json!(c)))
        .ok_or_else(Refusal::not_found)
}

pub(super) fn set(world: &mut World, call: &Call<'_>, id: &str) -> Answer {
    let found = world.components.iter_mut().find(|c| c.id == id);
    let component = found.ok_or_else(Refusal::not_found)?;
    let wanted = call.body.pointer("/component/status");
    let status = wanted
        .and_then(|status| status.as_str())
        .filter(|status| COMPONENT_STATUSES.contains(status))
        .ok_or_else(|| Refusal::unprocessable("Status is not included in the list"))?;
    status.clone_into(&mut component.status);
    component.updated_at = rfc3339(call.now);
    Ok((200, json!(component)))
}
