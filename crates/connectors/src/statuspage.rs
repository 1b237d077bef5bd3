//! Statuspage.io: a page of one account, one HTTP request per call. Contract: developer.statuspage.io.
//!
//! Its limit is one call a second for each key, measured over a minute; the caller keeps to it. It has no idempotency
//! key, so an incident carries our id in its `metadata`.

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

mod answer;
mod request;

/// Statuspage.io's own address, used unless the configuration names another.
pub const STATUSPAGE_API: &str = "https://api.statuspage.io/v1";

/// Items in one part of a list, the most that Statuspage allows.
pub const PER_PAGE: usize = 100;

/// Parts of a list that are read: 5,000 components or open incidents. Asking for a later part is refused.
pub const MAX_PAGES: u32 = 50;

/// The key in an incident's `metadata` under which Tidegate keeps its own data.
const NAMESPACE: &str = "tidegate";

/// One page at Statuspage.io, or at a stand-in with the same API.
#[derive(Debug, Clone)]
pub struct Statuspage {
    http: reqwest::Client,
    base_url: Url,
    page_id: String,
    key: SecretString,
}

/// The page cannot be addressed as it is configured. The text leaves the values out: a key may stand among them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The address of the API is not an absolute `https` URL, or is plain `http` to another machine.
    #[error(
        "the address of Statuspage's API is not an https URL (plain http is for this machine only)"
    )]
    BaseUrl,
    /// The page's id cannot be one of Statuspage's.
    #[error(
        "the id of the status page is not one: it is in the page's address at manage.statuspage.io, after `/pages/`"
    )]
    PageId,
}

/// The page as Statuspage describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageInfo {
    /// The page's id.
    pub id: String,
    /// The page's name, as readers see it.
    pub name: String,
    /// The page's public address; empty if Statuspage does not say.
    pub url: String,
}

impl Statuspage {
    /// The page with this id, below `base_url`, for example [`STATUSPAGE_API`].
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

    /// Reads the page itself, which checks the id and the key when a page is connected.
    pub async fn page(&self) -> Outcome<PageInfo, ServiceRejection> {
        let outcome = self.send(Method::GET, &[], &[], None).await;
        outcome.and_then(|answer| read(answer::page(&answer)))
    }

    /// Writes the draft of an incident's post-mortem. Repeating it changes nothing.
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

    /// Publishes the draft of an incident's post-mortem; `notify` tells subscribers, never Twitter.
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

    /// Reads one part of a list, counted from 1. A part that is not full is the last one.
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
            read(answer::list(&answer, item).map(|items| Listing {
                next: (items.len() >= PER_PAGE).then(|| page.saturating_add(1)),
                items,
            }))
        })
    }
}

#[async_trait]
impl StatusPage for Statuspage {
    async fn components(&self, page: u32) -> Outcome<Listing<Component>, ServiceRejection> {
        self.list(&["components"], page, answer::component).await
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
        self.list(&["incidents", "unresolved"], page, answer::incident)
            .await
    }

    async fn create(&self, incident: &PublicIncident) -> Outcome<Posted, ServiceRejection> {
        if let Some(reason) = cannot_be_created(incident) {
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
        outcome.and_then(|answer| read(answer::incident(&answer)))
    }

    async fn incident(&self, id: &ExternalId) -> Outcome<Posted, ServiceRejection> {
        let path = ["incidents", id.as_str()];
        let outcome = self.send(Method::GET, &path, &[], None).await;
        outcome.and_then(|answer| read(answer::incident(&answer)))
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
        outcome.and_then(|answer| read(answer::incident(&answer)))
    }
}

/// Why Statuspage would refuse the incident, or why it could not be found again afterwards; `None` if it is fine.
fn cannot_be_created(incident: &PublicIncident) -> Option<String> {
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

/// Sets both fields: `components` changes the components' statuses, `component_ids` says whose subscribers are
/// notified.
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

/// Judges what was read of a 2xx answer. One that cannot be read leaves open whether the call took effect.
fn read<T>(answer: Option<T>) -> Outcome<T, ServiceRejection> {
    match answer {
        Some(answer) => Outcome::Done(answer),
        None => Outcome::Ambiguous("the answer cannot be read".to_owned()),
    }
}
