//! The settings of incidents in a workspace: services and owners, routing, permissions, reminders, templates and the
//! status page. They form one document; submodules check, store and parse it.

pub mod check;
pub mod input;
pub mod shapes;
pub mod store;
mod timers;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::{ChannelId, UserId};
use utoipa::ToSchema;

pub use self::timers::{Timers, WorkingHours};
use super::permissions::Policy;
use super::severity::Severity;
use super::templates::{self, Template};

/// The settings of a workspace. A field that is left out has its default.
// Old documents stay readable by that too.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Settings {
    /// Services by slug: 1 to 40 lower-case letters, digits and `-`.
    pub services: BTreeMap<String, Service>,
    /// Who is notified of an incident outside its own channel.
    pub routing: Routing,
    /// How much participants may do.
    pub policy: Policy,
    /// People who may do everything with incidents.
    pub admins: BTreeSet<UserId>,
    /// Guests, and people of other workspaces in shared channels, who have the rights of members.
    pub guests: BTreeSet<UserId>,
    /// Severities at which the commander must approve public texts.
    pub approval: BTreeSet<Severity>,
    /// Instructions by role name, shown to a person who gets the role. A name that is not built in defines a role of
    /// the workspace.
    pub roles: BTreeMap<String, String>,
    /// When to send reminders, and when to tidy up.
    pub timers: Timers,
    /// Templates of declarations, by name.
    pub templates: BTreeMap<String, Template>,
    /// The status page for the public.
    pub status_page: StatusPage,
    /// Names of emoji, without colons, that put a message on the timeline as a reaction.
    pub reactions: Vec<String>,
    /// People to page, in this order, when the commander does not respond.
    pub escalation: Vec<UserId>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            services: BTreeMap::new(),
            routing: Routing::default(),
            policy: Policy::default(),
            admins: BTreeSet::new(),
            guests: BTreeSet::new(),
            approval: BTreeSet::from([Severity::P1]),
            roles: BTreeMap::new(),
            timers: Timers::default(),
            templates: templates::seeded(),
            status_page: StatusPage::None,
            reactions: ["pushpin", "stopwatch"].map(str::to_owned).to_vec(),
            escalation: Vec::new(),
        }
    }
}

/// A service that incidents can affect.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Service {
    /// The display name; null if people use the slug.
    pub name: Option<String>,
    /// People who are invited to its incidents.
    pub owners: Vec<UserId>,
    /// Channels that replace those of the routing, if there are any.
    pub channels: Vec<ChannelId>,
    /// People who get a direct message in addition to those of the routing.
    pub users: Vec<UserId>,
    /// Ids of the components on the status page that represent the service. Several services may share one.
    pub components: Vec<String>,
    /// Address of the runbook, beginning with `https://`.
    pub runbook: Option<String>,
}

/// Who is notified of an incident outside its own channel.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Routing {
    /// Notified of a P1 if `p1_channels` is empty.
    pub general: Option<ChannelId>,
    /// Notified of a P2 if `p2_channels` is empty.
    pub engineering: Option<ChannelId>,
    /// Channels that are notified of every P1.
    pub p1_channels: Vec<ChannelId>,
    /// Channels that are notified of every P2.
    pub p2_channels: Vec<ChannelId>,
    /// People who get a direct message about every P1.
    pub p1_users: Vec<UserId>,
}

/// The status page of a workspace.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StatusPage {
    /// The workspace has no status page.
    #[default]
    None,
    /// Tidegate itself publishes the page.
    BuiltIn {
        /// The page's heading, one line.
        title: String,
    },
    /// The page is on Statuspage.io. Its API key is stored separately and cannot be read back.
    Statuspage {
        /// Statuspage.io's id of the page.
        page_id: String,
    },
}

impl Settings {
    /// The channels to notify of an incident with that severity: for each service its own channels, or those of the
    /// routing if it has none. Empty for P3 and P4.
    pub fn announced_in(&self, severity: Severity, services: &[String]) -> Vec<ChannelId> {
        let (listed, fallback) = match severity {
            Severity::P1 => (&self.routing.p1_channels, &self.routing.general),
            Severity::P2 => (&self.routing.p2_channels, &self.routing.engineering),
            Severity::P3 | Severity::P4 => return Vec::new(),
        };
        let routed: Vec<&ChannelId> = match listed.as_slice() {
            [] => fallback.iter().collect(),
            listed => listed.iter().collect(),
        };
        if services.is_empty() {
            return in_order(routed);
        }
        let of_service = |slug: &String| match self.services.get(slug) {
            Some(service) if !service.channels.is_empty() => service.channels.iter().collect(),
            _ => routed.clone(),
        };
        in_order(services.iter().flat_map(of_service))
    }

    /// The people who get a direct message about an incident: those of the routing for a P1, and those of the services
    /// for a P1 or P2.
    pub fn direct_recipients(&self, severity: Severity, services: &[String]) -> Vec<UserId> {
        let everyones = self
            .routing
            .p1_users
            .iter()
            .filter(|_| severity == Severity::P1);
        let services = self.of(services).flat_map(|service| &service.users);
        in_order(everyones.chain(services.filter(|_| severity.is_broadcast())))
    }

    /// The owners of the services, each once.
    pub fn owners(&self, services: &[String]) -> Vec<UserId> {
        in_order(self.of(services).flat_map(|service| &service.owners))
    }

    /// The ids of the components that represent the services, each once.
    pub fn components(&self, services: &[String]) -> Vec<String> {
        in_order(self.of(services).flat_map(|service| &service.components))
    }

    fn of(&self, services: &[String]) -> impl Iterator<Item = &Service> {
        services.iter().filter_map(|slug| self.services.get(slug))
    }
}

/// Removes duplicates, keeping the first of each.
fn in_order<'a, T: Clone + Ord + 'a>(all: impl IntoIterator<Item = &'a T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let new = all.into_iter().filter(|one| seen.insert(*one));
    new.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let service = |channels: &[&str], users: &[&str], owners: &[&str]| Service {
            channels: channels.iter().map(|id| ChannelId::from(*id)).collect(),
            users: users.iter().map(|id| UserId::from(*id)).collect(),
            owners: owners.iter().map(|id| UserId::from(*id)).collect(),
            components: vec!["cmp1".to_owned()],
            ..Service::default()
        };
        Settings {
            services: BTreeMap::from([
                (
                    "api".to_owned(),
                    service(&["C0APIS"], &["U2", "U1"], &["U3"]),
                ),
                ("web".to_owned(), service(&[], &[], &["U4", "U3"])),
            ]),
            routing: Routing {
                general: Some("C0GENERAL".into()),
                engineering: Some("C0ENG".into()),
                p2_channels: vec!["C0TWO".into(), "C0TWO".into()],
                p1_users: vec!["U1".into()],
                ..Routing::default()
            },
            ..Settings::default()
        }
    }

    fn names(services: &[&str]) -> Vec<String> {
        services.iter().map(|slug| (*slug).to_owned()).collect()
    }

    #[test]
    fn each_service_has_its_own_channels_or_the_routing() {
        let settings = settings();
        for (severity, services, channels) in [
            (Severity::P1, &[][..], &["C0GENERAL"][..]),
            (Severity::P1, &["web"], &["C0GENERAL"]),
            (Severity::P1, &["gone"], &["C0GENERAL"]),
            (Severity::P1, &["api"], &["C0APIS"]),
            (Severity::P1, &["api", "web"], &["C0APIS", "C0GENERAL"]),
            (Severity::P2, &["web"], &["C0TWO"]),
            (Severity::P2, &["web", "api"], &["C0TWO", "C0APIS"]),
            (Severity::P3, &["api"], &[]),
            (Severity::P4, &[], &[]),
        ] {
            let found = settings.announced_in(severity, &names(services));
            let found: Vec<_> = found.iter().map(ChannelId::as_str).collect();
            assert_eq!(found, channels, "{severity} {services:?}");
        }
    }

    #[test]
    fn people_are_told_once() {
        let settings = settings();
        let found =
            |severity, services: &[&str]| settings.direct_recipients(severity, &names(services));
        assert_eq!(
            found(Severity::P1, &["api"]),
            ["U1", "U2"].map(UserId::from)
        );
        assert_eq!(
            found(Severity::P2, &["api"]),
            ["U2", "U1"].map(UserId::from)
        );
        assert_eq!(found(Severity::P1, &["web"]), ["U1"].map(UserId::from));
        assert_eq!(found(Severity::P3, &["api"]), []);
        let both = names(&["api", "web"]);
        assert_eq!(settings.owners(&both), ["U3", "U4"].map(UserId::from));
        assert_eq!(settings.components(&both), ["cmp1"]);
    }

    #[test]
    fn an_old_document_has_defaults_for_what_it_lacks() {
        let old = r#"{"routing":{"general":"C1"},"timers":{"soak_minutes":5},"later":1}"#;
        let settings: Settings = serde_json::from_str(old).unwrap();
        assert_eq!(settings.routing.general, Some("C1".into()));
        assert_eq!(settings.timers.soak(), std::time::Duration::from_mins(5));
        assert_eq!(settings.timers.update(Severity::P4), None);
        assert_eq!(settings.templates.len(), 8);
        assert!(settings.approval.contains(&Severity::P1));
    }
}
