//! Slack's own published answers, parsed by the types of their methods. The corpus lies where `TIDEGATE_CORPUS` says;
//! its answers hold every field Slack has been seen to send, each empty or made up.

use std::fs;

use serde_json::Value;
use tidegate_slack::api::{
    Method, auth, bookmarks, chat, conversations, emoji, files, oauth, pins, reactions, team,
    users, views,
};

use crate::corpus::answers;

/// Reads an answer as that method does; the error says what is wrong.
fn read<M: Method>(answer: Value) -> Result<(), String> {
    serde_json::from_value::<M::Answer>(answer)
        .map(drop)
        .map_err(|e| format!("{}: {e}", M::NAME))
}

macro_rules! readers {
    ($($method:ty),+ $(,)?) => {
        [$((<$method as Method>::NAME, read::<$method> as fn(Value) -> Result<(), String>)),+]
    };
}

#[test]
fn every_published_answer_is_readable() {
    let Some(folder) = answers() else { return };
    let readers = readers![
        auth::Test,
        auth::Revoke,
        bookmarks::Add,
        bookmarks::ListBookmarks,
        chat::Delete,
        chat::GetPermalink,
        chat::PostEphemeral,
        chat::Unfurl,
        conversations::Archive,
        conversations::Create,
        conversations::Info,
        conversations::Invite,
        conversations::Join,
        conversations::ListChannels,
        conversations::Members,
        conversations::Rename,
        conversations::SetPurpose,
        conversations::SetTopic,
        emoji::ListEmoji,
        files::CompleteUploadExternal,
        files::GetUploadUrlExternal,
        files::Info,
        files::ListFiles,
        oauth::AccessByCode,
        oauth::Exchange,
        pins::Add,
        reactions::Add,
        team::Info,
        users::Conversations,
        users::GetPresence,
        users::GetProfile,
        users::Info,
        users::ListUsers,
        users::LookupByEmail,
        views::Open,
        views::Publish,
        views::Push,
        views::Update,
    ];
    let mut parsed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let answer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let reader = readers.iter().find(|(method, _)| *method == name);
        let (_, read) = reader.unwrap_or_else(|| panic!("no typed method reads {name}"));
        assert_eq!(read(answer), Ok(()));
        parsed += 1;
    }
    assert_eq!(
        parsed,
        readers.len(),
        "a type without an answer to try it on"
    );
}

#[test]
fn what_a_published_answer_is_about_comes_out_of_it() {
    let Some(folder) = answers() else { return };
    let answer = |name: &str| fs::read(folder.join(format!("{name}.json"))).unwrap();
    let users: users::UserPage = serde_json::from_slice(&answer("users.list")).unwrap();
    assert_eq!(users.members[0].id, "U00000000".into());
    assert!(users.members[0].profile.is_some());
    let channels: conversations::ChannelPage =
        serde_json::from_slice(&answer("conversations.list")).unwrap();
    assert!(channels.channels[0].topic.is_some());
    assert_eq!(channels.channels[0].shared_team_ids.len(), 1);
    assert_eq!(channels.channels[0].created, 12345);
    let file: files::OneFile = serde_json::from_slice(&answer("files.info")).unwrap();
    assert_eq!(file.file.size, 123);
    let view: views::OneView = serde_json::from_slice(&answer("views.open")).unwrap();
    assert!(view.view.hash.is_some());
}
