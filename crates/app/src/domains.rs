//! The list of all domains. No other file names them all.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidegate_api::{ApiSpec, DomainApi, Routes, Scope};
use tidegate_hello::Hello;
use tidegate_hooks::Hooks;
use tidegate_incidents::service::Incidents;
use tidegate_installs::Installs;
use tidegate_installs::config::BotScopes;
use tidegate_mirror::Mirror;
use tidegate_pipeline::config::Environment;
use tidegate_pipeline::delivery::BotTokens;
use tidegate_pipeline::domain::{Domain, DomainSpec};
use tidegate_pipeline::world::World;

use crate::config::ProductConfig;

/// One domain of the list.
struct Entry {
    spec: &'static DomainSpec,
    api: Option<&'static ApiSpec>,
    /// Whether the domain cannot be switched off, because the rest of the product needs it.
    always_on: bool,
    open: fn(&Parts<'_>) -> Plugged,
}

/// Every domain. The order is that of their decisions and of their sections in the home tab.
static ALL: [Entry; 5] = [
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
    Entry {
        spec: &tidegate_hooks::domain::SPEC,
        api: Some(&tidegate_hooks::api::API),
        always_on: false,
        open: |parts| {
            let hooks = Arc::new(hooks(parts));
            Plugged {
                domain: hooks.clone(),
                api: Some(hooks),
            }
        },
    },
];

/// An instance of a domain: its pipeline half, and its API half if it has one.
pub struct Plugged {
    /// The half that handles events, commands, jobs and effects.
    pub domain: Arc<dyn Domain>,
    /// The API half. `None` if the domain has no routes.
    pub api: Option<Arc<dyn DomainApi>>,
}

/// Everything that the domains of one process are made from.
pub struct Parts<'a> {
    /// The configuration of the product.
    pub config: &'a ProductConfig,
    /// The seams of the process.
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

fn hooks(parts: &Parts<'_>) -> Hooks {
    let switches = &parts.config.domains;
    Hooks::new(tidegate_hooks::service::Parts {
        tokens: Arc::clone(parts.tokens),
        audit: parts.world.audit(),
        keep: parts.config.keep,
        allow_private: switches.is_switched_on(tidegate_hooks::service::ALLOW_PRIVATE),
    })
}

/// The domains that are on, and what of them is switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainChoice {
    domains: BTreeSet<&'static str>,
    switches: BTreeSet<&'static str>,
}

impl Default for DomainChoice {
    fn default() -> Self {
        Self::of(ALL.iter().map(|entry| entry.spec.name).collect())
    }
}

impl DomainChoice {
    fn of(domains: BTreeSet<&'static str>) -> Self {
        Self {
            domains,
            switches: BTreeSet::new(),
        }
    }

    /// Reads `TIDEGATE_DOMAINS`: names separated by commas; all domains if it is not set. Reads the switches of these domains.
    pub fn read(environment: &Environment<'_>) -> Self {
        let mut choice = Self::of(Self::read_names(environment));
        let switches = choice.specs().flat_map(|spec| spec.switches).copied();
        let on = switches.filter(|name| environment.switch(name)).collect();
        choice.switches = on;
        choice
    }

    fn read_names(environment: &Environment<'_>) -> BTreeSet<&'static str> {
        let Some(text) = environment.optional("TIDEGATE_DOMAINS") else {
            return Self::default().domains;
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
        chosen
    }

    /// Tells whether the domain of that name is on.
    pub fn has(&self, name: &str) -> bool {
        self.domains.contains(name)
    }

    /// Tells whether the setting of that name, one of a domain's [`DomainSpec::switches`], is on.
    pub fn is_switched_on(&self, name: &str) -> bool {
        self.switches.contains(name)
    }

    /// Returns the specs of the domains that are on.
    pub fn specs(&self) -> impl Iterator<Item = &'static DomainSpec> {
        let on = ALL.iter().filter(|entry| self.has(entry.spec.name));
        on.map(|entry| entry.spec)
    }

    /// Returns the Slack scopes that the bot asks for. A scope that one domain requires and another has as optional is required.
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

    /// Makes an instance of each domain that is on.
    pub fn open(&self, parts: &Parts<'_>) -> Vec<Plugged> {
        let on = ALL.iter().filter(|entry| self.has(entry.spec.name));
        on.map(|entry| (entry.open)(parts)).collect()
    }
}

fn always_on() -> impl Iterator<Item = &'static str> {
    let entries = ALL.iter().filter(|entry| entry.always_on);
    entries.map(|entry| entry.spec.name)
}

/// Returns the names of all domains, whether or not they are on.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|entry| entry.spec.name).collect()
}

/// Returns the routes and scopes of the API and of every domain, whether or not it is on.
fn apis() -> impl Iterator<Item = &'static ApiSpec> {
    let domains = ALL.iter().filter_map(|entry| entry.api);
    std::iter::once(&tidegate_api::OWN).chain(domains)
}

/// Returns every operation of the product, whichever domains are on.
pub fn routes() -> Routes {
    let none = Routes::default();
    apis().fold(none, |all, api| all.and((api.routes)()))
}

/// Returns every scope that an API key can have, whichever domains are on.
pub fn scopes() -> impl Iterator<Item = &'static Scope> {
    apis().flat_map(|api| api.scopes)
}

#[cfg(test)]
mod tests;
