//! `apps.event.authorizations.list`: every installation that one event is visible to.

use serde_json::json;

use super::Answer;
use super::request::{Args, page};
use crate::caller::Caller;
use crate::envelope::authorization;
use crate::fake::FakeSlack;
use crate::records::TokenKind;

pub(super) fn authorizations(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    if by.kind != TokenKind::App {
        return Err("not_allowed_token_type".into());
    }
    let limit = args.number("limit").unwrap_or(100).clamp(1, 1000);
    let world = fake.world();
    let places = args
        .text("event_context")
        .and_then(|context| world.event_contexts.get(context))
        .ok_or("invalid_event_context")?;
    let all = places
        .iter()
        .map(|place| (place.id().to_owned(), authorization(fake.config(), place)));
    let (found, next) = page(all, args.text("cursor"), limit)?;
    Ok(json!({ "authorizations": found, "response_metadata": { "next_cursor": next } }))
}
