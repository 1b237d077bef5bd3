//! A page of the documentation, taken apart: its commands and what they should print, its links, sections and tables.

use std::fs;
use std::path::{Path, PathBuf};

/// A page of the documentation, as text.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A block of commands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Commands {
    /// Whether they are done in the sandbox, and not in a shell.
    pub(crate) in_sandbox: bool,
    /// The lines, with continued ones joined and comments gone.
    pub(crate) lines: Vec<String>,
    /// What the last of them should print, where the page says so.
    pub(crate) expected: Option<String>,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// `README.md` and everything in `docs/`.
pub(crate) fn pages() -> Vec<Page> {
    let guides = fs::read_dir(root().join("docs")).into_iter().flatten();
    let guides = guides.flatten().map(|entry| entry.path());
    let mut paths: Vec<_> = guides
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    paths.insert(0, root().join("README.md"));
    paths.into_iter().map(Page::read).collect()
}

/// The pages for those who change the source, beside the guides.
pub(crate) fn maps() -> Vec<Page> {
    ["ARCHITECTURE.md", "CONTRIBUTING.md"].map(Page::of).into()
}

/// One page of `docs/`.
pub(crate) fn guide(name: &str) -> Page {
    Page::read(root().join("docs").join(name))
}

impl Page {
    /// A page by its path in the repository.
    pub(crate) fn of(path: &str) -> Self {
        Self::read(root().join(path))
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { path, text }
    }

    /// The page's name, for messages.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Every block tagged `sh` or `sandbox`. A block tagged `text` that follows without a heading in between is what the
    /// last command prints, or what can be read in the sandbox.
    pub(crate) fn commands(&self) -> Vec<Commands> {
        let mut found: Vec<Commands> = Vec::new();
        let mut awaits_output = false;
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with('#') {
                awaits_output = false;
            }
            let Some(tag) = line.strip_prefix("```") else {
                continue;
            };
            let body: Vec<&str> = lines
                .by_ref()
                .take_while(|l| !l.starts_with("```"))
                .collect();
            match tag {
                "sh" | "sandbox" => {
                    found.push(Commands {
                        in_sandbox: tag == "sandbox",
                        lines: joined(&body),
                        expected: None,
                    });
                    awaits_output = true;
                }
                "text" if awaits_output => {
                    if let Some(commands) = found.last_mut() {
                        commands.expected = Some(body.join("\n"));
                    }
                    awaits_output = false;
                }
                _ => awaits_output = false,
            }
        }
        found
    }

    /// The lines of the section under `heading` (which begins with its `#`s), its subsections included.
    pub(crate) fn section(&self, heading: &str) -> Vec<&str> {
        let level = heading.chars().take_while(|c| *c == '#').count();
        let ends = |line: &&str| {
            let hashes = line.chars().take_while(|c| *c == '#').count();
            (1..=level).contains(&hashes)
        };
        let mut lines = self.text.lines().skip_while(|l| *l != heading);
        assert!(lines.next().is_some(), "{}: no `{heading}`", self.name());
        lines.take_while(|line| !ends(line)).collect()
    }

    /// The rows of all tables in a section, as cells, in which `\|` is a bar. Heads and rules are left out.
    pub(crate) fn rows(&self, heading: &str) -> Vec<Vec<String>> {
        let lines = self.section(heading);
        let is_row = |n: usize| {
            let next_is_rule = lines.get(n + 1).is_some_and(|l| l.starts_with("|-"));
            lines[n].starts_with('|') && !lines[n].starts_with("|-") && !next_is_rule
        };
        let cells = |n: usize| {
            let row = lines[n].trim().trim_matches('|').replace("\\|", "\0");
            let cells = row.split('|').map(str::trim);
            cells.map(|cell| cell.replace('\0', "|")).collect()
        };
        (0..lines.len()).filter(|n| is_row(*n)).map(cells).collect()
    }

    /// The literals in the first cells of a section's tables.
    pub(crate) fn first_cells(&self, heading: &str) -> Vec<String> {
        let rows = self.rows(heading);
        rows.iter().flat_map(|row| literals(&row[0])).collect()
    }

    /// The targets of all links that stay within the repository.
    pub(crate) fn links(&self) -> Vec<String> {
        let targets = self.text.split("](").skip(1);
        let targets = targets.filter_map(|rest| rest.split_once(')'));
        let targets = targets.map(|(target, _)| target.to_owned());
        targets.filter(|target| !target.contains("://")).collect()
    }

    /// The anchors of the page's headings, made as code hosts make them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        let anchor = |heading: &str| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            words
                .chars()
                .filter(kept)
                .collect::<String>()
                .replace(' ', "-")
        };
        headings.map(anchor).collect()
    }
}

/// What stands between backticks.
pub(crate) fn literals(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

/// Lines with a trailing backslash joined with the next, without comments and empty ones.
fn joined(body: &[&str]) -> Vec<String> {
    let text = body.join("\n").replace("\\\n", " ");
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Whether an output is as a page shows it. `…` stands for anything: within a line, or as a line for any lines.
pub(crate) fn is_as_shown(shown: &str, printed: &str) -> bool {
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    lines_fit(&shown, &printed)
}

fn lines_fit(shown: &[&str], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], []) => true,
        ([line, rest @ ..], _) if line.trim() == "…" => {
            (0..=printed.len()).any(|n| lines_fit(rest, &printed[n..]))
        }
        ([line, rest @ ..], [first, others @ ..]) => {
            line_fits(line, first) && lines_fit(rest, others)
        }
        _ => false,
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    match shown.split_once('…') {
        None => shown == printed,
        Some((before, after)) => printed.strip_prefix(before).is_some_and(|rest| {
            let starts = rest.char_indices().map(|(n, _)| n);
            starts
                .chain([rest.len()])
                .any(|n| line_fits(after, &rest[n..]))
        }),
    }
}

#[test]
fn an_output_fits_what_the_page_shows_or_does_not() {
    let fits = [
        ("a\nb", "a\nb\n"),
        ("a…z", "abcz"),
        ("a…z", "az"),
        ("a\n…", "a"),
        ("  …\nz", "a\nb\nz"),
        ("…:…,end", "x:1,end"),
    ];
    for (shown, printed) in fits {
        assert!(is_as_shown(shown, printed), "{shown:?} {printed:?}");
    }
    for (shown, printed) in [("a", "b"), ("a", "a\nb"), ("a…z", "abc"), ("…\nz", "z\na")] {
        assert!(!is_as_shown(shown, printed), "{shown:?} {printed:?}");
    }
}
