//! The interface to a public status page, independent of the service that publishes it.
//!
//!
//! Each method of [`StatusPage`] makes one call, so that the caller can check its call budget before each. Functions
//! over values interpret the responses: whether an incident is Tidegate's, and whether an update was posted.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use tidegate_outcome::Outcome;

use crate::rejection::ServiceRejection;

pub use words::{ComponentStatus, Impact, IncidentStatus};

mod words;

/// Longest public name of an incident, in characters.
pub const MAX_NAME: usize = 255;

/// Longest text of an update, in characters.
pub const MAX_BODY: usize = 25_000;

/// A public status page.
#[async_trait]
pub trait StatusPage: Send + Sync {
    /// One part of the list of components; the first part is 1.
    async fn components(&self, page: u32) -> Outcome<Listing<Component>, ServiceRejection>;

    /// Sets the status of one component. Repeating the call changes nothing.
    async fn set_component(
        &self,
        id: &ComponentId,
        status: ComponentStatus,
    ) -> Outcome<(), ServiceRejection>;

    /// One part of the list of unresolved incidents; the first part is 1. After a [`StatusPage::create`] with an
    /// ambiguous outcome, [`find_ours`] tells whether it took effect. Ask only when the call can no longer be under
    /// way: a request that timed out here may still reach the service.
    async fn unresolved(&self, page: u32) -> Outcome<Listing<Posted>, ServiceRejection>;

    /// Publishes an incident. Repeating the call publishes another one. The status `resolved` is rejected, because the
    /// incident would be missing from [`StatusPage::unresolved`] and an ambiguous outcome could not be resolved.
    async fn create(&self, incident: &PublicIncident) -> Outcome<Posted, ServiceRejection>;

    /// Reads one incident. After an update with an ambiguous outcome, [`Posted::shows`] tells whether it took effect.
    /// Ask only when the call can no longer be under way.
    async fn incident(&self, id: &ExternalId) -> Outcome<Posted, ServiceRejection>;

    /// Publishes an update of an incident. Repeating the call publishes it twice.
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
    /// The page's id of an incident, as opposed to Tidegate's.
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

/// A component: a part of the product whose status the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The id, which is unique on the page.
    pub id: ComponentId,
    /// The name that readers see.
    pub name: String,
    /// The status; `None` if it is none of the five known ones.
    pub status: Option<ComponentStatus>,
    /// The group that contains the component; `None` if there is none.
    pub group: Option<ComponentId>,
    /// Whether the component is a group, which shows the worst status of its members and cannot be set.
    pub is_group: bool,
}

/// An incident to publish. Its `Debug` output omits what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicIncident {
    /// Tidegate's id of the incident, by which it is found again.
    pub our_id: String,
    /// The headline, 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// The status, which must not be `resolved`.
    pub status: IncidentStatus,
    /// The impact of the incident.
    pub impact: Impact,
    /// The text of the first update, at most [`MAX_BODY`] characters.
    pub body: String,
    /// The affected components, each with the status to set.
    pub components: BTreeMap<ComponentId, ComponentStatus>,
    /// Whether subscribers are notified.
    pub notify: bool,
}

/// A further update of a published incident. Its `Debug` output omits what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUpdate {
    /// The incident's new status.
    pub status: IncidentStatus,
    /// The incident's new impact.
    pub impact: Impact,
    /// The text, at most [`MAX_BODY`] characters.
    pub body: String,
    /// All components that are now affected, each with the status to set. If empty, the page's components are
    /// unchanged.
    pub components: BTreeMap<ComponentId, ComponentStatus>,
    /// Whether subscribers are notified.
    pub notify: bool,
}

/// An incident as the page returns it. Its `Debug` output omits what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Posted {
    /// The page's id of the incident.
    pub id: ExternalId,
    /// Tidegate's id of the incident; `None` if Tidegate did not publish it.
    pub our_id: Option<String>,
    /// The status; `None` if it is none of the four known ones, as for scheduled maintenance.
    pub status: Option<IncidentStatus>,
    /// The public address; empty if the page does not return it.
    pub link: String,
    /// The updates that were posted, newest first.
    pub updates: Vec<PostedUpdate>,
}

/// An update as the page returns it. Its `Debug` output omits what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct PostedUpdate {
    /// The page's id of the update.
    pub id: UpdateId,
    /// The status that the update set; `None` if it is unknown.
    pub status: Option<IncidentStatus>,
    /// The text, whose white space the page may have changed.
    pub body: String,
}

impl Posted {
    /// The id of the newest update. Store it, so that [`Posted::shows`] can tell a repeated text from an old one.
    pub fn newest(&self) -> Option<&UpdateId> {
        self.updates.first().map(|update| &update.id)
    }

    /// Whether an update was posted after the update with the id `after`. If `after` is `None` or unknown to the page,
    /// all updates count. White space is not compared, because the page may change it.
    pub fn shows(&self, update: &PublicUpdate, after: Option<&UpdateId>) -> bool {
        let known = after.and_then(|id| self.updates.iter().position(|u| u.id == *id));
        let later = &self.updates[..known.unwrap_or(self.updates.len())];
        later.iter().any(|posted| {
            posted.status == Some(update.status) && same_text(&posted.body, &update.body)
        })
    }
}

fn same_text(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// The incident with Tidegate's id `our_id`; `None` if the list lacks it.
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
