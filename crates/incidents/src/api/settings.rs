//! Routes: a workspace's settings of incidents, whole or one service or template at a time, and the status page's API
//! key, which is taken and never answered.

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::ids::TenantId;

use tidegate_api::{Access, Answer, Api, Call, Refused, Route};

use super::{INCIDENTS_ADMIN, INCIDENTS_READ};
use crate::domain::Incidents;
use crate::model::settings::store::{self, Loaded, StatusPageKey};
use crate::model::settings::{Service, Settings, check::check, input};
use crate::model::templates::Template;
use tidegate_api::reply;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/api/incident-settings", READ, |api, call| {
        Box::pin(show(api, call))
    }),
    Route::put("/api/incident-settings", WRITE, |api, call| {
        Box::pin(replace(api, call))
    }),
    Route::get(
        "/api/incident-settings/templates/{name}",
        READ,
        |api, call| Box::pin(show_template(api, call)),
    ),
    Route::put(
        "/api/incident-settings/templates/{name}",
        WRITE,
        |api, call| Box::pin(put_template(api, call)),
    ),
    Route::delete(
        "/api/incident-settings/templates/{name}",
        WRITE,
        |api, call| Box::pin(remove_template(api, call)),
    ),
    Route::put(
        "/api/incident-settings/services/{slug}",
        WRITE,
        |api, call| Box::pin(put_service(api, call)),
    ),
    Route::delete(
        "/api/incident-settings/services/{slug}",
        WRITE,
        |api, call| Box::pin(remove_service(api, call)),
    ),
    Route::put(
        "/api/incident-settings/status-page-key",
        WRITE,
        |api, call| Box::pin(put_key(api, call)),
    ),
    Route::delete(
        "/api/incident-settings/status-page-key",
        WRITE,
        |api, call| Box::pin(remove_key(api, call)),
    ),
];

const READ: Access = Access::TenantOrOperator(INCIDENTS_READ);
const WRITE: Access = Access::TenantOrOperator(INCIDENTS_ADMIN);

/// How often a change that names no version is tried, when others change the settings at the same moment.
const TRIES: usize = 5;

/// The body of a PUT: what is stored, for whom, and which version the caller has seen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    tenant: Option<String>,
    version: Option<i64>,
    #[serde(alias = "service", alias = "template")]
    settings: Value,
}

/// The body of a PUT of the status page's key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedKey {
    tenant: Option<String>,
    key: String,
}

/// Whose settings, and how to get at them.
struct Place {
    tenant: TenantId,
    rows: Rows,
}

async fn show(api: &Api, call: &Call) -> Answer {
    let place = place(api, call, None)?;
    let loaded = api.domain::<Incidents>()?.settings(&place.rows).await?;
    let key = StatusPageKey::is_set(&place.rows).await?;
    let mut body = standing(&loaded);
    body["settings"] = json_of(&loaded.settings)?;
    body["status_page_key"] = if key { "set" } else { "not_set" }.into();
    Ok(reply::ok(body))
}

async fn replace(api: &Api, call: &Call) -> Answer {
    let wanted: Wanted = call.json()?;
    let place = place(api, call, wanted.tenant.as_deref())?;
    let settings =
        input::read(&wanted.settings).map_err(|problems| Refused::problems(&problems))?;
    change(api, call, &place, wanted.version, |_| Ok(settings.clone())).await
}

async fn show_template(api: &Api, call: &Call) -> Answer {
    let place = place(api, call, None)?;
    let loaded = api.domain::<Incidents>()?.settings(&place.rows).await?;
    let template = loaded.settings.templates.get(call.path("name"));
    let template = template.ok_or_else(no_template)?;
    let mut body = standing(&loaded);
    body["template"] = json_of(template)?;
    Ok(reply::ok(body))
}

async fn put_template(api: &Api, call: &Call) -> Answer {
    let name = call.path("name");
    let (place, version, template) = part::<Template>(api, call, "template")?;
    let with = |mut settings: Settings| {
        settings.templates.insert(name.to_owned(), template.clone());
        Ok(settings)
    };
    change(api, call, &place, version, with).await
}

async fn remove_template(api: &Api, call: &Call) -> Answer {
    let place = place(api, call, None)?;
    let without = |mut settings: Settings| {
        let gone = settings.templates.remove(call.path("name"));
        gone.map(|_| settings).ok_or_else(no_template)
    };
    change(api, call, &place, call.query.number("version")?, without).await
}

async fn put_service(api: &Api, call: &Call) -> Answer {
    let slug = call.path("slug");
    let (place, version, service) = part::<Service>(api, call, "service")?;
    let with = |mut settings: Settings| {
        settings.services.insert(slug.to_owned(), service.clone());
        Ok(settings)
    };
    change(api, call, &place, version, with).await
}

async fn remove_service(api: &Api, call: &Call) -> Answer {
    let place = place(api, call, None)?;
    let without = |mut settings: Settings| {
        let gone = settings.services.remove(call.path("slug"));
        gone.map(|_| settings)
            .ok_or_else(|| Refused::not_found("no service with that slug"))
    };
    change(api, call, &place, call.query.number("version")?, without).await
}

async fn put_key(api: &Api, call: &Call) -> Answer {
    let wanted: WantedKey = call.json()?;
    let place = place(api, call, wanted.tenant.as_deref())?;
    if !StatusPageKey::is_plausible(&wanted.key) {
        let message =
            "`key` takes the API key that Statuspage.io shows: 8 to 200 characters without spaces";
        return Err(Refused::bad(message));
    }
    let write = StatusPageKey::store(&wanted.key.into());
    place.rows.write(write).await?;
    audit(api, call, &place, "status page key set").await?;
    Ok(reply::ok(json!({"ok": true, "status_page_key": "set"})))
}

async fn remove_key(api: &Api, call: &Call) -> Answer {
    let place = place(api, call, None)?;
    place.rows.write(StatusPageKey::remove()).await?;
    audit(api, call, &place, "status page key removed").await?;
    Ok(reply::ok(json!({"ok": true, "status_page_key": "not_set"})))
}

fn place(api: &Api, call: &Call, named: Option<&str>) -> Result<Place, Refused> {
    let tenant = call.tenant(named.or_else(|| call.query.get("tenant")))?;
    let rows = api.table.rows(call, &tenant)?;
    Ok(Place { tenant, rows })
}

/// The part of the settings in the body of a PUT, where it goes, and the version that the caller has seen.
fn part<T: DeserializeOwned + Serialize>(
    api: &Api,
    call: &Call,
    what: &str,
) -> Result<(Place, Option<i64>, T), Refused> {
    let wanted: Wanted = call.json()?;
    let place = place(api, call, wanted.tenant.as_deref())?;
    let part = input::read_part(what, &wanted.settings)
        .map_err(|problems| Refused::problems(&problems))?;
    Ok((place, wanted.version, part))
}

/// Changes the settings as they stand, or of the version that the caller has seen and no other.
async fn change(
    api: &Api,
    call: &Call,
    place: &Place,
    seen: Option<i64>,
    edit: impl Fn(Settings) -> Result<Settings, Refused>,
) -> Answer {
    for _ in 0..TRIES {
        let loaded = api.domain::<Incidents>()?.settings(&place.rows).await?;
        let version = loaded.version;
        if seen.is_some_and(|seen| seen != version) {
            return Err(newer(version));
        }
        let before = json_of(&loaded.settings)?;
        let settings = edit(loaded.settings)?;
        let problems = check(&settings);
        if !problems.is_empty() {
            return Err(Refused::problems(&problems));
        }
        match place.rows.write(store::store(&settings, version)).await {
            Ok(_) => {}
            Err(TableError::Condition) => continue,
            Err(e) => return Err(e.into()),
        }
        let changed = differing(&before, &json_of(&settings)?);
        let detail = format!("version {}: {changed}", version + 1);
        audit(api, call, place, &detail).await?;
        let stored = Loaded {
            settings,
            version: version + 1,
            own: true,
        };
        return Ok(reply::json(StatusCode::OK, &standing(&stored)));
    }
    Err(Refused::conflict(
        "others change the settings all the time; try again",
    ))
}

async fn audit(api: &Api, call: &Call, place: &Place, detail: &str) -> Result<(), Refused> {
    let (audit, actor) = (&api.audit, call.actor());
    audit
        .record(&place.tenant, &actor, "incidents.settings", detail)
        .await?;
    Ok(())
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

fn standing(loaded: &Loaded) -> Value {
    json!({"ok": true, "version": loaded.version, "own": loaded.own})
}

fn json_of(part: &impl Serialize) -> Result<Value, Refused> {
    serde_json::to_value(part).map_err(|e| Refused::Ours(e.to_string()))
}

fn newer(version: i64) -> Refused {
    Refused::conflict(format!(
        "the settings have changed: version {version} stands now. Read them again, and repeat the change on that"
    ))
}

fn no_template() -> Refused {
    Refused::not_found(
        "no template with that name; `GET /api/incident-settings` shows which there are",
    )
}
