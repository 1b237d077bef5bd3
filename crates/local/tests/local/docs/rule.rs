//! What becomes of a command line of the documentation. A command that no rule knows fails the test, so that nobody
//! writes down a command that is never tried.
//!
//! | command | rule |
//! |---|---|
//! | `tidegate`, `cargo run`, without a subcommand | started, its greeting read, stopped as Ctrl-C does |
//! | `tidegate …`, `cargo run -- …` with `send`, `events`, `posts`, `keys`, `workspaces`, `incidents`, `hooks`, `manifest` | run; must end with code 0 |
//! | `curl …` with `-X`, `-H`, `-d` | sent; must answer 2xx |
//! | `export NAME=value` | the name must be a setting or be used on the page; a plain setting is set |
//! | `infra/deploy-test`, `sam validate` | flags checked; `--validate` run where `TIDEGATE_DOCS_SAM=1` |
//! | `aws …` | needs an account: names in it are checked against the template |
//! | `sam build`, `sam deploy`, `sam delete` | need the file that `cp` makes of the example; the deploy test runs the first two |
//! | the lines of [`ELSEWHERE`] | run elsewhere, by the checks before a change or by hand |

use std::collections::BTreeSet;

use super::page::{file, root};
use super::source::{keys, parameter_default};

/// What a person makes of `infra/samconfig.example.toml`.
const CONFIGURATION: &str = "samconfig.local.toml";

/// Commands that are tried elsewhere: they take too long here, or change the machine.
const ELSEWHERE: [&[&str]; 7] = [
    &["cargo", "test", "--workspace"],
    &["cargo", "test", "-p", "tidegate-local", "--test", "extend"],
    &["cargo", "bench"],
    &["cargo", "run", "--release", "--", "bench"],
    &["tidegate", "bench"],
    &[".ci/run"],
    &["git", "pull"],
];

/// What to do with a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Start the server with `cargo run`.
    Serve,
    /// Run the command line with these arguments.
    Run(Vec<String>),
    /// Send a request with these arguments of `curl`.
    Curl(Vec<String>),
    /// Set a variable of the shell, by name and value.
    Export(String, String),
    /// Lint the templates, if asked to.
    Validate,
    /// Nothing more: it has been checked as far as it can be here.
    Checked,
}

/// The rule for one command. `known` are the variables that the page or the source knows.
pub(crate) fn rule(command: &str, known: &BTreeSet<String>) -> Result<Rule, String> {
    check_variables(command, known)?;
    for inner in substituted(command) {
        match rule(&inner, known)? {
            Rule::Checked => {}
            other => return Err(format!("`{inner}` inside `$(…)`: {other:?}")),
        }
    }
    let words = words(command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if ELSEWHERE.iter().any(|known| words.starts_with(known)) {
        return Ok(Rule::Checked);
    }
    match words.as_slice() {
        ["cargo", "run"] | ["tidegate"] => Ok(Rule::Serve),
        ["cargo", "run", "--", rest @ ..] | ["tidegate", rest @ ..] => own(rest),
        ["cargo", "install", "--path", path] => exists(&format!("{path}/Cargo.toml")),
        ["curl", rest @ ..] => Ok(Rule::Curl(rest.iter().map(|w| (*w).to_owned()).collect())),
        ["export", setting] => match setting.split_once('=') {
            Some((name, _)) if !known.contains(name) => Err(format!("nothing uses `{name}`")),
            Some((name, value)) => Ok(Rule::Export(name.to_owned(), value.to_owned())),
            None => Err("`export` without a value".to_owned()),
        },
        ["infra/deploy-test", flags @ ..] => deploy_test(flags),
        ["sam", "validate", ..] => Ok(Rule::Validate),
        ["sam", "build" | "deploy" | "delete", rest @ ..] => sam(rest),
        ["cp", from, to] => copy(from, to),
        ["openssl", "rand", "-hex", _] => Ok(Rule::Checked),
        ["aws", rest @ ..] => aws(rest),
        _ => Err("no rule knows this command".to_owned()),
    }
}

fn own(words: &[&str]) -> Result<Rule, String> {
    match words.first() {
        Some(
            &("send" | "events" | "posts" | "keys" | "admins" | "workspaces" | "incidents"
            | "hooks" | "manifest"),
        ) => Ok(Rule::Run(words.iter().map(|w| (*w).to_owned()).collect())),
        Some(&"local") => Ok(Rule::Serve),
        Some(flag) if flag.starts_with("--") => Ok(Rule::Serve),
        _ => Err("no such subcommand is run here".to_owned()),
    }
}

fn exists(path: &str) -> Result<Rule, String> {
    if root().join(path).exists() {
        Ok(Rule::Checked)
    } else {
        Err(format!("there is no `{path}`"))
    }
}

fn deploy_test(flags: &[&str]) -> Result<Rule, String> {
    exists("infra/deploy-test")?;
    let script = file("infra/deploy-test");
    match flags.iter().find(|flag| !script.contains(**flag)) {
        Some(flag) => Err(format!("infra/deploy-test knows no `{flag}`")),
        None if flags == ["--validate"] => Ok(Rule::Validate),
        None => Ok(Rule::Checked),
    }
}

/// Every one with the file that a person makes from the example: without it, SAM asks, or deploys something else than was built.
fn sam(words: &[&str]) -> Result<Rule, String> {
    match words {
        ["--config-file", CONFIGURATION] => Ok(Rule::Checked),
        _ => Err(format!(
            "SAM is called without `--config-file {CONFIGURATION}` alone"
        )),
    }
}

/// The example of a file is copied to where git ignores it.
fn copy(from: &str, to: &str) -> Result<Rule, String> {
    if !file(".gitignore")
        .lines()
        .any(|line| line == format!("/{to}"))
    {
        return Err(format!("git does not ignore `{to}`"));
    }
    exists(from)
}

fn stack(name: &str) -> Result<(), String> {
    let expected = format!("stack_name = \"{name}\"");
    if file("infra/samconfig.example.toml").contains(&expected) {
        return Ok(());
    }
    Err(format!(
        "infra/samconfig.example.toml calls its stack other than `{name}`"
    ))
}

fn aws(words: &[&str]) -> Result<Rule, String> {
    let template = file("template.yaml");
    let outputs = keys(&template, "Outputs");
    let defaults: BTreeSet<String> = keys(&template, "Parameters")
        .iter()
        .filter_map(|name| parameter_default(&template, name))
        .collect();
    for word in words {
        let asked = word.split("OutputKey=='").skip(1);
        for output in asked.filter_map(|rest| rest.split('\'').next()) {
            if !outputs.contains(output) {
                return Err(format!("the template has no output `{output}`"));
            }
        }
        if let Some(group) = word.strip_prefix("/aws/lambda/tidegate-") {
            if !template.contains(&format!("/aws/lambda/${{AWS::StackName}}-{group}\n")) {
                return Err(format!("the template has no log group `{word}`"));
            }
        } else if word.starts_with('/') && !defaults.contains(*word) {
            return Err(format!("no parameter of the template defaults to `{word}`"));
        }
    }
    let behind = |flag: &str| words.iter().skip_while(|w| **w != flag).nth(1);
    if let Some(name) = behind("--stack-name") {
        stack(name)?;
    }
    if let Some(resource) = behind("--logical-resource-id")
        && !keys(&template, "Resources").contains(*resource)
    {
        return Err(format!("the template has no resource `{resource}`"));
    }
    Ok(Rule::Checked)
}

fn check_variables(command: &str, known: &BTreeSet<String>) -> Result<(), String> {
    for rest in command.split('$').skip(1) {
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let name: String = rest.chars().take_while(|c| is_name(*c)).collect();
        if !name.is_empty() && !known.contains(&name) {
            return Err(format!("nobody says what `${name}` is"));
        }
    }
    Ok(())
}

/// The commands inside `$(…)`, which are not nested here.
fn substituted(command: &str) -> Vec<String> {
    let parts = command.split("$(").skip(1);
    let inner = parts.filter_map(|rest| rest.split_once(')').map(|(inner, _)| inner.to_owned()));
    inner.collect()
}

/// Splits as a shell does, as far as the pages need it: quotes go, and `$(…)` stays one word.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut depth = 0;
    for c in command.chars() {
        match (c, quote) {
            ('\'' | '"', None) if depth == 0 => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (_, Some(q)) if c == q && depth == 0 => quote = None,
            (' ', None) if depth == 0 => words.extend(word.take()),
            _ => {
                let text = word.get_or_insert_default();
                depth += i32::from(c == '(' && text.ends_with('$'));
                depth -= i32::from(c == ')' && depth > 0);
                text.push(c);
            }
        }
    }
    words.extend(word);
    words
}

#[test]
fn commands_are_split_as_a_shell_does() {
    let command = r#"curl -d '{"a": "b c"}' "$URL/x" --value "$(openssl rand -hex 32)""#;
    let expected = [
        "curl",
        "-d",
        r#"{"a": "b c"}"#,
        "$URL/x",
        "--value",
        "$(openssl rand -hex 32)",
    ];
    assert_eq!(words(command), expected);
}

#[test]
fn a_command_that_nobody_knows_is_refused() {
    let known = BTreeSet::from(["TIDEGATE_URL".to_owned()]);
    for refused in [
        "rm -rf .tidegate",
        "cargo run -- frobnicate",
        "export NOBODY=1",
        "curl $NOWHERE",
        "infra/deploy-test --hard",
        "sam build",
        "sam deploy --guided",
        "cp infra/samconfig.example.toml samconfig.toml",
        "cp infra/none.toml samconfig.local.toml",
        "aws cloudformation describe-stacks --stack-name other",
        "aws ssm get-parameter --name /tidegate/none",
        "aws cloudformation describe-stacks --query \"Stacks[0].Outputs[?OutputKey=='None'].OutputValue\"",
        "aws logs tail /aws/lambda/tidegate-none",
        "export TIDEGATE_URL=$(rm -rf .tidegate)",
    ] {
        assert!(rule(refused, &known).is_err(), "{refused}");
    }
    assert_eq!(rule("cargo test --workspace", &known), Ok(Rule::Checked));
}
