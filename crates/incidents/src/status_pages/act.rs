//! Takes one step: at most one call to the page, what came of it written down with what follows from it.
//!
//! Before a call that publishes, it is written down that it begins. Whoever finds such a note later asks the page first:
//! so a text is published once, whoever dies when.

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

use self::calling::Ended;
pub(super) use self::calling::overtaken;
use super::known::{Call, Memory, Says, Shown};
use super::step::Step;
use super::wanted::public_status;
use super::{key_refused, receipt};
use crate::model::incident::Incident;
use crate::model::publication;
use crate::model::settings::Settings;

/// A page, and what it takes to call it.
pub(super) struct Connection {
    /// Calls it.
    pub page: Box<dyn StatusPage>,
    /// Who publishes it: `statuspage`, `built_in`.
    pub provider: &'static str,
    /// Names it among the provider's.
    pub id: String,
    /// Where readers find it, if we know.
    pub link: Option<String>,
    /// The calls left of its key, in the rows of no workspace; `None` if nobody counts them.
    pub budget: Option<(Rows, Budget)>,
    /// Names its key.
    pub key: String,
}

/// One step under way.
pub(super) struct Work<'a> {
    pub turn: &'a Turn<'a>,
    pub settings: &'a Settings,
    pub incident: &'a Incident,
    pub to: &'a Connection,
    pub memory: Memory,
    pub shown: Shown,
}

impl Work<'_> {
    /// Takes the step.
    pub(super) async fn take(self, step: Step) -> Result<Done, Undone> {
        match step {
            Step::Nothing => Ok(Done::default()),
            Step::LookForIncident(call) => self.look_for_incident(call).await,
            Step::LookForUpdate(id, call) => self.look_for_update(&id, &call).await,
            Step::Create(says, incident) => self.create(says, &incident).await,
            Step::Update(says, id, update) => self.update(says, &id, &update).await,
            Step::SetComponent(id, status) => self.set_component(id, status).await,
        }
    }

    async fn create(mut self, says: Says, incident: &PublicIncident) -> Result<Done, Undone> {
        self.begin(says.clone()).await?;
        let outcome = self.to.page.create(incident).await;
        match self.ended(outcome).await? {
            Ended::Done(posted) => {
                let status = incident.status.as_str();
                self.published(&says, &posted, status, &incident.components)
                    .await
            }
            Ended::Never(why) => {
                self.refused(&says, &why, !incident.components.is_empty())
                    .await
            }
            Ended::Key => self.broken().await,
        }
    }

    async fn update(
        mut self,
        says: Says,
        id: &ExternalId,
        update: &PublicUpdate,
    ) -> Result<Done, Undone> {
        self.begin(says.clone()).await?;
        let outcome = self.to.page.update(id, update).await;
        match self.ended(outcome).await? {
            Ended::Done(posted) => {
                let status = update.status.as_str();
                self.published(&says, &posted, status, &update.components)
                    .await
            }
            Ended::Never(why) => {
                self.refused(&says, &why, !update.components.is_empty())
                    .await
            }
            Ended::Key => self.broken().await,
        }
    }

    async fn look_for_incident(mut self, call: Call) -> Result<Done, Undone> {
        self.until_over(&call)?;
        self.take_turn().await?;
        let outcome = self.to.page.unresolved(call.part).await;
        let listing = match self.read(outcome).await? {
            Ended::Done(listing) => listing,
            Ended::Never(why) => return self.refused(&call.says, &why, false).await,
            Ended::Key => return self.broken().await,
        };
        if let Some(posted) = find_ours(&listing.items, self.incident.id.as_str()) {
            let status = posted.status.map_or("", |status| status.as_str());
            return self
                .published(&call.says, posted, status, &BTreeMap::new())
                .await;
        }
        self.memory.known.call = listing.next.map(|part| Call { part, ..call });
        Ok(self.go_on())
    }

    async fn look_for_update(mut self, id: &ExternalId, call: &Call) -> Result<Done, Undone> {
        self.until_over(call)?;
        let Some(sought) = self.sought(&call.says).await? else {
            self.memory.known.call = None;
            return Ok(self.go_on());
        };
        self.take_turn().await?;
        let outcome = self.to.page.incident(id).await;
        let posted = match self.read(outcome).await? {
            Ended::Done(posted) => posted,
            Ended::Never(why) => return self.refused(&call.says, &why, false).await,
            Ended::Key => return self.broken().await,
        };
        let newest = self.memory.known.newest.as_deref().map(UpdateId::from);
        if posted.shows(&sought, newest.as_ref()) {
            let status = sought.status.as_str();
            return self
                .published(&call.says, &posted, status, &BTreeMap::new())
                .await;
        }
        self.memory.known.newest = posted.newest().map(|id| id.as_str().to_owned());
        self.memory.known.call = None;
        Ok(self.go_on())
    }

    /// The update that a call was to publish, as far as it can be told by.
    async fn sought(&self, says: &Says) -> Result<Option<PublicUpdate>, Undone> {
        let (status, body) = match says {
            Says::Text(n) => {
                let text = publication::load(self.turn.rows, &self.incident.id, *n).await?;
                let Some(text) = text else { return Ok(None) };
                (Some(public_status(text.update.status)), text.update.text)
            }
            Says::Status { status, words } => (
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
            Ended::Done(()) => None,
            Ended::Never(why) => Some(why),
            Ended::Key => return self.broken().await,
        };
        // One that is refused is not tried again until it should show something else.
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
        done.posts.push(self.follow_on());
        Ok(done)
    }

    /// The page has it: what is known, what its components show now, and who is told.
    async fn published(
        mut self,
        says: &Says,
        posted: &Posted,
        status: &str,
        components: &BTreeMap<ComponentId, ComponentStatus>,
    ) -> Result<Done, Undone> {
        self.memory.known.done(posted, status);
        let mut done = self.go_on();
        if !components.is_empty() {
            self.shown.0.extend(components.clone());
            done.writes.push(self.shown.put(&self.to.id));
        }
        done.writes.push(Write::delete(key_refused::place()));
        if let Says::Text(n) = says
            && let Some(text) = publication::load(self.turn.rows, &self.incident.id, *n).await?
        {
            let now = self.turn.clock.now();
            let link = Some(self.memory.known.link.as_str()).filter(|link| !link.is_empty());
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

    /// The page refuses it. The components may be why: then it goes once more without them. Else it is left out, and
    /// whoever wrote it reads why.
    async fn refused(
        mut self,
        says: &Says,
        why: &Reason,
        with_components: bool,
    ) -> Result<Done, Undone> {
        if with_components {
            self.memory.known.bare = true;
            self.memory.known.call = None;
            return Ok(self.go_on());
        }
        self.memory.known.call.get_or_insert_with(|| Call {
            says: says.clone(),
            since: self.turn.clock.now(),
            part: 1,
        });
        self.memory.known.give_up();
        let mut done = self.go_on();
        let text = match says {
            Says::Text(n) => publication::load(self.turn.rows, &self.incident.id, *n).await?,
            Says::Status { .. } => None,
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

    /// The key is not accepted: its keepers are told once, and what waits is left to them.
    async fn broken(self) -> Result<Done, Undone> {
        key_refused::tell_once(self.turn, self.settings, self.incident, &self.to.key).await
    }
}
