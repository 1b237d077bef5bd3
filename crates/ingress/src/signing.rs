//! The current signing secrets. The configuration lists them as `secret` or `secret@expiry`, separated by commas,
//! newest first. The expiry is a date (`2026-12-01`), a moment (`2026-12-01T08:00:00Z`) or Unix seconds.

use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tidegate_pipeline::secrets::{SecretError, Secrets};
use tidegate_slack::signature::SigningSecrets;

/// The reason why a list of signing secrets is invalid. It never quotes a secret; the number is the entry's, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SigningError {
    /// An entry or the whole list is empty.
    #[error("signing secret {0} is empty")]
    Empty(usize),
    /// The part after the `@` is not a date, a moment or Unix seconds.
    #[error("the expiry of signing secret {0} is neither a date, a moment nor Unix seconds")]
    Expiry(usize),
    /// The store could not return the list.
    #[error(transparent)]
    Store(#[from] SecretError),
}

/// Parses a list of signing secrets.
pub fn parse(list: &SecretString) -> Result<SigningSecrets, SigningError> {
    let entries = list
        .expose_secret()
        .split(',')
        .enumerate()
        .map(|(n, entry)| {
            let (secret, expiry) = match entry.trim().split_once('@') {
                Some((secret, expiry)) => (
                    secret,
                    Some(parse_expiry(expiry).ok_or(SigningError::Expiry(n + 1))?),
                ),
                None => (entry.trim(), None),
            };
            if secret.trim().is_empty() {
                return Err(SigningError::Empty(n + 1));
            }
            Ok((SecretString::from(secret.trim()), expiry))
        });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    SigningSecrets::new(entries).map_err(|_| SigningError::Empty(1))
}

fn parse_expiry(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(seconds);
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_second());
    }
    format!("{text}T00:00:00Z")
        .parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_second)
}

/// The signing secrets in a store. The list is parsed again only when its text changes.
pub struct SigningKeys {
    store: Arc<dyn Secrets>,
    name: String,
    parsed: Mutex<Option<(SecretString, Arc<SigningSecrets>)>>,
}

impl SigningKeys {
    /// Uses the list that the store holds under `name`.
    pub fn new(store: Arc<dyn Secrets>, name: impl Into<String>) -> Self {
        Self {
            store,
            name: name.into(),
            parsed: Mutex::new(None),
        }
    }

    /// Reads the secrets again after a signature matched none of `tried`. `None` if they have not changed. This finds a secret
    /// that was regenerated in Slack a moment ago.
    pub async fn newer_than(
        &self,
        tried: &Arc<SigningSecrets>,
    ) -> Result<Option<Arc<SigningSecrets>>, SigningError> {
        self.store.doubt(&self.name);
        let now = self.current().await?;
        Ok((!Arc::ptr_eq(&now, tried)).then_some(now))
    }

    /// Returns the current secrets. The store decides how long it caches them.
    pub async fn current(&self) -> Result<Arc<SigningSecrets>, SigningError> {
        let list = self.store.get(&self.name).await?;
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        match &*parsed {
            Some((text, keys)) if text.expose_secret() == list.expose_secret() => {
                Ok(Arc::clone(keys))
            }
            _ => {
                let keys = Arc::new(parse(&list)?);
                *parsed = Some((list, Arc::clone(&keys)));
                Ok(keys)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Result<usize, SigningError> {
        parse(&list.into()).map(|secrets| {
            let shown = format!("{secrets:?}");
            assert!(!shown.contains("sesame"), "{shown}");
            shown
                .matches(char::is_numeric)
                .collect::<String>()
                .parse()
                .unwrap()
        })
    }

    #[test]
    fn a_list_holds_any_number_of_secrets_with_or_without_expiry() {
        assert_eq!(read("sesame"), Ok(1));
        assert_eq!(read("sesame, old@2026-12-01"), Ok(2));
        assert_eq!(read("a@1764547200,b@2026-12-01T08:00:00Z,c"), Ok(3));
    }

    #[test]
    fn an_empty_secret_or_a_strange_expiry_is_refused() {
        assert_eq!(read(""), Err(SigningError::Empty(1)));
        assert_eq!(read("sesame,"), Err(SigningError::Empty(2)));
        assert_eq!(read("@2026-12-01"), Err(SigningError::Empty(1)));
        assert_eq!(read("sesame@tomorrow"), Err(SigningError::Expiry(1)));
    }

    /// A store that keeps the old secret until it is doubted.
    struct Kept(std::sync::atomic::AtomicBool);

    #[async_trait::async_trait]
    impl Secrets for Kept {
        async fn get(&self, _name: &str) -> Result<SecretString, SecretError> {
            let doubted = self.0.load(std::sync::atomic::Ordering::SeqCst);
            Ok(if doubted { "new" } else { "old" }.into())
        }

        fn doubt(&self, _name: &str) {
            self.0.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn secrets_that_match_nothing_are_read_anew() {
        let keys = SigningKeys::new(Arc::new(Kept(false.into())), "secrets");
        let old = keys.current().await.unwrap();
        let newer = keys.newer_than(&old).await.unwrap().unwrap();
        assert!(keys.newer_than(&newer).await.unwrap().is_none());
    }
}
