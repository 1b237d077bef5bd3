//! Keys: parts that are escaped and joined by `#`, so that no part can change the meaning of another.

use sha2::{Digest, Sha256};
use tidegate_slack::ids::TenantId;

/// The longest part that is stored unchanged, in bytes. DynamoDB limits a sort key to 1,024 bytes.
const MAX_PART: usize = 200;

/// The absolute key of a row. Only engines use it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The partition key, which begins with the tenant's prefix.
    pub pk: String,
    /// The sort key within the partition.
    pub sk: String,
}

/// The key of a row within one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    pub(super) partition: String,
    pub(super) sort: String,
}

impl RowKey {
    /// Makes a key from its parts. Neither list may be empty.
    pub fn new(partition: &[&str], sort: &[&str]) -> Self {
        Self {
            partition: join(partition),
            sort: join(sort),
        }
    }

    /// Returns the parts of the partition that were given to [`RowKey::new`]. A part of over 200 bytes comes back as its hash.
    pub fn partition_parts(&self) -> Vec<String> {
        split(&self.partition)
    }

    /// Returns the parts of the sort key, as [`RowKey::partition_parts`] does.
    pub fn sort_parts(&self) -> Vec<String> {
        split(&self.sort)
    }
}

/// Returns the prefix of a tenant's partitions.
pub(super) fn tenant_prefix(tenant: &TenantId) -> String {
    escape(tenant.as_str())
}

/// Returns the tenant of a prefix.
pub(super) fn tenant_of(prefix: &str) -> TenantId {
    unescape(prefix).into()
}

/// Escapes the parts and joins them.
pub(super) fn join(parts: &[&str]) -> String {
    parts
        .iter()
        .map(|part| escape(part))
        .collect::<Vec<_>>()
        .join("#")
}

fn split(key: &str) -> Vec<String> {
    key.split('#').map(unescape).collect()
}

fn escape(part: &str) -> String {
    let escaped = part.replace('%', "%25").replace('#', "%23");
    if escaped.len() > MAX_PART {
        // `%h` is not an escape sequence, so no short part can look like this.
        return format!("%h{}", hash_text(part.as_bytes()));
    }
    escaped
}

fn unescape(part: &str) -> String {
    part.replace("%23", "#").replace("%25", "%")
}

/// Returns the first 128 bits of the SHA-256 hash as 32 hex digits.
pub fn hash_text(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..16])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = String> {
        prop_oneof![4 => "[%#a-c0-3 é]{0,6}", 1 => "[a-z#]{199,203}"]
    }

    proptest! {
        #[test]
        fn different_parts_give_different_keys(
            a in prop::collection::vec(part(), 1..4),
            b in prop::collection::vec(part(), 1..4),
        ) {
            let (left, right): (Vec<&str>, Vec<&str>) =
                (a.iter().map(String::as_str).collect(), b.iter().map(String::as_str).collect());
            prop_assert_eq!(a == b, join(&left) == join(&right));
        }

        #[test]
        fn parts_come_back(parts in prop::collection::vec("[%#a-c0-3 é]{0,6}", 1..4)) {
            let borrowed: Vec<&str> = parts.iter().map(String::as_str).collect();
            prop_assert_eq!(split(&join(&borrowed)), parts);
        }

        #[test]
        fn no_tenant_reaches_into_another(a in "[A-Z0-9#%]{1,6}", b in "[A-Z0-9#%]{1,6}", rest in part()) {
            prop_assume!(a != b);
            let other = format!("{}#", tenant_prefix(&b.into()));
            let mine = format!("{}#{}", tenant_prefix(&a.into()), join(&[&rest]));
            prop_assert!(!mine.starts_with(&other));
        }

        #[test]
        fn a_key_stays_short(parts in prop::collection::vec(".{0,400}", 1..4)) {
            let borrowed: Vec<&str> = parts.iter().map(String::as_str).collect();
            prop_assert!(join(&borrowed).len() <= 3 * (MAX_PART + 1));
        }
    }
}
