//! The context of a decision about an incident, and its result. The rows have been read before: decisions are pure.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tidegate_pipeline::budget::Offer;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::PersonKind;
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::prose;
use tidegate_slack::prose::Prose;

use super::change::Change;
use crate::model::actor::Actor;
use crate::model::form::Form;
use crate::model::incident::Incident;
use crate::model::permissions::{self, Action, Rules, Standing};
use crate::model::rows::Loaded;
use crate::model::settings::Settings;

/// Everything that a decision may look at.
pub struct DecisionContext<'a> {
    /// The settings as they were read for this decision.
    pub settings: &'a Settings,
    /// The version of the settings, which a change of them has to be based on.
    pub settings_version: i64,
    /// The person or program that asks.
    pub actor: Actor,
    /// The kind of account that the asker has.
    pub kind: PersonKind,
    /// Seconds that the asker's clock is ahead of UTC; `None` if that is not known.
    pub zone: Option<i32>,
    /// Whether the request came with an API key that has the scope `incidents:admin`.
    pub admin_key: bool,
    /// The incident that the request is about.
    pub subject: Option<&'a Loaded>,
    /// The other incident of a merge or link.
    pub other: Option<&'a Loaded>,
    /// Names the request: the same for every attempt.
    pub cause: &'a str,
    /// The time of the decision.
    pub now: Timestamp,
    /// The number of incidents so far, which is read for declarations only.
    pub count: u32,
    /// Whether the asker's limit leaves one more declaration or call. `None` if the request is not limited.
    pub offer: Option<Offer>,
}

/// The reason why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    /// Names the reason for programs: lower case, the same for ever. It is the `code` of an error of the API.
    pub code: &'static str,
    /// Tells a person the reason, and what to do.
    pub text: Prose,
    /// The time after which the same request can succeed. `None` if waiting does not help.
    pub wait: Option<Duration>,
}

impl RequestError {
    /// A refusal for the reason `code`.
    pub fn new(code: &'static str, text: impl Into<Prose>) -> Self {
        Self {
            code,
            text: text.into(),
            wait: None,
        }
    }
}

impl From<permissions::PermissionDenied> for RequestError {
    fn from(refusal: permissions::PermissionDenied) -> Self {
        let code = match refusal {
            permissions::PermissionDenied::NotFound => "no_such_incident",
            permissions::PermissionDenied::Forbidden(_) => "forbidden",
            permissions::PermissionDenied::NeedsApproval(_) => "needs_approval",
        };
        Self::new(code, refusal.text())
    }
}

impl From<crate::model::transition::TransitionError> for RequestError {
    fn from(denied: crate::model::transition::TransitionError) -> Self {
        Self::new("wrong_order", denied.to_string().as_str())
    }
}

/// The answer to the asker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A text, for Slack and for programs.
    Text(Prose),
    /// A message of Slack's: only Slack shows it.
    Message(Json),
}

impl Reply {
    /// The Slack message that shows the answer.
    pub fn message(&self) -> Json {
        match self {
            Self::Text(text) => words_only(&text.mrkdwn()),
            Self::Message(message) => message.clone(),
        }
    }

    /// The text without mark-up; `None` for a message, which only Slack shows.
    pub fn plain(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.plain()),
            Self::Message(_) => None,
        }
    }
}

/// The result of a decision.
pub enum Verdict {
    /// A change, and the answer to the asker; `None` if the channel shows enough.
    Change(Box<Change>, Option<Reply>),
    /// An answer that changes nothing.
    Answer(Reply),
    /// A form for the asker to fill in.
    Form(Form),
    /// New settings of the workspace, and the answer to the admin.
    Settings(Box<Settings>, Reply),
}

impl Verdict {
    /// A change, and a text for the asker.
    pub fn changed(change: Change, text: impl Into<Prose>) -> Self {
        Self::Change(Box::new(change), Some(Reply::Text(text.into())))
    }

    /// A change that speaks for itself in the channel.
    pub fn silent(change: Change) -> Self {
        Self::Change(Box::new(change), None)
    }

    /// An answer of text that changes nothing.
    pub fn words(text: impl Into<Prose>) -> Self {
        Self::Answer(Reply::Text(text.into()))
    }

    /// A message of finished mrkdwn, which only Slack shows.
    pub fn markup(markup: &str) -> Self {
        Self::Answer(Reply::Message(words_only(markup)))
    }
}

/// A message of finished mrkdwn.
pub fn words_only(markup: &str) -> Json {
    json!({"text": markup})
}

impl<'a> DecisionContext<'a> {
    /// The context of an asker of whom the account is known and no more: about no incident, with unnumbered settings, and with
    /// no request to name as its cause.
    pub fn new(settings: &'a Settings, actor: Actor, kind: PersonKind, now: Timestamp) -> Self {
        Self {
            settings,
            settings_version: 0,
            actor,
            kind,
            zone: None,
            admin_key: false,
            subject: None,
            other: None,
            cause: "",
            now,
            count: 0,
            offer: None,
        }
    }

    /// The settings of the workspace that affect permissions.
    pub fn rules(&self) -> Rules<'a> {
        Rules {
            policy: self.settings.policy,
            admins: &self.settings.admins,
            guests: &self.settings.guests,
            approval: &self.settings.approval,
        }
    }

    /// The asker's roles and rights in the incident.
    pub fn standing(&self) -> Standing {
        self.standing_in(self.subject.map(|loaded| &loaded.incident))
    }

    /// The asker's roles and rights in some incident; `None` stands for no incident.
    pub fn standing_in(&self, incident: Option<&Incident>) -> Standing {
        let standing = permissions::standing(&self.actor, incident, self.kind, &self.rules());
        if self.admin_key {
            return standing.with_admin_scope();
        }
        standing
    }

    /// The incident that the request is about. Fails if there is none or the asker may not see it.
    pub fn incident(&self) -> Result<&'a Incident, RequestError> {
        let missing = "There is no incident here. Type this in an incident's channel; `/incident list` shows what is open.";
        let loaded = self
            .subject
            .ok_or_else(|| RequestError::new("no_such_incident", missing))?;
        if permissions::can_see(&self.standing(), &loaded.incident) {
            return Ok(&loaded.incident);
        }
        Err(RequestError::new("no_such_incident", missing))
    }

    /// The incident that the request is about. Fails if the asker may not see it or may not do that to it.
    pub fn may(&self, action: Action) -> Result<&'a Incident, RequestError> {
        let incident = self.incident()?;
        permissions::allow(&self.standing(), action, Some(incident), &self.rules())?;
        Ok(incident)
    }

    /// Fails if the asker may not do that in the workspace, with or without an incident.
    pub fn may_at_all(&self, action: Action) -> Result<(), RequestError> {
        permissions::allow(&self.standing_in(None), action, None, &self.rules())?;
        Ok(())
    }

    /// A change of the incident by the asker.
    pub fn change(&self, incident: &Incident) -> Change {
        Change::of(incident, &self.actor, self.now)
    }

    /// The asker's name as others read it in Slack, in mrkdwn.
    pub fn who(&self) -> String {
        name_of(&self.actor)
    }
}

/// The refusal of a request about an incident that has ended.
pub fn ended(incident: &Incident) -> RequestError {
    RequestError::new(
        "incident_ended",
        prose!(
            incident.name(),
            " is ",
            incident.status,
            ". To go on with it, type `/incident reopen <why>`."
        ),
    )
}

/// A person's or program's name as others read it in Slack, in mrkdwn.
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
