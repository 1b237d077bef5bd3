//! The parser: finds a command's form by its first word, lets that read the rest, and answers what is no command with
//! what could have been meant.

use std::fmt::{self, Write as _};

use super::Command;
use super::forms::{self, Group};
use super::words::{self, Words};

/// Reads what was typed after `/incident`.
pub fn parse(text: &str) -> Result<Command, Usage> {
    let mut words = Words::new(text);
    let Some(word) = words.next() else {
        return Ok(Command::Menu);
    };
    let form = form(word).ok_or_else(|| unknown(word))?;
    let command = (form.read)(&mut words);
    let command = command.map_err(|why| usage(form, &why))?;
    if words.is_empty() {
        return Ok(command);
    }
    Err(usage(form, "That is more than this command takes."))
}

/// A group of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpGroup {
    /// Which.
    pub group: Group,
    /// How something is typed, after `/incident`, and what it does.
    pub lines: Vec<(&'static str, &'static str)>,
}

/// The help: all of it, or what a word means. A word that means nothing has all of it.
pub fn help(word: Option<&str>) -> Vec<HelpGroup> {
    let wanted = word.and_then(form).map(|form| form.word);
    let shown = |form: &&forms::Form| wanted.is_none_or(|word| form.word == word);
    let groups = Group::ALL.into_iter().map(|group| {
        let of = forms::all()
            .filter(|form| form.group == group)
            .filter(shown);
        let lines = of.flat_map(|form| form.lines).copied().collect();
        HelpGroup { group, lines }
    });
    groups.filter(|group| !group.lines.is_empty()).collect()
}

/// The row of the table that a word names.
fn form(word: &str) -> Option<&'static forms::Form> {
    let word = word.to_lowercase();
    forms::all().find(|form| form.word == word || form.also.contains(&word.as_str()))
}

/// Why a text is not what its form wants, how that is typed, and its longest example, which shows most.
fn usage(form: &forms::Form, why: &str) -> Usage {
    let mut said = why.to_owned();
    for (typed, does) in form.lines {
        let _ = write!(said, "\n`/incident {typed}`: {does}.");
    }
    let example = form.examples.iter().max_by_key(|example| example.len());
    if let Some(example) = example.filter(|example| **example != form.word) {
        let _ = write!(said, "\nFor example `/incident {}`", words::plain(example));
    }
    Usage(said)
}

fn unknown(word: &str) -> Usage {
    /// More than any command's name has; what is longer is not repeated.
    const LONGEST: usize = 20;
    let plain = |c: char| c.is_alphanumeric() || c == '-';
    let there_is = if word.chars().count() <= LONGEST && word.chars().all(plain) {
        format!("There is no `/incident {word}`")
    } else {
        "There is no such command".to_owned()
    };
    let end = match nearest(word) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => ".".to_owned(),
    };
    Usage(format!(
        "{there_is}{end} `/incident help` shows all commands."
    ))
}

/// The command that a mistyped word is nearest to: one slip away, or two for a longer word.
fn nearest(word: &str) -> Option<&'static str> {
    let word: Vec<char> = word.to_lowercase().chars().take(24).collect();
    let names = forms::all().flat_map(|form| {
        let names = std::iter::once(&form.word).chain(form.also);
        names.map(|name| (distance(&word, name), form.word))
    });
    let (slips, name) = names.min_by_key(|(slips, _)| *slips)?;
    let borne = if word.len() > 4 { 2 } else { 1 };
    (slips <= borne).then_some(name)
}

/// How many letters have to be added, left out, changed or swapped with the next to make one word of another.
fn distance(word: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=name.len()).collect()];
    for (i, c) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, d) in name.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(c != d)).min(rows[i][j + 1] + 1);
            best = best.min(row[j] + 1);
            if i > 0 && j > 0 && *c == name[j - 1] && word[i - 1] == *d {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[word.len()][name.len()]
}

/// Why a text is no command, in words for whoever typed it: plain, so that they have to be escaped for mrkdwn.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Usage(String);

/// What people typed is left out.
impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Usage")
    }
}
