//! The workspaces and the organisations they make up: what a token, a channel or an event can belong to.

use serde::{Deserialize, Serialize};

use crate::config::FakeConfig;

/// A workspace the app can be installed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// The id of the workspace, `T…`.
    pub team_id: String,
    /// The name people read.
    pub name: String,
    /// The Enterprise Grid organisation it belongs to.
    #[serde(default)]
    pub enterprise_id: Option<String>,
}

/// Where an installation is: in one workspace, or in a whole organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Team(String),
    Org(String),
}

impl Place {
    /// The id of the workspace or the organisation.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Team(id) | Self::Org(id) => id,
        }
    }

    pub(crate) fn is_org(&self) -> bool {
        matches!(self, Self::Org(_))
    }
}

impl Workspace {
    fn new(team_id: &str, name: &str, enterprise_id: Option<&str>) -> Self {
        Self {
            team_id: team_id.to_owned(),
            name: name.to_owned(),
            enterprise_id: enterprise_id.map(str::to_owned),
        }
    }

    /// Two workspaces on their own, and an organisation of two.
    pub(crate) fn samples() -> Vec<Self> {
        let org = Some("E0UMBRELLA1");
        vec![
            Self::new("T0ACME00001", "Acme", None),
            Self::new("T0GLOBEX001", "Globex", None),
            Self::new("T0UMBRELLA1", "Umbrella East", org),
            Self::new("T0UMBRELLA2", "Umbrella West", org),
        ]
    }

    /// The part of `<domain>.slack.com` that is its own.
    pub(crate) fn domain(&self) -> String {
        let kept = self.name.chars().filter(char::is_ascii_alphanumeric);
        kept.map(|c| c.to_ascii_lowercase()).collect()
    }

    /// The public channel it starts with.
    pub(crate) fn general(&self) -> String {
        format!("C{}", tail(&self.team_id))
    }

    /// The person it starts with.
    pub(crate) fn admin(&self) -> String {
        format!("U{}", tail(&self.team_id))
    }
}

impl FakeConfig {
    /// Every workspace, the first one being the one with the configured token.
    pub(crate) fn all_workspaces(&self) -> Vec<Workspace> {
        let first = Workspace::new(&self.team_id, "Sandbox", self.enterprise_id.as_deref());
        let others = self.workspaces.iter().cloned();
        let others = others.filter(|workspace| workspace.team_id != self.team_id);
        std::iter::once(first).chain(others).collect()
    }

    /// A workspace by its id; one that nobody configured is on its own and named after its id.
    pub(crate) fn workspace(&self, team: &str) -> Workspace {
        let mut all = self.all_workspaces().into_iter();
        all.find(|workspace| workspace.team_id == team)
            .unwrap_or_else(|| Workspace::new(team, team, None))
    }

    pub(crate) fn knows(&self, place: &Place) -> bool {
        match place {
            Place::Team(id) => self
                .all_workspaces()
                .iter()
                .any(|known| known.team_id == *id),
            Place::Org(id) => !self.teams_of(id).is_empty(),
        }
    }

    /// The ids of an organisation's workspaces.
    pub(crate) fn teams_of(&self, enterprise: &str) -> Vec<String> {
        let all = self.all_workspaces().into_iter();
        all.filter(|workspace| workspace.enterprise_id.as_deref() == Some(enterprise))
            .map(|workspace| workspace.team_id)
            .collect()
    }

    pub(crate) fn enterprises(&self) -> Vec<String> {
        let mut ids: Vec<String> = self
            .all_workspaces()
            .into_iter()
            .filter_map(|workspace| workspace.enterprise_id)
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// The organisation of a workspace, or the organisation itself.
    pub(crate) fn enterprise_of(&self, place: &Place) -> Option<String> {
        match place {
            Place::Team(id) => self.workspace(id).enterprise_id,
            Place::Org(id) => Some(id.clone()),
        }
    }

    /// The name of an organisation.
    pub(crate) fn enterprise_name(&self, enterprise: &str) -> String {
        if self.enterprise_id.as_deref() == Some(enterprise) {
            return "Sandbox Enterprise".to_owned();
        }
        let name = self
            .teams_of(enterprise)
            .first()
            .map(|team| self.workspace(team).name)
            .unwrap_or_default();
        let first_word = name.split(' ').next().unwrap_or_default();
        format!("{first_word} Enterprise")
    }

    /// The user id of the app's bot in an installation.
    pub(crate) fn bot_user_of(&self, place: &Place) -> String {
        if place.id() == self.team_id {
            self.bot_user_id.clone()
        } else {
            format!("UB{}", tail(place.id()))
        }
    }

    /// The bot id of the app's bot in an installation.
    pub(crate) fn bot_id_of(&self, place: &Place) -> String {
        if place.id() == self.team_id {
            self.bot_id.clone()
        } else {
            format!("BB{}", tail(place.id()))
        }
    }
}

fn tail(id: &str) -> &str {
    id.get(1..).unwrap_or_default()
}
