//! `signature-vectors.json`: requests with the verdict that Slack's page asks for. `make_signature_vectors.py`, which
//! shares no code with this crate, writes the file and describes its format.

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use tidegate_slack::signature::{SecretsError, SignatureError, SigningSecrets};

#[derive(Deserialize)]
struct Vector {
    name: String,
    secrets: Vec<Secret>,
    headers: Vec<(String, Bytes)>,
    body: Bytes,
    now: i64,
    expect: Expect,
}

#[derive(Deserialize)]
struct Secret {
    secret: String,
    #[serde(default)]
    not_after: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Hex { hex: String },
    Repeat { repeat: String, times: usize },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Expect {
    Ok {
        ok: usize,
    },
    Error {
        error: String,
        #[serde(default)]
        header: Option<String>,
    },
}

impl Bytes {
    fn raw(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Hex { hex } => hex::decode(hex).unwrap(),
            Self::Repeat { repeat, times } => repeat.repeat(*times).into_bytes(),
        }
    }
}

impl From<Result<usize, SignatureError>> for Expect {
    fn from(verdict: Result<usize, SignatureError>) -> Self {
        let (error, header) = match verdict {
            Ok(ok) => return Self::Ok { ok },
            Err(SignatureError::Missing(header)) => ("missing", Some(header.to_owned())),
            Err(SignatureError::Repeated(header)) => ("repeated", Some(header.to_owned())),
            Err(SignatureError::Timestamp) => ("timestamp", None),
            Err(SignatureError::Stale) => ("stale", None),
            Err(SignatureError::Malformed) => ("malformed", None),
            Err(SignatureError::Mismatch) => ("mismatch", None),
        };
        let error = error.to_owned();
        Self::Error { error, header }
    }
}

impl Vector {
    fn verdict(&self) -> Expect {
        let secrets = self
            .secrets
            .iter()
            .map(|s| (SecretString::from(s.secret.as_str()), s.not_after));
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(&value.raw()).unwrap());
        }
        SigningSecrets::new(secrets)
            .unwrap()
            .verify(&headers, &self.body.raw(), self.now)
            .into()
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../signature-vectors.json")).unwrap()
}

#[test]
fn every_vector_gets_its_verdict() {
    for vector in vectors() {
        assert_eq!(vector.verdict(), vector.expect, "{}", vector.name);
    }
}

#[test]
fn the_vectors_are_slacks_published_one_its_derivatives_and_sixty_of_our_own() {
    let vectors = vectors();
    let derived = vectors.iter().filter(|v| v.name.starts_with("derived: "));
    assert_eq!(vectors[0].name, "Slack's published example");
    assert_eq!(derived.count(), 4);
    assert!(vectors.len() >= 60 + 1 + 4, "only {} cases", vectors.len());
}

#[test]
fn the_vectors_reach_every_verdict() {
    let vectors = vectors();
    for error in [
        "missing",
        "repeated",
        "timestamp",
        "stale",
        "malformed",
        "mismatch",
    ] {
        let reached =
            |v: &Vector| matches!(&v.expect, Expect::Error { error: e, .. } if e == error);
        assert!(vectors.iter().any(reached), "no case ends in {error}");
    }
}

#[test]
fn an_empty_secret_is_refused_wherever_it_stands_and_so_is_an_empty_list() {
    for list in [
        &[""][..],
        &["  "],
        &["\n"],
        &["good", ""],
        &["", "good"],
        &[],
    ] {
        let secrets = list.iter().map(|s| (SecretString::from(*s), None));
        let refused = SigningSecrets::new(secrets).err();
        assert_eq!(refused, Some(SecretsError::Empty), "{list:?}");
    }
    let expired = [(SecretString::from(""), Some(0))];
    assert_eq!(
        SigningSecrets::new(expired).err(),
        Some(SecretsError::Empty)
    );
}
