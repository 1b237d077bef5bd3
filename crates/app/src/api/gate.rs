//! The table behind the caller's rights: a handler gets rows by its call only.

use tidegate_pipeline::table::Table;

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
            Caller::Anyone => Err(Refused::Ours(
                "a handler asks for all rows, but not for an operator".to_owned(),
            )),
        }
    }

    /// For what decides about callers before there is one.
    pub(super) fn unguarded(&self) -> &Table {
        &self.0
    }
}
