//! Syntax of ids, slugs, emoji and addresses in settings. Only Slack knows whether a person or channel exists.

use tidegate_slack::tenant::is_id;

/// Longest slug of a service or name of a template, in characters.
pub const MAX_SLUG: usize = 40;

/// Longest address, in bytes.
pub const MAX_URL: usize = 500;

/// Whether a text can be the slug of a service or the name of a template: 1 to [`MAX_SLUG`] lower-case letters, digits
/// and `-`.
pub fn is_slug(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(plain)
}

/// Whether a text looks like a channel's id, such as `C0ABC123`.
pub fn is_channel(id: &str) -> bool {
    id.starts_with(['C', 'G']) && is_id(id)
}

/// Whether a text looks like a user's id, such as `U0ABC123`.
pub fn is_person(id: &str) -> bool {
    id.starts_with(['U', 'W']) && is_id(id)
}

/// Whether a text looks like the id of a component or a page: 1 to 64 letters, digits, `-` and `_`.
pub fn is_component(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

/// Whether a text can be the name of an emoji, without colons: 1 to 100 bytes.
pub fn is_emoji(name: &str) -> bool {
    // Names of a workspace's own emoji can contain letters of any script.
    let plain = |c: char| c.is_alphanumeric() && !c.is_uppercase() || "_+-'".contains(c);
    (1..=100).contains(&name.len()) && name.chars().all(plain)
}

/// Whether a text is an `https` address of at most [`MAX_URL`] bytes.
pub fn is_https(address: &str) -> bool {
    let uri = address.parse::<http::Uri>().ok();
    address.len() <= MAX_URL
        && uri.is_some_and(|uri| {
            uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty())
        })
}
