//! Shared code of the settings routes: it finds the workspace, compares the version that the caller has seen, and checks,
//! stores and audits a change.

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tidegate_pipeline::audit::{AuditError, AuditNote};
use tidegate_pipeline::documents::input::Problem;
use tidegate_pipeline::documents::{Document, Effective};
use tidegate_pipeline::table::{RowKey, Rows, TableError};
use tidegate_slack::ids::TenantId;
use utoipa::ToSchema;

use crate::error::problems_of;
use crate::{Api, ApiError, ApiResult, Call, reply};

/// The number of attempts at a change that names no version, when others change the settings at the same time.
const TRIES: usize = 5;

/// Describes the settings document of a domain.
pub struct Settings<'a, T> {
    /// The format of the row.
    pub document: &'a Document<T>,
    /// The key of the row.
    pub key: RowKey,
    /// The settings of a workspace that has stored none.
    pub defaults: &'a T,
    /// The action in the audit trail, for example `incidents.settings`.
    pub action: &'static str,
    /// Lists everything that is wrong with a value, each problem with its path. An empty list means that it can be stored.
    pub check: fn(&T) -> Vec<Problem>,
}

/// The part of the settings that a call sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// All of them, in this field of the body.
    Whole(&'static str),
    /// The part at this path, in this field of the body.
    Part(String, &'static str),
    /// None: the call removes a part.
    Nothing,
}

impl Sent {
    /// Returns a problem with the path that the value has in the call. `Err` if the call did not send the value.
    fn renamed(&self, problem: Problem) -> Result<Problem, Problem> {
        match self {
            Self::Whole(field) if problem.path == *field => Ok(problem),
            Self::Whole(field) => Ok(problem.within(field)),
            Self::Part(part, field) => problem.moved(part, field),
            Self::Nothing => Err(problem),
        }
    }

    /// Returns the error for settings that cannot be stored. If what the call sent is right, it does not go together with what is
    /// stored.
    pub fn refused(&self, problems: Vec<Problem>) -> ApiError {
        let named = problems.into_iter().map(|problem| self.renamed(problem));
        let (sent, stored): (Vec<_>, Vec<_>) = named.partition(Result::is_ok);
        let is_conflict = sent.is_empty();
        let all = sent.into_iter().chain(stored);
        let all: Vec<Problem> = all.map(|problem| problem.unwrap_or_else(|p| p)).collect();
        if is_conflict {
            return ApiError::conflict(problems_of(&all));
        }
        ApiError::problems(&all)
    }
}

/// A workspace and its rows.
pub struct TenantRows {
    /// The workspace that the settings belong to.
    pub tenant: TenantId,
    /// The rows of that workspace, under the rights of the caller.
    pub rows: Rows,
}

impl TenantRows {
    /// Finds the workspace that the call is about.
    pub fn of(api: &Api, call: &Call) -> Result<Self, ApiError> {
        let tenant = call.tenant()?;
        let rows = api.table.rows(call, &tenant)?;
        Ok(Self { tenant, rows })
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Settings<'_, T> {
    /// Loads the settings in force in a workspace.
    pub async fn load(&self, place: &TenantRows) -> Result<Effective<T>, ApiError> {
        let loaded = self.document.load_or(&place.rows, &self.key, self.defaults);
        Ok(loaded.await?)
    }

    /// Applies `edit` to the current settings and stores the result. If the caller names the version it has `seen`, any other
    /// current version is a conflict. Problems name what the call has `sent`. The response has the new version.
    pub async fn change(
        &self,
        api: &Api,
        call: &Call,
        place: &TenantRows,
        seen: Option<i64>,
        sent: &Sent,
        edit: impl Fn(T) -> Result<T, ApiError>,
    ) -> ApiResult {
        for _ in 0..TRIES {
            let Effective { value, version, .. } = self.load(place).await?;
            if seen.is_some_and(|seen| seen != version) {
                return Err(newer(version));
            }
            let before = json_of(&value)?;
            let value = edit(value)?;
            let problems = (self.check)(&value);
            if !problems.is_empty() {
                return Err(sent.refused(problems));
            }
            let write = self.document.replace(self.key.clone(), &value, version);
            let version = version + 1;
            let changed = differing(&before, &json_of(&value)?);
            let note = AuditNote {
                actor: call.actor(),
                action: self.action,
                detail: format!("version {version}: {changed}"),
            };
            let trail = api.trail(call, &place.tenant)?;
            match trail.write(&place.rows, vec![write], &note).await {
                Ok(()) => {}
                Err(AuditError::Table(TableError::Condition)) => continue,
                Err(e) => return Err(e.into()),
            }
            let stored = SettingsVersion {
                ok: true,
                version,
                own: true,
            };
            return Ok(reply::json(StatusCode::OK, &stored));
        }
        Err(ApiError::conflict(
            "others change the settings all the time; try again",
        ))
    }

    /// Records a change in the audit trail.
    pub async fn audit(
        &self,
        api: &Api,
        call: &Call,
        place: &TenantRows,
        detail: &str,
    ) -> Result<(), ApiError> {
        let (audit, actor) = (api.audit.get(), call.actor());
        audit
            .record(&place.tenant, &actor, self.action, detail)
            .await?;
        Ok(())
    }
}

/// The fields of a response that identify the settings.
#[derive(Serialize, ToSchema)]
pub struct SettingsVersion {
    /// Always true. A failure is answered by the error envelope.
    pub ok: bool,
    /// The version, which a change of them names. 0 if none are stored.
    pub version: i64,
    /// False if the workspace has stored none, so that these are the defaults.
    pub own: bool,
}

impl<T> From<&Effective<T>> for SettingsVersion {
    fn from(settings: &Effective<T>) -> Self {
        Self {
            ok: true,
            version: settings.version,
            own: settings.own,
        }
    }
}

/// Serializes settings, or a part of them, for a response.
pub fn json_of(part: &impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(part).map_err(|e| ApiError::Internal(e.to_string()))
}

/// Lists the names of the settings that differ. Values are left out, because audit rows must not keep them.
fn differing(before: &Value, after: &Value) -> String {
    let fields = after.as_object().into_iter().flatten();
    let changed = fields.filter(|(name, value)| before.get(name) != Some(value));
    let changed: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
    if changed.is_empty() {
        return "nothing".to_owned();
    }
    changed.join(", ")
}

fn newer(version: i64) -> ApiError {
    ApiError::conflict(format!(
        "the settings have changed: version {version} stands now. Read them again, and repeat the change on that"
    ))
}
