//! How often one credential may call: [`CALLS`] in every minute of the clock.
//!
//! A counter in the table that every call goes through would cost a write a call. So a process takes calls out of
//! the credential's minute [`SHARE`] at a time, by one write, and spends them without asking. What that guarantees:
//! never more than [`CALLS`] calls a minute over all processes together, as long as the table answers. What it costs:
//! what a process took and did not spend is lost to the others until the minute is over. When the table does not
//! answer, nobody is turned away. At the turn of a minute twice as many may come close together; API
//! Gateway's throttle bounds that.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Response;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};

use super::{Api, Member, Refused};

/// Calls of one credential in one minute.
pub const CALLS: i64 = 300;

/// How many a process takes at a time.
const SHARE: i64 = 30;

/// Credentials that a process remembers; past that it forgets all, and takes shares anew.
const REMEMBERED: usize = 10_000;

/// Seconds that a minute's row is kept after it.
const KEPT: i64 = 3600;

/// What a process has taken, by credential.
#[derive(Debug, Default)]
pub struct Limits(Mutex<BTreeMap<String, Share>>);

/// What is left of one credential's minute, as far as this process knows.
#[derive(Debug, Clone, Copy)]
struct Share {
    minute: i64,
    /// Taken and not spent here.
    left: i64,
    /// Not taken by anyone when this process last looked.
    elsewhere: i64,
}

/// Where a credential stands after a call; the answer's headers say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    admitted: bool,
    remaining: i64,
    /// Unix second at which the minute is over.
    reset: i64,
    now: i64,
}

impl Api {
    /// Counts one call of that credential.
    pub(super) async fn count(&self, member: &Member) -> Standing {
        let rows = self.table.unguarded().tenant(&member.tenant);
        let now = self.clock.now();
        self.limits.count(&rows, &member.credential, now).await
    }
}

impl Limits {
    /// Counts one call. `rows` are those of the credential's workspace.
    async fn count(&self, rows: &Rows, credential: &str, now: Timestamp) -> Standing {
        let minute = now.seconds().div_euclid(60);
        let spent = match self.spend(credential, minute, None) {
            Spent::Ask => {
                let share = take(rows, credential, minute).await;
                self.spend(credential, minute, Some(share))
            }
            spent => spent,
        };
        let (admitted, remaining) = match spent {
            Spent::One { remaining } => (true, remaining),
            Spent::None | Spent::Ask => (false, 0),
        };
        Standing {
            admitted,
            remaining,
            reset: (minute + 1) * 60,
            now: now.seconds(),
        }
    }

    /// Spends one call of what is here, after adding what was just taken.
    fn spend(&self, credential: &str, minute: i64, taken: Option<Share>) -> Spent {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= REMEMBERED {
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
            return Spent::One { remaining };
        }
        // A minute of which nothing is left is not asked about again.
        if share.elsewhere > 0 {
            Spent::Ask
        } else {
            Spent::None
        }
    }
}

/// What came of spending a call.
enum Spent {
    One {
        remaining: i64,
    },
    /// Nothing is here, but the table may have more.
    Ask,
    /// The minute is used up.
    None,
}

/// Takes a share of the minute.
async fn take(rows: &Rows, credential: &str, minute: i64) -> Share {
    let key = RowKey::new(&["calls", credential], &[&minute.to_string()]);
    let write = Write::update(key, "ADD #taken :share SET #expires_at = :end")
        .value(":share", SHARE)
        .value(":end", (minute + 1) * 60 + KEPT);
    let taken = match rows.write(write).await {
        Ok(row) => row.and_then(|row| row.number("taken")).unwrap_or(SHARE),
        Err(e) => without_the_table(&e),
    };
    let before = (taken - SHARE).min(CALLS);
    let left = (CALLS - before).min(SHARE);
    Share {
        minute,
        left,
        elsewhere: CALLS - before - left,
    }
}

/// As if nobody else had called: a table that does not answer turns nobody away.
fn without_the_table(e: &TableError) -> i64 {
    tracing::warn!(error = %e, "calls are counted by this process alone");
    SHARE
}

impl Standing {
    /// Whether the call may go on.
    pub(super) fn admits(self) -> Result<(), Refused> {
        if self.admitted {
            Ok(())
        } else {
            Err(Refused::too_often())
        }
    }

    /// Says so in the answer's headers.
    pub(super) fn tell(self, response: &mut Response<Bytes>) {
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
