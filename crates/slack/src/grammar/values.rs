//! Single words and texts of a command read as what they mean: people, channels, numbers, durations, plain text.

use std::time::Duration;

use super::Read;
use super::words::is_blank;
use crate::ids::{ChannelId, UserId};
use crate::mrkdwn::{Part, Reference, Target, parts, reference, unescape};

/// Longest duration that can be typed.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// A text as people read it: references by the label that they carry, addresses as they are, entities as characters.
pub fn plain(text: &str) -> String {
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

/// Whether a text is the address of a web page.
pub fn is_address(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !text.contains(is_blank))
}

/// Reads a person: the reference that Slack writes when a name is picked from its list.
pub fn user(word: &str) -> Read<UserId> {
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

/// Reads a channel: the reference that Slack writes for one.
pub fn channel(word: &str) -> Option<ChannelId> {
    match reference(word)?.target {
        Target::Channel(id) if is_id(id) => Some(ChannelId::from(id)),
        _ => None,
    }
}

/// Whether a text has the form of Slack's ids.
fn is_id(text: &str) -> bool {
    text.len() > 1
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Reads a number from 1, of nothing but digits.
pub fn number<T: std::str::FromStr + PartialOrd + From<u8>>(text: &str) -> Option<T> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let number: T = text.parse().ok().filter(|_| plain)?;
    (number >= T::from(1)).then_some(number)
}

/// Reads a duration: `30m`, `2h`, `1d`, `1w`, `1h30m`; a year at most.
pub fn duration(text: &str) -> Option<Duration> {
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
