//! The only source of randomness, for process names, keys, nonces and generated secrets.

use thiserror::Error;

/// The error when the operating system gives no random bytes.
#[derive(Debug, Error)]
#[error("read random bytes: {0}")]
pub struct EntropyError(getrandom::Error);

/// Returns `bytes` random bytes as lower-case hex, two digits per byte.
pub fn random_hex(bytes: usize) -> Result<String, EntropyError> {
    let mut buffer = vec![0; bytes];
    fill(&mut buffer)?;
    Ok(hex::encode(buffer))
}

/// Returns `N` random bytes.
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
