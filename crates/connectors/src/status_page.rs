//! What Tidegate asks of a public status page, whichever service publishes it.
//!
//! Each method of [`StatusPage`] is one call, so that the caller can take a turn of a paced budget before it. What an
//! answer means is decided here, in functions over values: is this incident ours, has this update been posted.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use tidegate_outcome::Outcome;

use crate::rejection::ServiceRejection;

pub use words::{ComponentStatus, Impact, IncidentStatus};

mod words;

/// Longest name of an incident, in characters.
pub const MAX_NAME: usize = 255;

/// Longest text of an update, in characters.
pub const MAX_BODY: usize = 25_000;

/// A public status page.
#[async_trait]
pub trait StatusPage: Send + Sync {
    /// One page of the components there are; the first is 1.
    async fn components(&self, page: u32) -> Outcome<Listing<Component>, ServiceRejection>;

    /// Sets the status of one component. Repeating it changes nothing.
    async fn set_component(
        &self,
        id: &ComponentId,
        status: ComponentStatus,
    ) -> Outcome<(), ServiceRejection>;

    /// One page of the incidents that are not resolved; the first is 1. After a create that may have happened,
    /// [`find_ours`] says whether it did, once the attempt must be over: a request that timed out here can still be
    /// on its way there.
    async fn unresolved(&self, page: u32) -> Outcome<Listing<Posted>, ServiceRejection>;

    /// Publishes an incident. Repeating it publishes another one. `resolved` is refused: such a one would not be in
    /// [`StatusPage::unresolved`], so that an unclear answer could not be cleared up.
    async fn create(&self, incident: &PublicIncident) -> Outcome<Posted, ServiceRejection>;

    /// One incident as the page has it. After an update that may have happened, [`Posted::shows`] says whether it did,
    /// once the attempt must be over.
    async fn incident(&self, id: &ExternalId) -> Outcome<Posted, ServiceRejection>;

    /// Publishes an update of an incident. Repeating it publishes it twice.
    async fn update(
        &self,
        id: &ExternalId,
        update: &PublicUpdate,
    ) -> Outcome<Posted, ServiceRejection>;
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The id as the page writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<String>> From<T> for $name {
            fn from(id: T) -> Self {
                Self(id.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The id of a component of the page.
    ComponentId
);
id!(
    /// The page's id of an incident, which is not our id of it.
    ExternalId
);
id!(
    /// The page's id of one update of an incident.
    UpdateId
);

/// One part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items in the page's order.
    pub items: Vec<T>,
    /// The number of the next part; `None` on the last part.
    pub next: Option<u32>,
}

/// A part of the product that the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its id, unique on the page.
    pub id: ComponentId,
    /// Its name, as readers see it.
    pub name: String,
    /// What it shows; `None` if that is none of the five statuses.
    pub status: Option<ComponentStatus>,
    /// The group it is shown in.
    pub group: Option<ComponentId>,
    /// Whether it is a group, which shows the worst status of its members and cannot be set.
    pub is_group: bool,
}

/// An incident to be published. Its `Debug` leaves out what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicIncident {
    /// Our id of the incident, by which it is found again.
    pub our_id: String,
    /// Its headline, 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// Its status, which cannot be *resolved*.
    pub status: IncidentStatus,
    /// How bad it is.
    pub impact: Impact,
    /// The first update, up to [`MAX_BODY`] characters.
    pub body: String,
    /// The components that it affects, each with the status that it gets.
    pub components: BTreeMap<ComponentId, ComponentStatus>,
    /// Whether subscribers are told.
    pub notify: bool,
}

/// A further update of a published incident. Its `Debug` leaves out what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUpdate {
    /// Where the incident stands now.
    pub status: IncidentStatus,
    /// How bad it is now.
    pub impact: Impact,
    /// The text, up to [`MAX_BODY`] characters.
    pub body: String,
    /// All components that it affects now, each with the status that it gets. Empty leaves the page's as they are.
    pub components: BTreeMap<ComponentId, ComponentStatus>,
    /// Whether subscribers are told.
    pub notify: bool,
}

/// An incident as the page has it. Its `Debug` leaves out what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Posted {
    /// The page's id.
    pub id: ExternalId,
    /// Our id of it; `None` if Tidegate did not publish it.
    pub our_id: Option<String>,
    /// Its status; `None` if it is none of the four, as for a planned maintenance.
    pub status: Option<IncidentStatus>,
    /// Its public address; empty if the page does not say.
    pub link: String,
    /// The updates that have been posted about it, the newest first.
    pub updates: Vec<PostedUpdate>,
}

/// One update as the page has it. Its `Debug` leaves out what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct PostedUpdate {
    /// The page's id.
    pub id: UpdateId,
    /// The status that it set.
    pub status: Option<IncidentStatus>,
    /// The text.
    pub body: String,
}

impl Posted {
    /// The id of the newest update. Keep it, so that [`Posted::shows`] can tell a repeated text from an old one.
    pub fn newest(&self) -> Option<&UpdateId> {
        self.updates.first().map(|update| &update.id)
    }

    /// Whether this update has been posted, later than `after`. Without `after`, or if the page has it no more, any
    /// time counts. White space is the page's to change, so it is not compared.
    pub fn shows(&self, update: &PublicUpdate, after: Option<&UpdateId>) -> bool {
        let known = after.and_then(|id| self.updates.iter().position(|u| u.id == *id));
        let later = &self.updates[..known.unwrap_or(self.updates.len())];
        later.iter().any(|posted| {
            posted.status == Some(update.status) && same_words(&posted.body, &update.body)
        })
    }
}

fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// The incident among these that carries our id.
pub fn find_ours<'a>(posted: &'a [Posted], our_id: &str) -> Option<&'a Posted> {
    posted.iter().find(|p| p.our_id.as_deref() == Some(our_id))
}

impl fmt::Debug for PublicIncident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicIncident")
            .field("our_id", &self.our_id)
            .field("status", &self.status)
            .field("impact", &self.impact)
            .field("components", &self.components)
            .field("notify", &self.notify)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PublicUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicUpdate")
            .field("status", &self.status)
            .field("impact", &self.impact)
            .field("components", &self.components)
            .field("notify", &self.notify)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Posted")
            .field("id", &self.id)
            .field("our_id", &self.our_id)
            .field("status", &self.status)
            .field("updates", &self.updates)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PostedUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostedUpdate")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
