//! The list of domains: the only place that names them all.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidegate_api::{ApiSpec, DomainApi, Route, Scope};
use tidegate_hello::Hello;
use tidegate_incidents::service::Incidents;
use tidegate_installs::Installs;
use tidegate_installs::config::BotScopes;
use tidegate_mirror::Mirror;
use tidegate_pipeline::config::Environment;
use tidegate_pipeline::delivery::BotTokens;
use tidegate_pipeline::domain::{Domain, DomainSpec};
use tidegate_pipeline::world::World;

use crate::config::ProductConfig;

/// One domain as the list has it.
struct Entry {
    spec: &'static DomainSpec,
    api: Option<&'static ApiSpec>,
    /// Whether it cannot be switched off: the product stands on it.
    always_on: bool,
    open: fn(&Parts<'_>) -> Plugged,
}

/// Every domain, in the order in which they decide and in which their sections of the home tab stand.
static ALL: [Entry; 4] = [
    Entry {
        spec: &tidegate_installs::domain::SPEC,
        api: Some(&tidegate_installs::domain::API),
        always_on: true,
        open: |parts| {
            let installs = Arc::new(parts.installs.clone());
            Plugged {
                domain: installs.clone(),
                api: Some(installs),
            }
        },
    },
    Entry {
        spec: &tidegate_mirror::domain::SPEC,
        api: None,
        always_on: false,
        open: |_| Plugged {
            domain: Arc::new(Mirror),
            api: None,
        },
    },
    Entry {
        spec: &tidegate_hello::domain::SPEC,
        api: None,
        always_on: false,
        open: |_| Plugged {
            domain: Arc::new(Hello),
            api: None,
        },
    },
    Entry {
        spec: &tidegate_incidents::domain::SPEC,
        api: Some(&tidegate_incidents::api::API),
        always_on: false,
        open: |parts| {
            let incidents = Arc::new(incidents(parts));
            Plugged {
                domain: incidents.clone(),
                api: Some(incidents),
            }
        },
    },
];

/// An instance of a domain: its half in the pipeline, and its half in the API if it has one.
pub struct Plugged {
    /// What the pipeline sees.
    pub domain: Arc<dyn Domain>,
    /// What the API sees.
    pub api: Option<Arc<dyn DomainApi>>,
}

/// What the domains of one process are made from.
pub struct Parts<'a> {
    /// The configuration.
    pub config: &'a ProductConfig,
    /// The seams.
    pub world: &'a World,
    /// The workspaces that installed the app.
    pub installs: &'a Installs,
    /// The workspaces' bot tokens.
    pub tokens: &'a Arc<dyn BotTokens>,
}

fn incidents(parts: &Parts<'_>) -> Incidents {
    let service = tidegate_incidents::service::Parts {
        table: parts.world.table.clone(),
        slack: parts.installs.slack.clone(),
        tokens: Arc::clone(parts.tokens),
        audit: parts.world.audit(),
        public_url: parts.config.public_url.clone(),
    };
    let parameters = || Arc::clone(&parts.world.parameters);
    Incidents::new(parts.config.incidents.clone(), service, parameters)
}

/// The domains that are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainChoice(BTreeSet<&'static str>);

impl Default for DomainChoice {
    fn default() -> Self {
        Self(ALL.iter().map(|entry| entry.spec.name).collect())
    }
}

impl DomainChoice {
    /// Reads `TIDEGATE_DOMAINS`: names separated by commas; all domains if it is not set.
    pub fn read(environment: &Environment<'_>) -> Self {
        let Some(text) = environment.optional("TIDEGATE_DOMAINS") else {
            return Self::default();
        };
        let mut chosen: BTreeSet<&'static str> = always_on().collect();
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            match ALL.iter().find(|entry| entry.spec.name == name) {
                Some(entry) => {
                    chosen.insert(entry.spec.name);
                }
                None => environment.problem(format!(
                    "`TIDEGATE_DOMAINS` has `{name}`: it takes some of {}, separated by commas",
                    names().join(", ")
                )),
            }
        }
        Self(chosen)
    }

    /// Whether that domain is on.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// What the domains that are on own.
    pub fn specs(&self) -> impl Iterator<Item = &'static DomainSpec> {
        let on = ALL.iter().filter(|entry| self.has(entry.spec.name));
        on.map(|entry| entry.spec)
    }

    /// The scopes that the bot needs for them.
    pub fn bot_scopes(&self) -> BotScopes {
        let sorted = |of: fn(&DomainSpec) -> &'static [&'static str]| -> BTreeSet<&str> {
            self.specs().flat_map(of).copied().collect()
        };
        let required = sorted(|spec| spec.required_scopes);
        let optional = sorted(|spec| spec.optional_scopes);
        let owned = |scope: &str| scope.to_owned();
        BotScopes {
            optional: optional.difference(&required).map(|s| owned(s)).collect(),
            required: required.into_iter().map(owned).collect(),
        }
    }

    /// Makes the domains that are on.
    pub fn open(&self, parts: &Parts<'_>) -> Vec<Plugged> {
        let on = ALL.iter().filter(|entry| self.has(entry.spec.name));
        on.map(|entry| (entry.open)(parts)).collect()
    }
}

fn always_on() -> impl Iterator<Item = &'static str> {
    let entries = ALL.iter().filter(|entry| entry.always_on);
    entries.map(|entry| entry.spec.name)
}

/// The names of all domains.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|entry| entry.spec.name).collect()
}

/// What the API and each domain add to it, whichever domains are on.
fn apis() -> impl Iterator<Item = &'static ApiSpec> {
    let domains = ALL.iter().filter_map(|entry| entry.api);
    std::iter::once(&tidegate_api::OWN).chain(domains)
}

/// Every route of the product.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    apis().flat_map(|api| api.routes.iter().copied().flatten())
}

/// Every scope that an API key can be given.
pub fn scopes() -> impl Iterator<Item = &'static Scope> {
    apis().flat_map(|api| api.scopes)
}

#[cfg(test)]
mod tests;
