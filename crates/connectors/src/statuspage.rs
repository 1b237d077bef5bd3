//! A client of Statuspage.io for one page, with one HTTP request per call. The API is documented at
//! developer.statuspage.io.
//!
//!
//! Statuspage allows one call per second and key, measured over a minute; the caller enforces that. It has no
//! idempotency keys, so Tidegate stores its own id in an incident's `metadata`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use reqwest::{Method, Url};
use secrecy::SecretString;
use serde_json::{Value, json};
use thiserror::Error;
use tidegate_outcome::Outcome;

use crate::rejection::ServiceRejection;
use crate::status_page::{
    Component, ComponentId, ComponentStatus, ExternalId, IncidentStatus, Listing, MAX_BODY,
    MAX_NAME, Posted, PublicIncident, PublicUpdate, StatusPage,
};

mod request;
mod response;

/// Base address of Statuspage.io's API, used unless the configuration has another.
pub const STATUSPAGE_API: &str = "https://api.statuspage.io/v1";

/// Items in one part of a list: the most that Statuspage allows.
pub const PER_PAGE: usize = 100;

/// Most parts of a list that are read: 5,000 components or open incidents. Requests for later parts are rejected.
pub const MAX_PAGES: u32 = 50;

/// The key in an incident's `metadata` under which Tidegate stores its data.
const NAMESPACE: &str = "tidegate";

/// A page on Statuspage.io, or on a stand-in with the same API.
#[derive(Debug, Clone)]
pub struct Statuspage {
    http: reqwest::Client,
    base_url: Url,
    page_id: String,
    key: SecretString,
}

/// Why a page's configuration is invalid. The text omits the values, because they may contain a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The API's address is not an absolute `https` URL. Plain `http` is allowed on the local machine only.
    #[error(
        "the address of Statuspage's API is not an https URL (plain http is for this machine only)"
    )]
    BaseUrl,
    /// The page's id does not have the form of Statuspage's ids.
    #[error(
        "the id of the status page is not one: it is in the page's address at manage.statuspage.io, after `/pages/`"
    )]
    PageId,
}

/// The page's own data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageInfo {
    /// The page's id, as it stands in the page's address at manage.statuspage.io.
    pub id: String,
    /// The name that readers see.
    pub name: String,
    /// The page's public address; empty if Statuspage does not return it.
    pub url: String,
}

impl Statuspage {
    /// Makes a client for a page. `base_url` is the API's address, for example [`STATUSPAGE_API`]. Fails if address or
    /// id are malformed.
    pub fn new(
        http: reqwest::Client,
        base_url: &str,
        page_id: &str,
        key: SecretString,
    ) -> Result<Self, SetupError> {
        let url = request::base_url(base_url).ok_or(SetupError::BaseUrl)?;
        if !request::is_id(page_id) {
            return Err(SetupError::PageId);
        }
        Ok(Self {
            http,
            base_url: url,
            page_id: page_id.to_owned(),
            key,
        })
    }

    /// Reads the page's own data. This checks id and key when a page is connected.
    pub async fn page(&self) -> Outcome<PageInfo, ServiceRejection> {
        let outcome = self.send(Method::GET, &[], &[], None).await;
        outcome.and_then(|answer| read(response::page(&answer)))
    }

    /// Stores the draft of an incident's post-mortem. Repeating the call changes nothing.
    pub async fn put_postmortem_draft(
        &self,
        id: &ExternalId,
        body: &str,
    ) -> Outcome<(), ServiceRejection> {
        let draft = json!({"postmortem": {"body_draft": body}});
        let path = ["incidents", id.as_str(), "postmortem"];
        let outcome = self.send(Method::PUT, &path, &[], Some(&draft)).await;
        outcome.map(|_| ())
    }

    /// Publishes the draft of an incident's post-mortem. `notify` informs subscribers, but never Twitter.
    pub async fn publish_postmortem(
        &self,
        id: &ExternalId,
        notify: bool,
    ) -> Outcome<(), ServiceRejection> {
        let how = json!({"postmortem": {"notify_subscribers": notify, "notify_twitter": false}});
        let path = ["incidents", id.as_str(), "postmortem", "publish"];
        let outcome = self.send(Method::PUT, &path, &[], Some(&how)).await;
        outcome.map(|_| ())
    }

    /// Reads one part of a list, numbered from 1. A part that is not full is the last one.
    async fn list<T>(
        &self,
        path: &[&str],
        page: u32,
        item: fn(&Value) -> Option<T>,
    ) -> Outcome<Listing<T>, ServiceRejection> {
        if page > MAX_PAGES {
            let most = MAX_PAGES as usize * PER_PAGE;
            return Outcome::rejected(ServiceRejection::invalid(&format!(
                "the status page lists more than {most}"
            )));
        }
        let query = [
            ("page", page.to_string()),
            ("per_page", PER_PAGE.to_string()),
        ];
        let outcome = self.send(Method::GET, path, &query, None).await;
        outcome.and_then(|answer| {
            read(response::list(&answer, item).map(|items| Listing {
                next: (items.len() >= PER_PAGE).then(|| page.saturating_add(1)),
                items,
            }))
        })
    }
}

#[async_trait]
impl StatusPage for Statuspage {
    async fn components(&self, page: u32) -> Outcome<Listing<Component>, ServiceRejection> {
        self.list(&["components"], page, response::component).await
    }

    async fn set_component(
        &self,
        id: &ComponentId,
        status: ComponentStatus,
    ) -> Outcome<(), ServiceRejection> {
        let body = json!({"component": {"status": status.as_str()}});
        let path = ["components", id.as_str()];
        let outcome = self.send(Method::PATCH, &path, &[], Some(&body)).await;
        outcome.map(|_| ())
    }

    async fn unresolved(&self, page: u32) -> Outcome<Listing<Posted>, ServiceRejection> {
        self.list(&["incidents", "unresolved"], page, response::incident)
            .await
    }

    async fn create(&self, incident: &PublicIncident) -> Outcome<Posted, ServiceRejection> {
        if let Some(reason) = reason_not_to_create(incident) {
            return Outcome::rejected(ServiceRejection::invalid(&reason));
        }
        let mut body = json!({
            "name": incident.name,
            "status": incident.status.as_str(),
            "impact_override": incident.impact.as_str(),
            "body": incident.body,
            "deliver_notifications": incident.notify,
            "metadata": {NAMESPACE: {"incident_id": incident.our_id}},
        });
        add_components(&mut body, &incident.components);
        let body = json!({"incident": body});
        let outcome = self
            .send(Method::POST, &["incidents"], &[], Some(&body))
            .await;
        outcome.and_then(|answer| read(response::incident(&answer)))
    }

    async fn incident(&self, id: &ExternalId) -> Outcome<Posted, ServiceRejection> {
        let path = ["incidents", id.as_str()];
        let outcome = self.send(Method::GET, &path, &[], None).await;
        outcome.and_then(|answer| read(response::incident(&answer)))
    }

    async fn update(
        &self,
        id: &ExternalId,
        update: &PublicUpdate,
    ) -> Outcome<Posted, ServiceRejection> {
        if let Some(reason) = too_long("text", &update.body, MAX_BODY) {
            return Outcome::rejected(ServiceRejection::invalid(&reason));
        }
        let mut body = json!({
            "status": update.status.as_str(),
            "impact_override": update.impact.as_str(),
            "body": update.body,
            "deliver_notifications": update.notify,
        });
        add_components(&mut body, &update.components);
        let body = json!({"incident": body});
        let path = ["incidents", id.as_str()];
        let outcome = self.send(Method::PATCH, &path, &[], Some(&body)).await;
        outcome.and_then(|answer| read(response::incident(&answer)))
    }
}

/// Why Statuspage would reject the incident, or why it could not be found again afterwards; `None` if it is valid.
fn reason_not_to_create(incident: &PublicIncident) -> Option<String> {
    if incident.name.trim().is_empty() {
        return Some("an incident on the status page needs a name".to_owned());
    }
    if incident.status == IncidentStatus::Resolved {
        return Some(
            "an incident cannot be published as resolved: publish it, then resolve it".to_owned(),
        );
    }
    too_long("name", &incident.name, MAX_NAME)
        .or_else(|| too_long("text", &incident.body, MAX_BODY))
}

fn too_long(what: &str, text: &str, most: usize) -> Option<String> {
    let has = text.chars().count();
    (has > most).then(|| format!("the {what} has {has} characters; the status page takes {most}"))
}

/// Sets both fields: `components` changes the statuses, and `component_ids` determines whose subscribers are notified.
fn add_components(body: &mut Value, components: &BTreeMap<ComponentId, ComponentStatus>) {
    if components.is_empty() {
        return;
    }
    let ids: Vec<&str> = components.keys().map(ComponentId::as_str).collect();
    let statuses: serde_json::Map<String, Value> = components
        .iter()
        .map(|(id, status)| (id.as_str().to_owned(), status.as_str().into()))
        .collect();
    body["component_ids"] = json!(ids);
    body["components"] = Value::Object(statuses);
}

/// Converts the parsed body of a 2xx response. If the body cannot be parsed, it is unknown whether the call took
/// effect.
fn read<T>(answer: Option<T>) -> Outcome<T, ServiceRejection> {
    match answer {
        Some(answer) => Outcome::Done(answer),
        None => Outcome::Ambiguous("the answer cannot be read".to_owned()),
    }
}
