//! Secrets in text that nothing can parse: log lines, and bodies that are damaged or cut off. Besides what is known by how it looks,
//! the value after the name of a secret is hidden, however it is quoted: `token=…`, `"token": "…"`, `token: Some("…")`, the same in
//! JSON within a text, or percent-encoded; and the credentials of a header: `Authorization: Basic …`, `Cookie: a=…`.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use super::{HIDDEN, follows_escape, names, replace, run, texts};

/// Hides the secrets in text that nothing can parse. A value whose end is missing is hidden up to the end of the text.
/// What is known by its length or by what follows it, such as the user of a URL by its `@`, is not recognized if that is cut off.
pub fn line(text: &str) -> Cow<'_, str> {
    // First by looks: what looks like a secret may be part of a name, as in `xoxb-1-token=`.
    let shown = texts::text(text);
    match replace(&shown, value_at) {
        Cow::Owned(shown) => Cow::Owned(shown),
        Cow::Borrowed(_) => shown,
    }
}

/// A writer of log lines that hides the secrets in them. Each call of `write` must bring whole lines, as `tracing-subscriber` does.
pub struct Redacted<W>(pub W);

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(lines);
        self.0.write_all(line(&text).as_bytes())?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The schemes of credentials in headers (<https://www.iana.org/assignments/http-authschemes>), and those of other services.
const SCHEMES: [&[u8]; 9] = [
    b"basic",
    b"bearer",
    b"digest",
    b"oauth",
    b"token",
    b"apikey",
    b"negotiate",
    b"geniekey",
    b"aws4-hmac-sha256",
];

/// How a name or a value is quoted.
#[derive(Clone, Copy, PartialEq)]
enum Quote {
    /// `"`, after a number of backslashes: 1 in JSON within JSON, 3 one level deeper.
    Double(usize),
    /// A string in `'`, as in a shell.
    Single,
    /// A string in `%22`, as in a URL.
    Percent,
}

impl Quote {
    /// The quote that these bytes begin with, and its length.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let slashes = run(bytes, |byte| byte == b'\\');
        match bytes.get(slashes)? {
            b'"' => Some((Self::Double(slashes), slashes + 1)),
            b'\'' if slashes == 0 => Some((Self::Single, 1)),
            b'%' if slashes == 0 && bytes.starts_with(b"%22") => Some((Self::Percent, 3)),
            _ => None,
        }
    }

    /// The length of a value that begins here, up to its closing quote or the end.
    fn length(self, bytes: &[u8]) -> usize {
        let mut slashes = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let closes = match self {
                // A backslash of the value itself is written with twice as many as the quote's level has.
                Self::Double(own) => {
                    *byte == b'"' && slashes >= own && (slashes - own).is_multiple_of(2 * (own + 1))
                }
                Self::Single => *byte == b'\'' && slashes % 2 == 0,
                Self::Percent => bytes[at..].starts_with(b"%22") && !bytes[..at].ends_with(b"%5C"),
            };
            if closes {
                return at - if let Self::Double(own) = self { own } else { 0 };
            }
            slashes = if *byte == b'\\' { slashes + 1 } else { 0 };
        }
        bytes.len()
    }
}

/// The range of the value of a secret whose name begins at `at`.
fn value_at(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let inside = at > 0 && is_name(bytes[at - 1]) && !follows_escape(bytes, at);
    if !is_name(bytes[at]) || inside {
        return None;
    }
    let end = at + run(&bytes[at..], is_name);
    if !names::is_secret(&text[at..end]) {
        return None;
    }
    let quoted = Quote::read(&bytes[end..]);
    let mut start = end + quoted.map_or(0, |(_, length)| length);
    start += blank(&bytes[start..]);
    let (equals, length) = separator(&bytes[start..])?;
    start += length;
    start += blank(&bytes[start..]);
    if bytes[start..].starts_with(b"Some(") {
        start += "Some(".len();
    }
    let length = match Quote::read(&bytes[start..]) {
        Some((quote, length)) => {
            start += length;
            quote.length(&bytes[start..])
        }
        None if equals || quoted.is_some() => bare(&bytes[start..]),
        None if names::is_secret_header(&text[at..end]) => {
            let scheme = scheme(&bytes[start..]);
            start += scheme;
            if scheme == 0 && !is_pair(&bytes[start..]) {
                return None;
            }
            credentials(&bytes[start..])
        }
        // In a sentence, a word and a colon stand before an explanation, not before a value.
        None => return None,
    };
    (length > 0).then_some(start..start + length)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The length of spaces and of the codes that color a terminal.
fn blank(bytes: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let rest = &bytes[length..];
        let spaces = run(rest, |byte| byte.is_ascii_whitespace());
        let color = if rest[spaces..].starts_with(b"\x1b[") {
            let code = run(&rest[spaces + 2..], |byte| {
                byte.is_ascii_digit() || byte == b';'
            });
            2 + code + usize::from(rest.get(spaces + 2 + code) == Some(&b'm'))
        } else {
            0
        };
        if spaces + color == 0 {
            return length;
        }
        length += spaces + color;
    }
}

/// The `=` or `:` that these bytes begin with: whether it is `=`, and its length.
fn separator(bytes: &[u8]) -> Option<(bool, usize)> {
    let separators = [
        (b"=".as_slice(), true),
        (b"%3D", true),
        (b":", false),
        (b"%3A", false),
    ];
    let found = separators.into_iter().find(|(text, _)| {
        bytes
            .get(..text.len())
            .is_some_and(|b| b.eq_ignore_ascii_case(text))
    });
    found.map(|(text, equals)| (equals, text.len()))
}

/// The length of a value without quotes, a part of which may be hidden already. 0 if it can hold no secret.
fn bare(bytes: &[u8]) -> usize {
    let start = match bytes.first() {
        Some(b'[' | b'{') => bracketed(bytes),
        _ => 0,
    };
    let length = unquoted(bytes, start);
    let nothing: [&[u8]; 5] = [b"true", b"false", b"null", b"None", HIDDEN.as_bytes()];
    if nothing.contains(&&bytes[..length]) {
        return 0;
    }
    length
}

/// Where a value without quotes ends whose rest begins at `start`.
fn unquoted(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    loop {
        end += run(&bytes[end..], |byte| {
            !byte.is_ascii_whitespace() && !b"&,;)}]\"'<>|\\\x1b".contains(&byte)
        });
        let ends_hidden = bytes
            .get(..=end)
            .is_some_and(|value| value.ends_with(HIDDEN.as_bytes()));
        if !ends_hidden {
            return end;
        }
        end += 1;
    }
}

/// The length of the scheme of credentials that these bytes begin with, and of the spaces after it. 0 if there is none.
fn scheme(bytes: &[u8]) -> usize {
    let word = run(bytes, is_name);
    let known = SCHEMES
        .iter()
        .any(|scheme| bytes[..word].eq_ignore_ascii_case(scheme));
    let blank = blank(&bytes[word..]);
    if known && blank > 0 { word + blank } else { 0 }
}

/// The length of the credentials of a header that these bytes begin with: one value, or a list such as `a="b", c=d` or `a=b; c=d`.
fn credentials(bytes: &[u8]) -> usize {
    let mut end = 0;
    loop {
        end = unquoted(bytes, end);
        if bytes[..end].ends_with(b"=") && bytes.get(end) == Some(&b'"') {
            end += 1 + Quote::Double(0).length(&bytes[end + 1..]);
            end += usize::from(bytes.get(end) == Some(&b'"'));
            continue;
        }
        let comma = run(&bytes[end..], |byte| matches!(byte, b',' | b';'));
        let next = end + comma + blank(&bytes[end + comma..]);
        if comma == 0 || !is_pair(&bytes[next..]) {
            break;
        }
        end = next;
    }
    if bytes[..end] == *HIDDEN.as_bytes() {
        return 0;
    }
    end
}

/// Tells whether a name and a `=` stand here.
fn is_pair(bytes: &[u8]) -> bool {
    let name = run(bytes, is_name);
    name > 0 && bytes.get(name) == Some(&b'=')
}

/// The length of a list or an object, up to the bracket that closes it or the end.
fn bracketed(bytes: &[u8]) -> usize {
    let mut open = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => {
                open -= 1;
                if open == 0 {
                    return at + 1;
                }
            }
            b'"' => at += 1 + Quote::Double(0).length(&bytes[at + 1..]),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
