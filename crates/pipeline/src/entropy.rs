//! The only source of randomness: names for processes, and secrets that local mode makes for itself.

use thiserror::Error;

/// The operating system gave no random bytes.
#[derive(Debug, Error)]
#[error("read random bytes: {0}")]
pub struct EntropyError(getrandom::Error);

/// `bytes` random bytes as lower-case hex.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one home of randomness"
)]
pub fn random_hex(bytes: usize) -> Result<String, EntropyError> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(EntropyError)?;
    Ok(hex::encode(buffer))
}
