//! The stand-in's knowledge of the app before it has called once: its commands, shortcuts and events, as
//! `infra/slack-app-manifest.yaml` gives them to Slack.

use serde::Serialize;

/// A slash command of the app's manifest.
#[derive(Debug, Serialize)]
pub(crate) struct Command {
    /// The name with its slash, such as `/tidegate`.
    pub name: &'static str,
    /// The arguments that may follow it, as the help shows them.
    pub hint: &'static str,
    /// Whether names of people and channels are turned into ids before the app sees them.
    pub escapes: bool,
}

/// A shortcut: of a message, or of the workspace.
#[derive(Debug, Serialize)]
pub(crate) struct Shortcut {
    pub callback_id: &'static str,
    pub name: &'static str,
    pub is_global: bool,
}

pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "/tidegate",
        hint: "ping",
        escapes: false,
    },
    Command {
        name: "/incident",
        hint: "declare | status | severity | resolve | help",
        escapes: true,
    },
];

pub(crate) const SHORTCUTS: &[Shortcut] = &[
    Shortcut {
        callback_id: "declare_incident",
        name: "Declare an incident",
        is_global: true,
    },
    Shortcut {
        callback_id: "declare_from_message",
        name: "Declare from message",
        is_global: false,
    },
    Shortcut {
        callback_id: "add_to_timeline",
        name: "Add to timeline",
        is_global: false,
    },
    Shortcut {
        callback_id: "make_task",
        name: "Make task",
        is_global: false,
    },
];

/// The events besides those that every app here gets: messages, mentions, and what becomes of the installation.
pub(crate) const EVENTS: &[&str] = &[
    "app_home_opened",
    "reaction_added",
    "reaction_removed",
    "pin_added",
    "pin_removed",
    "member_joined_channel",
    "channel_archive",
    "channel_deleted",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_rename",
    "group_unarchive",
];

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = include_str!("../../../infra/slack-app-manifest.yaml");

    /// The values behind `name:` in any line of the manifest, in order.
    fn values(name: &str) -> Vec<&'static str> {
        let lines = MANIFEST.lines().map(str::trim);
        let lines = lines.map(|line| line.strip_prefix("- ").unwrap_or(line));
        let values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        values.collect()
    }

    #[test]
    fn commands_and_shortcuts_are_the_manifests() {
        let commands: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
        assert_eq!(values("command"), commands);
        let hints: Vec<_> = COMMANDS.iter().map(|command| command.hint).collect();
        assert_eq!(values("usage_hint"), hints);
        let escapes = COMMANDS.iter().map(|command| command.escapes.to_string());
        assert_eq!(values("should_escape"), escapes.collect::<Vec<_>>());
        let shortcuts: Vec<_> = SHORTCUTS.iter().map(|one| one.callback_id).collect();
        assert_eq!(values("callback_id"), shortcuts);
        let kinds = SHORTCUTS
            .iter()
            .map(|one| if one.is_global { "global" } else { "message" });
        assert_eq!(values("type"), kinds.collect::<Vec<_>>());
        for shortcut in SHORTCUTS {
            assert!(values("name").contains(&shortcut.name), "{shortcut:?}");
        }
    }

    #[test]
    fn events_are_the_manifests() {
        let lines = MANIFEST.lines().map(str::trim);
        let below = lines.skip_while(|line| *line != "bot_events:").skip(1);
        let events = below
            .filter(|line| !line.starts_with('#'))
            .map_while(|line| line.strip_prefix("- "));
        let always = |event: &&str| {
            event.starts_with("message.")
                || ["app_mention", "app_uninstalled", "tokens_revoked"].contains(event)
        };
        let asked: Vec<_> = events.filter(|event| !always(event)).collect();
        assert_eq!(asked, EVENTS);
    }
}
