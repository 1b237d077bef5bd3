//! The Web API: who may call, which method runs, and which fault gets in the way. Errors are HTTP 200 with `ok: false`.

mod apps;
mod auth;
mod bookmarks;
pub(crate) mod chat;
mod conversations;
mod files;
mod history;
mod manage;
mod members;
mod methods;
mod pins;
mod reactions;
pub(crate) mod request;
pub(crate) mod scheduled;
mod search;
mod team;
mod unfurl;
mod users;
mod views;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::delivery::millis;
use crate::fake::FakeSlack;
use crate::faults::{Fault, rate_limited};
use crate::records::{Call, TokenKind};
use crate::scopes;
use request::Args;

/// The answer of a method: the fields next to `ok`, or why not.
pub(crate) type Answer = Result<Value, Refusal>;

/// Why a method was refused.
pub(crate) enum Refusal {
    /// Slack's error code, such as `channel_not_found`.
    Code(&'static str),
    /// The token lacks a scope: the one needed, and those it has.
    MissingScope(&'static str, String),
    /// Nobody was invited: the first person's error, and everyone's.
    Invitations(&'static str, Value),
    /// A true 429, with the seconds to wait.
    RateLimited(u64),
}

impl From<&'static str> for Refusal {
    fn from(code: &'static str) -> Self {
        Self::Code(code)
    }
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Code(code) | Self::Invitations(code, _) => code,
            Self::MissingScope(..) => "missing_scope",
            Self::RateLimited(_) => "ratelimited",
        }
    }
}

/// The caller that a request's bearer token stands for, where there is no method: the download of a file.
pub(crate) fn bearer(fake: &FakeSlack, headers: &HeaderMap) -> Result<Caller, &'static str> {
    auth::authenticate(fake, headers, &Args::parse(headers, None, &[])?)
}

/// A call as it is logged and answered.
struct Known<'a> {
    method: &'a str,
    channel: Option<String>,
    caller: Option<Caller>,
}

/// `POST /api/{method}`: a call of the Web API, with arguments as query, form or JSON.
pub(crate) async fn call(
    State(fake): State<FakeSlack>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut known = Known {
        method: &method,
        channel: None,
        caller: None,
    };
    let args = match Args::parse(&headers, query.as_deref(), &body) {
        Ok(args) => args,
        Err(error) => return finish(&fake, known, None, Some(Err(error.into()))).await,
    };
    scheduled::post_due(&fake);
    let caller = if methods::without_token(&method).is_some() {
        Ok(None)
    } else {
        auth::authenticate(&fake, &headers, &args).map(Some)
    };
    let channel = args.text("channel").or_else(|| args.text("channel_id"));
    known.channel = channel.map(|given| {
        let world = fake.world();
        match &caller {
            Ok(Some(by)) => world.channel_id_in(&by.teams, given),
            _ => world.channel_id(given),
        }
    });
    known.caller = match caller {
        Ok(caller) => caller,
        Err(error) => return finish(&fake, known, None, Some(Err(error.into()))).await,
    };
    let fault = fake
        .world()
        .take_fault(&method, known.channel.as_deref(), fake.now());
    let runs = fault.as_ref().is_none_or(Fault::takes_effect);
    let answer = runs.then(|| run(&fake, &known, &args));
    finish(&fake, known, fault, answer).await
}

fn run(fake: &FakeSlack, known: &Known<'_>, args: &Args) -> Answer {
    let Some(by) = &known.caller else {
        let method = methods::without_token(known.method).ok_or("unknown_method")?;
        return method(fake, args);
    };
    let method = methods::with_token(known.method).ok_or("unknown_method")?;
    let is_for_the_app = known.method.starts_with("apps.") && known.method != "apps.uninstall";
    if by.kind == TokenKind::App && !is_for_the_app {
        return Err("not_allowed_token_type".into());
    }
    check_scopes(fake, by, known, args)?;
    check_pace(fake, by, known)?;
    method(fake, by, args)
}

/// Slack's limits for an installation's calls of one method, and for posts in one channel.
fn check_pace(fake: &FakeSlack, by: &Caller, known: &Known<'_>) -> Result<(), Refusal> {
    if !fake.config().rate_tiers {
        return Ok(());
    }
    let now = fake.now();
    let mut world = fake.world();
    if known.method == "chat.postMessage"
        && let Some(room) = known
            .channel
            .as_ref()
            .and_then(|id| world.rooms.get_mut(id))
        && !room.admit_post(1, now)
    {
        return Err(Refusal::RateLimited(1));
    }
    world
        .pace
        .admit(by.place.id(), known.method, now)
        .map_err(Refusal::RateLimited)
}

fn check_scopes(
    fake: &FakeSlack,
    by: &Caller,
    known: &Known<'_>,
    args: &Args,
) -> Result<(), Refusal> {
    let (true, Some(scopes)) = (fake.config().strict_scopes, &by.scopes) else {
        return Ok(());
    };
    let world = fake.world();
    let room = known.channel.as_ref().and_then(|id| world.rooms.get(id));
    let needed = match known.method {
        // There is no channel yet that could tell.
        "conversations.create" if args.flag("is_private") => Some("groups:write"),
        method => scopes::needed(method, room),
    };
    match needed {
        Some(needed) if !scopes.iter().any(|scope| scope == needed) => {
            Err(Refusal::MissingScope(needed, scopes.join(",")))
        }
        _ => Ok(()),
    }
}

/// Logs the call before it is answered, so that a test sees it even where no answer comes.
async fn finish(
    fake: &FakeSlack,
    known: Known<'_>,
    fault: Option<Fault>,
    answer: Option<Answer>,
) -> Response {
    let Known {
        method,
        channel,
        caller,
    } = known;
    let outcome = match (&fault, &answer) {
        (Some(fault), answer) => fault.outcome(matches!(answer, Some(Ok(_)))),
        (None, Some(Err(refusal))) => refusal.code().to_owned(),
        (None, _) => "ok".to_owned(),
    };
    tracing::debug!(method, channel, %outcome, "the app called a method");
    let mut call = Call {
        at_ms: millis(fake.now()),
        method: method.to_owned(),
        channel,
        team: None,
        enterprise: None,
        token_kind: None,
        outcome,
    };
    if let Some(by) = &caller {
        by.sign(&mut call);
    }
    fake.world().log_call(call);
    match (fault, answer) {
        (Some(fault), _) => fault.answer().await,
        (None, Some(Ok(mut fields))) => {
            fields["ok"] = true.into();
            let scopes = caller.and_then(|by| by.scopes);
            let headers = scopes.map(|scopes| [("x-oauth-scopes", scopes.join(","))]);
            match headers {
                Some(headers) => (headers, axum::Json(fields)).into_response(),
                None => axum::Json(fields).into_response(),
            }
        }
        (None, Some(Err(refusal))) => refused(method, &refusal),
        // Without a fault there always is an answer.
        (None, None) => refused(method, &"internal_error".into()),
    }
}

fn refused(method: &str, refusal: &Refusal) -> Response {
    let mut fields = json!({ "ok": false, "error": refusal.code() });
    match refusal {
        Refusal::RateLimited(seconds) => return rate_limited(Some(&(*seconds).into())),
        Refusal::MissingScope(needed, provided) => {
            fields["needed"] = (*needed).into();
            fields["provided"] = provided.clone().into();
        }
        Refusal::Invitations(_, errors) => fields["errors"] = errors.clone(),
        Refusal::Code("unknown_method") => fields["req_method"] = method.into(),
        Refusal::Code(_) => {}
    }
    axum::Json(fields).into_response()
}
