//! Why a key cannot be used.

use thiserror::Error;

use super::{CipherError, MasterKeyError};
use crate::secrets::SecretError;
use crate::table::TableError;

/// The reason why a key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The tenant was erased, and the app has not been installed again.
    #[error("the workspace has been erased")]
    Erased,
    /// The table of keys failed.
    #[error("tenant keys: {0}")]
    Table(#[from] TableError),
    /// The master keys could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The list of master keys is malformed.
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    /// A key is wrapped under a master key that is not in the list, or is damaged. Holds which key that is.
    #[error("{0} cannot be opened with the master keys that are configured")]
    Locked(String),
    /// A key could not be made or wrapped.
    #[error("tenant keys: {0}")]
    Cipher(#[from] CipherError),
    /// A row of the keys' table is damaged.
    #[error("the row of a tenant's keys is damaged")]
    Damaged,
}
