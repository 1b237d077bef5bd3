//! `chat.unfurl`: what the app shows under a link in someone's message.

use serde_json::json;

use super::Answer;
use super::request::Args;
use crate::caller::Caller;
use crate::fake::FakeSlack;

pub(super) fn unfurl(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let unfurls = args.structure("unfurls").map_err(|()| "invalid_unfurls")?;
    let unfurls = unfurls.ok_or("missing_unfurls")?;
    let now = fake.now();
    let mut world = fake.world();
    world.revision += 1;
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("cannot_unfurl_message")?;
    let message = args
        .text("ts")
        .and_then(|ts| room.messages.get_mut(ts))
        .ok_or("cannot_unfurl_message")?;
    let names_link = |link: &String| message.text.contains(link.as_str());
    if !unfurls
        .as_object()
        .is_some_and(|all| all.keys().all(names_link))
    {
        return Err("cannot_unfurl_url".into());
    }
    message.unfurls = Some(unfurls);
    Ok(json!({}))
}
