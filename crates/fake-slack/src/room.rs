//! One channel with its messages in order, its threads and its posting rate.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::bookmarks::Bookmark;
use crate::caller::Caller;
use crate::records::{Channel, PostedMessage, Reaction, TokenKind};

/// A channel and what was posted in it.
pub(crate) struct Room {
    pub channel: Channel,
    /// By `ts`, whose text order is its time order.
    pub messages: BTreeMap<String, PostedMessage>,
    /// The replies of each thread, by the parent's `ts`.
    pub threads: HashMap<String, Vec<String>>,
    recent_posts: VecDeque<Duration>,
    /// Who is in it; everyone of its workspaces while nothing has changed that.
    pub members: Option<BTreeSet<String>>,
    /// Whether it is a direct message among several.
    pub is_mpim: bool,
    pub topic: String,
    pub purpose: String,
    pub pins: Vec<Pin>,
    pub bookmarks: Vec<Bookmark>,
}

/// A pinned message of the channel.
#[derive(Clone)]
pub(crate) struct Pin {
    pub ts: String,
    /// The id of the person who pinned it, `U…`.
    pub user: String,
    pub created: Duration,
}

impl Room {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            channel,
            messages: BTreeMap::new(),
            threads: HashMap::new(),
            recent_posts: VecDeque::new(),
            members: None,
            is_mpim: false,
            topic: String::new(),
            purpose: String::new(),
            pins: Vec::new(),
            bookmarks: Vec::new(),
        }
    }

    pub(crate) fn post(&mut self, message: PostedMessage) {
        if let Some(parent) = message
            .thread_ts
            .clone()
            .filter(|parent| *parent != message.ts)
        {
            self.threads
                .entry(parent)
                .or_default()
                .push(message.ts.clone());
        }
        self.messages.insert(message.ts.clone(), message);
    }

    pub(crate) fn remove(&mut self, ts: &str) -> Option<PostedMessage> {
        let message = self.messages.remove(ts)?;
        if let Some(replies) = message
            .thread_ts
            .as_ref()
            .and_then(|parent| self.threads.get_mut(parent))
        {
            replies.retain(|reply| reply != ts);
        }
        self.pins.retain(|pin| pin.ts != ts);
        Some(message)
    }

    /// A user's reaction to a message.
    pub(crate) fn react(&mut self, ts: &str, user: &str, name: &str) -> Result<(), &'static str> {
        let message = self.messages.get_mut(ts).ok_or("message_not_found")?;
        let mut reactions = message.reactions.iter_mut();
        match reactions.find(|reaction| reaction.name == name) {
            Some(reaction) if reaction.users.iter().any(|one| one == user) => {
                Err("already_reacted")
            }
            Some(reaction) => {
                reaction.users.push(user.to_owned());
                Ok(())
            }
            None => {
                message.reactions.push(Reaction {
                    name: name.to_owned(),
                    users: vec![user.to_owned()],
                });
                Ok(())
            }
        }
    }

    /// Takes a user's reaction back.
    pub(crate) fn unreact(&mut self, ts: &str, user: &str, name: &str) -> Result<(), &'static str> {
        let message = self.messages.get_mut(ts).ok_or("message_not_found")?;
        let mut reactions = message.reactions.iter_mut();
        let reaction = reactions
            .find(|reaction| reaction.name == name && reaction.users.iter().any(|one| one == user))
            .ok_or("no_reaction")?;
        reaction.users.retain(|one| one != user);
        message
            .reactions
            .retain(|reaction| !reaction.users.is_empty());
        Ok(())
    }

    /// Whether one more post now stays within `limit` a second; counts it if so.
    pub(crate) fn admit_post(&mut self, limit: usize, now: Duration) -> bool {
        while self
            .recent_posts
            .front()
            .is_some_and(|at| now.saturating_sub(*at) >= Duration::from_secs(1))
        {
            self.recent_posts.pop_front();
        }
        let admitted = self.recent_posts.len() < limit;
        if admitted {
            self.recent_posts.push_back(now);
        }
        admitted
    }

    /// Whether this workspace has it, as its own or shared with it.
    pub(crate) fn is_in(&self, team: &str) -> bool {
        self.channel.team == team || self.channel.shared_with.iter().any(|with| with == team)
    }

    /// Whether this user is in it.
    pub(crate) fn has_member(&self, user: &str) -> bool {
        let members = self.members.as_ref();
        members.is_none_or(|members| members.contains(user))
    }

    /// Whether the caller may act in it as far as membership goes: a bot only where it is a member.
    pub(crate) fn admits(&self, by: &Caller) -> bool {
        by.kind != TokenKind::Bot || self.has_member(&by.user)
    }

    /// The workspace a message comes from: its author's, else the channel's.
    pub(crate) fn author_team<'a>(&'a self, message: &'a PostedMessage) -> &'a str {
        message.team.as_deref().unwrap_or(&self.channel.team)
    }

    /// `channel_type` as events name it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.channel.id.chars().next() {
            Some('D') => "im",
            _ if self.is_mpim => "mpim",
            _ if self.channel.is_private => "group",
            _ => "channel",
        }
    }
}
