//! What a domain decides, and how it says that it cannot.

use thiserror::Error;

use crate::audit::AuditNote;
use crate::outbox::Post;
use crate::table::{RowKey, TableError, Write};

/// Why a job is not done, chosen where it is known whether trying again can help.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JobError {
    /// Trying again may help.
    #[error("{0}")]
    Retry(String),
    /// It cannot; the job is parked with this reason.
    #[error("{0}")]
    Fail(String),
    /// Its tenant was erased: the job is dropped, and nothing of it kept.
    #[error("the workspace has been erased")]
    Erased,
}

impl From<TableError> for JobError {
    fn from(e: TableError) -> Self {
        match e {
            TableError::Invalid(_) => Self::Fail(e.to_string()),
            TableError::Erased => Self::Erased,
            _ => Self::Retry(e.to_string()),
        }
    }
}

/// The writes and posts that a domain wants for an event.
#[derive(Debug, Default, Clone)]
pub struct Decision {
    /// Changes of state. Each carries the condition under which the decision holds.
    pub writes: Vec<Write<RowKey>>,
    /// Posts to Slack, and effects that the domain performs.
    pub posts: Vec<Post>,
    /// The note for the audit trail, which is written in the decision's transaction; `None` if nothing is noted.
    pub audit: Option<AuditNote>,
}
