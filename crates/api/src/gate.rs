//! The table behind the caller's rights: a handler gets rows by its call only.

use tidegate_pipeline::table::{Rows, Table};
use tidegate_slack::ids::TenantId;

use super::{Call, Caller, Refused};

/// The table, as far as a caller may see it.
pub struct Gate(Table);

impl From<Table> for Gate {
    fn from(table: Table) -> Self {
        Self(table)
    }
}

impl Gate {
    /// Rows of all tenants, for the operator.
    pub fn all(&self, call: &Call) -> Result<&Table, Refused> {
        match call.caller {
            Caller::Operator => Ok(&self.0),
            _ => Err(astray()),
        }
    }

    /// One tenant's rows: a member's own, or those of whichever an operator named.
    pub fn rows(&self, call: &Call, tenant: &TenantId) -> Result<Rows, Refused> {
        match &call.caller {
            Caller::Operator => Ok(self.0.tenant(tenant)),
            Caller::Member(member) if member.tenant == *tenant => Ok(self.0.tenant(tenant)),
            _ => Err(astray()),
        }
    }

    /// One tenant's rows for a public route, which shows nothing but what the tenant has published.
    pub fn published(&self, tenant: &TenantId) -> Rows {
        self.0.tenant(tenant)
    }

    /// For what decides about callers before there is one.
    pub(super) fn unguarded(&self) -> &Table {
        &self.0
    }
}

/// A handler asked for more than its caller may see: our mistake, so nothing is told.
fn astray() -> Refused {
    Refused::Ours("a handler asked for rows that its caller may not see".to_owned())
}
