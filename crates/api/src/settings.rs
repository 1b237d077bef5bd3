//! What the routes of every domain's settings share: whose settings they are, the version that the caller has seen, and a
//! change that is checked, stored and audited.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidegate_pipeline::documents::{Document, Effective};
use tidegate_pipeline::table::{RowKey, Rows, TableError};
use tidegate_slack::ids::TenantId;

use crate::{Answer, Api, Call, Refused, reply};

/// How often a change that names no version is tried, when others change the settings at the same moment.
const TRIES: usize = 5;

/// The settings of a domain.
pub struct Settings<'a, T> {
    /// How they lie in their row.
    pub document: &'a Document<T>,
    /// Their row.
    pub key: RowKey,
    /// What holds in a workspace that has stored none.
    pub defaults: &'a T,
    /// What an audit row calls a change of them, e.g. `incidents.settings`.
    pub action: &'static str,
    /// Everything that is wrong with a value, each with its path; nothing, if it can be stored.
    pub check: fn(&T) -> Vec<String>,
}

/// Whose settings, and how to get at them.
pub struct Place {
    /// The workspace.
    pub tenant: TenantId,
    /// Its rows.
    pub rows: Rows,
}

impl Place {
    /// The workspace that the body names, or the query, or else the caller's own.
    pub fn of(api: &Api, call: &Call, named: Option<&str>) -> Result<Self, Refused> {
        let tenant = call.tenant(named.or_else(|| call.query.get("tenant")))?;
        let rows = api.table.rows(call, &tenant)?;
        Ok(Self { tenant, rows })
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Settings<'_, T> {
    /// The settings that hold in a workspace.
    pub async fn load(&self, place: &Place) -> Result<Effective<T>, Refused> {
        let loaded = self.document.load_or(&place.rows, &self.key, self.defaults);
        Ok(loaded.await?)
    }

    /// Changes the settings as they stand, or those of the version that the caller has seen and no others. Answers with
    /// the new version.
    pub async fn change(
        &self,
        api: &Api,
        call: &Call,
        place: &Place,
        seen: Option<i64>,
        edit: impl Fn(T) -> Result<T, Refused>,
    ) -> Answer {
        for _ in 0..TRIES {
            let Effective { value, version, .. } = self.load(place).await?;
            if seen.is_some_and(|seen| seen != version) {
                return Err(newer(version));
            }
            let before = json_of(&value)?;
            let value = edit(value)?;
            let problems = (self.check)(&value);
            if !problems.is_empty() {
                return Err(Refused::problems(&problems));
            }
            let write = self.document.replace(self.key.clone(), &value, version);
            match place.rows.write(write).await {
                Ok(_) => {}
                Err(TableError::Condition) => continue,
                Err(e) => return Err(e.into()),
            }
            let version = version + 1;
            let changed = differing(&before, &json_of(&value)?);
            let detail = format!("version {version}: {changed}");
            self.audit(api, call, place, &detail).await?;
            return Ok(reply::ok(standing(&Effective {
                value,
                version,
                own: true,
            })));
        }
        Err(Refused::conflict(
            "others change the settings all the time; try again",
        ))
    }

    /// Leaves an audit row of a change.
    pub async fn audit(
        &self,
        api: &Api,
        call: &Call,
        place: &Place,
        detail: &str,
    ) -> Result<(), Refused> {
        let (audit, actor) = (&api.audit, call.actor());
        audit
            .record(&place.tenant, &actor, self.action, detail)
            .await?;
        Ok(())
    }
}

/// The part of an answer that tells which settings hold: `version`, and `own` for the workspace's own.
pub fn standing<T>(settings: &Effective<T>) -> Value {
    json!({"ok": true, "version": settings.version, "own": settings.own})
}

/// Settings, or a part of them, as JSON for an answer.
pub fn json_of(part: &impl Serialize) -> Result<Value, Refused> {
    serde_json::to_value(part).map_err(|e| Refused::Ours(e.to_string()))
}

/// The names of the settings that differ: never their values, which outlive no erasure.
fn differing(before: &Value, after: &Value) -> String {
    let fields = after.as_object().into_iter().flatten();
    let changed = fields.filter(|(name, value)| before.get(name) != Some(value));
    let changed: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
    if changed.is_empty() {
        return "nothing".to_owned();
    }
    changed.join(", ")
}

fn newer(version: i64) -> Refused {
    Refused::conflict(format!(
        "the settings have changed: version {version} stands now. Read them again, and repeat the change on that"
    ))
}
