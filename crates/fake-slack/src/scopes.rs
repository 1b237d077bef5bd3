//! The scopes that each method needs; checked where the configuration asks for it.

use crate::room::Room;

/// The scope that a method needs, given the channel it is about; none where any token will do.
pub(crate) fn needed(method: &str, room: Option<&Room>) -> Option<&'static str> {
    let of_kind = |channel, group, im| match room.map(Room::kind) {
        Some("group") => group,
        Some("im") => im,
        _ => channel,
    };
    Some(match method {
        "chat.scheduleMessage"
        | "chat.deleteScheduledMessage"
        | "chat.postMessage"
        | "chat.postEphemeral"
        | "chat.update"
        | "chat.delete" => "chat:write",
        "conversations.history" | "conversations.replies" => {
            of_kind("channels:history", "groups:history", "im:history")
        }
        "conversations.info"
        | "conversations.list"
        | "conversations.members"
        | "users.conversations" => of_kind("channels:read", "groups:read", "im:read"),
        "conversations.join" => "channels:join",
        "conversations.open" => "im:write",
        "conversations.create"
        | "conversations.archive"
        | "conversations.invite"
        | "conversations.kick"
        | "conversations.rename"
        | "conversations.setPurpose"
        | "conversations.setTopic"
        | "conversations.unarchive" => of_kind("channels:manage", "groups:write", "im:write"),
        "reactions.add" | "reactions.remove" => "reactions:write",
        "reactions.get" | "reactions.list" => "reactions:read",
        "pins.add" | "pins.remove" => "pins:write",
        "pins.list" => "pins:read",
        "bookmarks.add" | "bookmarks.edit" | "bookmarks.remove" => "bookmarks:write",
        "bookmarks.list" => "bookmarks:read",
        "files.getUploadURLExternal" | "files.completeUploadExternal" => "files:write",
        "files.info" | "files.list" => "files:read",
        "search.messages" | "search.files" => "search:read",
        "team.info" => "team:read",
        "chat.unfurl" => "links:write",
        "emoji.list" => "emoji:read",
        "usergroups.list" => "usergroups:read",
        "users.profile.get" => "users.profile:read",
        "users.info" | "users.list" | "users.getPresence" | "bots.info" => "users:read",
        "users.lookupByEmail" => "users:read.email",
        "openid.connect.userInfo" => "openid",
        _ => return None,
    })
}

/// Every scope above that a bot can have.
pub(crate) fn of_bots() -> impl Iterator<Item = String> {
    let all = "bookmarks:read bookmarks:write channels:history channels:join channels:manage channels:read chat:write \
        emoji:read files:read files:write groups:history groups:read groups:write im:history im:read im:write links:write pins:read pins:write \
        reactions:read reactions:write team:read usergroups:read users.profile:read users:read users:read.email";
    split(all).into_iter()
}

/// The scopes of a list that commas or spaces part.
pub(crate) fn split(scopes: &str) -> Vec<String> {
    scopes
        .split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}
