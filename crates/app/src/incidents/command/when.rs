//! Moments as people type them: `14:05`, `14:05Z`, `2026-11-21T14:05`.

use std::fmt;

use jiff::civil::{DateTime, Time, date};
use tidegate_pipeline::clock::Timestamp;

/// A moment of the past as typed: on the typer's clock unless it says that it is UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    day: Option<jiff::civil::Date>,
    time: Time,
    utc: bool,
}

impl When {
    /// Reads a moment: `14:05` on the last day that it was so, or with the day before it, and UTC with a `Z` after it.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, utc) = match text.strip_suffix(['Z', 'z']) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (day, clock) = match text.split_once(['T', 't']) {
            Some((day, clock)) => (Some(read_day(day)?), clock),
            None => (None, text),
        };
        let (hour, minute) = clock.split_once(':')?;
        let time = Time::new(number(hour, 2)?, number(minute, 2)?, 0, 0).ok()?;
        Some(Self { day, time, utc })
    }

    /// The moment, for somebody whose clock is `offset` seconds ahead of UTC. Without a day it is the last such
    /// moment that is not after `now`.
    pub fn moment(self, now: Timestamp, offset: i64) -> Timestamp {
        const DAY: i64 = 24 * 60 * 60;
        let offset = if self.utc { 0 } else { offset };
        let clock = i64::from(self.time.hour()) * 3600 + i64::from(self.time.minute()) * 60;
        let here = now.seconds().saturating_add(offset);
        let seconds = if let Some(day) = self.day {
            let epoch = DateTime::from_parts(date(1970, 1, 1), Time::midnight());
            let since = DateTime::from_parts(day, self.time).duration_since(epoch);
            since.as_secs()
        } else {
            let today = here
                .saturating_sub(here.rem_euclid(DAY))
                .saturating_add(clock);
            if today > here { today - DAY } else { today }
        };
        Timestamp(seconds.saturating_sub(offset).saturating_mul(1000))
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.day {
            write!(f, "{day}T")?;
        }
        write!(f, "{:02}:{:02}", self.time.hour(), self.time.minute())?;
        f.write_str(if self.utc { "Z" } else { "" })
    }
}

fn read_day(text: &str) -> Option<jiff::civil::Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (month, day) = (number(month, 2)?, number(day, 2)?);
    jiff::civil::Date::new(year.parse().ok()?, month, day).ok()
}

/// A number of `digits` digits at most, and of nothing but digits.
fn number(text: &str, digits: usize) -> Option<i8> {
    let plain = !text.is_empty() && text.len() <= digits;
    let plain = plain && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
