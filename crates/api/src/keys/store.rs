//! API keys in the table. A key is `tg_<workspace>_<id>_<secret>`. Its row belongs to the workspace, so one read finds it, a
//! query lists it, and erasing the workspace removes it. The row holds a SHA-256 hash of the secret, sealed with what the key grants,
//! so that nobody makes or widens a key who can only write to the table. The secret has 192 random bits, so a slow hash would add no
//! protection.

use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::entropy::{EntropyError, random_hex};
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::TenantId;
use tidegate_slack::tenant::is_id;

use crate::credentials::credential_row;
use crate::{Scope, scope};

/// The prefix of every key, by which scanners for leaked secrets recognize it.
pub(crate) const PREFIX: &str = "tg_";

/// The least time between two writes of `used_at`. One write per call would double the cost of a call.
const USE_NOTED_EVERY: Duration = Duration::from_hours(1);

/// How long a revoked or expired key stays in the list.
const LISTED_AFTER_END: Duration = Duration::from_hours(90 * 24);

/// The attribute with what a key grants.
const GRANT: &str = "grant";

/// What a key grants, as its row holds it: in JSON, and sealed for that row.
#[derive(Serialize, Deserialize)]
struct Grant {
    /// The hash of the secret, in hexadecimal digits.
    hash: String,
    scopes: String,
    /// When it stops being accepted, in milliseconds since 1970. `None` if it never does.
    ends_at: Option<i64>,
}

impl Grant {
    /// Reads what a row grants. `None` for a row that Tidegate did not write for a key.
    fn of(row: &Item) -> Option<Self> {
        serde_json::from_slice(row.opened(GRANT)?).ok()
    }
}

/// An API key as its row describes it. The secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiKey {
    /// The id within the workspace: 16 hex digits.
    pub(crate) id: String,
    /// The name that a person gave it, 1 to 80 characters.
    pub(crate) name: String,
    /// The scopes that the key grants.
    pub(crate) scopes: Vec<Scope>,
    /// The time when it was created.
    pub(crate) created_at: Timestamp,
    /// The time from which it is no longer valid, or `None` if it never expires.
    pub(crate) ends_at: Option<Timestamp>,
    /// The time when it was revoked, or `None`.
    pub(crate) revoked_at: Option<Timestamp>,
    /// The time when it was last used, to the hour, or `None` if it never was.
    pub(crate) used_at: Option<Timestamp>,
}

/// The parts of a key that a caller sent. It is not verified yet.
pub(crate) struct Presented {
    /// The workspace that the key claims to belong to.
    pub(crate) tenant: TenantId,
    id: String,
    hash: [u8; 32],
}

impl Presented {
    /// Parses a key. `None` if the text does not have the form of one.
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

/// Splits the id that lists show, `<workspace>_<id>`. `None` if either part is malformed.
pub(crate) fn split_id(id: &str) -> Option<(TenantId, String)> {
    let (tenant, id) = id.split_once('_')?;
    // A made-up id must never address rows outside of a workspace.
    let own = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id(tenant) && own).then(|| (tenant.into(), id.to_owned()))
}

/// A key that is not stored yet.
pub(crate) struct New {
    pub(crate) key: ApiKey,
    /// The full text of the key, which is not stored and cannot be shown again.
    pub(crate) shown: SecretString,
    hash: [u8; 32],
}

impl New {
    /// Makes a key with a random secret. `id` has 16 hexadecimal digits.
    pub(crate) fn prepare(
        tenant: &TenantId,
        id: &str,
        name: &str,
        scopes: Vec<Scope>,
        ends_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, EntropyError> {
        let secret = random_hex(24)?;
        Ok(Self {
            key: ApiKey {
                id: id.to_owned(),
                name: name.to_owned(),
                scopes,
                created_at: now,
                ends_at,
                revoked_at: None,
                used_at: None,
            },
            shown: format!("{PREFIX}{tenant}_{id}_{secret}").into(),
            hash: hash(&secret),
        })
    }

    /// Makes the write that stores the key. It fails if a key with that id is there.
    pub(crate) fn write(&self) -> Write<RowKey> {
        let key = &self.key;
        let grant = Grant {
            hash: hex::encode(self.hash),
            scopes: scope::write(&key.scopes),
            ends_at: key.ends_at.map(Timestamp::millis),
        };
        let row = Item::new()
            .with("name", key.name.as_str())
            .sealed(GRANT, serde_json::to_vec(&grant).unwrap_or_default())
            .with("created_at", key.created_at.millis())
            .with_some(
                "expires_at",
                key.ends_at.map(|at| at.plus(LISTED_AFTER_END).seconds()),
            );
        Write::put(row_key(&key.id), row).when("attribute_not_exists(#pk)")
    }
}

/// Verifies a presented key. `None` if it is unknown, wrong, revoked or expired, or if its workspace was erased. `rows` belong to the
/// workspace that it names. The time that this takes may tell whether there is a key with that id, which is no secret.
pub(crate) async fn check(
    rows: &Rows,
    presented: &Presented,
    now: Timestamp,
) -> Result<Option<ApiKey>, TableError> {
    let Some(row) = credential_row(rows, &row_key(&presented.id)).await? else {
        return Ok(None);
    };
    let Some((key, hash)) = parse(presented.id.clone(), &row) else {
        tracing::error!(key = presented.id, "key.not_opened");
        return Ok(None);
    };
    let same = hash
        .as_bytes()
        .ct_eq(hex::encode(presented.hash).as_bytes());
    Ok(Some(key).filter(|key| bool::from(same) && key.is_good(now)))
}

/// Records that the key is in use, at most once an hour.
pub(crate) async fn note_use(rows: &Rows, key: &ApiKey, now: Timestamp) {
    if key
        .used_at
        .is_some_and(|at| now.since(at) < USE_NOTED_EVERY)
    {
        return;
    }
    let used = Write::update(row_key(&key.id), "SET #used_at = :now")
        .when("attribute_exists(#pk)")
        .value(":now", now.millis());
    // The call goes on without it.
    if let Err(e) = rows.write(used).await {
        tracing::warn!(error = %e, "the last use of a key was not written");
    }
}

/// Makes the write that revokes a key. It fails if there is none, or it is revoked.
pub(crate) fn revoke(id: &str, now: Timestamp) -> Write<RowKey> {
    Write::update(
        row_key(id),
        "SET #revoked_at = :now, #expires_at = :forgotten",
    )
    .when("attribute_exists(#pk) AND attribute_not_exists(#revoked_at)")
    .value(":now", now.millis())
    .value(":forgotten", now.plus(LISTED_AFTER_END).seconds())
}

/// Tells whether there is a key with that id, revoked or not.
pub(crate) async fn exists(rows: &Rows, id: &str) -> Result<bool, TableError> {
    Ok(rows.get(&row_key(id)).await?.is_some())
}

/// Reads the row of a key. `None` for a row that Tidegate did not write for this key.
pub(crate) fn read(id: String, row: &Item) -> Option<ApiKey> {
    parse(id, row).map(|(key, _)| key)
}

/// Returns the key that a row describes, and the hash of its secret.
fn parse(id: String, row: &Item) -> Option<(ApiKey, String)> {
    let grant = Grant::of(row)?;
    let moment = |name: &str| row.number(name).map(Timestamp);
    let key = ApiKey {
        id,
        name: row.text("name").unwrap_or_default().to_owned(),
        scopes: scope::read(&grant.scopes),
        created_at: moment("created_at").unwrap_or_default(),
        ends_at: grant.ends_at.map(Timestamp),
        revoked_at: moment("revoked_at"),
        used_at: moment("used_at"),
    };
    Some((key, grant.hash))
}

impl ApiKey {
    /// Tells whether the key is neither revoked nor expired.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.ends_at.is_none_or(|end| now < end)
    }

    /// Returns the state that lists show: `active`, `revoked` or `expired`.
    pub(crate) fn state(&self, now: Timestamp) -> &'static str {
        match self.revoked_at {
            Some(_) => "revoked",
            None if self.is_good(now) => "active",
            None => "expired",
        }
    }
}

/// The partition that holds the keys of a workspace.
pub(crate) const PARTITION: &str = "keys";

fn row_key(id: &str) -> RowKey {
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
