//! A command's text taken apart: words, people, incidents, durations, and what is left as one text.

use std::time::Duration;

use tidegate_slack::ids::{ChannelId, UserId};
use tidegate_slack::mrkdwn::{Part, Reference, Target, parts, reference, unescape};

use super::IncidentRef;

/// Longest duration that can be typed.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// A value that was read, or the answer to a text that cannot be read, without the usage that follows it.
pub(super) type Read<T> = Result<T, String>;

/// What is left of a command's text.
#[derive(Clone)]
pub(super) struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.trim_matches(is_blank))
    }

    /// Takes the next word. What Slack writes in angle brackets is one word, even with blanks in it.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let (word, rest) = split(self.0, false)?;
        self.0 = rest;
        Some(word)
    }

    /// Takes the next word or the next text in quotes, which comes with its quotes.
    fn next_quoted(&mut self) -> Option<&'a str> {
        let (word, rest) = split(self.0, true)?;
        self.0 = rest;
        Some(word)
    }

    /// Takes the next word if it means something.
    pub(super) fn next_if<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (word, rest) = split(self.0, false)?;
        let meant = read(word)?;
        self.0 = rest;
        Some(meant)
    }

    /// Takes the next word if it is that one, in either case.
    pub(super) fn next_is(&mut self, wanted: &str) -> bool {
        self.next_if(|word| is(word, wanted).then_some(()))
            .is_some()
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<&'a str> {
        split(self.0, false).map(|(word, _)| word)
    }

    /// Takes all that is left, as it was typed.
    pub(super) fn raw(&mut self) -> String {
        std::mem::take(&mut self.0).to_owned()
    }

    /// Takes all that is left as a text, without quotes around it; `None` if nothing is left.
    pub(super) fn text(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.0);
        let rest = unquoted(rest).unwrap_or(rest);
        let text = plain(rest);
        (!text.is_empty()).then_some(text)
    }

    /// Takes all that is left as a text that has to be there.
    pub(super) fn needed(&mut self, what: &str) -> Read<String> {
        self.text().ok_or_else(|| format!("{what} is missing."))
    }

    /// Takes all that is left, word by word; a text in quotes is one, and is said to be quoted.
    pub(super) fn pieces(&mut self) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        while let Some(word) = self.next_quoted() {
            pieces.push(Piece(word));
        }
        pieces
    }

    /// Takes a person, who has to be there.
    pub(super) fn user(&mut self) -> Read<UserId> {
        let word = self
            .next()
            .ok_or("Somebody is missing: type @ and pick them from the list.")?;
        user(word)
    }

    /// Whether one word is left.
    pub(super) fn is_one(&self) -> bool {
        split(self.0, false).is_some_and(|(_, rest)| rest.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A word, or a text in quotes.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a>(&'a str);

impl<'a> Piece<'a> {
    /// The word, unless it is a text in quotes: that means nothing but itself.
    pub(super) fn word(self) -> Option<&'a str> {
        unquoted(self.0).is_none().then_some(self.0)
    }

    /// What follows `name:` in the word.
    pub(super) fn option(self, names: &[&str]) -> Option<&'a str> {
        let (name, value) = self.word()?.split_once(':')?;
        names.iter().any(|wanted| is(name, wanted)).then_some(value)
    }
}

/// The text that pieces make. Quotes around all of it are no part of it; others are.
pub(super) fn joined(pieces: &[Piece<'_>]) -> Option<String> {
    let text = if let [Piece(one)] = pieces {
        plain(unquoted(one).unwrap_or(one))
    } else {
        let words: Vec<&str> = pieces.iter().map(|piece| piece.0).collect();
        plain(&words.join(" "))
    };
    (!text.is_empty()).then_some(text)
}

/// Whether two words are the same in any case.
pub(super) fn is(word: &str, wanted: &str) -> bool {
    word.to_lowercase() == wanted
}

/// Blank to the eye: spaces of every kind, and marks without a width that come with copied text.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

fn split(text: &str, quotes: bool) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(is_blank);
    if text.is_empty() {
        return None;
    }
    let bracket = text.starts_with(['<']).then(|| text.find('>')).flatten();
    let end = match bracket {
        Some(end) => end + 1,
        None => quotes
            .then(|| quote_end(text))
            .flatten()
            .or_else(|| text.find(is_blank))
            .unwrap_or(text.len()),
    };
    let (word, rest) = text.split_at(end);
    Some((word, rest.trim_start_matches(is_blank)))
}

/// Where the quote that a text begins with ends: before a blank or at the end.
fn quote_end(text: &str) -> Option<usize> {
    let first = text.chars().next().filter(|c| is_quote(*c))?;
    let mut from = first.len_utf8();
    loop {
        let at = from + text.get(from..)?.find(is_quote)?;
        let end = at + text.get(at..)?.chars().next()?.len_utf8();
        if text.get(end..)?.chars().next().is_none_or(is_blank) {
            return Some(end);
        }
        from = end;
    }
}

/// What stands in a text's quotes, if it is all in one pair of them.
fn unquoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix(is_quote)?.strip_suffix(is_quote)?;
    (!inner.contains(is_quote)).then_some(inner)
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

/// A text as people read it: references by the label that they carry, addresses as they are, entities as characters.
pub(super) fn plain(text: &str) -> String {
    let parts = parts(text.trim_matches(is_blank)).into_iter();
    let read = parts.map(|part| match part {
        Part::Text(text) => unescape(text),
        Part::Reference(reference) => unescape(&shown(&reference)),
    });
    read.collect()
}

/// How a reference reads: all of it if it says nothing that people would read.
fn shown(reference: &Reference<'_>) -> String {
    let label = reference.label;
    let shown = match reference.target {
        Target::User(_) => label.map(|name| format!("@{}", name.trim_start_matches('@'))),
        Target::Channel(_) => label.map(|name| format!("#{name}")),
        Target::Group(_) | Target::Special(_) => label.map(str::to_owned),
        Target::Address(address) => is_address(address).then(|| address.to_owned()),
    };
    shown.unwrap_or_else(|| reference.markup.to_owned())
}

/// Whether a text is the address of a page.
pub(super) fn is_address(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !text.contains(is_blank))
}

/// Reads a person: the reference that Slack writes when a name is picked from its list.
pub(super) fn user(word: &str) -> Read<UserId> {
    if let Some(Target::User(id)) = reference(word).map(|reference| reference.target)
        && is_id(id)
        && id.starts_with(['U', 'W'])
    {
        return Ok(UserId::from(id));
    }
    Err(if word.starts_with('@') {
        "Slack sent that name as plain text: type @ and pick the person from the list that Slack shows.".to_owned()
    } else {
        "A person has to stand there: type @ and pick them from the list.".to_owned()
    })
}

/// Whether a text has the form of Slack's ids.
fn is_id(text: &str) -> bool {
    text.len() > 1
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Reads which incident is meant: `INC-12`, `#12`, `12`, or a reference to its channel.
pub(super) fn incident(word: &str) -> Option<IncidentRef> {
    if let Some(Target::Channel(id)) = reference(word).map(|reference| reference.target)
        && is_id(id)
    {
        return Some(IncidentRef::Channel(ChannelId::from(id)));
    }
    let word = word.to_lowercase();
    let digits = word.strip_prefix("inc-").or_else(|| word.strip_prefix('#'));
    number(digits.unwrap_or(&word)).map(IncidentRef::Number)
}

/// Reads a number from 1, of nothing but digits.
pub(super) fn number<T: std::str::FromStr + PartialOrd + From<u8>>(text: &str) -> Option<T> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let number: T = text.parse().ok().filter(|_| plain)?;
    (number >= T::from(1)).then_some(number)
}

/// Reads a duration: `30m`, `2h`, `1d`, `1w`, `1h30m`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut minutes: u64 = 0;
    let lower = text.to_lowercase();
    let mut rest = lower.as_str();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let n: u64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let unit = &unit[..unit
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(unit.len())];
        let each = match unit {
            "m" | "min" => 1,
            "h" => 60,
            "d" => 24 * 60,
            "w" => 7 * 24 * 60,
            _ => return None,
        };
        minutes = minutes.checked_add(n.checked_mul(each)?)?;
        rest = &rest[digits + unit.len()..];
    }
    let length = Duration::from_secs(minutes.checked_mul(60)?);
    (minutes > 0 && length <= LONGEST).then_some(length)
}
