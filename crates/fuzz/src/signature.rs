//! Signatures with their headers. The verdict of `SigningSecrets::verify` must be that of a model which follows
//! Slack's page by the letter: same request in force, same text of the signature, both headers once.
//!
//! An input is text: a line with the clock's distance in seconds from [`SIGNED_AT`], header lines, an empty line, the
//! body. In a header's value, `$0`, `$1` and `$2` stand for the right signature under that secret, because no
//! fuzzer would ever find one.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use sha2::Sha256;
use tidegate_slack::signature::{
    SIGNATURE_HEADER, SigningSecrets, TIMESTAMP_HEADER, TOLERANCE_SECONDS,
};

/// The moment that seeds are signed at, in Unix seconds.
pub const SIGNED_AT: i64 = 1_531_420_618;

/// A current secret, one that expires within the clock's reach, one long expired.
const SECRETS: [(&str, Option<i64>); 3] = [
    ("8f742231b10e8888abcd99yyyzzz85a5", None),
    ("an old secret", Some(SIGNED_AT + 100)),
    ("a very old secret", Some(SIGNED_AT - 1000)),
];

struct Case<'a> {
    now: i64,
    headers: HeaderMap,
    body: &'a [u8],
}

/// Checks one input, from which headers, time and body are made. Panics if a property fails.
pub fn check(input: &[u8]) {
    let Some(case) = case(input) else { return };
    let secrets = SECRETS.map(|(secret, not_after)| (SecretString::from(secret), not_after));
    let Ok(secrets) = SigningSecrets::new(secrets) else {
        return;
    };
    let verdict = secrets.verify(&case.headers, case.body, case.now);
    assert_eq!(verdict.ok(), model(&case), "verify says {verdict:?}");
}

/// The place of the secret that makes the request genuine, worked out the slow and obvious way.
fn model(case: &Case<'_>) -> Option<usize> {
    let only = |name: &str| {
        let values: Vec<_> = case.headers.get_all(name).iter().collect();
        match values[..] {
            [value] => std::str::from_utf8(value.as_bytes()).ok(),
            _ => None,
        }
    };
    let timestamp = only(TIMESTAMP_HEADER)?;
    let signature = only(SIGNATURE_HEADER)?;
    if !timestamp.chars().all(|c| c.is_ascii_digit()) || timestamp.len() > 18 {
        return None;
    }
    if timestamp.parse::<i64>().ok()?.abs_diff(case.now) > TOLERANCE_SECONDS {
        return None;
    }
    SECRETS.iter().position(|(secret, not_after)| {
        not_after.is_none_or(|end| case.now < end)
            && signed(secret, timestamp.as_bytes(), case.body) == signature
    })
}

fn signed(secret: &str, timestamp: &[u8], body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    let base = [b"v0:", timestamp, b":", body].concat();
    let digest = mac.chain_update(base).finalize().into_bytes();
    format!("v0={}", hex::encode(digest))
}

fn case(input: &[u8]) -> Option<Case<'_>> {
    let (first, mut rest) = line(input)?;
    let offset: i64 = std::str::from_utf8(first).ok()?.parse().ok()?;
    let mut pairs = Vec::new();
    let body = loop {
        let (header, after) = line(rest)?;
        rest = after;
        if header.is_empty() {
            break rest;
        }
        let colon = header.iter().position(|b| *b == b':')?;
        pairs.push((&header[..colon], &header[colon + 1..]));
    };
    let timestamp = pairs
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(TIMESTAMP_HEADER.as_bytes()))
        .map(|(_, value)| *value)
        .unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let value = fill(value, timestamp, body);
        // A header that HTTP cannot carry never reaches the check.
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(&value),
        ) {
            headers.append(name, value);
        }
    }
    let now = SIGNED_AT.saturating_add(offset);
    Some(Case { now, headers, body })
}

fn fill(value: &[u8], timestamp: &[u8], body: &[u8]) -> Vec<u8> {
    let mut filled = value.to_vec();
    for (place, (secret, _)) in SECRETS.iter().enumerate() {
        let mark = format!("${place}");
        if let Some(at) = filled.windows(2).position(|w| w == mark.as_bytes()) {
            filled.splice(at..at + 2, signed(secret, timestamp, body).into_bytes());
        }
    }
    filled
}

fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|b| *b == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}
