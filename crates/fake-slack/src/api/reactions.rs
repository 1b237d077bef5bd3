//! `reactions.add`.

use serde_json::json;

use super::Answer;
use super::request::Args;
use crate::fake::FakeSlack;
use crate::records::Reaction;

pub(super) fn add(fake: &FakeSlack, args: &Args) -> Answer {
    let name = args.text("name").ok_or("invalid_name")?.trim_matches(':');
    let ts = args.text("timestamp").ok_or("no_item_specified")?;
    let bot = fake.config().bot_user_id.clone();
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.channel_id(args.text("channel").unwrap_or_default());
    world.revision += 1;
    let room = world.room(&channel, now).ok_or("channel_not_found")?;
    let message = room.messages.get_mut(ts).ok_or("message_not_found")?;
    let Some(reaction) = message
        .reactions
        .iter_mut()
        .find(|reaction| reaction.name == name)
    else {
        message.reactions.push(Reaction {
            name: name.to_owned(),
            users: vec![bot],
        });
        return Ok(json!({}));
    };
    if reaction.users.contains(&bot) {
        return Err("already_reacted".into());
    }
    reaction.users.push(bot);
    Ok(json!({}))
}
