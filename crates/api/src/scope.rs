//! What a credential may do in its workspace.

use std::borrow::Cow;
use std::fmt;

/// One thing that a credential may do, such as `keys:write`. The part before the colon names what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// See the workspace and the state of its connection.
    pub const WORKSPACE_READ: Self = Self::named("workspace:read");
    /// Make, list and revoke the workspace's API keys.
    pub const KEYS_WRITE: Self = Self::named("keys:write");
    /// Read the workspace's audit trail.
    pub const AUDIT_READ: Self = Self::named("audit:read");

    /// The scope of that name; for the constants of a domain.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name, as keys and calls write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads the scopes of a row: names with spaces between them. A name that no route asks for any more opens nothing.
pub(crate) fn read(text: &str) -> Vec<Scope> {
    let names = text.split(' ').filter(|name| !name.is_empty());
    names
        .map(|name| Scope(Cow::Owned(name.to_owned())))
        .collect()
}

/// Writes scopes as [`read`] reads them.
pub(crate) fn write(scopes: &[Scope]) -> String {
    let names: Vec<_> = scopes.iter().map(Scope::as_str).collect();
    names.join(" ")
}
