//! Access to the table under the rights of the caller. A handler has no other way to its rows.

use tidegate_pipeline::table::{Rows, Table};
use tidegate_slack::ids::TenantId;

use super::{ApiError, Call, Caller};

/// The table, which gives a handler only the rows that its caller may see.
pub struct Gate(Table);

impl From<Table> for Gate {
    fn from(table: Table) -> Self {
        Self(table)
    }
}

impl Gate {
    /// Returns the rows of all tenants. Only an operator's call gets them.
    pub fn all(&self, call: &Call) -> Result<&Table, ApiError> {
        match call.caller {
            Caller::Operator => Ok(&self.0),
            _ => Err(rows_denied()),
        }
    }

    /// Returns one tenant's rows. A member gets those of their own tenant, an operator those of any tenant.
    pub fn rows(&self, call: &Call, tenant: &TenantId) -> Result<Rows, ApiError> {
        match &call.caller {
            Caller::Operator => Ok(self.0.tenant(tenant)),
            Caller::Member(member) if member.tenant == *tenant => Ok(self.0.tenant(tenant)),
            _ => Err(rows_denied()),
        }
    }

    /// Returns one tenant's rows for a public route, to be read only. Such a route shows only what the tenant has published.
    pub fn published(&self, call: &Call, tenant: &TenantId) -> Result<Rows, ApiError> {
        match call.caller {
            Caller::Anyone => Ok(self.0.tenant(tenant).read_only()),
            _ => Err(rows_denied()),
        }
    }

    /// Returns the table without any check, for code that runs before the caller is known.
    pub(super) fn unrestricted(&self) -> &Table {
        &self.0
    }
}

/// A part of the API that its own handlers use and that no domain can take out.
pub struct Own<T>(T);

impl<T> From<T> for Own<T> {
    fn from(part: T) -> Self {
        Self(part)
    }
}

impl<T> Own<T> {
    pub(crate) fn get(&self) -> &T {
        &self.0
    }
}

/// The error for a handler that asks for more than its caller may see. That is a defect of ours, so the caller learns no detail.
fn rows_denied() -> ApiError {
    ApiError::Internal("a handler asked for rows that its caller may not see".to_owned())
}
