//! Configuration of incidents: the settings of workspaces that have stored none, and the API key of the status page.
//! Most variables have the names of an older incident bot, so that its configuration keeps working.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_slack::ids::{ChannelId, UserId};

use crate::model::permissions::Policy;
use crate::model::settings::check::check;
use crate::model::settings::shapes::is_slug;
use crate::model::settings::{Service, Settings, StatusPage};
use tidegate_pipeline::config::{Environment, SecretSource};

/// Variables that name people, channels or pages, whose ids are valid in one workspace only.
const OF_ONE_WORKSPACE: [&str; 11] = [
    "SERVICE_OWNERS",
    "NOTIFICATION_CHANNEL_GENERAL",
    "NOTIFICATION_CHANNEL_ENGINEERING",
    "P1_CHANNELS",
    "P2_CHANNELS",
    "P1_USERS",
    "EXEC_NOTIFICATION_USERS",
    "INCIDENT_ADMINS",
    "STATUSPAGE_PAGE_ID",
    "STATUSPAGE_API_KEY",
    "STATUSPAGE_API_KEY_PARAMETER",
];

/// The configuration of incidents.
#[derive(Clone)]
pub struct IncidentsConfig {
    /// The settings of workspaces that have stored none.
    pub defaults: Settings,
    /// The status page's API key (`STATUSPAGE_API_KEY`) for workspaces that have stored none.
    pub status_page_key: Option<SecretSource>,
    /// The base address of Statuspage.io's API (`STATUSPAGE_API_BASE_URL`); `None` for the official one.
    pub status_page_api: Option<String>,
}

/// Omits the ids of people and the API key.
impl std::fmt::Debug for IncidentsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IncidentsConfig")
    }
}

impl IncidentsConfig {
    /// Reads the configuration of a process that has no secrets.
    pub fn without_keys(environment: &Environment<'_>) -> Self {
        let mut problems = Vec::new();
        let defaults = defaults(environment, &mut problems);
        for problem in problems {
            environment.problem(problem);
        }
        Self {
            defaults,
            status_page_key: None,
            status_page_api: None,
        }
    }

    /// Reads the configuration, and reports every problem to `environment`.
    pub fn read(environment: &Environment<'_>) -> Self {
        if environment.optional("SLACK_CLIENT_ID").is_some() {
            for name in OF_ONE_WORKSPACE {
                if environment.optional(name).is_some() {
                    environment.problem(format!(
                        "`{name}` is of one workspace, and with `SLACK_CLIENT_ID` there are many: unset it, and let \
                         each workspace set its own with `/incident config`"
                    ));
                }
            }
        }
        Self {
            status_page_key: key(environment),
            status_page_api: environment.optional("STATUSPAGE_API_BASE_URL"),
            ..Self::without_keys(environment)
        }
    }
}

fn defaults(environment: &Environment<'_>, problems: &mut Vec<String>) -> Settings {
    let mut defaults = Settings {
        services: services(environment, problems),
        policy: policy(environment, problems),
        ..Settings::default()
    };
    for (slug, owners) in owners(environment, problems) {
        match defaults.services.get_mut(&slug) {
            Some(service) => service.owners = owners,
            None => problems.push(format!(
                "`SERVICE_OWNERS` names `{slug}`, which is not among `SERVICES`"
            )),
        }
    }
    let channel = |name| environment.optional(name).map(ChannelId::from);
    let channels = |name| list(environment, name).map(ChannelId::from).collect();
    let routing = &mut defaults.routing;
    routing.general = channel("NOTIFICATION_CHANNEL_GENERAL");
    routing.engineering = channel("NOTIFICATION_CHANNEL_ENGINEERING");
    routing.p1_channels = channels("P1_CHANNELS");
    routing.p2_channels = channels("P2_CHANNELS");
    routing.p1_users = p1_users(environment, problems);
    defaults.admins = list(environment, "INCIDENT_ADMINS")
        .map(UserId::from)
        .collect();
    if let Some(page_id) = environment.optional("STATUSPAGE_PAGE_ID") {
        defaults.status_page = StatusPage::Statuspage { page_id };
    }
    let found = check(&defaults);
    problems.extend(found.iter().map(|problem| named(&problem.to_string())));
    defaults
}

/// Rewrites a problem of the settings to name the environment variable.
fn named(problem: &str) -> String {
    const NAMES: [(&str, &str); 9] = [
        ("`services`", "`SERVICES`"),
        ("`services.", "`SERVICE_OWNERS`: `services."),
        ("`routing.general", "`NOTIFICATION_CHANNEL_GENERAL"),
        ("`routing.engineering", "`NOTIFICATION_CHANNEL_ENGINEERING"),
        ("`routing.p1_channels", "`P1_CHANNELS"),
        ("`routing.p2_channels", "`P2_CHANNELS"),
        ("`routing.p1_users", "`P1_USERS"),
        ("`admins", "`INCIDENT_ADMINS"),
        ("`status_page.page_id", "`STATUSPAGE_PAGE_ID"),
    ];
    let known = NAMES.iter().find(|(path, _)| problem.starts_with(path));
    known.map_or_else(
        || problem.to_owned(),
        |(path, name)| problem.replacen(path, name, 1),
    )
}

fn services(
    environment: &Environment<'_>,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Service> {
    let mut services = BTreeMap::new();
    for slug in list(environment, "SERVICES") {
        if is_slug(&slug) {
            services.insert(slug, Service::default());
        } else {
            problems.push(format!(
                "`SERVICES` has {slug:?}: it takes names of lower case letters, digits and `-`, separated by commas"
            ));
        }
    }
    services
}

fn owners(
    environment: &Environment<'_>,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Vec<UserId>> {
    let Some(json) = environment.optional("SERVICE_OWNERS") else {
        return BTreeMap::new();
    };
    serde_json::from_str(&json).unwrap_or_else(|_| {
        problems.push(
            "`SERVICE_OWNERS` does not fit: it takes JSON such as {\"api\": [\"U0ABC123\"]}"
                .to_owned(),
        );
        BTreeMap::new()
    })
}

fn p1_users(environment: &Environment<'_>, problems: &mut Vec<String>) -> Vec<UserId> {
    let (now, before) = ("P1_USERS", "EXEC_NOTIFICATION_USERS");
    let both = [now, before].map(|name| list(environment, name).collect::<BTreeSet<_>>());
    if both.iter().all(|users| !users.is_empty()) && both[0] != both[1] {
        problems.push(format!(
            "`{now}` and `{before}` are both set: keep the first"
        ));
    }
    let name = if both[0].is_empty() { before } else { now };
    list(environment, name).map(UserId::from).collect()
}

fn policy(environment: &Environment<'_>, problems: &mut Vec<String>) -> Policy {
    let Some(text) = environment.optional("INCIDENT_POLICY") else {
        return Policy::default();
    };
    serde_json::from_value(text.as_str().into()).unwrap_or_else(|_| {
        problems.push(format!(
            "`INCIDENT_POLICY` is `{text}`: it takes `standard`, `strict` or `open`"
        ));
        Policy::default()
    })
}

fn key(environment: &Environment<'_>) -> Option<SecretSource> {
    let names = ["STATUSPAGE_API_KEY", "STATUSPAGE_API_KEY_PARAMETER"];
    let is_set = names
        .iter()
        .any(|name| environment.optional(name).is_some());
    if is_set && environment.optional("STATUSPAGE_PAGE_ID").is_none() {
        environment.problem(
            "`STATUSPAGE_API_KEY` is set but `STATUSPAGE_PAGE_ID` is not: which page is the key for?"
                .to_owned(),
        );
    }
    is_set.then(|| environment.secret("STATUSPAGE_API_KEY", ""))
}

/// The non-empty items of a comma-separated list.
fn list(environment: &Environment<'_>, name: &str) -> impl Iterator<Item = String> {
    let text = environment.optional(name).unwrap_or_default();
    let parts: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
    parts.into_iter().filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;
