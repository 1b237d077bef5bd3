//! The only source of randomness: names for processes, keys, nonces, and secrets that Tidegate makes for itself.

use thiserror::Error;

/// The operating system gave no random bytes.
#[derive(Debug, Error)]
#[error("read random bytes: {0}")]
pub struct EntropyError(getrandom::Error);

/// `bytes` random bytes as lower-case hex.
pub fn random_hex(bytes: usize) -> Result<String, EntropyError> {
    let mut buffer = vec![0; bytes];
    fill(&mut buffer)?;
    Ok(hex::encode(buffer))
}

/// Random bytes.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one home of randomness"
)]
fn fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(bytes).map_err(EntropyError)
}
