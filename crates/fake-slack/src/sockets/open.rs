//! `apps.connections.open`: a ticket for one WebSocket.

use serde_json::json;

use crate::api::Answer;
use crate::api::request::Args;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::records::TokenKind;
use crate::signing::keyed_hash;

pub(crate) fn open(fake: &FakeSlack, by: &Caller, _: &Args) -> Answer {
    if by.kind != TokenKind::App {
        return Err("not_allowed_token_type".into());
    }
    let now = fake.now();
    let tick = fake.world().tick(now);
    let config = fake.config();
    let ticket = keyed_hash(
        &config.signing_secret,
        &[b"socket ticket", &tick.to_be_bytes()],
    );
    let url = format!(
        "{}/link/?ticket={ticket}&app_id={}",
        fake.public_url().replacen("http", "ws", 1),
        config.app_id
    );
    fake.sockets().add_ticket(ticket, now);
    Ok(json!({ "url": url }))
}
