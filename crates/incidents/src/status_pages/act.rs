//! Performs one step: makes at most one call to the page, and records its outcome and what follows.
//!
//!
//! Before a call that publishes, a note of it is stored. A later attempt that finds the note asks the page first, so
//! that a text is published once even if a sender dies.

mod calling;

use std::collections::BTreeMap;

use tidegate_connectors::rejection::Reason;
use tidegate_connectors::status_page::{
    ComponentId, ComponentStatus, ExternalId, Posted, PublicIncident, PublicUpdate, StatusPage,
    UpdateId, find_ours,
};
use tidegate_pipeline::budget::Budget;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::{Rows, Write};

use self::calling::CallResult;
pub(super) use self::calling::lost_race;
use super::desired::public_status;
use super::step::Step;
use super::sync_state::{Call, Content, ShownStatuses, SyncRecord};
use super::{key_refused, receipt};
use crate::model::incident::Incident;
use crate::model::publication;
use crate::model::settings::Settings;

/// A page and the means to call it.
pub(super) struct Connection {
    /// The client of the page.
    pub page: Box<dyn StatusPage>,
    /// The kind of page: `statuspage` or `built_in`.
    pub provider: &'static str,
    /// The page's id, which is unique among pages of its kind.
    pub id: String,
    /// The page's public address; `None` if unknown.
    pub link: Option<String>,
    /// The call budget of its key, with the system rows that store it; `None` if calls are not limited.
    pub budget: Option<(Rows, Budget)>,
    /// Hash of its API key, which identifies the key; empty for the built-in page.
    pub key: String,
}

/// The context of one step.
pub(super) struct Work<'a> {
    pub turn: &'a Turn<'a>,
    pub settings: &'a Settings,
    pub incident: &'a Incident,
    pub to: &'a Connection,
    pub record: SyncRecord,
    pub shown: ShownStatuses,
}

impl Work<'_> {
    /// Performs the step: calls the page if the step needs it, and records the outcome.
    pub(super) async fn take(self, step: Step) -> Result<Done, Undone> {
        match step {
            Step::Nothing => Ok(Done::default()),
            Step::LookForIncident(call) => self.look_for_incident(call).await,
            Step::LookForUpdate(id, call) => self.look_for_update(&id, &call).await,
            Step::Create(content, incident) => self.create(content, &incident).await,
            Step::Update(content, id, update) => self.update(content, &id, &update).await,
            Step::SetComponent(id, status) => self.set_component(id, status).await,
        }
    }

    async fn create(mut self, content: Content, incident: &PublicIncident) -> Result<Done, Undone> {
        self.begin(content.clone()).await?;
        let outcome = self.to.page.create(incident).await;
        match self.ended(outcome).await? {
            CallResult::Done(posted) => {
                let status = incident.status.as_str();
                self.published(&content, &posted, status, &incident.components)
                    .await
            }
            CallResult::Rejected(why) => {
                self.refused(&content, &why, !incident.components.is_empty())
                    .await
            }
            CallResult::KeyRefused => self.key_refused().await,
        }
    }

    async fn update(
        mut self,
        content: Content,
        id: &ExternalId,
        update: &PublicUpdate,
    ) -> Result<Done, Undone> {
        self.begin(content.clone()).await?;
        let outcome = self.to.page.update(id, update).await;
        match self.ended(outcome).await? {
            CallResult::Done(posted) => {
                let status = update.status.as_str();
                self.published(&content, &posted, status, &update.components)
                    .await
            }
            CallResult::Rejected(why) => {
                self.refused(&content, &why, !update.components.is_empty())
                    .await
            }
            CallResult::KeyRefused => self.key_refused().await,
        }
    }

    async fn look_for_incident(mut self, call: Call) -> Result<Done, Undone> {
        self.wait_until_finished(&call)?;
        self.take_turn().await?;
        let outcome = self.to.page.unresolved(call.part).await;
        let listing = match self.read(outcome).await? {
            CallResult::Done(listing) => listing,
            CallResult::Rejected(why) => return self.refused(&call.content, &why, false).await,
            CallResult::KeyRefused => return self.key_refused().await,
        };
        if let Some(posted) = find_ours(&listing.items, self.incident.id.as_str()) {
            let status = posted.status.map_or("", |status| status.as_str());
            return self
                .published(&call.content, posted, status, &BTreeMap::new())
                .await;
        }
        self.record.state.call = listing.next.map(|part| Call { part, ..call });
        Ok(self.store_and_continue())
    }

    async fn look_for_update(mut self, id: &ExternalId, call: &Call) -> Result<Done, Undone> {
        self.wait_until_finished(call)?;
        let Some(sought) = self.sought(&call.content).await? else {
            self.record.state.call = None;
            return Ok(self.store_and_continue());
        };
        self.take_turn().await?;
        let outcome = self.to.page.incident(id).await;
        let posted = match self.read(outcome).await? {
            CallResult::Done(posted) => posted,
            CallResult::Rejected(why) => return self.refused(&call.content, &why, false).await,
            CallResult::KeyRefused => return self.key_refused().await,
        };
        let newest = self.record.state.newest.as_deref().map(UpdateId::from);
        if posted.shows(&sought, newest.as_ref()) {
            let status = sought.status.as_str();
            return self
                .published(&call.content, &posted, status, &BTreeMap::new())
                .await;
        }
        self.record.state.newest = posted.newest().map(|id| id.as_str().to_owned());
        self.record.state.call = None;
        Ok(self.store_and_continue())
    }

    /// The update that a call was meant to publish; `None` if its text or status no longer exists.
    async fn sought(&self, content: &Content) -> Result<Option<PublicUpdate>, Undone> {
        let (status, body) = match content {
            Content::Text(n) => {
                let text = publication::load(self.turn.rows, &self.incident.id, *n).await?;
                let Some(text) = text else { return Ok(None) };
                (Some(public_status(text.update.status)), text.update.text)
            }
            Content::Status { status, words } => (
                tidegate_connectors::status_page::IncidentStatus::from_word(status),
                words.clone(),
            ),
        };
        Ok(status.map(|status| PublicUpdate {
            status,
            impact: tidegate_connectors::status_page::Impact::None,
            body,
            components: BTreeMap::new(),
            notify: false,
        }))
    }

    async fn set_component(
        mut self,
        id: ComponentId,
        status: ComponentStatus,
    ) -> Result<Done, Undone> {
        self.take_turn().await?;
        let outcome = self.to.page.set_component(&id, status).await;
        let why = match self.ended(outcome).await? {
            CallResult::Done(()) => None,
            CallResult::Rejected(why) => Some(why),
            CallResult::KeyRefused => return self.key_refused().await,
        };
        // A rejected status is recorded as well, so that it is not tried again until the desired status changes.
        self.shown.0.insert(id.clone(), status);
        let mut done = Done {
            writes: vec![self.shown.put(&self.to.id)],
            posts: Vec::new(),
            ..Done::default()
        };
        if let Some(why) = why {
            done.posts
                .push(receipt::component_refused(self.incident, &id, &why));
        }
        done.posts.push(self.next_sync());
        Ok(done)
    }

    /// The page accepted the content: records the new state and the components, and reports a published text in the
    /// channel.
    async fn published(
        mut self,
        content: &Content,
        posted: &Posted,
        status: &str,
        components: &BTreeMap<ComponentId, ComponentStatus>,
    ) -> Result<Done, Undone> {
        self.record.state.done(posted, status);
        let mut done = self.store_and_continue();
        if !components.is_empty() {
            self.shown.0.extend(components.clone());
            done.writes.push(self.shown.put(&self.to.id));
        }
        done.writes.push(Write::delete(key_refused::place()));
        if let Content::Text(n) = content
            && let Some(text) = publication::load(self.turn.rows, &self.incident.id, *n).await?
        {
            let now = self.turn.clock.now();
            let link = Some(self.record.state.link.as_str()).filter(|link| !link.is_empty());
            let link = link.or(self.to.link.as_deref());
            done.writes.push(publication::sent(
                &self.incident.id,
                &text,
                self.turn.attempts,
                now,
            ));
            done.posts.push(receipt::published(self.incident, link));
        }
        Ok(done)
    }

    /// The page rejected the content. If it included components, they may be the reason, and the next attempt omits
    /// them. Otherwise the content is skipped, and the channel gets the reason.
    async fn refused(
        mut self,
        content: &Content,
        why: &Reason,
        with_components: bool,
    ) -> Result<Done, Undone> {
        if with_components {
            self.record.state.bare = true;
            self.record.state.call = None;
            return Ok(self.store_and_continue());
        }
        self.record.state.call.get_or_insert_with(|| Call {
            content: content.clone(),
            since: self.turn.clock.now(),
            part: 1,
        });
        self.record.state.give_up();
        let mut done = self.store_and_continue();
        let text = match content {
            Content::Text(n) => publication::load(self.turn.rows, &self.incident.id, *n).await?,
            Content::Status { .. } => None,
        };
        done.posts
            .push(receipt::refused(self.incident, text.as_ref(), why));
        if let Some(text) = &text {
            let now = self.turn.clock.now();
            let write =
                publication::failed(&self.incident.id, text, "refused", self.turn.attempts, now);
            done.writes.push(write);
        }
        Ok(done)
    }

    /// The page rejected the key: notifies the admins once and parks what waits.
    async fn key_refused(self) -> Result<Done, Undone> {
        key_refused::notify_admins_once(self.turn, self.settings, self.incident, &self.to.key).await
    }
}
