//! How often each method may be called: per minute, per workspace and app. Slack publishes tiers, not figures for
//! each method. Source: the method pages of docs.slack.dev as `MethodsRateLimits` of Slack's own Java SDK collects
//! them, and docs.slack.dev/apis/web-api/rate-limits for what a tier means.

/// A class of methods by how often they may be called. Slack means each figure as "at least".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Slack's tier 1: a call a minute.
    One,
    /// Slack's tier 2: 20 calls a minute.
    Two,
    /// Slack's tier 3: 50 calls a minute.
    Three,
    /// Slack's tier 4: 100 calls a minute.
    Four,
    /// "Hundreds a minute": `auth.test` and `chat.getPermalink`.
    Hundreds,
    /// One a second in a channel, and "several hundred a minute" in a workspace: `chat.postMessage`.
    Posting,
}

impl Tier {
    /// Calls a minute in one workspace.
    pub const fn per_minute(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 20,
            Self::Three => 50,
            Self::Four => 100,
            // "Several hundred" is at least three; a channel's own limit comes on top of it.
            Self::Posting => 300,
            Self::Hundreds => 600,
        }
    }

    /// The same, spread over the minute.
    pub const fn rate(self) -> Rate {
        Rate::per_minute(self.per_minute())
    }
}

/// How often something may be called: so many at once, then one every interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls that may come at once after a pause.
    pub burst: u32,
    /// Milliseconds from one call to the next after that.
    pub interval_ms: u32,
}

impl Rate {
    /// Slack's limit for posts to one channel.
    pub const CHANNEL: Self = Self {
        burst: 1,
        interval_ms: 1000,
    };

    /// So many a minute, a tenth of them at once. No minute sees more, its burst included.
    pub const fn per_minute(calls: u32) -> Self {
        let burst = if calls < 20 { 1 } else { calls / 10 };
        Self {
            burst,
            interval_ms: 60_000_u32.div_ceil(calls - burst + 1),
        }
    }
}

/// The tier of a method that is called by name only, if it is listed here.
pub const fn of(method: &str) -> Option<Tier> {
    let mut i = 0;
    while i < METHODS.len() {
        if same(METHODS[i].0, method) {
            return Some(METHODS[i].1);
        }
        i += 1;
    }
    None
}

/// The tier of a typed method. A method without one does not compile.
#[expect(clippy::panic, reason = "it runs when the method is compiled")]
pub(crate) const fn known(method: &str) -> Tier {
    match of(method) {
        Some(tier) => tier,
        None => panic!("this method has no tier in tiers.rs"),
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Every typed method, in the order of the files that hold them.
pub const METHODS: &[(&str, Tier)] = &[
    ("apps.connections.open", Tier::One),
    ("apps.event.authorizations.list", Tier::Four),
    ("apps.uninstall", Tier::One),
    ("auth.revoke", Tier::Three),
    ("auth.test", Tier::Hundreds),
    ("bookmarks.add", Tier::Two),
    ("bookmarks.edit", Tier::Two),
    ("bookmarks.list", Tier::Three),
    ("bookmarks.remove", Tier::Two),
    ("chat.delete", Tier::Three),
    ("chat.deleteScheduledMessage", Tier::Three),
    ("chat.getPermalink", Tier::Hundreds),
    ("chat.postEphemeral", Tier::Four),
    ("chat.postMessage", Tier::Posting),
    ("chat.scheduleMessage", Tier::Three),
    ("chat.scheduledMessages.list", Tier::Three),
    ("chat.unfurl", Tier::Three),
    ("chat.update", Tier::Three),
    ("conversations.archive", Tier::Two),
    ("conversations.create", Tier::Two),
    ("conversations.history", Tier::Three),
    ("conversations.info", Tier::Three),
    ("conversations.invite", Tier::Three),
    ("conversations.join", Tier::Three),
    ("conversations.kick", Tier::Three),
    ("conversations.leave", Tier::Three),
    ("conversations.list", Tier::Two),
    ("conversations.members", Tier::Four),
    ("conversations.open", Tier::Three),
    ("conversations.rename", Tier::Two),
    ("conversations.replies", Tier::Three),
    ("conversations.setPurpose", Tier::Two),
    ("conversations.setTopic", Tier::Two),
    ("conversations.unarchive", Tier::Two),
    ("emoji.list", Tier::Two),
    ("files.completeUploadExternal", Tier::Four),
    ("files.delete", Tier::Three),
    ("files.getUploadURLExternal", Tier::Four),
    ("files.info", Tier::Four),
    ("files.list", Tier::Three),
    ("oauth.v2.access", Tier::Four),
    ("oauth.v2.exchange", Tier::Three),
    ("openid.connect.token", Tier::Four),
    ("openid.connect.userInfo", Tier::Three),
    ("pins.add", Tier::Two),
    ("pins.list", Tier::Two),
    ("pins.remove", Tier::Two),
    ("reactions.add", Tier::Three),
    ("reactions.get", Tier::Three),
    ("reactions.list", Tier::Two),
    ("reactions.remove", Tier::Two),
    ("search.files", Tier::Two),
    ("search.messages", Tier::Two),
    ("team.info", Tier::Three),
    ("usergroups.list", Tier::Two),
    ("users.conversations", Tier::Two),
    ("users.getPresence", Tier::Three),
    ("users.info", Tier::Four),
    ("users.list", Tier::Two),
    ("users.lookupByEmail", Tier::Three),
    ("users.profile.get", Tier::Four),
    ("views.open", Tier::Four),
    ("views.publish", Tier::Four),
    ("views.push", Tier::Four),
    ("views.update", Tier::Four),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_stands_here_once_in_order() {
        assert!(METHODS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(of("conversations.list"), Some(Tier::Two));
        assert_eq!(of("conversations.lis"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn no_minute_sees_more_than_slack_grants_and_none_much_less() {
        use Tier::{Four, Hundreds, One, Posting, Three, Two};
        for tier in [One, Two, Three, Four, Posting, Hundreds] {
            let Rate { burst, interval_ms } = tier.rate();
            // The burst, and every call that comes due before the minute is over.
            let most = burst + (60_000 - 1) / interval_ms;
            assert!(most <= tier.per_minute(), "{tier:?} {most}");
            assert!(most * 10 >= tier.per_minute() * 9, "{tier:?} {most}");
        }
        assert_eq!(One.rate().interval_ms, 60_000);
    }
}
