//! Single words and texts of a command read as what they mean: people, channels, numbers, durations, plain text.

use std::time::Duration;

use super::Read;
use super::words::is_blank;
use crate::ids::{ChannelId, UserId};

/// Longest duration that can be typed.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// A text as people read it: Slack's tokens by the name they carry, its entities as what they stand for.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim_matches(is_blank);
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let after = &rest[start..];
        let Some(end) = after.find('>') else { break };
        out.push_str(&token(&after[1..end]).unwrap_or_else(|| after[..=end].to_owned()));
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    let out = out.replace("&lt;", "<").replace("&gt;", ">");
    out.replace("&amp;", "&")
}

/// What a token shows, if it says so itself.
fn token(inner: &str) -> Option<String> {
    let (what, name) = match inner.split_once('|') {
        Some((what, name)) => (what, Some(name).filter(|name| !name.is_empty())),
        None => (inner, None),
    };
    match what.chars().next()? {
        '@' => name.map(|name| format!("@{}", name.trim_start_matches('@'))),
        '#' => name.map(|name| format!("#{name}")),
        '!' => name.map(str::to_owned),
        _ => is_address(what).then(|| what.to_owned()),
    }
}

/// Whether a text is the address of a web page.
pub fn is_address(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !text.contains(is_blank))
}

/// Reads a person: Slack's own token for one, as it comes when a name is picked from its list.
pub fn user(word: &str) -> Read<UserId> {
    if let Some(id) = mention(word, '@').filter(|id| id.starts_with(['U', 'W'])) {
        return Ok(UserId::from(id));
    }
    Err(if word.starts_with('@') {
        "Slack sent that name as plain text: type @ and pick the person from the list that Slack shows.".to_owned()
    } else {
        "A person has to stand there: type @ and pick them from the list.".to_owned()
    })
}

/// Reads a channel: Slack's own token for one, `<#C1|name>`.
pub fn channel(word: &str) -> Option<ChannelId> {
    mention(word, '#').map(ChannelId::from)
}

/// The id in `<@U1|name>` or `<#C1|name>`.
fn mention(word: &str, mark: char) -> Option<&str> {
    let inner = word
        .strip_prefix('<')?
        .strip_prefix(mark)?
        .strip_suffix('>')?;
    let id = inner.split_once('|').map_or(inner, |(id, _)| id);
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (id.len() > 1 && id.bytes().all(plain)).then_some(id)
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
