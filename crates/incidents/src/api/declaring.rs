//! Route: declare an incident, once for each idempotency key.

use http::StatusCode;
use serde_json::json;

use super::asking::{self, Claim};
use super::fields::Fields;
use super::room::Room;
use super::shown;
use crate::decide::ask::Ask;
use crate::decide::declaration;
use crate::model::form::Declaration;
use crate::model::incident::{IncidentId, MAX_SERVICES, MAX_TITLE};
use crate::model::permissions::Action;
use crate::model::rows::{self, Loaded};
use crate::model::severity::Severity;
use tidegate_api::reply;
use tidegate_api::{Api, ApiError, ApiResult, Call};

/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 3000;

/// Longest name of a template or service.
const MAX_NAME: usize = 100;

pub(super) async fn declare(api: &Api, call: &Call) -> ApiResult {
    let mut fields = Fields::of(call)?;
    let named = fields.text("tenant", MAX_NAME);
    let room = Room::enter(api, call, named.as_deref()).await?;
    let claim = Claim::of(call, &mut fields, "declare");
    let declaration = read(&mut fields, &room)?;
    room.must(Action::Declare, None)?;
    let ask = Ask::Declare(Box::new(declaration));
    let came = asking::ask(&room, &claim, ask, None).await?;
    let loaded = match &came.incident {
        Some(id) if !came.repeated => load(&room, id).await?,
        _ => declared_before(&room, &claim).await?,
    };
    let status = if came.repeated {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let incident = shown::to(&room, &loaded);
    let body = json!({"ok": true, "declared": !came.repeated, "incident": incident});
    Ok(reply::json(status, &body))
}

/// The declaration in a body, with what its template says and all that is wrong with it.
fn read(fields: &mut Fields, room: &Room<'_>) -> Result<Declaration, ApiError> {
    let severity = |text: &str| Severity::parse(text);
    let declaration = Declaration {
        title: fields.text("title", MAX_TITLE).unwrap_or_default(),
        severity: fields.read("severity", severity, "P1, P2, P3 or P4"),
        services: fields.texts("services"),
        commander: fields.person("commander"),
        description: fields.text("description", MAX_DESCRIPTION),
        private: fields.flag("private"),
        drill: fields.flag("drill"),
        triage: fields.flag("triage"),
        template: fields.text("template", MAX_NAME),
        source: None,
        detected_at: fields.moment("detected_at", room.now),
    };
    let settings = &room.settings.settings;
    match declaration::from_template(declaration.clone(), settings) {
        Ok(declaration) => note_problems(fields, &declaration, room),
        Err(words) => {
            note_problems(fields, &declaration, room);
            fields.wrong("template", &format!("is none: {}", words.plain()));
        }
    }
    fields.check()?;
    Ok(declaration)
}

fn note_problems(fields: &mut Fields, declaration: &Declaration, room: &Room<'_>) {
    if declaration.services.len() > MAX_SERVICES {
        fields.wrong("services", &format!("takes {MAX_SERVICES} at most"));
        return;
    }
    for (field, words) in declaration::check(declaration, &room.settings.settings) {
        let name = if field == "service" {
            "services"
        } else {
            field
        };
        if !fields.is_wrong(name) {
            fields.wrong(name, &format!("does not fit: {}", words.plain()));
        }
    }
}

async fn load(room: &Room<'_>, id: &IncidentId) -> Result<Loaded, ApiError> {
    let loaded = rows::load(&room.rows, id).await?;
    loaded.ok_or_else(|| ApiError::Internal("a declared incident is not there".to_owned()))
}

/// The incident that the same key declared.
async fn declared_before(room: &Room<'_>, claim: &Claim) -> Result<Loaded, ApiError> {
    let pointer = rows::by_request(claim.id());
    let loaded = rows::load_pointed(&room.rows, &pointer).await?;
    loaded.ok_or_else(|| ApiError::Internal("a claim of the API has no incident".to_owned()))
}
