//! The OAuth `state`: good once, for ten minutes, in the browser that began the install.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::entropy::{EntropyError, random_hex};
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

/// How long an install may take.
pub(crate) const STATE_LIFE: std::time::Duration = std::time::Duration::from_mins(10);

/// A begun install: what goes to Slack, and what stays with the browser.
pub(crate) struct Begun {
    /// Goes to Slack and comes back.
    pub state: String,
    /// Goes into the browser's cookie.
    pub browser: SecretString,
}

/// Why a state is not good.
#[derive(Debug, Error)]
pub(crate) enum StateError {
    /// Never made, used before, or so old that it is gone.
    #[error("the state is unknown or was used before")]
    Unknown,
    /// Older than [`STATE_LIFE`].
    #[error("the state is too old")]
    Expired,
    /// Made for another browser. It stays good in that one.
    #[error("the state belongs to another browser")]
    OtherBrowser,
    /// The table did not answer.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Begins an install. `redirect_uri` is where Slack sends the browser back to.
pub(crate) async fn begin(
    rows: &Rows,
    clock: &dyn Clock,
    redirect_uri: &str,
) -> Result<Begun, StateError> {
    let begun = Begun {
        state: random_hex(32)?,
        browser: random_hex(32)?.into(),
    };
    let ends = clock.now().plus(STATE_LIFE);
    let row = Item::new()
        .with("browser", hash(begun.browser.expose_secret()))
        .with("redirect_uri", redirect_uri)
        .with("ends_at", ends.millis())
        // The row outlives its use, so that a late browser is told what was wrong.
        .with("expires_at", ends.plus(STATE_LIFE).seconds());
    rows.write(Write::put(key(&begun.state), row)).await?;
    Ok(begun)
}

/// Uses a state up; answers the redirect that it was made for. Of several callers one succeeds.
pub(crate) async fn consume(
    rows: &Rows,
    clock: &dyn Clock,
    state: &str,
    browser: Option<&str>,
) -> Result<String, StateError> {
    let (key, now) = (key(state), clock.now());
    let row = rows.get(&key).await?.ok_or(StateError::Unknown)?;
    if row
        .number("ends_at")
        .map(Timestamp)
        .is_none_or(|ends| ends <= now)
    {
        return Err(StateError::Expired);
    }
    let browser = hash(browser.unwrap_or_default());
    if row.text("browser") != Some(browser.as_str()) {
        return Err(StateError::OtherBrowser);
    }
    let used = Write::delete(key)
        .when("#browser = :browser")
        .value(":browser", browser);
    match rows.write(used).await {
        Ok(_) => Ok(row.text("redirect_uri").unwrap_or_default().to_owned()),
        Err(TableError::Condition) => Err(StateError::Unknown),
        Err(e) => Err(e.into()),
    }
}

fn key(state: &str) -> RowKey {
    RowKey::new(&["oauth_state", &hash(state)], &["state"])
}

/// Only hashes are stored: whoever reads the table can finish nobody's install.
fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
