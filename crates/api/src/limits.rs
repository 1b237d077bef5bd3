//! The rate limit: one credential may make [`CALLS`] calls in each clock minute.
//!
//! A counter in the table that every call updates would cost one write per call. Instead, a process reserves [`SHARE`]
//! calls of the credential's minute with one write and then counts them in memory. All processes together never admit more
//! than [`CALLS`] calls a minute while the table answers. The other processes cannot use what one process reserved but did not
//! spend until the minute is over. When the table does not answer, every call is admitted. Around the turn of a minute, up to
//! twice the limit can arrive in a short time; the throttle of API Gateway bounds that.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};

use super::{Api, ApiError, Member};

/// The calls that one credential may make in one clock minute.
pub const CALLS: i64 = 300;

/// The calls that a process reserves with one write.
const SHARE: i64 = 30;

/// The most credentials that a process keeps in memory. Beyond that it forgets all of them and reserves new shares.
const MAX_CREDENTIALS: usize = 10_000;

/// How long the row of a minute is kept after its end, in seconds.
const ROW_KEPT_SECONDS: i64 = 3600;

/// The shares that this process has reserved, by credential.
#[derive(Debug, Default)]
pub struct Limits(Mutex<BTreeMap<String, Share>>);

/// The rest of one credential's minute, as far as this process knows.
#[derive(Debug, Clone, Copy)]
struct Share {
    minute: i64,
    /// Calls that this process has reserved and not spent.
    left: i64,
    /// Calls that no process had reserved when this one last wrote.
    elsewhere: i64,
}

/// The state of a credential's limit after a call, for the `X-RateLimit-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLimit {
    admitted: bool,
    remaining: i64,
    /// The Unix time in seconds at which the minute ends.
    reset: i64,
    now: i64,
}

impl Api {
    /// Counts one call of a member's credential.
    pub(super) async fn count(&self, member: &Member) -> RateLimit {
        let rows = self.table.unrestricted().tenant(&member.tenant);
        let now = self.clock.now();
        self.limits.count(&rows, &member.credential, now).await
    }
}

impl Limits {
    /// Counts one call. `rows` belong to the credential's workspace.
    async fn count(&self, rows: &Rows, credential: &str, now: Timestamp) -> RateLimit {
        let minute = now.seconds().div_euclid(60);
        let spend = match self.spend(credential, minute, None) {
            Spend::NeedsShare => {
                let share = take_share(rows, credential, minute).await;
                self.spend(credential, minute, Some(share))
            }
            spend => spend,
        };
        let (admitted, remaining) = match spend {
            Spend::Counted { remaining } => (true, remaining),
            Spend::Exhausted | Spend::NeedsShare => (false, 0),
        };
        RateLimit {
            admitted,
            remaining,
            reset: (minute + 1) * 60,
            now: now.seconds(),
        }
    }

    /// Spends one reserved call, after adding a share that was just reserved.
    fn spend(&self, credential: &str, minute: i64, taken: Option<Share>) -> Spend {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= MAX_CREDENTIALS {
            shares.clear();
        }
        let fresh = Share {
            minute,
            left: 0,
            elsewhere: CALLS,
        };
        let share = shares.entry(credential.to_owned()).or_insert(fresh);
        if share.minute != minute {
            *share = fresh;
        }
        if let Some(taken) = taken {
            share.left += taken.left;
            share.elsewhere = taken.elsewhere;
        }
        if share.left > 0 {
            share.left -= 1;
            let remaining = share.left + share.elsewhere;
            return Spend::Counted { remaining };
        }
        // Once the minute is exhausted, the table is not asked again.
        if share.elsewhere > 0 {
            Spend::NeedsShare
        } else {
            Spend::Exhausted
        }
    }
}

/// The result of spending one call.
enum Spend {
    /// The call counts; this many are left in the minute.
    Counted { remaining: i64 },
    /// No reserved call is left, but the table may have more.
    NeedsShare,
    /// The limit of the minute is reached.
    Exhausted,
}

/// Reserves a share of the minute in the table.
async fn take_share(rows: &Rows, credential: &str, minute: i64) -> Share {
    let key = RowKey::new(&["calls", credential], &[&minute.to_string()]);
    let write = Write::update(key, "ADD #taken :share SET #expires_at = :end")
        .value(":share", SHARE)
        .value(":end", (minute + 1) * 60 + ROW_KEPT_SECONDS);
    let taken = match rows.write(write).await {
        Ok(row) => row.and_then(|row| row.number("taken")).unwrap_or(SHARE),
        Err(e) => count_without_table(&e),
    };
    let before = (taken - SHARE).min(CALLS);
    let left = (CALLS - before).min(SHARE);
    Share {
        minute,
        left,
        elsewhere: CALLS - before - left,
    }
}

/// Counts as if no other process had calls, because an outage of the table must not turn callers away.
fn count_without_table(e: &TableError) -> i64 {
    tracing::warn!(error = %e, "calls are counted by this process alone");
    SHARE
}

impl RateLimit {
    /// Fails with `rate_limited` if the call exceeds the limit.
    pub(super) fn check(self) -> Result<(), ApiError> {
        if self.admitted {
            Ok(())
        } else {
            Err(ApiError::rate_limited())
        }
    }

    /// Writes the limit into the headers of the response, with `Retry-After` if the call was not admitted.
    pub(super) fn write_headers(self, response: &mut Response) {
        let mut set = |name: HeaderName, number: i64| {
            response
                .headers_mut()
                .insert(name, HeaderValue::from(number));
        };
        set(HeaderName::from_static("x-ratelimit-limit"), CALLS);
        set(
            HeaderName::from_static("x-ratelimit-remaining"),
            self.remaining,
        );
        set(HeaderName::from_static("x-ratelimit-reset"), self.reset);
        if !self.admitted {
            set(RETRY_AFTER, (self.reset - self.now).max(1));
        }
    }
}
