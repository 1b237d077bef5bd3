//! A case: everything that a decision about an incident may look at. The rows have been read; what follows is pure.

use serde_json::{Value as Json, json};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::PersonKind;
use tidegate_slack::mrkdwn::escape;

use super::change::Change;
use crate::model::actor::Actor;
use crate::model::form::Form;
use crate::model::incident::Incident;
use crate::model::permissions::{self, Action, Rules, Standing};
use crate::model::rows::Loaded;
use crate::model::settings::Settings;

/// What a decision may look at.
pub struct Case<'a> {
    /// The workspace's settings.
    pub settings: &'a Settings,
    /// Which version of them.
    pub settings_version: i64,
    /// Who asks.
    pub actor: Actor,
    /// What kind of account they have.
    pub kind: PersonKind,
    /// Seconds that their clock is ahead of UTC, if known.
    pub zone: Option<i32>,
    /// An API key that may do everything.
    pub admin_key: bool,
    /// The incident that it is about.
    pub subject: Option<&'a Loaded>,
    /// The other incident, of a merge or link.
    pub other: Option<&'a Loaded>,
    /// Names what asks: the same for every attempt.
    pub cause: &'a str,
    /// When.
    pub now: Timestamp,
    /// How many incidents there have been; only read for a declaration.
    pub count: u32,
}

/// What somebody is told who asked for what cannot be: plain words, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    /// In these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl From<permissions::Refusal> for Refused {
    fn from(refusal: permissions::Refusal) -> Self {
        Self(refusal.to_string())
    }
}

impl From<crate::model::transition::Denied> for Refused {
    fn from(denied: crate::model::transition::Denied) -> Self {
        Self(escape(&denied.to_string()))
    }
}

/// What a decision comes to.
pub enum Verdict {
    /// A change, and what whoever asked is told of it.
    Change(Box<Change>, Option<Json>),
    /// An answer only.
    Answer(Json),
    /// A form for the asker to fill in.
    Form(Form),
    /// Other settings of the workspace, and what the admin is told.
    Settings(Box<Settings>, Json),
}

impl Verdict {
    /// A change that is answered in these words.
    pub fn changed(change: Change, words: impl Into<String>) -> Self {
        Self::Change(Box::new(change), Some(words_only(&words.into())))
    }

    /// A change that speaks for itself in the channel.
    pub fn silent(change: Change) -> Self {
        Self::Change(Box::new(change), None)
    }

    /// An answer in these words.
    pub fn words(words: impl Into<String>) -> Self {
        Self::Answer(words_only(&words.into()))
    }
}

/// A message of plain words.
pub fn words_only(words: &str) -> Json {
    json!({"text": words})
}

impl<'a> Case<'a> {
    /// The workspace's rules of who may do what.
    pub fn rules(&self) -> Rules<'a> {
        Rules {
            policy: self.settings.policy,
            admins: &self.settings.admins,
            guests: &self.settings.guests,
            approval: &self.settings.approval,
        }
    }

    /// What the asker is to the incident.
    pub fn standing(&self) -> Standing {
        self.standing_in(self.subject.map(|loaded| &loaded.incident))
    }

    /// What the asker is to some incident.
    pub fn standing_in(&self, incident: Option<&Incident>) -> Standing {
        let standing = permissions::standing(&self.actor, incident, self.kind, &self.rules());
        if self.admin_key {
            return standing.with_admin_scope();
        }
        standing
    }

    /// The incident that it is about, if the asker may know of it.
    pub fn incident(&self) -> Result<&'a Incident, Refused> {
        let missing = "There is no incident here. Type this in an incident's channel; `/incident list` shows what is open.";
        let loaded = self.subject.ok_or_else(|| Refused::new(missing))?;
        if permissions::can_see(&self.standing(), &loaded.incident) {
            return Ok(&loaded.incident);
        }
        Err(Refused::new(missing))
    }

    /// The incident that it is about, if the asker may do that to it.
    pub fn may(&self, action: Action) -> Result<&'a Incident, Refused> {
        let incident = self.incident()?;
        permissions::allow(&self.standing(), action, Some(incident), &self.rules())?;
        Ok(incident)
    }

    /// Refuses what the asker may not do at all.
    pub fn may_at_all(&self, action: Action) -> Result<(), Refused> {
        permissions::allow(&self.standing_in(None), action, None, &self.rules())?;
        Ok(())
    }

    /// A change of the incident by the asker.
    pub fn change(&self, incident: &Incident) -> Change {
        Change::of(incident, &self.actor, self.now)
    }

    /// The asker as others read it.
    pub fn who(&self) -> String {
        name_of(&self.actor)
    }
}

/// Why nothing more happens to an incident that has ended.
pub fn ended(incident: &Incident) -> Refused {
    Refused::new(format!(
        "{} is {}. To go on with it, type `/incident reopen <why>`.",
        incident.name(),
        incident.status
    ))
}

/// Somebody as others read it in Slack.
pub fn name_of(actor: &Actor) -> String {
    match actor {
        Actor::Person(user) => format!("<@{user}>"),
        Actor::App(name) => format!("`{}`", escape(name)),
        Actor::Operator => "the operator".to_owned(),
        Actor::Tidegate => "Tidegate".to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod fixture;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_key_calls_nobody() {
        let named = name_of(&Actor::App("<!channel> & co".to_owned()));
        assert_eq!(named, "`&lt;!channel&gt; &amp; co`");
    }
}
