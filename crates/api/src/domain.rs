//! The interface between the API and the domains: each domain adds routes, and one of them knows the members of workspaces.

use std::any::Any;

use async_trait::async_trait;
use tidegate_slack::ids::{TenantId, UserId};

use crate::{Api, ApiError, Routes, Scope};

/// The routes and scopes of a domain, known without an instance of it.
pub struct ApiSpec {
    /// Makes the list of its operations. No two operations of the product match the same request: the router panics at the start.
    pub routes: fn() -> Routes,
    /// The scopes that those operations require, apart from the API's own.
    pub scopes: &'static [Scope],
    /// The scopes that every member of a workspace holds in the browser: what members may do in Slack. The domain's own permissions
    /// decide about each thing.
    pub member_scopes: &'static [Scope],
}

/// The API half of a domain: the instance that its handlers use.
pub trait DomainApi: Any + Send + Sync {
    /// Returns the routes and scopes of the domain.
    fn api(&self) -> &'static ApiSpec;
}

/// Looks up the people of the workspaces that installed the app.
#[async_trait]
pub trait Members: Send + Sync {
    /// Returns the role of a person in their workspace. The API asks at every call, so that rights end with the install. `None` if
    /// the workspace has not installed the app.
    async fn role(&self, tenant: &TenantId, user: &UserId) -> Result<Option<Role>, ApiError>;
}

/// The role of a person in their workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A person who administers the workspace. They hold every scope.
    Admin,
    /// Anybody else in the workspace. They hold the scopes of members.
    Member,
}

impl Api {
    /// Returns the domain of type `D`. Only its own handlers call this, so a missing domain is an internal error.
    pub fn domain<D: DomainApi>(&self) -> Result<&D, ApiError> {
        let found = self.domains.iter().find_map(|domain| {
            let domain: &dyn DomainApi = &**domain;
            let domain: &dyn Any = domain;
            domain.downcast_ref::<D>()
        });
        found.ok_or_else(|| ApiError::Internal("a handler's domain is not there".to_owned()))
    }
}
