//! The OAuth `state`, which is valid once, for ten minutes, in the browser that began.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::entropy::{EntropyError, random_hex};
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

/// How long an install or a sign-in may take.
pub(crate) const STATE_LIFE: std::time::Duration = std::time::Duration::from_mins(10);

/// The two secrets of an install that has begun: one goes to Slack, the other to the browser.
pub(crate) struct Begun {
    /// The state, 64 hex digits, which Slack sends back.
    pub state: String,
    /// The value of the browser's cookie, 64 hex digits.
    pub browser: SecretString,
}

/// The reason why a state is not valid.
#[derive(Debug, Error)]
pub(crate) enum StateError {
    /// The state was never issued, was used before, or is so old that its row is gone.
    #[error("the state is unknown or was used before")]
    Unknown,
    /// The state is older than [`STATE_LIFE`].
    #[error("the state is too old")]
    Expired,
    /// The state was issued to another browser, where it stays valid.
    #[error("the state belongs to another browser")]
    OtherBrowser,
    /// The table did not answer.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Begins an install or a sign-in. `redirect_uri` is the URL that Slack sends the browser back to.
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
        // The row is kept for some time after its end, so that a late browser gets an error that says why.
        .with("expires_at", ends.plus(STATE_LIFE).seconds());
    rows.write(Write::put(key(&begun.state), row)).await?;
    Ok(begun)
}

/// Consumes a state and returns its redirect URL. Only one of several concurrent callers succeeds.
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

/// Hashes a secret for its row. Only hashes are stored, so a reader of the table cannot finish an install.
fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
