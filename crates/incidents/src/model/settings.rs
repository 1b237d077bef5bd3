//! A workspace's settings of incidents: its services and their owners, who is told where, who may do what, when to
//! remind, templates and the status page. One document; the parts of it are checked, stored and edited in the files
//! below.

pub mod check;
pub mod input;
pub mod shapes;
pub mod store;
mod timers;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::{ChannelId, UserId};

pub use self::timers::{Timers, WorkingHours};
use super::permissions::Policy;
use super::severity::Severity;
use super::templates::{self, Template};

/// The settings. A stored document that lacks a field has that field's default, so that old ones stay readable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The services that incidents are about, by their slugs: lower case letters, digits and `-`, 40 at most.
    pub services: BTreeMap<String, Service>,
    /// Who is told of an incident, beyond its own channel.
    pub routing: Routing,
    /// Who may do what.
    pub policy: Policy,
    /// Who may do everything with incidents.
    pub admins: BTreeSet<UserId>,
    /// Guests, and people of other workspaces in shared channels, who are treated like members.
    pub guests: BTreeSet<UserId>,
    /// Severities under which the commander approves what is said to the public.
    pub approval: BTreeSet<Severity>,
    /// What somebody is told on getting a role: for roles of the workspace's own, and instead of our words for others.
    pub roles: BTreeMap<String, String>,
    /// When to remind, and when to tidy up.
    pub timers: Timers,
    /// What a declaration can begin with, by name.
    pub templates: BTreeMap<String, Template>,
    /// Where the public reads.
    pub status_page: StatusPage,
    /// Emoji, without colons, that put a message on the timeline.
    pub reactions: Vec<String>,
    /// Who is called when the commander does not answer, in that order.
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

/// A service that incidents are about.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What people call it, where that is not the slug.
    pub name: Option<String>,
    /// Who is invited to its incidents.
    pub owners: Vec<UserId>,
    /// Channels that are told instead of the routing's, if there are any.
    pub channels: Vec<ChannelId>,
    /// People who get a direct message besides the routing's.
    pub users: Vec<UserId>,
    /// Components of the status page that stand for it. A component may stand for several services.
    pub components: Vec<String>,
    /// Where to read what to do, an `https` address.
    pub runbook: Option<String>,
}

/// Who is told of an incident, beyond its own channel.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Routing {
    /// Told of a P1 where `p1_channels` is empty.
    pub general: Option<ChannelId>,
    /// Told of a P2 where `p2_channels` is empty.
    pub engineering: Option<ChannelId>,
    /// Told of every P1.
    pub p1_channels: Vec<ChannelId>,
    /// Told of every P2.
    pub p2_channels: Vec<ChannelId>,
    /// Get a direct message of every P1.
    pub p1_users: Vec<UserId>,
}

/// Where the public reads.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StatusPage {
    /// Nowhere.
    #[default]
    None,
    /// On a page that Tidegate itself publishes.
    BuiltIn {
        /// Its heading.
        title: String,
    },
    /// On Statuspage.io. The key is stored apart and cannot be read back.
    Statuspage {
        /// Which page.
        page_id: String,
    },
}

impl Settings {
    /// The channels that are told of an incident of that severity: of each of its services the service's own if it has
    /// any, else the routing's. None for P3 and P4.
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

    /// The people who get a direct message of an incident of that severity: those of the routing for a P1, and the
    /// services' for a P1 or P2.
    pub fn told_directly(&self, severity: Severity, services: &[String]) -> Vec<UserId> {
        let everyones = self
            .routing
            .p1_users
            .iter()
            .filter(|_| severity == Severity::P1);
        let services = self.of(services).flat_map(|service| &service.users);
        in_order(everyones.chain(services.filter(|_| severity.is_broadcast())))
    }

    /// The owners of those services.
    pub fn owners(&self, services: &[String]) -> Vec<UserId> {
        in_order(self.of(services).flat_map(|service| &service.owners))
    }

    /// The components of the status page that stand for those services.
    pub fn components(&self, services: &[String]) -> Vec<String> {
        in_order(self.of(services).flat_map(|service| &service.components))
    }

    fn of(&self, services: &[String]) -> impl Iterator<Item = &Service> {
        services.iter().filter_map(|slug| self.services.get(slug))
    }
}

/// Each once, in the order of its first mention.
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
            let told = settings.announced_in(severity, &names(services));
            let told: Vec<_> = told.iter().map(ChannelId::as_str).collect();
            assert_eq!(told, channels, "{severity} {services:?}");
        }
    }

    #[test]
    fn people_are_told_once() {
        let settings = settings();
        let told = |severity, services: &[&str]| settings.told_directly(severity, &names(services));
        assert_eq!(told(Severity::P1, &["api"]), ["U1", "U2"].map(UserId::from));
        assert_eq!(told(Severity::P2, &["api"]), ["U2", "U1"].map(UserId::from));
        assert_eq!(told(Severity::P1, &["web"]), ["U1"].map(UserId::from));
        assert_eq!(told(Severity::P3, &["api"]), []);
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
