//! A hook: a receiver, the events that it gets, and whether it gets any at present.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Document;

use super::secret::Secret;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The schema of an event's name.
pub(crate) struct HookEvent;

impl PartialSchema for HookEvent {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(EVENTS.iter().copied()))
            .into()
    }
}

impl ToSchema for HookEvent {
    fn name() -> Cow<'static, str> {
        "HookEvent".into()
    }
}

/// The events that a hook can name, by Slack's `event.type`.
pub(crate) const EVENTS: &[&str] = &[
    "app_mention",
    "channel_archive",
    "channel_deleted",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "message",
    "pin_added",
    "pin_removed",
    "reaction_added",
    "reaction_removed",
];

/// The most hooks of a workspace. All of them can want one event, and their rows go into the event's one transaction.
pub(crate) const MAX_HOOKS: usize = 20;

/// The most channels that a hook can name.
pub(crate) const MAX_CHANNELS: usize = 100;

/// How long the secret before the present one still signs beside it.
pub(crate) const OLD_SECRET_FOR: Duration = Duration::from_hours(24);

/// How hooks are stored: sealed, because URL and secret are credentials.
pub(crate) const HOOK: Document<Hook> = Document::new("hook", "a hook");

/// The id of a hook: `hook_` and 16 hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct HookId(String);

impl HookId {
    /// Makes an id of 16 hex digits.
    pub(crate) fn from_digits(digits: &str) -> Self {
        Self(format!("hook_{digits}"))
    }

    /// Reads an id from a path, a row or an effect. `None` if it cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("hook_")?;
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (digits.len() == 16 && digits.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hook as its row holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hook {
    /// The address of the receiver. It may hold a credential, so no log shows it.
    pub(crate) url: String,
    /// The present secret.
    pub(crate) secret: Secret,
    /// The secret before it, for as long as that still signs.
    pub(crate) old_secret: Option<OldSecret>,
    /// The events that it gets, some of [`EVENTS`].
    pub(crate) events: BTreeSet<String>,
    /// The channels whose events it gets. Empty for all of them but direct messages.
    pub(crate) channels: BTreeSet<String>,
    /// The person or channel that is told when Tidegate disables it. `None` for the admins.
    pub(crate) notify: Option<String>,
    /// Why and since when it is disabled. `None` while it is enabled.
    pub(crate) disabled: Option<Disabled>,
    /// It rises each time that the hook is enabled: a delivery of an earlier round is sent only if somebody replays it.
    pub(crate) round: i64,
    /// Who made it: a person's id, `key <id>` or `operator`.
    pub(crate) created_by: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
}

// The URL is left out, because it may hold a credential.
impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("receiver", &self.receiver())
            .field("events", &self.events)
            .field("disabled", &self.disabled)
            .field("round", &self.round)
            .finish_non_exhaustive()
    }
}

/// A secret that is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OldSecret {
    /// The secret itself.
    pub(crate) secret: Secret,
    /// When it signs no more.
    pub(crate) until: Timestamp,
}

/// Why a hook is disabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Disabled {
    /// The reason in words, as it follows "it is disabled: ".
    pub(crate) reason: String,
    /// When it was disabled.
    pub(crate) at: Timestamp,
}

impl Hook {
    /// Tells whether the hook gets an event: of that kind, in that channel, in a direct message or not.
    pub(crate) fn wants(&self, kind: &str, channel: Option<&str>, is_direct: bool) -> bool {
        let named = channel.is_some_and(|channel| self.channels.contains(channel));
        let in_scope = if self.channels.is_empty() {
            !is_direct
        } else {
            named
        };
        self.disabled.is_none() && self.events.contains(kind) && in_scope
    }

    /// Returns the secrets that sign at that time, the present one first.
    pub(crate) fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        let old = self.old_secret.as_ref().filter(|old| now < old.until);
        std::iter::once(&self.secret).chain(old.map(|old| &old.secret))
    }

    /// Returns the hook, disabled for that reason.
    pub(crate) fn disabled(&self, reason: &str, at: Timestamp) -> Self {
        Self {
            disabled: Some(Disabled {
                reason: reason.to_owned(),
                at,
            }),
            ..self.clone()
        }
    }

    /// Returns the host and port of the receiver, for notes and notices: the rest of the URL may hold a credential.
    pub(crate) fn receiver(&self) -> String {
        let url = reqwest::Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(|url| url.host_str());
        let port = url.as_ref().and_then(reqwest::Url::port);
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        format!("{}{port}", host.unwrap_or("an unknown host"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A hook for mentions everywhere.
    pub(crate) fn hook() -> Hook {
        Hook {
            url: "https://example.com:8443/a/secret?path".to_owned(),
            secret: Secret::random().unwrap(),
            old_secret: None,
            events: ["app_mention".to_owned()].into(),
            channels: BTreeSet::new(),
            notify: None,
            disabled: None,
            round: 1,
            created_by: "operator".to_owned(),
            created_at: Timestamp(0),
        }
    }

    #[test]
    fn a_hook_gets_the_events_and_channels_that_it_names() {
        let all = hook();
        let one = Hook {
            channels: ["D1".to_owned()].into(),
            ..hook()
        };
        for (hook, kind, channel, is_direct, wanted) in [
            (&all, "app_mention", Some("C1"), false, true),
            (&all, "app_mention", None, false, true),
            (&all, "message", Some("C1"), false, false),
            // Direct messages only where they are named.
            (&all, "app_mention", Some("D1"), true, false),
            (&one, "app_mention", Some("D1"), true, true),
            (&one, "app_mention", Some("C1"), false, false),
            (&one, "app_mention", None, false, false),
        ] {
            assert_eq!(
                hook.wants(kind, channel, is_direct),
                wanted,
                "{kind} {channel:?}"
            );
        }
        let off = all.disabled("why", Timestamp(1));
        assert!(!off.wants("app_mention", Some("C1"), false));
    }

    #[test]
    fn the_old_secret_signs_until_its_time_is_over() {
        let mut hook = hook();
        let until = Timestamp(0).plus(OLD_SECRET_FOR);
        let secret = Secret::random().unwrap();
        hook.old_secret = Some(OldSecret { secret, until });
        assert_eq!(hook.secrets(Timestamp(0)).count(), 2);
        assert_eq!(hook.secrets(until).count(), 1);
    }

    #[test]
    fn a_receiver_is_named_without_its_path() {
        assert_eq!(hook().receiver(), "example.com:8443");
        let shown = format!("{:?}", hook());
        assert!(
            !shown.contains("secret") && shown.contains("example.com:8443"),
            "{shown}"
        );
    }

    #[test]
    fn an_id_is_what_was_made_as_one() {
        let id = HookId::from_digits("0123456789abcdef");
        assert_eq!(HookId::parse(id.as_str()), Some(id));
        for other in [
            "",
            "hook_",
            "hook_0",
            "hook_0123456789ABCDEF",
            "hook_0123456789abcdef0",
            "msg_0123456789abcdef",
        ] {
            assert_eq!(HookId::parse(other), None, "{other}");
        }
    }
}
