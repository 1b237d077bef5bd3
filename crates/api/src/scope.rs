//! The scopes of a credential: what it may do in its workspace.

use std::borrow::Cow;
use std::fmt;

/// One right of a credential, such as `keys:write`. The part before the colon names the resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// Allows a caller to see the workspace and the state of its connection.
    pub const WORKSPACE_READ: Self = Self::named("workspace:read");
    /// Allows a caller to create, list and revoke API keys of the workspace.
    pub const KEYS_WRITE: Self = Self::named("keys:write");
    /// Allows a caller to read the audit trail of the workspace.
    pub const AUDIT_READ: Self = Self::named("audit:read");

    /// Makes the scope of that name, for the constants of a domain.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Returns the name, as keys store it and calls send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Parses the scopes of a row: names separated by spaces. A name that no route requires any more is kept and allows nothing.
pub(crate) fn read(text: &str) -> Vec<Scope> {
    let names = text.split(' ').filter(|name| !name.is_empty());
    names
        .map(|name| Scope(Cow::Owned(name.to_owned())))
        .collect()
}

/// Formats scopes so that [`read`] parses them.
pub(crate) fn write(scopes: &[Scope]) -> String {
    let names: Vec<_> = scopes.iter().map(Scope::as_str).collect();
    names.join(" ")
}
