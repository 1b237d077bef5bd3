//! Every method there is, by its name.

use super::request::Args;
use super::{
    Answer, apps, auth, bookmarks, chat, conversations, files, history, manage, members, pins,
    reactions, scheduled, search, team, unfurl, users, views,
};
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::oauth::{access, openid, revocation};
use crate::sockets::open;

type WithToken = fn(&FakeSlack, &Caller, &Args) -> Answer;
type WithoutToken = fn(&FakeSlack, &Args) -> Answer;

/// The methods that take a token.
const WITH_TOKEN: &[(&str, WithToken)] = &[
    ("apps.connections.open", open::open),
    ("apps.event.authorizations.list", apps::authorizations),
    ("apps.uninstall", revocation::apps_uninstall),
    ("auth.revoke", revocation::auth_revoke),
    ("auth.test", |fake, by, _| Ok(auth::test(fake, by))),
    ("bookmarks.add", bookmarks::add),
    ("bookmarks.edit", bookmarks::edit),
    ("bookmarks.list", bookmarks::list),
    ("bookmarks.remove", bookmarks::remove),
    ("bots.info", users::bot_info),
    ("chat.delete", chat::delete),
    ("chat.deleteScheduledMessage", scheduled::delete),
    ("chat.getPermalink", search::permalink),
    ("chat.postEphemeral", chat::post_ephemeral),
    ("chat.postMessage", chat::post_message),
    ("chat.scheduleMessage", scheduled::schedule),
    ("chat.scheduledMessages.list", scheduled::list),
    ("chat.unfurl", unfurl::unfurl),
    ("chat.update", chat::update),
    ("conversations.archive", manage::archive),
    ("conversations.create", conversations::create),
    ("conversations.history", history::history),
    ("conversations.info", conversations::info),
    ("conversations.invite", members::invite),
    ("conversations.join", members::join),
    ("conversations.kick", members::kick),
    ("conversations.leave", members::leave),
    ("conversations.list", conversations::list),
    ("conversations.members", members::list),
    ("conversations.open", conversations::open),
    ("conversations.rename", manage::rename),
    ("conversations.replies", history::replies),
    ("conversations.setPurpose", manage::set_purpose),
    ("conversations.setTopic", manage::set_topic),
    ("conversations.unarchive", manage::unarchive),
    ("emoji.list", |fake, _, _| Ok(team::emoji(fake))),
    ("files.completeUploadExternal", files::complete_upload),
    ("files.delete", files::delete),
    ("files.getUploadURLExternal", files::upload_url),
    ("files.info", files::info),
    ("files.list", |fake, by, args| {
        Ok(files::list(fake, by, args))
    }),
    ("openid.connect.userInfo", openid::user_info),
    ("pins.add", pins::add),
    ("pins.list", pins::list),
    ("pins.remove", pins::remove),
    ("reactions.add", reactions::add),
    ("reactions.get", reactions::get),
    ("reactions.list", reactions::list),
    ("reactions.remove", reactions::remove),
    ("search.files", search::files),
    ("search.messages", search::messages),
    ("team.info", team::info),
    ("usergroups.list", team::user_groups),
    ("users.conversations", conversations::of_user),
    ("users.getPresence", users::presence),
    ("users.info", users::info),
    ("users.list", users::list),
    ("users.lookupByEmail", users::by_email),
    ("users.profile.get", users::profile),
    ("views.open", views::open),
    ("views.publish", views::publish),
    ("views.push", views::push),
    ("views.update", views::update),
];

/// The methods that take the app's own credentials in place of a token.
const WITHOUT_TOKEN: &[(&str, WithoutToken)] = &[
    ("oauth.v2.access", access::access),
    ("oauth.v2.exchange", access::exchange),
    ("openid.connect.token", openid::token),
];

pub(super) fn with_token(name: &str) -> Option<WithToken> {
    let found = WITH_TOKEN.iter().find(|(known, _)| *known == name);
    found.map(|(_, method)| *method)
}

pub(super) fn without_token(name: &str) -> Option<WithoutToken> {
    let found = WITHOUT_TOKEN.iter().find(|(known, _)| *known == name);
    found.map(|(_, method)| *method)
}
