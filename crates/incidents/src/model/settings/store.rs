//! The settings in the table: one row of the workspace, sealed under its key; and the status page's API key, apart
//! from them in a row of its own that no answer is made from.

use secrecy::{ExposeSecret, SecretString};
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

use super::Settings;

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
    let Some(row) = rows.get(&place()).await? else {
        return Ok(Loaded {
            settings: defaults.clone(),
            version: 0,
            own: false,
        });
    };
    let unreadable = |why: String| {
        TableError::Invalid(format!("the settings of incidents cannot be read: {why}"))
    };
    let json = row.opened("settings");
    let json = json.ok_or_else(|| unreadable("the row has none".to_owned()))?;
    // The position of what does not fit, and not its words.
    let settings = serde_json::from_slice(json)
        .map_err(|e| unreadable(format!("line {}, column {}", e.line(), e.column())))?;
    Ok(Loaded {
        settings,
        version: row.number("version").unwrap_or(0),
        own: true,
    })
}

/// Stores settings in place of those of that version; the condition fails if somebody else has been quicker.
pub fn store(settings: &Settings, version: i64) -> Result<Write<RowKey>, TableError> {
    let json = serde_json::to_vec(settings).map_err(|_| {
        TableError::Invalid("the settings of incidents cannot be written".to_owned())
    })?;
    let row = Item::new()
        .with("version", version + 1)
        .sealed("settings", json);
    let put = Write::put(place(), row);
    Ok(match version {
        0 => put.when("attribute_not_exists(#pk)"),
        version => put.when("#version = :read").value(":read", version),
    })
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

fn place() -> RowKey {
    RowKey::new(&["incidents"], &["settings"])
}

fn key_place() -> RowKey {
    RowKey::new(&["incidents"], &["status_page_key"])
}
