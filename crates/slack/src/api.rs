//! Typed Web API calls: one file for each family of methods, one struct for each method, all through
//! [`SlackClient::perform`].
//!
//! `slack.perform(&token, &conversations::Members { channel, ..Default::default() })`. A request leaves out fields that
//! are
//! `None`. In an answer, a field that is missing or of an odd type reads as absent, except for the few without which
//! the answer says nothing. `Debug` shows no fields of either, because they hold secrets and what people wrote.

#[macro_use]
mod method;
pub mod apps;
pub mod auth;
pub mod authorize;
pub mod bookmarks;
pub mod chat;
pub mod conversations;
pub mod emoji;
pub mod files;
pub mod oauth;
pub mod openid;
pub mod pages;
pub mod pins;
pub mod reactions;
pub mod search;
pub mod team;
pub mod types;
pub mod usergroups;
pub mod users;
pub mod views;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tidegate_outcome::Outcome;

use crate::answer::SlackRejection;
use crate::client::SlackClient;
use crate::tiers::Tier;

/// A Web API method, implemented by the struct of its parameters.
pub trait Method: Serialize + Sync {
    /// Slack's name of the method, for example `chat.postMessage`.
    const NAME: &'static str;
    /// The rate tier, which says how often it may be called.
    const TIER: Tier;
    /// How the method is sent, and what an unreadable answer means.
    const KIND: Kind;
    /// The type of credential that the method takes.
    type Credential: Credential;
    /// The type of the answer.
    type Answer: DeserializeOwned;

    /// Whether an answer holds what the call was made for.
    fn complete(_answer: &Self::Answer) -> bool {
        true
    }
}

/// How a method is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sent as a form, because reading methods take no JSON. Repeating it changes nothing.
    Read,
    /// Sent as JSON; it changes something.
    Write,
    /// Sent as a form; it changes something.
    WriteForm,
}

/// Credentials that authorize a call.
pub trait Credential: Sync {
    /// Adds the credential to a request.
    fn sign(&self, request: RequestBuilder) -> RequestBuilder;
}

/// A token: of a bot, a person, or of the app itself.
impl Credential for SecretString {
    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.expose_secret())
    }
}

/// The app's own id and secret, for the methods that hand out tokens.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// The app's id, which is public.
    pub client_id: String,
    /// The app's secret, which Slack shows on its page "Basic Information".
    pub client_secret: SecretString,
}

impl Credential for AppCredentials {
    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
    }
}

impl SlackClient {
    /// Calls a method once. If the answer is `ok: true` but cannot be read, the outcome is ambiguous for a method that
    /// changes something, and a rejection `unreadable_answer` for one that reads.
    pub async fn perform<M: Method>(
        &self,
        credential: &M::Credential,
        request: &M,
    ) -> Outcome<M::Answer, SlackRejection> {
        let Ok(Value::Object(mut parameters)) = serde_json::to_value(request) else {
            return Outcome::rejected(SlackRejection::Permanent("invalid_request".to_owned()));
        };
        parameters.retain(|_, value| !value.is_null());
        let outcome = self
            .submit(credential, M::NAME, |out| match M::KIND {
                Kind::Write => out.json(&parameters),
                Kind::Read | Kind::WriteForm => out.form(&form(&parameters)),
            })
            .await;
        outcome.and_then(|answer| {
            let read = serde_json::from_value(answer).ok().filter(M::complete);
            match (read, M::KIND) {
                (Some(answer), _) => Outcome::Done(answer),
                (None, Kind::Read) => {
                    Outcome::rejected(SlackRejection::Permanent("unreadable_answer".to_owned()))
                }
                (None, _) => Outcome::Ambiguous("the answer cannot be read".to_owned()),
            }
        })
    }
}

/// Parameters as Slack takes them in a form: lists of plain values joined by commas, other structures as JSON.
fn form(parameters: &serde_json::Map<String, Value>) -> Vec<(&str, String)> {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let text = |value: &Value| {
        let joined = value
            .as_array()
            .and_then(|list| list.iter().map(plain).collect::<Option<Vec<_>>>());
        plain(value)
            .or(joined.map(|list| list.join(",")))
            .unwrap_or_else(|| value.to_string())
    };
    let pairs = parameters.iter();
    pairs
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect()
}

/// For `#[serde(serialize_with = "exposed")]`: a secret on its way to Slack.
fn exposed<S: Serializer>(secret: &SecretString, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_str(secret.expose_secret())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_holds_plain_text_lists_and_json() {
        let parameters = json!({
            "text": "a,b", "n": 3, "yes": true, "types": ["im", "mpim"], "none": [],
            "object": {"a": 1}, "objects": [{"a": 1}],
        });
        let expected = [
            ("n", "3"),
            ("none", ""),
            ("object", r#"{"a":1}"#),
            ("objects", r#"[{"a":1}]"#),
            ("text", "a,b"),
            ("types", "im,mpim"),
            ("yes", "true"),
        ];
        let form = form(parameters.as_object().unwrap());
        let form: Vec<_> = form
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        assert_eq!(form, expected);
    }
}
