//! The hooks of a workspace as they are loaded: each with its health.

use tidegate_pipeline::documents::Versioned;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write};

use super::delivery::{DELIVERY, Delivery, DeliveryId};
use super::health::Health;
use super::hook::{HOOK, Hook, HookId};
use super::rows;

/// A hook with its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The id that the row's key carries.
    pub(crate) id: HookId,
    /// The hook itself.
    pub(crate) hook: Hook,
    /// The version of its row, for a change.
    pub(crate) version: i64,
    /// How its receiver has answered of late.
    pub(crate) health: Health,
}

impl Stored {
    /// Makes the write that stores the hook as changed. It fails if somebody else has changed it since it was read.
    pub(crate) fn replace(&self, hook: &Hook) -> Write<RowKey> {
        HOOK.replace(rows::hook(&self.id), hook, self.version)
    }
}

/// Loads all hooks of a workspace with one query. One that cannot be read is left out and logged: it holds up no other.
pub(crate) async fn load_all(rows: &Rows) -> Result<Vec<Stored>, TableError> {
    let found = rows.pages(&[rows::HOOKS], Range::All).all().await?;
    Ok(read(&found))
}

/// Loads one hook with one query. `None` if there is none.
pub(crate) async fn load(rows: &Rows, id: &HookId) -> Result<Option<Stored>, TableError> {
    let range = [id.as_str()];
    let page = rows.query(&[rows::HOOKS], Range::Under(&range), false, 10, None);
    Ok(read(&page.await?.rows).pop())
}

/// Loads a delivery with its version.
pub(crate) async fn load_delivery(
    rows: &Rows,
    hook: &HookId,
    id: &DeliveryId,
) -> Result<Option<Versioned<Delivery>>, TableError> {
    DELIVERY
        .load_versioned(rows, &rows::delivery(hook, id))
        .await
}

fn read(found: &[(RowKey, Item)]) -> Vec<Stored> {
    let named = |key: &RowKey, what: &str| {
        let parts = key.sort_parts();
        let is_it = parts.get(1).is_some_and(|part| part == what);
        is_it.then(|| HookId::parse(parts.first()?)).flatten()
    };
    let health_of = |id: &HookId| {
        let mut rows = found.iter();
        let row = rows.find(|(key, _)| named(key, "health").as_ref() == Some(id));
        row.map_or(Health::default(), |(_, row)| Health::parse(row))
    };
    let hooks = found.iter().filter_map(|(key, row)| {
        let id = named(key, "hook")?;
        match HOOK.read(row) {
            Ok(hook) => Some(Stored {
                health: health_of(&id),
                hook,
                version: row.number("version").unwrap_or(0),
                id,
            }),
            Err(e) => {
                tracing::error!(hook = %id, error = %e, "hooks.unreadable");
                None
            }
        }
    });
    hooks.collect()
}
