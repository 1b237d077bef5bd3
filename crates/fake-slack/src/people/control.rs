//! The controls under `/_fake` that act as a person. Each answers with what became of the requests it sent to the app;
//! `error` says why nothing was done.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::delivery::DeliveryReport;
use crate::fake::FakeSlack;

type Report = Json<DeliveryReport>;

pub(crate) fn routes() -> Router<FakeSlack> {
    Router::new()
        .route("/_fake/edit", post(edit))
        .route("/_fake/delete", post(delete))
        .route("/_fake/react", post(react))
        .route("/_fake/pin", post(pin))
        .route("/_fake/join", post(join))
        .route("/_fake/archive", post(archive))
        .route("/_fake/unarchive", post(unarchive))
        .route("/_fake/rename", post(rename))
        .route("/_fake/delete_channel", post(delete_channel))
        .route("/_fake/click", post(click))
        .route("/_fake/submit", post(submit))
        .route("/_fake/shortcut", post(shortcut))
        .route("/_fake/home", post(home))
}

/// A message, and who does something with it.
#[derive(Deserialize)]
struct Item {
    user: String,
    channel: String,
    ts: String,
}

#[derive(Deserialize)]
struct Edit {
    #[serde(flatten)]
    item: Item,
    text: String,
}

/// `POST /_fake/edit`: `{user, channel, ts, text}`.
async fn edit(State(fake): State<FakeSlack>, Json(Edit { item, text }): Json<Edit>) -> Report {
    let report = fake.edit_as_user(&item.user, &item.channel, &item.ts, &text);
    Json(report.await)
}

/// `POST /_fake/delete`: `{user, channel, ts}`.
async fn delete(State(fake): State<FakeSlack>, Json(item): Json<Item>) -> Report {
    let report = fake.delete_as_user(&item.user, &item.channel, &item.ts);
    Json(report.await)
}

#[derive(Deserialize)]
struct React {
    #[serde(flatten)]
    item: Item,
    name: String,
    #[serde(default)]
    remove: bool,
}

/// `POST /_fake/react`: `{user, channel, ts, name}`, and `remove: true` to take it back.
async fn react(State(fake): State<FakeSlack>, Json(react): Json<React>) -> Report {
    let React { item, name, remove } = react;
    Json(if remove {
        fake.unreact_as_user(&item.user, &item.channel, &item.ts, &name)
            .await
    } else {
        fake.react_as_user(&item.user, &item.channel, &item.ts, &name)
            .await
    })
}

#[derive(Deserialize)]
struct PinOf {
    #[serde(flatten)]
    item: Item,
    #[serde(default)]
    remove: bool,
}

/// `POST /_fake/pin`: `{user, channel, ts}`, and `remove: true` to take it off.
async fn pin(State(fake): State<FakeSlack>, Json(PinOf { item, remove }): Json<PinOf>) -> Report {
    Json(if remove {
        fake.unpin_as_user(&item.user, &item.channel, &item.ts)
            .await
    } else {
        fake.pin_as_user(&item.user, &item.channel, &item.ts).await
    })
}

/// A channel, and who does something with it.
#[derive(Deserialize)]
struct Change {
    channel: String,
    #[serde(default = "alice")]
    user: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    inviter: Option<String>,
}

fn alice() -> String {
    "U0ALICE0001".to_owned()
}

/// `POST /_fake/join`: `{user, channel, inviter?}`.
async fn join(State(fake): State<FakeSlack>, Json(change): Json<Change>) -> Report {
    let report = fake.join_as_user(&change.user, &change.channel, change.inviter.as_deref());
    Json(report.await)
}

/// `POST /_fake/archive`: `{channel, user?}`.
async fn archive(State(fake): State<FakeSlack>, Json(change): Json<Change>) -> Report {
    Json(fake.archive_as_user(&change.user, &change.channel).await)
}

/// `POST /_fake/unarchive`: `{channel, user?}`.
async fn unarchive(State(fake): State<FakeSlack>, Json(change): Json<Change>) -> Report {
    Json(fake.unarchive_as_user(&change.user, &change.channel).await)
}

/// `POST /_fake/rename`: `{channel, name}`.
async fn rename(State(fake): State<FakeSlack>, Json(change): Json<Change>) -> Report {
    Json(fake.rename_as_user(&change.channel, &change.name).await)
}

/// `POST /_fake/delete_channel`: `{channel, user?}`.
async fn delete_channel(State(fake): State<FakeSlack>, Json(change): Json<Change>) -> Report {
    let report = fake.delete_channel_as_user(&change.user, &change.channel);
    Json(report.await)
}

#[derive(Deserialize)]
struct Click {
    user: String,
    /// The message; without it, the click is in the person's open modal or home tab.
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    ts: Option<String>,
    action_id: String,
    /// The choice in a menu.
    #[serde(default)]
    choice: Value,
}

/// `POST /_fake/click`: `{user, channel, ts, action_id, choice?}`, or without channel and ts in a view.
async fn click(State(fake): State<FakeSlack>, Json(click): Json<Click>) -> Report {
    let (user, action) = (&click.user, &click.action_id);
    Json(match (&click.channel, &click.ts) {
        (Some(channel), Some(ts)) => fake.click(user, channel, ts, action, &click.choice).await,
        _ => fake.click_in_view(user, action, &click.choice).await,
    })
}

#[derive(Deserialize)]
struct Submission {
    user: String,
    #[serde(default)]
    values: Map<String, Value>,
}

/// `POST /_fake/submit`: `{user, values: {block_id: value}}`, of the modal that is open for that person.
async fn submit(State(fake): State<FakeSlack>, Json(form): Json<Submission>) -> Report {
    Json(fake.submit(&form.user, &form.values).await)
}

#[derive(Deserialize)]
struct Run {
    user: String,
    callback_id: String,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    ts: Option<String>,
}

/// `POST /_fake/shortcut`: `{user, callback_id}`, with `{channel, ts}` for the shortcut of a message.
async fn shortcut(State(fake): State<FakeSlack>, Json(run): Json<Run>) -> Report {
    let message = run.channel.as_deref().zip(run.ts.as_deref());
    Json(
        fake.run_shortcut(&run.user, &run.callback_id, message)
            .await,
    )
}

#[derive(Deserialize)]
struct Opened {
    user: String,
}

/// `POST /_fake/home`: the person `{user}` opens the app's home tab.
async fn home(State(fake): State<FakeSlack>, Json(opened): Json<Opened>) -> Report {
    Json(fake.open_home(&opened.user).await)
}
