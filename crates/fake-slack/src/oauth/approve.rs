//! Allowing or refusing an app, as a person does on the page: it makes a code, and says where the browser goes.

use serde::{Deserialize, Serialize};

use super::authorize::{Asked, is_sign_in};
use super::store::{Code, SignIn};
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::workspaces::Place;

/// A person's decision about an authorize URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The URL the app sent the browser to.
    pub authorize_url: String,
    /// The workspace to install in; the URL's `team`, or the first workspace, when neither this nor `enterprise` is given.
    #[serde(default)]
    pub team: Option<String>,
    /// The organisation to install in as a whole.
    #[serde(default)]
    pub enterprise: Option<String>,
    /// Who decides; Alice when absent.
    #[serde(default)]
    pub user: Option<String>,
    /// Whether the answer is Cancel.
    #[serde(default)]
    pub deny: bool,
}

impl Approval {
    /// Allows this URL for one workspace.
    #[must_use]
    pub fn of_team(authorize_url: &str, team: &str) -> Self {
        Self {
            authorize_url: authorize_url.to_owned(),
            team: Some(team.to_owned()),
            ..Self::default()
        }
    }

    /// Allows this URL for a whole organisation.
    #[must_use]
    pub fn of_org(authorize_url: &str, enterprise: &str) -> Self {
        Self {
            authorize_url: authorize_url.to_owned(),
            enterprise: Some(enterprise.to_owned()),
            ..Self::default()
        }
    }
}

impl FakeSlack {
    /// Does what the consent page does, and answers where the browser is sent; nobody goes there.
    /// Without such an address it is Slack's code for what is wrong with the URL.
    pub fn approve(&self, approval: &Approval) -> Result<String, &'static str> {
        let config = self.config();
        let (path, query) = approval
            .authorize_url
            .split_once('?')
            .ok_or("invalid_client_id")?;
        let asked = Asked::parse(config, query, is_sign_in(path))?;
        if approval.deny {
            return Ok(asked.landing("error", "access_denied"));
        }
        let place = match (
            &approval.enterprise,
            approval.team.as_ref().or(asked.team.as_ref()),
        ) {
            (Some(id), _) => Place::Org(id.clone()),
            (None, Some(id)) => Place::Team(id.clone()),
            (None, None) => Place::Team(config.team_id.clone()),
        };
        if !config.knows(&place) || (asked.sign_in && place.is_org()) {
            return Err("invalid_team_for_non_distributed_app");
        }
        let user = approval.user.as_deref().unwrap_or("U0ALICE0001");
        let now = self.now();
        let mut world = self.world();
        let reach = Caller::at(config, place.clone(), None, None);
        world.add_person(user, reach.home());
        let text = world.secret_text(config, "", now);
        let code = Code {
            redirect_uri: asked.redirect_uri.clone(),
            place,
            user: user.to_owned(),
            bot_scopes: asked.bot_scopes.clone(),
            user_scopes: asked.user_scopes.clone(),
            made_at: now,
            used: false,
            sign_in: asked.sign_in.then(|| SignIn {
                nonce: asked.nonce.clone(),
            }),
        };
        world.installs.codes.insert(text.clone(), code);
        drop(world);
        Ok(asked.landing("code", &text))
    }
}
