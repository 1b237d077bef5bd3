//! The list of domains.

use std::sync::Arc;

use secrecy::SecretString;
use tidegate_api::{ApiSpec, Route, Scope};
use tidegate_incidents::config::IncidentsConfig;
use tidegate_incidents::domain::{Incidents, Parts};
use tidegate_installs::{Installs, OpenError};
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::delivery::{BotTokens, NoTokens};
use tidegate_pipeline::secrets::{FixedSecret, Secrets};
use tidegate_pipeline::table::Table;
use tidegate_slack::client::{SLACK_API, SlackClient};
use tidegate_slack::http_client;

/// What each domain adds to the API, after the API's own.
static API: [&ApiSpec; 3] = [
    &tidegate_api::OWN,
    &tidegate_installs::domain::API,
    &tidegate_incidents::api::API,
];

/// Every route of the product.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    API.iter()
        .flat_map(|api| api.routes.iter().copied().flatten())
}

/// Every scope that an API key can be given.
pub fn scopes() -> impl Iterator<Item = &'static Scope> {
    API.iter().flat_map(|api| api.scopes)
}

/// Incidents in a process that calls Slack, by the client of the installs.
pub fn incidents(
    config: IncidentsConfig,
    public_url: Option<String>,
    installs: &Installs,
    tokens: Arc<dyn BotTokens>,
    ssm: impl FnOnce() -> Arc<dyn Secrets>,
) -> Arc<Incidents> {
    let parts = Parts {
        table: installs.table.clone(),
        slack: installs.slack.clone(),
        tokens,
        audit: installs.audit(),
        public_url,
    };
    Arc::new(Incidents::new(config, parts, ssm))
}

/// Incidents in a process that has no Slack token and no key of a status page: it decides, and calls nobody.
pub fn incidents_without_slack(
    config: IncidentsConfig,
    public_url: Option<String>,
    table: &Table,
    audit: Audit,
) -> Result<Arc<Incidents>, OpenError> {
    let config = IncidentsConfig {
        status_page_key: None,
        ..config
    };
    let parts = Parts {
        table: table.clone(),
        slack: SlackClient::new(http_client::build()?, SLACK_API)?,
        tokens: Arc::new(NoTokens),
        audit,
        public_url,
    };
    let ssm = || Arc::new(FixedSecret(SecretString::default())) as Arc<dyn Secrets>;
    Ok(Arc::new(Incidents::new(config, parts, ssm)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_routes_answer_one_request() {
        let all: Vec<_> = routes().collect();
        for (n, a) in all.iter().enumerate() {
            for b in &all[n + 1..] {
                let meet = a.matches(b.path) || b.matches(a.path);
                assert!(a.method != b.method || !meet, "{} {}", a.path, b.path);
            }
        }
    }
}
