//! Formats text for Slack: what people wrote as lines and quotations of mrkdwn, and people, times and durations.

use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::blocks::limits::MESSAGE_BLOCKS_TEXT;
use tidegate_slack::ids::UserId;
use tidegate_slack::mrkdwn::{self, escape, user};
use tidegate_slack::text::{DASH, cut, length, one_line};

use crate::model::actor::Actor;

/// Longest title or other line of what people wrote, in characters before escaping.
pub(super) const LINE: usize = 200;

/// The lines that fit into one message, counted from the first: it has room for other text beside them.
pub(super) fn fitting(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut room = MESSAGE_BLOCKS_TEXT - 1000;
    let fits = |line: &String| {
        let needed = length(line) + 1;
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    };
    lines.take_while(fits).collect()
}

/// A text as one line of escaped mrkdwn, cut to `max` characters before escaping.
pub(super) fn line(text: &str, max: usize) -> String {
    escape(&one_line(text, max))
}

/// A text as a quotation in escaped mrkdwn, line by line, cut to `max` characters before escaping.
pub(super) fn quoted(text: &str, max: usize) -> String {
    let lines = cut(text.trim(), max);
    let lines = lines.lines().map(|line| format!("> {}", escape(line)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A mention of a person, or a dash for `None`.
pub(super) fn maybe_user(who: Option<&UserId>) -> String {
    who.map_or_else(|| DASH.to_owned(), user)
}

/// The name of an actor as mrkdwn.
pub(super) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => user(person),
        Actor::App(name) => format!("app {}", line(name, 60)),
        Actor::Operator => "the operator".to_owned(),
        Actor::Tidegate => "Tidegate".to_owned(),
    }
}

/// A time that Slack shows in the reader's time zone.
pub(super) fn when(at: Timestamp) -> String {
    mrkdwn::date(at.seconds(), &utc(at))
}

/// A time in UTC, for texts in which Slack does not format dates.
pub fn utc(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%d %H:%M UTC")
}

/// The time of day in UTC, `14:30 UTC`.
pub(super) fn time_of_day(at: Timestamp) -> String {
    formatted(at, "%H:%M UTC")
}

fn formatted(at: Timestamp, format: &str) -> String {
    jiff::Timestamp::from_second(at.seconds()).map_or_else(
        |_| "an unknown time".to_owned(),
        |moment| moment.strftime(format).to_string(),
    )
}

/// A duration in milliseconds, in its two largest units: `2 h 5 min`. A negative one is `0 s`.
pub fn span(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_writes_calls_or_links() {
        assert_eq!(line(" a\n<b>\t c ", 20), "a &lt;b&gt; c");
        assert_eq!(line(" \n", 20), "–");
        assert_eq!(quoted("a\n<b>", 99), "> a\n> &lt;b&gt;");
    }

    #[test]
    fn spans_are_told_in_two_units() {
        for (seconds, expected) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (7200, "2 h"),
            (7500, "2 h 5 min"),
            (90_000, "1 d 1 h"),
            (86_460, "1 d"),
        ] {
            assert_eq!(span(seconds * 1000), expected);
        }
    }

    #[test]
    fn moments_are_the_readers() {
        let at = Timestamp(1_795_257_000_000);
        assert_eq!(
            when(at),
            "<!date^1795257000^{date_short_pretty} {time}|2026-11-21 10:30 UTC>"
        );
        assert_eq!(utc(Timestamp(i64::MAX)), "an unknown time");
    }
}
