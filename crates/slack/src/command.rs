//! Slash commands: the form that Slack posts. Contract: docs.slack.dev/interactivity/implementing-slash-commands.

use std::borrow::Cow;
use std::fmt;

use secrecy::SecretString;

use crate::ids::{ChannelId, TenantId, UserId};
use crate::tenant::Candidates;

/// A form, decoded once: the first value of each name counts.
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// The names of the fields only: their values are what people wrote and where they are answered.
impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl<'a> Form<'a> {
    /// Decodes a body of type `application/x-www-form-urlencoded`. Any bytes decode to some form.
    pub fn parse(body: &'a [u8]) -> Self {
        Self(form_urlencoded::parse(body).collect())
    }

    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_ref())
    }

    /// Whether this is Slack's certificate probe: exactly `ssl_check=1`, the value Slack documents.
    pub fn is_ssl_check(&self) -> bool {
        self.get("ssl_check") == Some("1")
    }
}

/// A slash command that somebody typed.
#[derive(Clone)]
pub struct SlashCommand {
    /// The name with its slash, such as `/tidegate`.
    pub command: String,
    /// The text that the user typed behind it; empty if there is none.
    pub text: String,
    /// The workspace, or the organisation of an org-wide install, that the command came from.
    pub tenant: TenantId,
    /// The channel or direct message that it was typed in.
    pub channel: ChannelId,
    /// The person who typed it, `U…` or `W…`.
    pub user: UserId,
    /// Where to answer: 5 uses within 30 minutes. It is a bearer credential, so it is never shown.
    pub response_url: SecretString,
    /// Opens one modal within 3 seconds.
    pub trigger_id: SecretString,
}

impl SlashCommand {
    /// Reads the command; `None` when the form has no command or no tenant.
    pub fn from_form(form: &Form<'_>) -> Option<Self> {
        let owned = |name: &str| form.get(name).unwrap_or_default().to_owned();
        Some(Self {
            command: form
                .get("command")
                .filter(|c| c.starts_with('/'))?
                .to_owned(),
            text: owned("text"),
            tenant: tenant(form)?,
            channel: owned("channel_id").into(),
            user: owned("user_id").into(),
            response_url: owned("response_url").into(),
            trigger_id: owned("trigger_id").into(),
        })
    }
}

/// The installation a form was sent for.
pub fn tenant(form: &Form<'_>) -> Option<TenantId> {
    Candidates {
        is_enterprise_install: form.get("is_enterprise_install") == Some("true"),
        enterprise_id: form.get("enterprise_id"),
        team_ids: [form.get("team_id"), None, None, None],
    }
    .tenant()
}

impl fmt::Debug for SlashCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the text: it is the user's.
        write!(
            f,
            "SlashCommand({} in {} of {})",
            self.command, self.channel, self.tenant
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_value_is_a_certificate_probe() {
        for (form, is) in [
            ("ssl_check=1&token=x", true),
            ("token=x&ssl_check=1", true),
            ("ssl_check=0", false),
            ("ssl_check=true", false),
            ("ssl_check=", false),
            ("ssl_check=0&ssl_check=1", false),
            ("text=ssl_check%3D1", false),
            (r#"{"ssl_check":1}"#, false),
        ] {
            assert_eq!(Form::parse(form.as_bytes()).is_ssl_check(), is, "{form}");
        }
    }

    #[test]
    fn a_command_shows_neither_its_text_nor_its_response_url() {
        let body = b"command=%2Ftidegate&text=sesame&team_id=T1&channel_id=C1&user_id=U1&response_url=https%3A%2F%2Fhooks%2Fsesame";
        let command = SlashCommand::from_form(&Form::parse(body)).unwrap();
        assert_eq!(
            format!("{command:?}"),
            "SlashCommand(/tidegate in C1 of T1)"
        );
    }

    #[test]
    fn an_org_wide_installation_is_the_tenant_of_its_commands() {
        let form = b"command=%2Fx&team_id=T1&enterprise_id=E1&is_enterprise_install=true";
        assert_eq!(tenant(&Form::parse(form)), Some("E1".into()));
    }
}
