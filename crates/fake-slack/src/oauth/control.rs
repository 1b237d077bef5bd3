//! The controls under `/_fake/oauth`: deciding on the consent page, taking the app away, and counting.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::approve::Approval;
use crate::delivery::DeliveryReport;
use crate::fake::FakeSlack;
use crate::workspaces::Place;

/// An installation that came by OAuth, with what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstallRecord {
    /// The workspace; none for an org-wide installation.
    pub team: Option<String>,
    /// The organisation of the workspace, or the one it is for.
    pub enterprise: Option<String>,
    /// Whether it is for the whole organisation.
    pub is_enterprise_install: bool,
    /// Whether it is there now.
    pub installed: bool,
    /// Unix seconds since when, while it is there.
    pub installed_at: Option<u64>,
    /// The user id of its bot.
    pub bot_user_id: String,
    /// The bot id of its bot.
    pub bot_id: String,
    /// The scopes that the bot was granted.
    pub scopes: Vec<String>,
    /// The users who let the app act for them.
    pub users: Vec<String>,
    /// Codes exchanged for it.
    pub code_exchanges: u64,
    /// Refresh tokens exchanged for it.
    pub refreshes: u64,
    /// Refreshes refused because the refresh token was used or revoked before.
    pub refused_refreshes: u64,
}

impl FakeSlack {
    /// Every installation that came by OAuth, those since removed too.
    #[must_use]
    pub fn installs(&self) -> Vec<InstallRecord> {
        let config = self.config();
        let world = self.world();
        let installs = world.installs.by_place.iter();
        installs
            .filter(|(_, install)| install.code_exchanges > 0)
            .map(|(place, install)| InstallRecord {
                team: (!place.is_org()).then(|| place.id().to_owned()),
                enterprise: config.enterprise_of(place),
                is_enterprise_install: place.is_org(),
                installed: install.installed_at.is_some(),
                installed_at: install.installed_at.map(|at| at.as_secs()),
                bot_user_id: config.bot_user_of(place),
                bot_id: config.bot_id_of(place),
                scopes: install.bot_scopes.iter().cloned().collect(),
                users: install.users.keys().cloned().collect(),
                code_exchanges: install.code_exchanges,
                refreshes: install.refreshes,
                refused_refreshes: install.refused_refreshes,
            })
            .collect()
    }
}

/// `POST /_fake/oauth/approve`: a person decides about an authorize URL.
pub(crate) async fn approve(
    State(fake): State<FakeSlack>,
    Json(approval): Json<Approval>,
) -> Response {
    match fake.approve(&approval) {
        Ok(redirect) => Json(json!({ "redirect": redirect })).into_response(),
        Err(code) => (StatusCode::BAD_REQUEST, Json(json!({ "error": code }))).into_response(),
    }
}

/// `GET /_fake/oauth/installs`: the installs of the app.
pub(crate) async fn installs(State(fake): State<FakeSlack>) -> Json<Vec<InstallRecord>> {
    Json(fake.installs())
}

/// The body that names an installation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    #[serde(default)]
    team: Option<String>,
    #[serde(default)]
    enterprise: Option<String>,
    #[serde(default)]
    user: Option<String>,
    /// `uninstalled_first`, or the other way round.
    #[serde(default)]
    order: Order,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    #[default]
    RevokedFirst,
    UninstalledFirst,
}

impl Named {
    fn id(self, fake: &FakeSlack) -> Option<String> {
        let place = match (self.enterprise, self.team) {
            (Some(id), _) => Place::Org(id),
            (None, Some(id)) => Place::Team(id),
            (None, None) => return None,
        };
        let installs = &fake.world().installs;
        installs
            .by_place
            .contains_key(&place)
            .then(|| place.id().to_owned())
    }
}

/// `POST /_fake/oauth/uninstall`: a workspace removes the app.
pub(crate) async fn uninstall(
    State(fake): State<FakeSlack>,
    Json(named): Json<Named>,
) -> Result<Json<DeliveryReport>, StatusCode> {
    let uninstalled_first = named.order == Order::UninstalledFirst;
    let id = named.id(&fake).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(fake.uninstall(&id, uninstalled_first).await))
}

/// `POST /_fake/oauth/revoke`: revokes the tokens of the given user, or the bot's if there is none.
pub(crate) async fn revoke(
    State(fake): State<FakeSlack>,
    Json(named): Json<Named>,
) -> Result<Json<DeliveryReport>, StatusCode> {
    let user = named.user.clone();
    let id = named.id(&fake).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(fake.revoke(&id, user.as_deref()).await))
}

/// `POST /_fake/oauth/rotation`: switches token rotation on, as in the app's settings.
pub(crate) async fn turn_on_rotation(State(fake): State<FakeSlack>) -> StatusCode {
    fake.turn_on_rotation();
    StatusCode::NO_CONTENT
}

/// `POST /_fake/oauth/expire`: of one installation, or of all.
pub(crate) async fn expire(
    State(fake): State<FakeSlack>,
    Json(named): Json<Named>,
) -> Result<StatusCode, StatusCode> {
    let all = named.team.is_none() && named.enterprise.is_none();
    let id = named.id(&fake);
    if id.is_none() && !all {
        return Err(StatusCode::NOT_FOUND);
    }
    fake.expire_tokens(id.as_deref());
    Ok(StatusCode::NO_CONTENT)
}
