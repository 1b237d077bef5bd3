//! API keys in the table. A key is `tg_<workspace>_<id>_<secret>`; its row lies among the workspace's own, so it is
//! found with one read, listed without a scan, and gone when the workspace is erased. Of the secret the row has a
//! SHA-256 hash: the secret is 192 random bits, which no dictionary holds, so a slow hash would add nothing.

use std::time::Duration;

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::entropy::{EntropyError, random_hex};
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::TenantId;
use tidegate_slack::tenant::is_id;

use crate::{Scope, scope};

/// What every key begins with, so that scanners for leaked secrets can tell one.
pub(crate) const PREFIX: &str = "tg_";

/// How much later than the last time `used_at` is written again. One write a call would double what a call costs.
const USED_EVERY: Duration = Duration::from_hours(1);

/// How long a key that is no longer good stays in the list.
const REMEMBERED: Duration = Duration::from_hours(90 * 24);

/// A key as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiKey {
    /// Its own part of the id, without the workspace.
    pub(crate) id: String,
    /// What people call it.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) scopes: Vec<Scope>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it ends, if ever.
    pub(crate) ends_at: Option<Timestamp>,
    /// When it was revoked.
    pub(crate) revoked_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    pub(crate) used_at: Option<Timestamp>,
}

/// The parts of a key that someone sent.
pub(crate) struct Presented {
    /// Whose key it claims to be.
    pub(crate) tenant: TenantId,
    id: String,
    hash: [u8; 32],
}

impl Presented {
    /// Reads a key; `None` for what is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.rsplit_once('_')?;
        let (tenant, id) = split_id(id)?;
        Some(Self {
            tenant,
            id,
            hash: hash(secret),
        })
    }
}

/// The workspace and the own part of an id as lists show it.
pub(crate) fn split_id(id: &str) -> Option<(TenantId, String)> {
    let (tenant, id) = id.split_once('_')?;
    // Whatever was made up must not name rows that are no workspace's.
    let own = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id(tenant) && own).then(|| (tenant.into(), id.to_owned()))
}

/// Makes a key. It is answered here and never again.
pub(crate) async fn make(
    rows: &Rows,
    tenant: &TenantId,
    name: &str,
    scopes: &[Scope],
    ends_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(ApiKey, SecretString), MakeError> {
    let (id, secret) = (random_hex(8)?, random_hex(24)?);
    let key = ApiKey {
        id,
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        created_at: now,
        ends_at,
        revoked_at: None,
        used_at: None,
    };
    let row = Item::new()
        .with("name", name)
        .with("hash", hash(&secret).to_vec())
        .with("scopes", scope::write(scopes))
        .with("created_at", now.millis())
        .with_some("ends_at", ends_at.map(Timestamp::millis))
        .with_some(
            "expires_at",
            ends_at.map(|at| at.plus(REMEMBERED).seconds()),
        );
    let put = Write::put(place(&key.id), row).when("attribute_not_exists(#pk)");
    rows.write(put).await?;
    let shown = format!("{PREFIX}{tenant}_{}_{secret}", key.id);
    Ok((key, shown.into()))
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MakeError {
    /// The table did not take it.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// The key that was presented, if it is good. `rows` are those of the workspace that it claims to be of.
pub(crate) async fn check(
    rows: &Rows,
    presented: &Presented,
    now: Timestamp,
) -> Result<Option<ApiKey>, TableError> {
    let row = rows.get(&place(&presented.id)).await?;
    // Compared in any case, so that time does not tell whether there is such a key.
    let stored = row.as_ref().and_then(|row| row.bytes("hash"));
    let same = stored.unwrap_or(&[0; 32]).ct_eq(&presented.hash);
    let key = row.map(|row| read(presented.id.clone(), &row));
    Ok(key.filter(|key| bool::from(same) && key.is_good(now)))
}

/// Notes that the key is in use, at most once an hour.
pub(crate) async fn note_use(rows: &Rows, key: &ApiKey, now: Timestamp) {
    if key.used_at.is_some_and(|at| now.since(at) < USED_EVERY) {
        return;
    }
    let used = Write::update(place(&key.id), "SET #used_at = :now")
        .when("attribute_exists(#pk)")
        .value(":now", now.millis());
    // Nobody's call fails over this.
    if let Err(e) = rows.write(used).await {
        tracing::warn!(error = %e, "the last use of a key was not written");
    }
}

/// Revokes a key; `false` where there is none. Doing it again changes nothing.
pub(crate) async fn revoke(rows: &Rows, id: &str, now: Timestamp) -> Result<bool, TableError> {
    let set = "SET #revoked_at = if_not_exists(#revoked_at, :now), #expires_at = :forgotten";
    let write = Write::update(place(id), set)
        .when("attribute_exists(#pk)")
        .value(":now", now.millis())
        .value(":forgotten", now.plus(REMEMBERED).seconds());
    match rows.write(write).await {
        Ok(_) => Ok(true),
        Err(TableError::Condition) => Ok(false),
        Err(e) => Err(e),
    }
}

/// The key in that row.
pub(crate) fn read(id: String, row: &Item) -> ApiKey {
    let moment = |name: &str| row.number(name).map(Timestamp);
    ApiKey {
        id,
        name: row.text("name").unwrap_or_default().to_owned(),
        scopes: scope::read(row.text("scopes").unwrap_or_default()),
        created_at: moment("created_at").unwrap_or_default(),
        ends_at: moment("ends_at"),
        revoked_at: moment("revoked_at"),
        used_at: moment("used_at"),
    }
}

impl ApiKey {
    /// Whether it opens anything.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.ends_at.is_none_or(|end| now < end)
    }

    /// For lists.
    pub(crate) fn state(&self, now: Timestamp) -> &'static str {
        match self.revoked_at {
            Some(_) => "revoked",
            None if self.is_good(now) => "active",
            None => "expired",
        }
    }
}

/// The partition of a workspace's keys.
pub(crate) const PARTITION: &str = "keys";

fn place(id: &str) -> RowKey {
    RowKey::new(&[PARTITION], &[id])
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_as_a_key_is_read_as_one() {
        let good = "tg_T0TESTS0001_0123456789abcdef_sesame";
        let read = Presented::parse(good).unwrap();
        assert_eq!(
            (read.tenant.as_str(), read.id.as_str()),
            ("T0TESTS0001", "0123456789abcdef")
        );
        for odd in [
            "",
            "tg_",
            "T0TESTS0001_0123456789abcdef_sesame",
            "tg_0123456789abcdef_sesame",
            "tg_@system_0123456789abcdef_sesame",
            "tg_t0tests0001_0123456789abcdef_sesame",
            "tg_T0TESTS0001#keys_0123456789abcdef_sesame",
            "tg_T0TESTS0001_0123456789abcde_sesame",
            "tg_T0TESTS0001_0123456789abcde#_sesame",
            "tg_T0TESTS0001__sesame",
        ] {
            assert!(Presented::parse(odd).is_none(), "{odd}");
        }
    }
}
