//! Shapes of the texts in settings: ids, slugs, emoji and addresses. That there is such a person or channel, only Slack
//! can say.

use tidegate_slack::tenant::is_id;

/// Longest slug of a service and name of a template, in characters.
pub const MAX_SLUG: usize = 40;

/// Longest address, in bytes.
pub const MAX_URL: usize = 500;

/// Whether a text can be the slug of a service or the name of a template.
pub fn is_slug(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(plain)
}

/// Whether a text has the shape of a channel's id.
pub fn is_channel(id: &str) -> bool {
    id.starts_with(['C', 'G']) && is_id(id)
}

/// Whether a text has the shape of a person's id.
pub fn is_person(id: &str) -> bool {
    id.starts_with(['U', 'W']) && is_id(id)
}

/// Whether a text has the shape of a component's id on a status page, or of a page's own.
pub fn is_component(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

/// Whether a text can be the name of an emoji, without its colons.
pub fn is_emoji(name: &str) -> bool {
    // Slack takes letters of any script in the names of a workspace's own emoji.
    let plain = |c: char| c.is_alphanumeric() && !c.is_uppercase() || "_+-'".contains(c);
    (1..=100).contains(&name.len()) && name.chars().all(plain)
}

/// Whether a text is the address of a page that is fetched encrypted.
pub fn is_https(address: &str) -> bool {
    let uri = address.parse::<http::Uri>().ok();
    address.len() <= MAX_URL
        && uri.is_some_and(|uri| {
            uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty())
        })
}
