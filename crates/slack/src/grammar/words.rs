//! A command's text taken apart into words, texts in quotes, and what is left as one text.

use super::Read;
use super::values::{plain, user};
use crate::ids::UserId;

/// The part of a command's text that has not been read yet.
#[derive(Clone)]
pub struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    /// The words of a text.
    pub fn new(text: &'a str) -> Self {
        Self(text.trim_matches(is_blank))
    }

    /// Takes the next word. A reference in angle brackets is one word, even with blanks in it.
    pub fn next_word(&mut self) -> Option<&'a str> {
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
    pub fn next_if<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (word, rest) = split(self.0, false)?;
        let meant = read(word)?;
        self.0 = rest;
        Some(meant)
    }

    /// Takes the next word if it is that one, in either case.
    pub fn next_is(&mut self, wanted: &str) -> bool {
        self.next_if(|word| is(word, wanted).then_some(()))
            .is_some()
    }

    /// The next word, which stays.
    pub fn peek(&self) -> Option<&'a str> {
        split(self.0, false).map(|(word, _)| word)
    }

    /// Takes all that is left, as it was typed.
    pub fn raw(&mut self) -> String {
        std::mem::take(&mut self.0).to_owned()
    }

    /// Takes all that is left as a text, without quotes around it; `None` if nothing is left.
    pub fn text(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.0);
        let rest = unquoted(rest).unwrap_or(rest);
        let text = plain(rest);
        (!text.is_empty()).then_some(text)
    }

    /// Takes all that is left as a text that has to be there; without it, the error says that `what` is missing.
    pub fn needed(&mut self, what: &str) -> Read<String> {
        self.text().ok_or_else(|| format!("{what} is missing."))
    }

    /// Takes all that is left, word by word; a text in quotes is one, and is said to be quoted.
    pub fn pieces(&mut self) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        while let Some(word) = self.next_quoted() {
            pieces.push(Piece(word));
        }
        pieces
    }

    /// Takes a person, who has to be there, as Slack writes one who was picked from its list.
    pub fn user(&mut self) -> Read<UserId> {
        let word = self
            .next_word()
            .ok_or("Somebody is missing: type @ and pick them from the list.")?;
        user(word)
    }

    /// Whether one word is left.
    pub fn is_one(&self) -> bool {
        split(self.0, false).is_some_and(|(_, rest)| rest.is_empty())
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A word, or a text in quotes.
#[derive(Clone, Copy)]
pub struct Piece<'a>(&'a str);

impl<'a> Piece<'a> {
    /// The word, unless it is a text in quotes: that means nothing but itself.
    pub fn word(self) -> Option<&'a str> {
        unquoted(self.0).is_none().then_some(self.0)
    }

    /// The value that follows `name:` in the word.
    pub fn option(self, names: &[&str]) -> Option<&'a str> {
        let (name, value) = self.word()?.split_once(':')?;
        names.iter().any(|wanted| is(name, wanted)).then_some(value)
    }
}

/// The text that pieces make. Quotes around all of it are no part of it; others are.
pub fn joined(pieces: &[Piece<'_>]) -> Option<String> {
    let text = if let [Piece(one)] = pieces {
        plain(unquoted(one).unwrap_or(one))
    } else {
        let words: Vec<&str> = pieces.iter().map(|piece| piece.0).collect();
        plain(&words.join(" "))
    };
    (!text.is_empty()).then_some(text)
}

/// Whether two words are the same in any case.
pub fn is(word: &str, wanted: &str) -> bool {
    word.to_lowercase() == wanted
}

/// Blank to the eye: spaces of every kind, and marks without a width that come with copied text.
pub fn is_blank(c: char) -> bool {
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

/// The text within quotes, if the whole text is in one pair of them.
fn unquoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix(is_quote)?.strip_suffix(is_quote)?;
    (!inner.contains(is_quote)).then_some(inner)
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}
