//! Stores the settings in one encrypted row of the workspace. The API key of the status page has a row of its own, so
//! that no response can include it.

use secrecy::{ExposeSecret, SecretString};
use tidegate_pipeline::documents::Document;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

use super::Settings;

/// The document that the row of the settings holds.
pub const SETTINGS: Document<Settings> = Document::new("settings", "the settings of incidents");

/// The settings in effect for a workspace, with their version.
#[derive(Clone)]
pub struct Loaded {
    /// The settings in effect: the stored ones or the defaults.
    pub settings: Settings,
    /// How many times the settings were stored; 0 for the defaults.
    pub version: i64,
    /// Whether the workspace has stored settings, as opposed to using the defaults of the process.
    pub own: bool,
}

/// Loads the workspace's settings, or `defaults` if it has stored none.
pub async fn load(rows: &Rows, defaults: &Settings) -> Result<Loaded, TableError> {
    let effective = SETTINGS.load_or(rows, &place(), defaults).await?;
    Ok(Loaded {
        settings: effective.value,
        version: effective.version,
        own: effective.own,
    })
}

/// The write that replaces settings of that version. Its condition fails if somebody else stored settings in between.
pub fn store(settings: &Settings, version: i64) -> Write<RowKey> {
    SETTINGS.replace(place(), settings, version)
}

/// The API key of the workspace's page on Statuspage.io.
pub struct StatusPageKey;

impl StatusPageKey {
    /// Loads the key; `None` if none was stored.
    pub async fn load(rows: &Rows) -> Result<Option<SecretString>, TableError> {
        let row = rows.get(&key_place()).await?;
        let key = row.as_ref().and_then(|row| row.opened_text("key"));
        Ok(key.map(SecretString::from))
    }

    /// Whether a key was stored. Nothing else is ever shown of it.
    pub async fn is_set(rows: &Rows) -> Result<bool, TableError> {
        Ok(rows.get(&key_place()).await?.is_some())
    }

    /// The write that stores a key, replacing any other.
    pub fn store(key: &SecretString) -> Write<RowKey> {
        let row = Item::new().sealed("key", key.expose_secret().as_bytes());
        Write::put(key_place(), row)
    }

    /// The write that deletes the key.
    pub fn remove() -> Write<RowKey> {
        Write::delete(key_place())
    }

    /// Whether a text can be a key: 8 to 200 visible ASCII characters, which a header can carry.
    pub fn is_plausible(key: &str) -> bool {
        (8..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
    }
}

/// The key of the settings' row.
pub fn place() -> RowKey {
    RowKey::new(&["incidents"], &["settings"])
}

fn key_place() -> RowKey {
    RowKey::new(&["incidents"], &["status_page_key"])
}
