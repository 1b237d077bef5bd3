//! What a person or a program is told, as a value: typed parts that become mrkdwn for Slack and plain text for an API or a
//! terminal. Nothing in a part can call somebody or link to something in Slack unless the part says so.

use std::fmt;

use crate::ids::{ChannelId, UserId};
use crate::mrkdwn;

/// A text of several parts; [`prose!`](crate::prose!) makes one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prose(Vec<Part>);

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words by Tidegate or a person. They are escaped for Slack.
    Text(String),
    /// Words that are bold in Slack and plain elsewhere.
    Strong(String),
    /// A word that is meant literally, in backticks.
    Code(String),
    /// A person: a mention in Slack, their id elsewhere.
    Person(UserId),
    /// A channel: a link in Slack, its id elsewhere.
    Channel(ChannelId),
}

impl Prose {
    /// Adds what a value says.
    pub fn push(&mut self, value: &(impl Say + ?Sized)) {
        value.say(self);
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text in Slack's mark-up.
    pub fn mrkdwn(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => mrkdwn::escape(text),
            Part::Strong(text) => format!("*{}*", mrkdwn::escape(text)),
            Part::Code(text) => format!("`{}`", mrkdwn::escape(text)),
            Part::Person(user) => mrkdwn::user(user),
            Part::Channel(channel) => mrkdwn::channel(channel),
        });
        parts.collect()
    }

    /// The text without mark-up. Backticks stay: they show what to type.
    pub fn plain(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) | Part::Strong(text) => text.clone(),
            Part::Code(text) => format!("`{text}`"),
            Part::Person(user) => format!("@{user}"),
            Part::Channel(channel) => format!("#{channel}"),
        });
        parts.collect()
    }

    /// The texts, each after the other with `between` between them.
    pub fn joined<T: Say>(texts: impl IntoIterator<Item = T>, between: &str) -> Self {
        let mut all = Self::default();
        for (n, text) in texts.into_iter().enumerate() {
            if n > 0 {
                all.push(between);
            }
            all.push(&text);
        }
        all
    }

    fn add(&mut self, part: Part) {
        match (self.0.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => self.0.push(part),
        }
    }
}

/// Words that are bold in Slack and plain elsewhere.
pub fn strong(text: impl fmt::Display) -> Part {
    Part::Strong(text.to_string())
}

/// A word that is meant literally. A backtick in it would end it, and becomes an apostrophe.
pub fn code(text: impl fmt::Display) -> Part {
    Part::Code(text.to_string().replace('`', "'"))
}

/// A value that can be part of a text.
pub trait Say {
    /// Adds the value to a text.
    fn say(&self, prose: &mut Prose);
}

/// Values that say what they are displayed as.
#[macro_export]
macro_rules! said_as_displayed {
    ($($of:ty),* $(,)?) => {
        $(impl $crate::prose::Say for $of {
            fn say(&self, prose: &mut $crate::prose::Prose) {
                prose.push(&$crate::prose::Part::Text(self.to_string()));
            }
        })*
    };
}

said_as_displayed!(str, String, u32, u64, usize, i64);

impl Say for Part {
    fn say(&self, prose: &mut Prose) {
        prose.add(self.clone());
    }
}

impl Say for Prose {
    fn say(&self, prose: &mut Prose) {
        for part in &self.0 {
            prose.add(part.clone());
        }
    }
}

impl Say for UserId {
    fn say(&self, prose: &mut Prose) {
        prose.add(Part::Person(self.clone()));
    }
}

impl Say for ChannelId {
    fn say(&self, prose: &mut Prose) {
        prose.add(Part::Channel(self.clone()));
    }
}

impl<T: Say + ?Sized> Say for &T {
    fn say(&self, prose: &mut Prose) {
        (**self).say(prose);
    }
}

impl<T: Say> Say for Option<T> {
    fn say(&self, prose: &mut Prose) {
        if let Some(value) = self {
            value.say(prose);
        }
    }
}

impl From<&str> for Prose {
    fn from(text: &str) -> Self {
        let mut prose = Self::default();
        prose.push(text);
        prose
    }
}

/// Makes a [`Prose`] of values that can be part of one.
///
/// ```
/// use tidegate_slack::ids::UserId;
/// use tidegate_slack::prose;
/// use tidegate_slack::prose::code;
///
/// let prose = prose!(UserId::from("U1"), " wrote ", 2u32, " notes on ", code("a<b"), ".");
/// assert_eq!(prose.mrkdwn(), "<@U1> wrote 2 notes on `a&lt;b`.");
/// assert_eq!(prose.plain(), "@U1 wrote 2 notes on `a<b`.");
/// ```
#[macro_export]
macro_rules! prose {
    ($($part:expr),* $(,)?) => {{
        let mut prose = $crate::prose::Prose::default();
        $(prose.push(&$part);)*
        prose
    }};
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_part_is_rendered_as_what_it_is() {
        let channel = ChannelId::from("C1");
        let prose = prose!(
            strong("a & b"),
            " in ",
            channel,
            Some(": "),
            None::<&str>,
            code("`x`"),
            7_u32
        );
        assert_eq!(prose.mrkdwn(), "*a &amp; b* in <#C1>: `'x'`7");
        assert_eq!(prose.plain(), "a & b in #C1: `'x'`7");
        assert_eq!(Prose::joined(["a", "b"], ", ").plain(), "a, b");
        assert!(Prose::from("").is_empty());
    }

    proptest! {
        #[test]
        fn words_call_nobody_and_come_out_as_they_are(text in "[a<>&!@|`* ]{0,20}") {
            let prose = prose!(text, strong(&text), code(&text));
            prop_assert!(!prose.mrkdwn().contains(['<', '>']));
            prop_assert!(prose.plain().starts_with(&text));
        }
    }
}
