//! Slack's mark-up, mrkdwn: what people wrote on its way into it and out of it, and references to people, channels,
//! groups and addresses. Contract: docs.slack.dev/messaging/formatting-message-text.

use crate::ids::{ChannelId, UserId};
use crate::text::length;

/// A text as it may stand in mrkdwn: `&`, `<` and `>` become entities, so that the text calls nobody and links nothing.
/// [`unescape`] gives the text back.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
        out
    })
}

/// The text behind mrkdwn without references: what [`escape`] made of it, taken back once.
pub fn unescape(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        let (entity, stands_for) = entity.unwrap_or(&("&", "&"));
        out.push_str(stands_for);
        rest = &rest[entity.len()..];
    }
    out.push_str(rest);
    out
}

/// The only entities that Slack writes and reads.
const ENTITIES: [(&str, &str); 3] = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")];

/// A person, whom Slack shows by name and notifies.
pub fn user(user: &UserId) -> String {
    format!("<@{}>", escape(user.as_str()))
}

/// A channel, which Slack shows by name to everyone who may see it.
pub fn channel(channel: &ChannelId) -> String {
    format!("<#{}>", escape(channel.as_str()))
}

/// An address shown as a label. Only the label is shown if the address is not an `http` or `https` one, or holds
/// anything but visible ASCII characters.
pub fn link(url: &str, label: &str) -> String {
    let label = escape(label);
    let is_http = url.starts_with("https://") || url.starts_with("http://");
    if !is_http || !url.chars().all(|c| c.is_ascii_graphic()) {
        return label;
    }
    let url = escape(&url.replace('|', "%7C"));
    format!("<{url}|{label}>")
}

/// A moment in seconds since 1970, shown as a short date and a time in the zone of the person who reads it. Clients
/// that cannot do that show `fallback`, which is plain text.
pub fn date(seconds: i64, fallback: &str) -> String {
    let fallback = escape(fallback);
    format!("<!date^{seconds}^{{date_short_pretty}} {{time}}|{fallback}>")
}

/// A part of mrkdwn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The text between references, with its entities: [`unescape`] reads it.
    Text(&'a str),
    /// A reference, which stands in angle brackets.
    Reference(Reference<'a>),
}

/// A reference in angle brackets: `<@U1|ana>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// All of it, with its brackets.
    pub markup: &'a str,
    /// The person, channel, group or address that it refers to.
    pub target: Target<'a>,
    /// How it is shown, with its entities: the text behind the `|`, if there is any.
    pub label: Option<&'a str>,
}

/// The targets of references. The ids are as they were written; nobody has checked that they are ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A person's id: `<@U1>`.
    User(&'a str),
    /// A channel's id: `<#C1>`.
    Channel(&'a str),
    /// The id of a group of people: `<!subteam^S1>`.
    Group(&'a str),
    /// A special mention or a date, without its `!`: `<!here>`, `<!date^0^{date}>`.
    Special(&'a str),
    /// Anything else, usually an address with its entities: `<https://a.example>`.
    Address(&'a str),
}

/// Takes mrkdwn apart. The parts together are the whole text; a bracket without its partner is text.
pub fn parts(markup: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    // Where the text begins that no part holds yet.
    let mut text = 0;
    let mut open = None;
    for (at, c) in markup.char_indices() {
        match (c, open) {
            ('<', _) => open = Some(at),
            ('>', Some(start)) => {
                if text < start {
                    parts.push(Part::Text(&markup[text..start]));
                }
                parts.push(Part::Reference(read(&markup[start..=at])));
                (text, open) = (at + 1, None);
            }
            _ => {}
        }
    }
    if text < markup.len() {
        parts.push(Part::Text(&markup[text..]));
    }
    parts
}

/// Reads a text that is nothing but one reference.
pub fn reference(markup: &str) -> Option<Reference<'_>> {
    match parts(markup).as_slice() {
        [Part::Reference(reference)] => Some(*reference),
        _ => None,
    }
}

/// Reads what stands in one pair of brackets, which come with it.
fn read(markup: &str) -> Reference<'_> {
    let inner = markup.trim_start_matches('<').trim_end_matches('>');
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (inner, None),
    };
    let target = if let Some(id) = target.strip_prefix('@') {
        Target::User(id)
    } else if let Some(id) = target.strip_prefix('#') {
        Target::Channel(id)
    } else if let Some(id) = target.strip_prefix("!subteam^") {
        Target::Group(id)
    } else if let Some(special) = target.strip_prefix('!') {
        Target::Special(special)
    } else {
        Target::Address(target)
    };
    Reference {
        markup,
        target,
        label,
    }
}

/// The beginning of finished mrkdwn, of at most `max` characters, never cut within a reference or an entity. A text
/// that was cut ends with an ellipsis.
pub fn cut(markup: &str, max: usize) -> String {
    if length(markup) <= max {
        return markup.to_owned();
    }
    if max == 0 {
        return String::new();
    }
    let (mut used, mut safe) = (1, 0);
    let mut until = None;
    for (at, c) in markup.char_indices() {
        used += c.len_utf16();
        if used > max {
            break;
        }
        match c {
            '<' => until = Some('>'),
            '&' if until.is_none() => until = Some(';'),
            c if until == Some(c) => until = None,
            _ => {}
        }
        if until.is_none() {
            safe = at + c.len_utf8();
        }
    }
    format!("{}…", &markup[..safe])
}

#[cfg(test)]
mod tests;
