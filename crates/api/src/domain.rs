//! What a domain adds to the API, and what the API asks of the domain that knows the workspaces.

use std::any::Any;

use async_trait::async_trait;
use tidegate_slack::ids::{TenantId, UserId};

use crate::{Api, Refused, Route, Scope};

/// What a domain adds to the API, known without an instance of it.
pub struct ApiSpec {
    /// The routes, in lists of related ones. Two routes of the product never answer the same request; a test checks it.
    pub routes: &'static [&'static [Route]],
    /// The scopes that those routes ask of an API key, beyond the API's own.
    pub scopes: &'static [Scope],
}

/// The API's half of a domain: an instance that its handlers answer from.
pub trait DomainApi: Any + Send + Sync {
    /// What the domain adds to the API.
    fn api(&self) -> &'static ApiSpec;
}

/// Knows the people of the workspaces that installed the app.
#[async_trait]
pub trait Members: Send + Sync {
    /// What a person is to their workspace, asked at every call, so that rights end with the install. `None` if the workspace
    /// has not installed the app.
    async fn role(&self, tenant: &TenantId, user: &UserId) -> Result<Option<Role>, Refused>;
}

/// What a person is to their workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Installed the app: may do everything.
    Installer,
    /// May see the state of the workspace's connection.
    Person,
}

impl Api {
    /// The domain of that type. Its own handlers call this, so it is there.
    pub fn domain<D: DomainApi>(&self) -> Result<&D, Refused> {
        let found = self.domains.iter().find_map(|domain| {
            let domain: &dyn DomainApi = &**domain;
            let domain: &dyn Any = domain;
            domain.downcast_ref::<D>()
        });
        found.ok_or_else(|| Refused::Ours("a handler's domain is not there".to_owned()))
    }
}
