//! Says in plain words why a value does not fit its type. serde's own words name types of Rust, which a caller does not know.

use std::fmt::Display;

use serde_path_to_error::{Path, Segment};

use super::input::{Problem, join};

/// The longest description of a problem, in characters: it may quote a long value.
const LONGEST: usize = 200;

/// What values are called in serde's words, and what they are called here.
const NAMES: [(&str, &str); 19] = [
    ("a string", "a text"),
    ("a borrowed string", "a text"),
    ("string or map", "a text"),
    ("variant identifier", "a text"),
    ("a boolean", "`true` or `false`"),
    ("a sequence", "a list"),
    ("a map", "a JSON object"),
    ("unit", "null"),
    ("i8", "a whole number from -128 to 127"),
    ("i16", "a whole number from -32768 to 32767"),
    ("i32", "a whole number from -2147483648 to 2147483647"),
    ("i64", "a whole number"),
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number from 0"),
    ("usize", "a whole number from 0"),
    ("f32", "a number"),
    ("f64", "a number"),
];

/// What the standard library says about texts that are to be numbers or truth values, as in a query string.
const SENTENCES: [(&str, &str); 6] = [
    ("invalid digit found in string", "takes a whole number"),
    (
        "cannot parse integer from empty string",
        "takes a whole number",
    ),
    (
        "number too large to fit in target type",
        "takes a whole number",
    ),
    (
        "number too small to fit in target type",
        "takes a whole number",
    ),
    (
        "provided string was not `true` or `false`",
        "takes `true` or `false`",
    ),
    ("invalid float literal", "takes a number"),
];

/// Makes a problem of an error of serde. For a field that is missing, the path ends with its name.
pub fn misfit<E: Display>(error: &serde_path_to_error::Error<E>) -> Problem {
    let (path, message) = (path_of(error.path()), error.inner().to_string());
    if let Some(name) = named(&message, "missing field `") {
        return Problem::new(join(&path, name), "is needed");
    }
    if let Some(name) = named(&message, "duplicate field `") {
        // The path has the name already if it was the key that was refused.
        let path = if ends_with(error.path(), name) {
            path
        } else {
            join(&path, name)
        };
        return Problem::new(path, "is there more than once");
    }
    Problem::new(path, words(&message))
}

/// Says what serde says about a value, in plain words: "takes a list".
fn words(message: &str) -> String {
    if message.starts_with("unknown field `") {
        return "there is no such field here".to_owned();
    }
    if let Some((_, sentence)) = SENTENCES.iter().find(|(theirs, _)| *theirs == message) {
        return (*sentence).to_owned();
    }
    let is_theirs = [
        "unknown variant ",
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
    ]
    .iter()
    .any(|start| message.starts_with(start));
    // The value may hold the word too, so the last one counts.
    let words = match message.rsplit_once(", expected ") {
        Some((_, takes)) if is_theirs => format!("takes {}", name_of(takes)),
        _ => message.to_owned(),
    };
    words.chars().take(LONGEST).collect()
}

fn name_of(takes: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(theirs, _)| *theirs == takes) {
        return (*name).to_owned();
    }
    let objects = [
        "struct ",
        "internally tagged enum ",
        "adjacently tagged enum ",
    ];
    if objects.iter().any(|kind| takes.starts_with(kind)) {
        return "a JSON object".to_owned();
    }
    takes.to_owned()
}

fn named<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    let rest = message.strip_prefix(start)?;
    rest.split_once('`').map(|(name, _)| name)
}

fn ends_with(path: &Path, name: &str) -> bool {
    matches!(path.iter().next_back(), Some(Segment::Map { key }) if key == name)
}

/// The path of a value: `lines[0].price`. Empty for the whole input.
fn path_of(path: &Path) -> String {
    let mut shown = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => shown = join(&shown, key),
            Segment::Seq { index } => shown = format!("{shown}[{index}]"),
            // The variant of an enum is a value and no name.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_no_types_of_rust() {
        for (theirs, ours) in [
            (
                "unknown variant `al`, expected `open` or `all`",
                "takes `open` or `all`",
            ),
            (
                "unknown variant `, expected `, expected one of `a`, `b`, `c`",
                "takes one of `a`, `b`, `c`",
            ),
            ("unknown variant `x`, expected `a`", "takes `a`"),
            (
                "invalid value: integer `-1`, expected u32",
                "takes a whole number from 0 to 4294967295",
            ),
            (
                "invalid type: integer `5`, expected a text of at most 100 characters",
                "takes a text of at most 100 characters",
            ),
            ("invalid type: null, expected a sequence", "takes a list"),
            (
                "invalid type: string \"x\", expected struct Timers",
                "takes a JSON object",
            ),
            (
                "invalid length 1, expected struct Hours with 2 elements",
                "takes a JSON object",
            ),
            ("invalid digit found in string", "takes a whole number"),
            (
                "takes a month, expected by all",
                "takes a month, expected by all",
            ),
        ] {
            assert_eq!(words(theirs), ours);
        }
    }
}
