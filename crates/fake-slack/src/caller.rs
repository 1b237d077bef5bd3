//! Who calls a method: what the token it came with stands for, and how far that reaches.

use crate::config::FakeConfig;
use crate::records::{Call, TokenKind};
use crate::room::Room;
use crate::workspaces::Place;

/// The bearer of a good token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub kind: TokenKind,
    pub place: Place,
    pub enterprise: Option<String>,
    /// The workspaces it may act in: its own, or all of its organisation.
    pub teams: Vec<String>,
    /// The user it acts as.
    pub user: String,
    /// The bot id that marks what the app posts.
    pub bot_id: String,
    /// What it may do; everything when none are given.
    pub scopes: Option<Vec<String>>,
}

impl Caller {
    /// Someone who acts as `user`, or as the bot, in an installation.
    pub(crate) fn at(
        config: &FakeConfig,
        place: Place,
        user: Option<String>,
        scopes: Option<Vec<String>>,
    ) -> Self {
        Self {
            kind: if user.is_some() {
                TokenKind::User
            } else {
                TokenKind::Bot
            },
            enterprise: config.enterprise_of(&place),
            teams: match &place {
                Place::Team(id) => vec![id.clone()],
                Place::Org(id) => config.teams_of(id),
            },
            user: user.unwrap_or_else(|| config.bot_user_of(&place)),
            bot_id: config.bot_id_of(&place),
            scopes,
            place,
        }
    }

    /// The app itself, by its app-level token: at home nowhere.
    pub(crate) fn app(config: &FakeConfig) -> Self {
        Self {
            kind: TokenKind::App,
            enterprise: None,
            teams: Vec::new(),
            ..Self::at(config, Place::Team(config.team_id.clone()), None, None)
        }
    }

    /// The workspace of the installation; none when it is org-wide.
    pub(crate) fn team(&self) -> Option<String> {
        match &self.place {
            Place::Team(id) if self.kind != TokenKind::App => Some(id.clone()),
            _ => None,
        }
    }

    /// The workspace in which what it makes on demand is made.
    pub(crate) fn home(&self) -> &str {
        self.teams.first().map_or("", String::as_str)
    }

    /// The one workspace that a call is about; an org-wide installation must name it, as in Slack.
    pub(crate) fn team_for(&self, named: Option<&str>) -> Result<&str, &'static str> {
        match named {
            None if self.place.is_org() => Err("missing_argument"),
            None => Ok(self.home()),
            Some(named) => {
                let found = self.teams.iter().find(|team| *team == named);
                found.map(String::as_str).ok_or("team_access_not_granted")
            }
        }
    }

    /// Whether it may act in this channel.
    pub(crate) fn reaches(&self, room: &Room) -> bool {
        self.teams.iter().any(|team| room.is_in(team))
    }

    /// Writes down in a call who made it.
    pub(crate) fn sign(&self, call: &mut Call) {
        call.team = self.team();
        call.enterprise.clone_from(&self.enterprise);
        call.token_kind = Some(self.kind);
    }
}
