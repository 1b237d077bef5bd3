//! What a credential may do in its workspace.

use std::fmt;

/// One thing that a credential may do. Only what routes ask for is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See the workspace and the state of its connection.
    WorkspaceRead,
    /// Renew or end the workspace's connection.
    WorkspaceWrite,
    /// Erase all that is stored of the workspace.
    WorkspaceErase,
    /// Make, list and revoke the workspace's API keys.
    KeysWrite,
    /// Read the workspace's audit trail.
    AuditRead,
    /// See incidents and their settings.
    IncidentsRead,
    /// Declare incidents, and move them as far as a program may.
    IncidentsWrite,
    /// Do everything with incidents, the private ones included, and change their settings.
    IncidentsAdmin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::WorkspaceRead,
        Self::WorkspaceWrite,
        Self::WorkspaceErase,
        Self::KeysWrite,
        Self::AuditRead,
        Self::IncidentsRead,
        Self::IncidentsWrite,
        Self::IncidentsAdmin,
    ];

    /// As keys and calls name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkspaceRead => "workspace:read",
            Self::WorkspaceWrite => "workspace:write",
            Self::WorkspaceErase => "workspace:erase",
            Self::KeysWrite => "keys:write",
            Self::AuditRead => "audit:read",
            Self::IncidentsRead => "incidents:read",
            Self::IncidentsWrite => "incidents:write",
            Self::IncidentsAdmin => "incidents:admin",
        }
    }

    /// The scope of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Scopes as a row holds them: names with spaces between. What is no scope any more is left out.
pub(crate) fn read(text: &str) -> Vec<Scope> {
    text.split(' ').filter_map(Scope::of).collect()
}

/// The other way round.
pub(crate) fn write(scopes: &[Scope]) -> String {
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    names.join(" ")
}
