//! Files: the upload address, the bytes, and a file as Slack writes it.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::api;
use crate::delivery::millis;
use crate::fake::FakeSlack;
use crate::faults::Fault;
use crate::records::Call;

/// A file, from the moment an upload address is given out.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    pub id: String,
    pub team: String,
    pub user: String,
    pub name: String,
    pub title: String,
    /// The size that was announced, in bytes.
    pub size: usize,
    pub created: Duration,
    /// The last part of the upload address.
    pub secret: String,
    pub content: Option<Bytes>,
    /// Whether the upload was completed, so that the file can be seen.
    pub is_complete: bool,
    pub channels: Vec<String>,
}

impl File {
    /// As Slack writes it.
    pub(crate) fn describe(&self, public_url: &str) -> Value {
        let filetype = self.name.rsplit_once('.').map_or("binary", |(_, end)| end);
        let url = format!(
            "{public_url}/files-pri/{}-{}/{}",
            self.team, self.id, self.name
        );
        json!({
            "id": self.id,
            "created": self.created.as_secs(),
            "timestamp": self.created.as_secs(),
            "name": self.name,
            "title": self.title,
            "mimetype": mimetype(filetype),
            "filetype": filetype,
            "user": self.user,
            "user_team": self.team,
            "size": self.size,
            "mode": "hosted",
            "is_external": false,
            "is_public": true,
            "url_private": url,
            "url_private_download": url,
            "channels": self.channels,
            "groups": [],
            "ims": [],
        })
    }
}

fn mimetype(filetype: &str) -> &'static str {
    match filetype {
        "csv" => "text/csv",
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "json" => "application/json",
        "md" | "txt" => "text/plain",
        "pdf" => "application/pdf",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

/// `POST /upload/v1/{id}/{secret}`: the bytes as they are, or a form with one file. Faults know it as `upload`.
pub(crate) async fn upload(
    State(fake): State<FakeSlack>,
    Path((id, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = fake.world().take_fault("upload", None, fake.now());
    let runs = fault.as_ref().is_none_or(Fault::takes_effect);
    let done = runs.then(|| store(&fake, &id, &secret, &headers, body));
    let outcome = match (&fault, &done) {
        (Some(fault), done) => fault.outcome(matches!(done, Some(Ok(_)))),
        (None, Some(Err((_, error)))) => (*error).to_owned(),
        (None, _) => "ok".to_owned(),
    };
    let at_ms = millis(fake.now());
    fake.world().log_call(Call {
        at_ms,
        method: "upload".to_owned(),
        channel: None,
        team: None,
        enterprise: None,
        token_kind: None,
        outcome,
    });
    match (fault, done) {
        (Some(fault), _) => fault.answer().await,
        (None, Some(Ok(size))) => format!("OK - {size}").into_response(),
        (None, Some(Err(refusal))) => refusal.into_response(),
        (None, None) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn store(
    fake: &FakeSlack,
    id: &str,
    secret: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<usize, (StatusCode, &'static str)> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("multipart/"));
    let mut world = fake.world();
    let file = world
        .files
        .get_mut(id)
        .filter(|file| file.secret == secret && !file.is_complete)
        .ok_or((StatusCode::NOT_FOUND, "invalid_url"))?;
    // The parts of a form are not taken apart here, so its length says nothing.
    if !is_form && body.len() != file.size {
        return Err((StatusCode::BAD_REQUEST, "length_mismatch"));
    }
    file.content = Some(body);
    Ok(file.size)
}

/// `GET /files-pri/{team}-{id}/{name}`: the bytes, for a token that reaches the file's workspace.
pub(crate) async fn download(
    State(fake): State<FakeSlack>,
    Path((place, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Ok(by) = api::bearer(&fake, &headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let world = fake.world();
    let content = place
        .split_once('-')
        .filter(|(team, _)| by.teams.iter().any(|known| known == team))
        .and_then(|(_, id)| world.files.get(id))
        .and_then(|file| file.content.clone());
    content.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        IntoResponse::into_response,
    )
}
