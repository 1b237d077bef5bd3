//! Secrets that are known by how they look, wherever they are in a text.
//!
//! - Slack's tokens begin with `xoxb-`, `xoxp-`, `xoxe-`, `xoxe.xoxp-`, `xapp-`, `xwfp-` and the like
//!   (<https://docs.slack.dev/authentication/tokens>); `xoxc-` and `xoxd-` are those of Slack's own client;
//! - Tidegate's API keys, `tg_<workspace>_<id>_<secret>`, and the secrets of webhooks, `whsec_…`;
//! - credentials after `Bearer`;
//! - in a URL: the user before the host, the value of a secret's parameter, and the path at the hosts of Slack where the path is the
//!   only credential.

use std::borrow::Cow;
use std::ops::Range;

use super::{follows_escape, names, replace, run};

/// Hosts of Slack, with the beginning of the path, where the rest of the path is a credential: incoming webhooks and `response_url`s,
/// uploads, and files that were made public.
const PLACES: [&str; 5] = [
    "hooks.slack.com",
    "hooks.slack-gov.com",
    "files.slack.com/upload",
    "files.slack-gov.com/upload",
    "slack-files.com",
];

/// The fewest characters after `Bearer` that are a credential and not a word.
const BEARER: usize = 16;

/// The most characters of a parameter's name.
const NAME: usize = 64;

/// Hides the secrets in a text that are known by how they look.
pub fn text(text: &str) -> Cow<'_, str> {
    // First in URLs: what looks like a token may be part of a parameter's name, as in `?xoxb-1-token=`.
    let shown = replace(text, in_url);
    match replace(&shown, token) {
        Cow::Owned(shown) => Cow::Owned(shown),
        Cow::Borrowed(_) => shown,
    }
}

/// The range of the secret of a URL that is known by what stands at `at`.
fn in_url(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = &text.as_bytes()[at..];
    let found = match bytes[0] {
        b'h' | b'H' | b'f' | b'F' | b's' | b'S' => place(bytes),
        b':' => user(bytes),
        b'?' | b'&' | b'#' | b'%' | b'\\' => parameter(bytes),
        _ => None,
    }?;
    Some(at + found.start..at + found.end)
}

/// The range of the token or key that begins at `at`.
fn token(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let found = match bytes[at] {
        b'x' | b'X' => slack_token(&bytes[at..]),
        b't' => api_key(bytes, at),
        b'w' => webhook_secret(&bytes[at..]),
        b'B' | b'b' => bearer(&bytes[at..]),
        _ => None,
    }?;
    Some(at + found.start..at + found.end)
}

fn slack_token(bytes: &[u8]) -> Option<Range<usize>> {
    let mut start = family(bytes)?;
    // A rotated token: `xoxe.xoxp-…`.
    if bytes.get(start) == Some(&b'.') {
        start += 1 + family(&bytes[start + 1..])?;
    }
    if bytes.get(start) != Some(&b'-') {
        return None;
    }
    let cookie = bytes[..start].eq_ignore_ascii_case(b"xoxd");
    let rest = run(&bytes[start..], |byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_')
            || (cookie && matches!(byte, b'%' | b'+' | b'/' | b'='))
    });
    (rest > 1).then_some(0..start + rest)
}

/// The length of the first word of a token: `xox` and a letter, `xapp` or `xwfp`.
fn family(bytes: &[u8]) -> Option<usize> {
    let word = bytes.get(..4)?;
    let known = word.eq_ignore_ascii_case(b"xapp")
        || word.eq_ignore_ascii_case(b"xwfp")
        || (word[..3].eq_ignore_ascii_case(b"xox") && word[3].is_ascii_alphabetic());
    known.then_some(4)
}

fn api_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    let inside = word && !follows_escape(bytes, at);
    let bytes = &bytes[at..];
    if inside || !bytes.starts_with(b"tg_") {
        return None;
    }
    let end = run(bytes, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let parts = bytes[..end].split(|byte| *byte == b'_');
    // The id alone, without a secret, stays: keys are listed by it.
    (parts.filter(|part| !part.is_empty()).count() >= 4).then_some(0..end)
}

/// The secret of a webhook, as Standard Webhooks writes it: `whsec_` and base64.
fn webhook_secret(bytes: &[u8]) -> Option<Range<usize>> {
    const START: &[u8] = b"whsec_";
    if !bytes.starts_with(START) {
        return None;
    }
    let rest = run(&bytes[START.len()..], |byte| {
        byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)
    });
    (rest > 0).then_some(0..START.len() + rest)
}

fn bearer(bytes: &[u8]) -> Option<Range<usize>> {
    const WORD: &[u8] = b"bearer";
    let start = WORD.len() + 1;
    let is_word = bytes.get(..WORD.len())?.eq_ignore_ascii_case(WORD);
    if !is_word || bytes.get(WORD.len()) != Some(&b' ') {
        return None;
    }
    // As RFC 6750 writes it.
    let length = run(&bytes[start..], |byte| {
        byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
    });
    (length >= BEARER).then_some(start..start + length)
}

fn place(bytes: &[u8]) -> Option<Range<usize>> {
    let host = PLACES.iter().find(|place| {
        let start = bytes.get(..place.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(place.as_bytes()))
    })?;
    let start = host.len() + slash(&bytes[host.len()..])?;
    let length = url_run(&bytes[start..], |rest| rest[0] == b'&');
    (length > 0).then_some(start..start + length)
}

/// The user of a URL whose `://` these bytes begin with. Its password and host hold no `/`, so no byte is looked at twice.
fn user(bytes: &[u8]) -> Option<Range<usize>> {
    let slashes = [b"://".as_slice(), b":\\/\\/"];
    let start = slashes
        .into_iter()
        .find(|start| bytes.starts_with(start))?
        .len();
    let authority = url_run(&bytes[start..], |rest| {
        matches!(rest[0], b'/' | b'?' | b'#')
    });
    let at = bytes[start..start + authority]
        .iter()
        .rposition(|byte| *byte == b'@')?;
    (at > 0).then_some(start..start + at)
}

/// What a parameter begins with. Texts of Slack write `&amp;` for `&`, and some JSON `\u0026`. After `#` are those of a fragment.
const STARTS: [&[u8]; 5] = [b"&amp;", b"\\u0026", b"&", b"?", b"#"];

/// The same in a URL that is the parameter of another: `?`, `#` and `&`.
const ENCODED_STARTS: [&[u8]; 3] = [b"%3F", b"%23", b"%26"];

fn parameter(bytes: &[u8]) -> Option<Range<usize>> {
    let begins = |start: &&&[u8]| begins_with(bytes, start);
    let plain = STARTS.iter().find(begins);
    let encoded = ENCODED_STARTS.iter().find(begins);
    let start = plain.or(encoded)?.len();
    let rest = &bytes[start..];
    let name = run(&rest[..rest.len().min(NAME)], |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
    });
    let equals: &[u8] = if encoded.is_some() { b"%3D" } else { b"=" };
    if !begins_with(&rest[name..], equals) {
        return None;
    }
    let name_text = std::str::from_utf8(&rest[..name]).ok()?;
    if !names::is_secret_parameter(name_text) {
        return None;
    }
    let value = start + name + equals.len();
    let length = url_run(&bytes[value..], |rest| {
        let begins = |start: &&[u8]| begins_with(rest, start);
        matches!(rest[0], b'&' | b'#') || (encoded.is_some() && ENCODED_STARTS.iter().any(begins))
    });
    (length > 0).then_some(value..value + length)
}

fn begins_with(bytes: &[u8], start: &[u8]) -> bool {
    let own = bytes.get(..start.len());
    own.is_some_and(|own| own.eq_ignore_ascii_case(start))
}

/// The length of a `/`, which JSON may write `\/` and forms write `%2F`.
fn slash(bytes: &[u8]) -> Option<usize> {
    let slashes = [b"/".as_slice(), b"\\/", b"%2F", b"%2f"];
    let found = slashes.into_iter().find(|slash| bytes.starts_with(slash));
    found.map(<[u8]>::len)
}

/// The length of the part of a URL that these bytes begin with: up to where `ends` takes the rest, or else without the punctuation of
/// a sentence at its end.
fn url_run(bytes: &[u8], ends: impl Fn(&[u8]) -> bool) -> usize {
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let escaped = *byte == b'\\' && bytes.get(end + 1) == Some(&b'/');
        if ends(&bytes[end..]) {
            // What is before it is no end of a sentence.
            return end;
        }
        if (!byte.is_ascii_graphic() && byte.is_ascii())
            || b"\"'<>()|{}`".contains(byte)
            || (*byte == b'\\' && !escaped)
        {
            break;
        }
        end += 1;
    }
    let sentence = |byte: &&u8| b".,;:!?".contains(byte);
    end - bytes[..end].iter().rev().take_while(sentence).count()
}
