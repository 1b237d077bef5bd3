//! The workspaces whose rows an operator's call could not read. They hold up no other workspace, and the answer names them.

use std::collections::BTreeSet;

use tidegate_slack::ids::TenantId;

use crate::ApiError;

/// The workspaces whose rows could not be read so far.
#[derive(Default)]
pub(super) struct Unreadable(BTreeSet<TenantId>);

impl Unreadable {
    /// Returns what was read of a workspace. Notes and logs the workspace if that failed.
    pub(super) fn unless<T>(&mut self, tenant: &TenantId, read: Result<T, ApiError>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(e) => {
                tracing::error!(%tenant, error = ?e, "operator.workspace_unreadable");
                self.0.insert(tenant.clone());
                None
            }
        }
    }

    /// Returns the workspaces, in the order of their ids.
    pub(super) fn tenants(&self) -> Vec<String> {
        self.0.iter().map(TenantId::to_string).collect()
    }

    /// Returns a remark for a message that something was not found. Empty if everything was read.
    pub(super) fn remark(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let tenants: Vec<&str> = self.0.iter().map(TenantId::as_str).collect();
        format!(
            " (the rows of {} cannot be read, so it may be theirs)",
            tenants.join(", ")
        )
    }
}
