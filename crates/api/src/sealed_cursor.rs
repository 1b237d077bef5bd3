//! Cursors of lists that pass over what the caller may not see. Such a cursor may lie behind a hidden row, so it is sealed: the
//! caller learns nothing from it, and nobody else's cursor opens.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tidegate_pipeline::keyring::Place;
use tidegate_pipeline::table::{Cursor, Key};
use tidegate_slack::ids::TenantId;

use super::query::NO_CURSOR;
use super::{Api, ApiError};

impl Api {
    /// Seals the cursor of a workspace's list, as text for a URL. `list` names the list with its filters, so that the cursor of
    /// another one does not open.
    pub async fn seal_cursor(
        &self,
        tenant: &TenantId,
        list: &str,
        cursor: &Cursor,
    ) -> Result<String, ApiError> {
        // The workspace has keys: the list that the cursor is of is not empty.
        let keys = self.keyring.get().find(tenant).await?;
        let keys = keys.ok_or_else(|| ApiError::Internal("a list without keys".to_owned()))?;
        let (row, plain) = (row_of(list), cursor.encode());
        let sealed = keys.seal(place(&row), plain.as_bytes());
        let sealed = sealed.map_err(|e| ApiError::Internal(e.to_string()))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a cursor of the workspace's list. Any other text is the caller's mistake.
    pub async fn open_cursor(
        &self,
        tenant: &TenantId,
        list: &str,
        sealed: &str,
    ) -> Result<Cursor, ApiError> {
        let (keyring, row) = (self.keyring.get(), row_of(list));
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).unwrap_or_default();
        let mut keys = keyring.find(tenant).await?;
        if keys.as_ref().is_some_and(|keys| !keys.know(&sealed)) {
            // Another process may have sealed it with a key that is new.
            keyring.forget(tenant);
            keys = keyring.find(tenant).await?;
        }
        let opened = keys.and_then(|keys| keys.open(place(&row), &sealed).ok());
        let cursor = opened.and_then(|plain| Cursor::decode(std::str::from_utf8(&plain).ok()?));
        cursor.ok_or_else(|| ApiError::field("after", NO_CURSOR))
    }
}

fn place(row: &Key) -> Place<'_> {
    Place {
        row,
        attribute: "cursor",
    }
}

/// A key that no row has, for the list.
fn row_of(list: &str) -> Key {
    Key {
        pk: "cursor".to_owned(),
        sk: list.to_owned(),
    }
}
