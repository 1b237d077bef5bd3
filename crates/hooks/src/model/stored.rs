//! The hooks of a workspace as they are loaded: each with its health.

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Versioned;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write};

use super::delivery::{DELIVERY, Delivery, DeliveryId};
use super::drains;
use super::health::Health;
use super::hook::{HOOK, Hook, HookId};
use super::rows::{self, PARTS};

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
    /// For each part of its held deliveries: until when it counts as being drained.
    pub(crate) drained_until: [Timestamp; PARTS],
}

impl Stored {
    /// Makes the write that stores the hook as changed. It fails if somebody else has changed it since it was read.
    pub(crate) fn replace(&self, hook: &Hook) -> Write<RowKey> {
        HOOK.replace(rows::hook(&self.id), hook, self.version)
    }

    /// Tells whether a drain of that part is under way, so that it needs no other: a flood of deliveries leaves one effect.
    pub(crate) fn is_drained(&self, part: usize, now: Timestamp) -> bool {
        self.drained_until
            .get(part)
            .is_some_and(|until| now < *until)
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

/// Leaves out and logs what cannot be read because its row is damaged, so that it holds up nothing else.
pub(crate) fn readable<T>(loaded: Result<Option<T>, TableError>) -> Result<Option<T>, TableError> {
    match loaded {
        Err(e @ TableError::Invalid(_)) => {
            tracing::error!(error = %e, "hooks.row_damaged");
            Ok(None)
        }
        loaded => loaded,
    }
}

/// Loads a delivery with its version. `None` also for one that cannot be read.
pub(crate) async fn load_delivery(
    rows: &Rows,
    hook: &HookId,
    id: &DeliveryId,
) -> Result<Option<Versioned<Delivery>>, TableError> {
    let key = rows::delivery(hook, id);
    readable(DELIVERY.load_versioned(rows, &key).await)
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
    let drained_until = |id: &HookId| {
        let mut drained = [Timestamp::default(); PARTS];
        for (part, until) in drained.iter_mut().enumerate() {
            let key = rows::drained(id, part);
            let row = found.iter().find(|(found, _)| *found == key);
            *until = row.map_or(*until, |(_, row)| drains::until(row));
        }
        drained
    };
    let hooks = found.iter().filter_map(|(key, row)| {
        let id = named(key, "hook")?;
        match HOOK.read(row) {
            Ok(hook) => Some(Stored {
                health: health_of(&id),
                drained_until: drained_until(&id),
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
