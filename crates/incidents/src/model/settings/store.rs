//! The settings in the table: one row of the workspace, sealed under its key; and the status page's API key, apart
//! from them in a row of its own that no answer is made from.

use secrecy::{ExposeSecret, SecretString};
use tidegate_pipeline::documents::Document;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

use super::Settings;

/// The settings as their row holds them.
pub const SETTINGS: Document<Settings> = Document::new("settings", "the settings of incidents");

/// The settings that hold for a workspace.
#[derive(Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// How often they have been stored; zero when never.
    pub version: i64,
    /// Whether they are the workspace's own, and not those of the process.
    pub own: bool,
}

/// The workspace's own settings, or `defaults` while it has none.
pub async fn load(rows: &Rows, defaults: &Settings) -> Result<Loaded, TableError> {
    let effective = SETTINGS.load_or(rows, &place(), defaults).await?;
    Ok(Loaded {
        settings: effective.value,
        version: effective.version,
        own: effective.own,
    })
}

/// Stores settings in place of those of that version; the condition fails if somebody else has been quicker.
pub fn store(settings: &Settings, version: i64) -> Write<RowKey> {
    SETTINGS.replace(place(), settings, version)
}

/// The API key of the workspace's page at Statuspage.io.
pub struct StatusPageKey;

impl StatusPageKey {
    /// The key, if one was stored.
    pub async fn load(rows: &Rows) -> Result<Option<SecretString>, TableError> {
        let row = rows.get(&key_place()).await?;
        let key = row.as_ref().and_then(|row| row.opened_text("key"));
        Ok(key.map(SecretString::from))
    }

    /// Whether one was stored: all that is ever shown of it.
    pub async fn is_set(rows: &Rows) -> Result<bool, TableError> {
        Ok(rows.get(&key_place()).await?.is_some())
    }

    /// Stores a key in place of another.
    pub fn store(key: &SecretString) -> Write<RowKey> {
        let row = Item::new().sealed("key", key.expose_secret().as_bytes());
        Write::put(key_place(), row)
    }

    /// Forgets the key.
    pub fn remove() -> Write<RowKey> {
        Write::delete(key_place())
    }

    /// Whether a text can be a key: whatever a header can carry, of a sensible length.
    pub fn is_plausible(key: &str) -> bool {
        (8..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
    }
}

/// The row of the settings.
pub fn place() -> RowKey {
    RowKey::new(&["incidents"], &["settings"])
}

fn key_place() -> RowKey {
    RowKey::new(&["incidents"], &["status_page_key"])
}
