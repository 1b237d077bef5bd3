//! The Web API: who may call, which method runs, and which fault gets in the way. Errors are HTTP 200 with `ok: false`.

mod auth;
pub(crate) mod chat;
mod conversations;
mod history;
mod reactions;
mod request;
mod users;
mod views;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::delivery::millis;
use crate::fake::FakeSlack;
use crate::faults::{Fault, rate_limited};
use crate::records::Call;
use request::Args;

/// What a method answers: the fields next to `ok`, or why not.
pub(crate) type Answer = Result<Value, Refusal>;

/// Why a method was refused.
pub(crate) enum Refusal {
    /// Slack's error code.
    Code(&'static str),
    /// A true 429, with the seconds to wait.
    RateLimited(u64),
}

impl From<&'static str> for Refusal {
    fn from(code: &'static str) -> Self {
        Self::Code(code)
    }
}

/// Every method there is.
fn dispatch(fake: &FakeSlack, method: &str, args: &Args) -> Answer {
    match method {
        "auth.test" => Ok(auth::test(fake)),
        "chat.postMessage" => chat::post_message(fake, args),
        "chat.postEphemeral" => chat::post_ephemeral(fake, args),
        "chat.update" => chat::update(fake, args),
        "conversations.create" => conversations::create(fake, args),
        "conversations.history" => history::history(fake, args),
        "conversations.info" => conversations::info(fake, args),
        "conversations.join" => conversations::join(fake, args),
        "conversations.list" => conversations::list(fake, args),
        "conversations.replies" => history::replies(fake, args),
        "reactions.add" => reactions::add(fake, args),
        "team.info" => Ok(auth::team_info(fake)),
        "users.info" => users::info(fake, args),
        "users.list" => users::list(fake, args),
        "views.open" => views::open(fake, args),
        _ => Err("unknown_method".into()),
    }
}

/// `POST /api/{method}`.
pub(crate) async fn call(
    State(fake): State<FakeSlack>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let args = match Args::parse(&headers, query.as_deref(), &body) {
        Ok(args) => args,
        Err(error) => return finish(&fake, &method, None, None, Some(Err(error.into()))).await,
    };
    let channel = args
        .text("channel")
        .map(|given| fake.world().channel_id(given));
    if let Err(error) = auth::check_token(&fake, &headers, &args) {
        return finish(&fake, &method, channel, None, Some(Err(error.into()))).await;
    }
    let fault = fake.world().take_fault(&method, channel.as_deref());
    let runs = fault.as_ref().is_none_or(Fault::takes_effect);
    let answer = runs.then(|| dispatch(&fake, &method, &args));
    finish(&fake, &method, channel, fault, answer).await
}

/// Logs the call before it is answered, so that a test sees it even where no answer comes.
async fn finish(
    fake: &FakeSlack,
    method: &str,
    channel: Option<String>,
    fault: Option<Fault>,
    answer: Option<Answer>,
) -> Response {
    let outcome = match (&fault, &answer) {
        (Some(fault), answer) => fault.outcome(matches!(answer, Some(Ok(_)))),
        (None, Some(Err(Refusal::Code(code)))) => (*code).to_owned(),
        (None, Some(Err(Refusal::RateLimited(_)))) => "ratelimited".to_owned(),
        (None, _) => "ok".to_owned(),
    };
    tracing::debug!(method, channel, %outcome, "the app called a method");
    let call = Call {
        at_ms: millis(fake.now()),
        method: method.to_owned(),
        channel,
        outcome,
    };
    fake.world().log_call(call);
    match (fault, answer) {
        (Some(fault), _) => fault.answer().await,
        (None, Some(Ok(mut fields))) => {
            fields["ok"] = true.into();
            axum::Json(fields).into_response()
        }
        (None, Some(Err(Refusal::RateLimited(seconds)))) => rate_limited(Some(&seconds.into())),
        (None, Some(Err(Refusal::Code(code)))) => refused(method, code),
        // Without a fault there always is an answer.
        (None, None) => refused(method, "internal_error"),
    }
}

fn refused(method: &str, code: &str) -> Response {
    let mut fields = json!({ "ok": false, "error": code });
    if code == "unknown_method" {
        fields["req_method"] = method.into();
    }
    axum::Json(fields).into_response()
}
