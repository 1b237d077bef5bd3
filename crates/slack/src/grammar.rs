//! A kit for the grammar of a slash command: a table of forms, each with the word that it begins with, its lines of the
//! help, and what reads the rest. The parser and the help both live from the table, so that nothing can be typed that the
//! help does not show.

mod nearest;
mod values;
mod words;

#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

use self::nearest::nearest;
pub use self::values::{channel, duration, is_address, number, plain, user};
pub use self::words::{Piece, Words, is, is_blank, joined};

/// A value that was read, or the answer to a text that cannot be read, without the usage that follows it.
pub type Read<T> = Result<T, String>;

/// How something is typed after the command, and what that does.
pub type Line = (&'static str, &'static str);

/// The commands that can be typed after one slash command. `C` is what it is read into, `G` a group of the help.
pub struct Grammar<C: 'static, G: 'static> {
    /// The slash command: `/incident`.
    pub command: &'static str,
    /// All forms, in the order of the help.
    pub forms: &'static [&'static [Form<C, G>]],
}

/// One form of the command: the word that it begins with, and the reader of the rest.
pub struct Form<C, G> {
    /// Its place in the help.
    pub group: G,
    /// The word that it begins with, in lower case.
    pub word: &'static str,
    /// Other words for the same form, in lower case.
    pub also: &'static [&'static str],
    /// Lines of the help.
    pub lines: &'static [Line],
    /// Commands as people type them.
    pub examples: &'static [&'static str],
    /// Reads the rest of the line after the word. Words that it leaves are an error.
    pub read: for<'a> fn(&mut Words<'a>) -> Read<C>,
}

/// A group of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpGroup<G> {
    /// The group that the lines belong to; its caller names it.
    pub group: G,
    /// The lines of all its forms, in the order of the help.
    pub lines: Vec<Line>,
}

impl<C, G: Copy + PartialEq> Grammar<C, G> {
    /// All forms, in the order of the help.
    pub fn forms(&self) -> impl Iterator<Item = &'static Form<C, G>> {
        self.forms.iter().copied().flatten()
    }

    /// Reads what was typed after the command; `None` if that is nothing.
    pub fn parse(&self, text: &str) -> Result<Option<C>, Usage> {
        let mut words = Words::new(text);
        let Some(word) = words.next_word() else {
            return Ok(None);
        };
        let form = self.form(word).ok_or_else(|| self.unknown(word))?;
        let command = (form.read)(&mut words);
        let command = command.map_err(|why| self.usage(form, &why))?;
        if words.is_empty() {
            return Ok(Some(command));
        }
        Err(self.usage(form, "That is more than this command takes."))
    }

    /// The help: all of it, or what a word means. A word that means nothing has all of it.
    pub fn help(&self, word: Option<&str>) -> Vec<HelpGroup<G>> {
        let wanted = word.and_then(|word| self.form(word)).map(|form| form.word);
        let mut groups: Vec<HelpGroup<G>> = Vec::new();
        for form in self.forms() {
            if wanted.is_some_and(|word| form.word != word) {
                continue;
            }
            match groups.iter_mut().find(|group| group.group == form.group) {
                Some(group) => group.lines.extend(form.lines),
                None => groups.push(HelpGroup {
                    group: form.group,
                    lines: form.lines.to_vec(),
                }),
            }
        }
        groups
    }

    fn form(&self, word: &str) -> Option<&'static Form<C, G>> {
        let word = word.to_lowercase();
        self.forms()
            .find(|form| form.word == word || form.also.contains(&word.as_str()))
    }

    /// Why a text is not what its form wants, how that is typed, and its longest example, which shows most.
    fn usage(&self, form: &Form<C, G>, why: &str) -> Usage {
        let (command, mut said) = (self.command, why.to_owned());
        for (typed, does) in form.lines {
            let _ = write!(said, "\n`{command} {typed}`: {does}.");
        }
        let example = form.examples.iter().max_by_key(|example| example.len());
        if let Some(example) = example.filter(|example| **example != form.word) {
            let _ = write!(said, "\nFor example `{command} {}`", plain(example));
        }
        Usage(said)
    }

    fn unknown(&self, word: &str) -> Usage {
        /// More than any command's name has; a longer one is not repeated.
        const LONGEST: usize = 20;
        let command = self.command;
        let plain = |c: char| c.is_alphanumeric() || c == '-';
        let there_is = if word.chars().count() <= LONGEST && word.chars().all(plain) {
            format!("There is no `{command} {word}`")
        } else {
            "There is no such command".to_owned()
        };
        let names = self.forms().flat_map(|form| {
            let names = std::iter::once(&form.word).chain(form.also);
            names.map(|name| (*name, form.word))
        });
        let end = match nearest(word, names) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => ".".to_owned(),
        };
        Usage(format!(
            "{there_is}{end} `{command} help` shows all commands."
        ))
    }
}

/// Why a text is no command, in words for the person who typed it. They are plain text and must be escaped for mrkdwn.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Usage(String);

/// Leaves out the text that people typed.
impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Usage")
    }
}
