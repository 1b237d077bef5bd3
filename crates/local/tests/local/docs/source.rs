//! What the documentation is held against: settings and metrics in the sources, names in the template.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::page::root;

/// Prefixes and endings of environment variables that are Tidegate's affair.
const PREFIXES: [&str; 10] = [
    "TIDEGATE_",
    "SLACK_",
    "AWS_",
    "INCIDENT_",
    "STATUSPAGE_",
    "NOTIFICATION_CHANNEL_",
    "EXEC_",
    "SERVICE",
    "P1_",
    "P2_",
];
const ENDINGS: [&str; 3] = ["_QUEUE_URL", "TABLE_NAME", "CORS_ORIGINS"];

/// The environment variables that the product reads.
pub(crate) fn settings() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in sources() {
        let literals = text.split('"').skip(1);
        names.extend(literals.filter(|l| is_setting(l)).map(str::to_owned));
        // `secret("NAME", …)` also reads `NAME_PARAMETER`.
        let secrets = text.split("environment.secret(").skip(1);
        let secrets =
            secrets.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
        names.extend(secrets.map(|name| format!("{name}_PARAMETER")));
    }
    names
}

fn is_setting(literal: &str) -> bool {
    let capitals = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let ours = PREFIXES
        .iter()
        .any(|p| literal.starts_with(p) && literal.len() > p.len())
        || ENDINGS.iter().any(|e| literal.ends_with(e));
    ours && literal.chars().all(capitals)
}

/// The metrics that the product counts.
pub(crate) fn metrics() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in sources() {
        for call in ["counter!(", "gauge!(", "histogram!("] {
            let calls = text.split(call).skip(1);
            let counted =
                calls.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
            names.extend(counted.map(str::to_owned));
        }
    }
    names
}

/// The first parts of the partitions that the product builds keys from.
pub(crate) fn row_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files().iter().filter(|path| !is_of_tests(path)) {
        let text = without_tests(path);
        let keys = text.split("RowKey::new(").skip(1);
        let parts = keys.filter_map(|rest| rest.trim_start().strip_prefix("&["));
        for part in parts.map(|rest| rest.trim_start_matches("&[").trim_start()) {
            names.extend(first_part(&text, part));
        }
        // Partitions that have a function of their own.
        let partitions = text.split("; 2] {\n    [\"").skip(1);
        let partitions = partitions.chain(text.split("; 3] {\n    [\"").skip(1));
        names.extend(partitions.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    names
}

/// The text of a literal, or of the constant of that name in the same file.
fn first_part(text: &str, part: &str) -> Option<String> {
    if let Some(literal) = part.strip_prefix('"') {
        return Some(literal.split_once('"')?.0.to_owned());
    }
    let name: String = part.chars().take_while(|c| is_upper(*c)).collect();
    let (_, value) = text.split_once(&format!("const {name}: &str = \""))?;
    Some(value.split_once('"')?.0.to_owned())
}

fn is_upper(c: char) -> bool {
    c.is_ascii_uppercase() || c == '_'
}

/// The sources of the product, without its tests and the stand-ins.
fn sources() -> Vec<String> {
    files().iter().map(|path| without_tests(path)).collect()
}

fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["crates", "functions"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with("fake-") && name != "fuzz" && name != "testing" {
                collect(&entry.path(), &mut files);
            }
        }
    }
    files
}

fn without_tests(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].to_owned()
}

/// Whether a file holds nothing but tests: of one file, or of every implementation of a seam.
fn is_of_tests(path: &Path) -> bool {
    let mut parts = path.iter().map(|part| part.to_string_lossy());
    parts.any(|part| part == "tests.rs" || part.contains("_contract"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let tried = ["tests", "benches", "bench"]
            .iter()
            .any(|n| path.ends_with(n));
        if path.is_dir() && !tried {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// The names under a top-level key of a template.
pub(crate) fn keys(template: &str, key: &str) -> BTreeSet<String> {
    let lines = template
        .lines()
        .skip_while(|l| *l != format!("{key}:"))
        .skip(1);
    let section = lines.take_while(|l| l.is_empty() || l.starts_with([' ', '#']));
    let name = |line: &str| {
        let (name, _) = line.strip_prefix("  ")?.split_once(':')?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
        (plain && !name.is_empty()).then(|| name.to_owned())
    };
    section.filter_map(name).collect()
}

/// The default of a template's parameter; an empty text for an empty one.
pub(crate) fn parameter_default(template: &str, name: &str) -> Option<String> {
    let mut lines = template
        .lines()
        .skip_while(|l| !l.starts_with(&format!("  {name}:")));
    let first = lines.next()?;
    let own = std::iter::once(first).chain(lines.take_while(|l| l.starts_with("    ")));
    let value = own
        .filter_map(|line| line.split_once("Default: "))
        .map(|(_, value)| value)
        .next()?;
    let value = value.split(", ").next().unwrap_or_default();
    Some(value.trim().trim_matches('"').to_owned())
}

/// The parameters of the template that are there for tests only.
pub(crate) fn parameters_for_tests(template: &str) -> BTreeSet<String> {
    let (_, group) = template
        .split_once("For tests only }\n")
        .unwrap_or_default();
    let list = group.lines().next().unwrap_or_default().trim();
    let list = list.strip_prefix("Parameters: [").unwrap_or_default();
    let names = list.trim_end_matches(']').split(", ");
    names.map(str::to_owned).collect()
}

/// The parameters in the example of SAM's configuration, with their values.
pub(crate) fn example_parameters(example: &str) -> BTreeMap<String, String> {
    let lines = example
        .lines()
        .skip_while(|l| *l != "[default.global.parameters.parameter_overrides]")
        .skip(1);
    let given = lines.filter_map(|line| line.split_once(" = "));
    let given = given.filter(|(name, _)| !name.starts_with('#'));
    let unquoted = |value: &str| {
        value
            .strip_prefix('"')?
            .strip_suffix('"')
            .map(str::to_owned)
    };
    given
        .map(|(name, value)| (name.to_owned(), unquoted(value).expect("text in quotes")))
        .collect()
}

/// The environment variables that a template gives its functions.
pub(crate) fn template_variables(template: &str) -> BTreeSet<String> {
    let names = template
        .lines()
        .filter_map(|line| line.trim().split_once(": "));
    let names = names.map(|(name, _)| name).filter(|name| is_setting(name));
    names.map(str::to_owned).collect()
}

/// The alarms' names without the stack's.
pub(crate) fn alarms(template: &str) -> BTreeSet<String> {
    let names = template
        .lines()
        .filter_map(|l| l.trim().strip_prefix("AlarmName: !Sub ${Prefix}-"));
    names.map(str::to_owned).collect()
}

/// The metrics of Tidegate's own that alarms look at.
pub(crate) fn alarm_metrics(template: &str) -> BTreeSet<String> {
    let after = template.split("Namespace: Tidegate\n").skip(1);
    let names = after.filter_map(|rest| rest.lines().next()?.trim().strip_prefix("MetricName: "));
    names.map(str::to_owned).collect()
}
