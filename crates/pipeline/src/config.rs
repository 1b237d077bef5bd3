//! Reads the environment of a process once and reports all problems together.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::keyring::check_master_keys;
use crate::secrets::{FixedSecret, Secrets};
use secrecy::SecretString;

/// The days that archive and ledger keep their rows by default.
const ARCHIVE_DAYS: u64 = 30;

/// The seconds after which an attempt to post counts as over by default.
const QUIET_SECONDS: u64 = 60;

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = if self.0.len() == 1 {
            "problem"
        } else {
            "problems"
        };
        writeln!(f, "the configuration has {} {problems}:", self.0.len())?;
        for problem in &self.0 {
            writeln!(f, "- {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Combines two parts of a configuration, or the problems of both.
pub fn both<A, B>(a: Result<A, Problems>, b: Result<B, Vec<String>>) -> Result<(A, B), Problems> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => {
            let mut problems = a.err().map(|problems| problems.0).unwrap_or_default();
            problems.extend(b.err().unwrap_or_default());
            Err(Problems(problems))
        }
    }
}

/// The source of a secret.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// The environment holds the secret itself.
    Value(SecretString),
    /// The environment names the SSM parameter that holds the secret.
    Parameter(String),
}

impl SecretSource {
    /// Opens the store that holds the secret, and returns the store and the secret's name in it. `ssm` opens Parameter Store and is
    /// called only if the secret is there. `name` is the name for a secret from the environment.
    pub fn open(
        self,
        name: &str,
        ssm: impl FnOnce() -> Arc<dyn Secrets>,
    ) -> (Arc<dyn Secrets>, String) {
        match self {
            Self::Value(secret) => (Arc::new(FixedSecret(secret)), name.to_owned()),
            Self::Parameter(parameter) => (ssm(), parameter),
        }
    }
}

/// The settings of the store, for every process except ingress.
#[derive(Debug)]
pub struct StoreConfig {
    /// The name of the DynamoDB table (`TABLE_NAME`).
    pub table: String,
    /// The name of the DynamoDB table for tenants' keys (`KEYS_TABLE_NAME`).
    pub keys_table: String,
    /// The source of the master keys that wrap the tenants' keys (`TIDEGATE_MASTER_KEY`).
    pub master_key: SecretSource,
}

impl StoreConfig {
    /// Reads the settings and checks the form of the master keys.
    pub fn read(environment: &Environment<'_>) -> Self {
        let master_key = environment.secret(
            "TIDEGATE_MASTER_KEY",
            "64 hex digits, as `openssl rand -hex 32` prints them",
        );
        if let SecretSource::Value(key) = &master_key
            && let Err(e) = check_master_keys(key)
        {
            environment.problem(format!("`TIDEGATE_MASTER_KEY`: {e}"));
        }
        Self {
            table: environment.required("TABLE_NAME", "the DynamoDB table"),
            keys_table: environment
                .required("KEYS_TABLE_NAME", "the DynamoDB table of tenants' keys"),
            master_key,
        }
    }
}

/// Reads environment variables and collects every problem with them.
pub struct Environment<'e> {
    read: &'e dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<String>>,
}

impl<'e> Environment<'e> {
    /// Reads variables with `read`, for example from the process environment. An empty value counts as absent.
    pub fn new(read: &'e dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            read,
            problems: RefCell::default(),
        }
    }

    /// Returns a setting that may be absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.read)(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    }

    /// Returns a required setting. If it is absent, reports a problem and returns an empty text.
    pub fn required(&self, name: &str, what: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(format!("`{name}` is not set: {what}"));
            String::new()
        })
    }

    /// Returns the source of a secret: `name`, or the SSM parameter that `name_PARAMETER` names. Exactly one of the two must be
    /// set.
    pub fn secret(&self, name: &str, what: &str) -> SecretSource {
        let parameter = format!("{name}_PARAMETER");
        match (self.optional(name), self.optional(&parameter)) {
            (Some(_), Some(_)) => {
                self.problem(format!("`{name}` and `{parameter}` are both set: keep one"));
            }
            (Some(value), None) => return SecretSource::Value(value.into()),
            (None, Some(parameter)) => return SecretSource::Parameter(parameter),
            (None, None) => {
                self.problem(format!("neither `{name}` nor `{parameter}` is set: {what}"));
            }
        }
        SecretSource::Parameter(String::new())
    }

    /// Returns a whole number, or `default` if it is absent. A number outside of `bounds` is a problem.
    pub fn number(&self, name: &str, default: u64, bounds: std::ops::RangeInclusive<u64>) -> u64 {
        let Some(text) = self.optional(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if bounds.contains(&number) => number,
            _ => {
                let (low, high) = (bounds.start(), bounds.end());
                self.problem(format!(
                    "`{name}` is `{text}`: it takes a whole number from {low} to {high}"
                ));
                default
            }
        }
    }

    /// Tells whether a setting that takes `on` or `off` is on. It is off if it is absent.
    pub fn switch(&self, name: &str) -> bool {
        match self.optional(name).as_deref() {
            Some("on") => true,
            None | Some("off") => false,
            Some(text) => {
                self.problem(format!("`{name}` is `{text}`: it takes `on` or `off`"));
                false
            }
        }
    }

    /// Returns how long archive and ledger keep their rows (`TIDEGATE_ARCHIVE_DAYS`). The least is two days, because Slack's last
    /// delayed retry comes after 24 hours.
    pub fn keep(&self) -> Duration {
        Duration::from_secs(
            self.number("TIDEGATE_ARCHIVE_DAYS", ARCHIVE_DAYS, 2..=3650) * 24 * 3600,
        )
    }

    /// Returns how long after its last possible moment an attempt to post counts as over (`TIDEGATE_QUIET_SECONDS`).
    pub fn quiet(&self) -> Duration {
        Duration::from_secs(self.number("TIDEGATE_QUIET_SECONDS", QUIET_SECONDS, 1..=3600))
    }

    /// Adds a problem to the report.
    pub fn problem(&self, problem: String) {
        self.problems.borrow_mut().push(problem);
    }

    /// Returns the value if there were no problems, or all problems.
    pub fn finish<T>(self, value: T) -> Result<T, Problems> {
        let problems = self.problems.into_inner();
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Problems(problems))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            pairs
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        }
    }

    #[test]
    fn a_switch_is_off_unless_it_says_on() {
        let env = settings(&[("A", "on"), ("B", "off"), ("C", "true")]);
        let environment = Environment::new(&env);
        let on = ["A", "B", "C", "D"].map(|name| environment.switch(name));
        assert_eq!(on, [true, false, false, false]);
        let problems = environment.finish(()).unwrap_err();
        assert_eq!(problems.0, ["`C` is `true`: it takes `on` or `off`"]);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let env = settings(&[
            ("TIDEGATE_ARCHIVE_DAYS", "soon"),
            ("SLACK_BOT_TOKEN", "sesame"),
            ("SLACK_BOT_TOKEN_PARAMETER", "/tidegate/token"),
            ("TABLE_NAME", "  "),
        ]);
        let environment = Environment::new(&env);
        environment.required("TABLE_NAME", "the DynamoDB table");
        environment.secret(
            "SLACK_SIGNING_SECRET",
            "Basic Information of your Slack app shows it",
        );
        environment.secret("SLACK_BOT_TOKEN", "");
        environment.keep();
        let problems = environment.finish(()).unwrap_err();
        assert_eq!(problems.0.len(), 4);
        assert!(!problems.to_string().contains("sesame"));
        assert!(
            problems
                .to_string()
                .contains("`TABLE_NAME` is not set: the DynamoDB table")
        );
    }

    #[test]
    fn defaults_stand_where_nothing_is_set() {
        let env = settings(&[]);
        let environment = Environment::new(&env);
        assert_eq!(environment.keep().as_secs(), 30 * 24 * 3600);
        assert_eq!(environment.quiet().as_secs(), 60);
        assert!(environment.finish(()).is_ok());
    }
}
