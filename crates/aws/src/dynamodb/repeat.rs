//! Repeats failed calls: which calls may be repeated, how often, and after which pause.

use std::time::Duration;

use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::table::TableError;

use super::DynamoTable;

/// The most attempts at one call.
const ATTEMPTS: u32 = 3;

/// The pause after the first attempt. It doubles with each attempt.
const PAUSE: Duration = Duration::from_millis(50);

/// The condition under which a call may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Always, because doing it twice has the same effect as doing it once.
    Always,
    /// Only if nothing was written.
    IfNotWritten,
}

impl DynamoTable {
    /// Calls up to [`ATTEMPTS`] times while that can help and does no harm. Once a response was lost, the outcome is unknown, even
    /// if a later attempt ends as busy.
    pub(super) async fn repeated<T, F>(
        &self,
        repeat: Repeat,
        call: impl Fn() -> F,
    ) -> Result<T, TableError>
    where
        F: Future<Output = Result<T, TableError>>,
    {
        let mut lost = None;
        let mut attempt = 1;
        loop {
            let e = match call().await {
                Err(e @ TableError::Busy(_)) => e,
                Err(e @ TableError::Unknown(_)) if repeat == Repeat::Always => {
                    lost = Some(e.clone());
                    e
                }
                other => return other,
            };
            if attempt == ATTEMPTS {
                return Err(lost.unwrap_or(e));
            }
            self.pause(attempt).await;
            attempt += 1;
        }
    }

    /// Waits before the next attempt. The pause doubles, and its second half is random.
    pub(super) async fn pause(&self, attempt: u32) {
        let longest = PAUSE * 2u32.saturating_pow(attempt - 1);
        let chance = random_hex(1)
            .ok()
            .and_then(|byte| u32::from_str_radix(&byte, 16).ok());
        self.clock
            .sleep(longest / 2 + longest * chance.unwrap_or(0) / 512)
            .await;
    }
}
