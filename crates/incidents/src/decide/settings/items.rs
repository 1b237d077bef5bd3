//! The items of an edit, separated by blanks or commas. References to people, channels and addresses are read as the ids and
//! addresses.

use tidegate_slack::mrkdwn::{Part, Target, escape, parts, unescape};

/// The rest of a text that is being read.
pub(super) struct Items<'a>(&'a str);

impl<'a> Items<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.trim())
    }

    /// Takes the next item. A reference in angle brackets is one item, even with blanks in it.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start_matches(is_gap);
        let token = text.starts_with('<').then(|| text.find('>')).flatten();
        let end = token.map_or_else(|| text.find(is_gap).unwrap_or(text.len()), |end| end + 1);
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Takes the next item in lower case.
    pub(super) fn keyword(&mut self) -> Option<String> {
        self.next().map(str::to_lowercase)
    }

    /// Takes the next item, which has to be there.
    pub(super) fn needed(&mut self, what: &str) -> Result<&'a str, String> {
        self.next().ok_or_else(|| format!("The {what} is missing."))
    }

    /// Takes `add` or `remove`, and says whether it was `add`.
    pub(super) fn add_or_remove(&mut self) -> Result<bool, String> {
        match self.keyword().as_deref() {
            Some("add") => Ok(true),
            Some("remove") => Ok(false),
            _ => Err("Say `add` or `remove` there.".to_owned()),
        }
    }

    /// Takes all that is left as one text.
    pub(super) fn rest(&mut self) -> String {
        plain(std::mem::take(&mut self.0).trim())
    }

    /// All that is left, as it was typed.
    pub(super) fn remaining(&self) -> &'a str {
        self.0
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.trim_matches(is_gap).is_empty()
    }

    /// Takes all that is left, item by item.
    pub(super) fn entries(mut self) -> Result<Vec<String>, String> {
        std::iter::from_fn(|| self.next()).map(entry).collect()
    }
}

/// Whether a character stands between items: blanks of every kind, and the commas of a list.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || c == ',' || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// One entry of a list: the id of a person or channel, or the word itself.
pub(super) fn entry(word: &str) -> Result<String, String> {
    if word.starts_with(['@', '#']) && word.len() > 1 {
        return Err(format!(
            "`{}` came as plain text: type it again and pick the name from the list that Slack shows.",
            escape(word)
        ));
    }
    Ok(plain(word).trim_matches(':').to_owned())
}

/// A text with references as the ids and addresses that they stand for, entities as characters, and straight quotes.
pub(super) fn plain(text: &str) -> String {
    let parts = parts(text).into_iter().map(|part| match part {
        Part::Text(text) => unescape(text),
        Part::Reference(reference) => match reference.target {
            Target::User(id) | Target::Channel(id) => id.to_owned(),
            Target::Group(id) => format!("!subteam^{id}"),
            Target::Special(name) => format!("!{name}"),
            Target::Address(address) => unescape(address),
        },
    });
    let text: String = parts.collect();
    text.replace(['“', '”', '„'], "\"")
}
