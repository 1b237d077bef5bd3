//! Moments as people type them: `14:05`, `14:05Z`, `2026-11-21T14:05`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Time, date};
use tidegate_pipeline::clock::Timestamp;

/// A moment of the past that somebody names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As a person types it.
    Typed(Typed),
    /// As a program gives it: exact, and in no time zone.
    Exact(Timestamp),
}

/// A day and time, or a time alone: on the typer's clock unless it says that it is UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
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
        Some(Self::Typed(Typed { day, time, utc }))
    }

    /// The moment, for somebody whose clock is `offset` seconds ahead of UTC.
    pub fn moment(self, now: Timestamp, offset: i64) -> Timestamp {
        match self {
            Self::Typed(typed) => typed.moment(now, offset),
            Self::Exact(at) => at,
        }
    }
}

impl Typed {
    /// Without a day it is the last such moment that is not after `now`.
    fn moment(self, now: Timestamp, offset: i64) -> Timestamp {
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
        let typed = match self {
            Self::Typed(typed) => typed,
            Self::Exact(at) => {
                let at = jiff::Timestamp::from_millisecond(at.millis()).map_err(|_| fmt::Error)?;
                return write!(f, "{at}");
            }
        };
        if let Some(day) = typed.day {
            write!(f, "{day}T")?;
        }
        write!(f, "{:02}:{:02}", typed.time.hour(), typed.time.minute())?;
        f.write_str(if typed.utc { "Z" } else { "" })
    }
}

fn read_day(text: &str) -> Option<jiff::civil::Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (month, day) = (number(month, 2)?, number(day, 2)?);
    jiff::civil::Date::new(number(year, 4)?, month, day).ok()
}

/// A number of `digits` digits at most, and of nothing but digits.
fn number<T: FromStr>(text: &str, digits: usize) -> Option<T> {
    let plain = !text.is_empty() && text.len() <= digits;
    let plain = plain && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time of the tests: 2026-11-21 12:00 UTC.
    const NOON: Timestamp = Timestamp(1_795_262_400_000);
    const HOUR: i64 = 3600;

    #[test]
    fn a_time_without_a_day_is_the_last_such_time() {
        for (typed, offset, ago) in [
            ("12:00", 0, 0),
            ("11:45", 0, 15 * 60),
            ("9:45", 0, 2 * HOUR + 15 * 60),
            ("12:01", 0, 24 * HOUR - 60),
            ("13:00", HOUR, 0),
            ("12:30", HOUR, HOUR / 2),
            ("11:45Z", HOUR, 15 * 60),
            ("23:30", -5 * HOUR, 7 * HOUR + HOUR / 2),
            ("2026-11-21T11:45", 0, 15 * 60),
            ("2026-11-20t12:00z", HOUR, 24 * HOUR),
            ("2026-11-20T13:00", HOUR, 24 * HOUR),
        ] {
            let when = When::parse(typed).unwrap();
            let passed = NOON.since(when.moment(NOON, offset)).as_secs();
            assert_eq!(i64::try_from(passed), Ok(ago), "{typed}");
            assert_eq!(When::parse(&when.to_string()), Some(when));
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            ":",
            "24:00",
            "12:60",
            "12",
            "1:2:3",
            "-1:00",
            "+1:00",
            "123:00",
            "12:00ZZ",
            "26-01-01T12:00",
            "2026-13-01T12:00",
            "2026-02-30T12:00",
            "+026-01-01T12:00",
            "2026-01-01-01T12:00",
            "2026-01T12:00",
        ] {
            assert_eq!(When::parse(text), None, "{text}");
        }
    }
}
