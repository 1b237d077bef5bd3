//! Post-mortems: a draft, published once the incident is resolved.

use serde_json::{Value, json};

use super::{Answer, Call, Refusal};
use crate::records::Incident;
use crate::world::{World, rfc3339};

pub(super) fn get(world: &World, id: &str) -> Answer {
    let incident = world.incidents.get(id).ok_or_else(Refusal::not_found)?;
    Ok((200, json!(incident.postmortem)))
}

pub(super) fn put(world: &mut World, call: &Call<'_>, id: &str) -> Answer {
    let incident = find(world, id)?;
    let draft = call.body.pointer("/postmortem/body_draft");
    let draft = draft.and_then(Value::as_str).filter(|d| !d.is_empty());
    let draft = draft.ok_or_else(|| Refusal::unprocessable("Body draft can't be blank"))?;
    incident.postmortem.body_draft = Some(draft.to_owned());
    incident.postmortem.body_draft_updated_at = Some(rfc3339(call.now));
    Ok((200, json!(incident.postmortem)))
}

pub(super) fn publish(world: &mut World, call: &Call<'_>, id: &str) -> Answer {
    let incident = find(world, id)?;
    if incident.status != "resolved" {
        return Err(Refusal::unprocessable("Incident is not resolved"));
    }
    if incident.postmortem.body_draft.is_none() {
        return Err(Refusal::unprocessable("Body can't be blank"));
    }
    let notify = call.body.pointer("/postmortem/notify_subscribers");
    let postmortem = &mut incident.postmortem;
    postmortem.body.clone_from(&postmortem.body_draft);
    postmortem.notify_subscribers = notify == Some(&Value::Bool(true));
    postmortem.published_at = Some(rfc3339(call.now));
    Ok((200, json!(postmortem)))
}

fn find<'a>(world: &'a mut World, id: &str) -> Result<&'a mut Incident, Refusal> {
    world.incidents.get_mut(id).ok_or_else(Refusal::not_found)
}
