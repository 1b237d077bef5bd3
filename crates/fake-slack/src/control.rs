//! The controls under `/_fake` that do something: faults, and acting as a user.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::delivery::DeliveryReport;
use crate::envelope::Addressee;
use crate::fake::FakeSlack;
use crate::faults::Fault;

/// `POST /_fake/faults`: adds a fault to later calls.
pub(crate) async fn add_fault(
    State(fake): State<FakeSlack>,
    Json(fault): Json<Fault>,
) -> StatusCode {
    fake.add_fault(fault);
    StatusCode::NO_CONTENT
}

/// `DELETE /_fake/faults`: forgets all faults, also those not used up.
pub(crate) async fn clear_faults(State(fake): State<FakeSlack>) -> StatusCode {
    fake.clear_faults();
    StatusCode::NO_CONTENT
}

/// Body of `POST /_fake/post`.
#[derive(Deserialize)]
pub(crate) struct Post {
    user: String,
    channel: String,
    text: String,
    #[serde(default)]
    thread_ts: Option<String>,
}

/// `POST /_fake/post`: a person posts a message.
pub(crate) async fn post(
    State(fake): State<FakeSlack>,
    Json(post): Json<Post>,
) -> Json<DeliveryReport> {
    Json(
        fake.post_as_user(
            &post.user,
            &post.channel,
            &post.text,
            post.thread_ts.as_deref(),
        )
        .await,
    )
}

/// Body of `POST /_fake/command`.
#[derive(Deserialize)]
pub(crate) struct TypedCommand {
    user: String,
    channel: String,
    command: String,
    #[serde(default)]
    text: String,
}

/// `POST /_fake/command`: a person types a slash command.
pub(crate) async fn command(
    State(fake): State<FakeSlack>,
    Json(typed): Json<TypedCommand>,
) -> Json<DeliveryReport> {
    Json(
        fake.run_command(&typed.user, &typed.channel, &typed.command, &typed.text)
            .await,
    )
}

/// Body of `POST /_fake/event`.
#[derive(Deserialize)]
pub(crate) struct Event {
    event: Value,
    /// The fields of an [`Addressee`].
    #[serde(flatten)]
    to: HashMap<String, Value>,
}

/// `POST /_fake/event`: delivers an event of any type; 400 if it is no object.
pub(crate) async fn event(State(fake): State<FakeSlack>, Json(sent): Json<Event>) -> Response {
    if !sent.event.is_object() {
        return (StatusCode::BAD_REQUEST, "`event` must be an object").into_response();
    }
    match serde_json::from_value::<Addressee>(sent.to.into_iter().collect()) {
        Ok(to) => Json(fake.send_event_to(&to, sent.event).await).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    }
}

/// Body of `POST /_fake/interaction`.
#[derive(Deserialize)]
pub(crate) struct Interaction {
    payload: Value,
}

/// `POST /_fake/interaction`: delivers the payload of an interaction as it is given.
pub(crate) async fn interaction(
    State(fake): State<FakeSlack>,
    Json(sent): Json<Interaction>,
) -> Response {
    if !sent.payload.is_object() {
        return (StatusCode::BAD_REQUEST, "`payload` must be an object").into_response();
    }
    Json(fake.send_interaction(sent.payload).await).into_response()
}

/// Body of `POST /_fake/share`.
#[derive(Deserialize)]
pub(crate) struct Share {
    channel: String,
    team: String,
}

/// `POST /_fake/share`: the channel is shared with another workspace, as Slack Connect does.
pub(crate) async fn share(State(fake): State<FakeSlack>, Json(share): Json<Share>) -> StatusCode {
    if fake.share_channel(&share.channel, &share.team) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

/// `DELETE /_fake/views/{id}`: the user closes a modal whose app does not ask to be told.
pub(crate) async fn close_view(
    State(fake): State<FakeSlack>,
    Path(id): Path<String>,
) -> StatusCode {
    let mut world = fake.world();
    world.revision += 1;
    if world.views.remove(&id).is_some() {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

/// Body of `POST /_fake/response_url`.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default = "Wanted::general")]
    channel: String,
    #[serde(default = "Wanted::alice")]
    user: String,
}

impl Wanted {
    fn general() -> String {
        "C0GENERAL01".to_owned()
    }

    fn alice() -> String {
        "U0ALICE0001".to_owned()
    }
}

/// `POST /_fake/response_url`: a fresh one, for replaying a recorded command whose own has expired.
pub(crate) async fn response_url(
    State(fake): State<FakeSlack>,
    Json(wanted): Json<Wanted>,
) -> Json<Value> {
    let url = fake.new_response_url(&wanted.channel, &wanted.user, None);
    Json(serde_json::json!({"response_url": url}))
}
