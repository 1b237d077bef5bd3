//! Words on their way to Slack: escaped for mrkdwn, cut to length, people and moments as Slack's own tokens.

use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::{ChannelId, UserId};

use crate::model::actor::Actor;

/// Longest title or other single line of somebody's that is shown, in characters before escaping.
pub(super) const LINE: usize = 200;

/// A text of somebody's as it may stand in mrkdwn: `&`, `<` and `>` lose their meaning, so that nobody is called and
/// no link is made by it.
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
        out
    })
}

/// A text as one line for a `plain_text` object, of `max` characters at most and never empty: Slack refuses empty ones.
pub(super) fn plain(text: &str, max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return "–".to_owned();
    }
    cut(&line, max)
}

/// A text as one escaped line, of `max` characters before escaping.
pub(super) fn line(text: &str, max: usize) -> String {
    escaped(&plain(text, max))
}

/// The beginning of a text, of `max` characters at most.
pub(super) fn cut(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = text.chars().take_while(|c| {
        used += c.len_utf16();
        used <= max
    });
    let mut out: String = fits.collect();
    out.push('…');
    out
}

/// The beginning of finished mrkdwn, of `max` characters at most, never cut within a token or an escape.
pub(super) fn fit(markup: &str, max: usize) -> String {
    if length(markup) <= max {
        return markup.to_owned();
    }
    let (mut used, mut safe) = (1, 0);
    let mut until = None;
    for (at, c) in markup.char_indices() {
        used += c.len_utf16();
        if used > max {
            break;
        }
        match c {
            '<' => until = Some('>'),
            '&' if until.is_none() => until = Some(';'),
            c if until == Some(c) => until = None,
            _ => {}
        }
        if until.is_none() {
            safe = at + c.len_utf8();
        }
    }
    format!("{}…", &markup[..safe])
}

/// How long Slack takes a text to be. Its clients count UTF-16 units, and nothing counts more than that.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A text of somebody's as a quotation, line for line.
pub(super) fn quoted(text: &str, max: usize) -> String {
    let lines = cut(text.trim(), max);
    let lines = lines.lines().map(|line| format!("> {}", escaped(line)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A person, named and linked by Slack.
pub(super) fn user(user: &UserId) -> String {
    format!("<@{}>", escaped(user.as_str()))
}

/// A person, or a dash where there is none.
pub(super) fn maybe_user(who: Option<&UserId>) -> String {
    who.map_or_else(|| "–".to_owned(), user)
}

/// A channel, named and linked by Slack.
pub(super) fn channel(channel: &ChannelId) -> String {
    format!("<#{}>", escaped(channel.as_str()))
}

/// Whoever did something.
pub(super) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => user(person),
        Actor::App(name) => format!("app {}", line(name, 60)),
        Actor::Operator => "the operator".to_owned(),
        Actor::Tidegate => "Tidegate".to_owned(),
    }
}

/// A moment in the zone of whoever reads it.
pub(super) fn when(at: Timestamp) -> String {
    let seconds = at.seconds();
    format!(
        "<!date^{seconds}^{{date_short_pretty}} {{time}}|{}>",
        utc(at)
    )
}

/// A moment in UTC, for texts in which Slack fills in no dates.
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

/// A span in its two largest units: `2 h 5 min`.
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_somebody_writes_calls_or_links() {
        assert_eq!(
            escaped("<!channel> a&b <@U1>"),
            "&lt;!channel&gt; a&amp;b &lt;@U1&gt;"
        );
        assert_eq!(line(" a\n<b>\t c ", 20), "a &lt;b&gt; c");
        assert_eq!(line(" \n", 20), "–");
        assert_eq!(quoted("a\n<b>", 99), "> a\n> &lt;b&gt;");
    }

    #[test]
    fn a_cut_spares_tokens_and_escapes() {
        for (markup, max, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("a&amp;b", 7, "a&amp;b"),
            ("a&amp;bc", 7, "a&amp;…"),
            ("a <@U1> b", 6, "a …"),
            ("😀😀", 3, "😀…"),
        ] {
            assert_eq!(fit(markup, max), expected, "{markup} {max}");
        }
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

    proptest! {
        #[test]
        fn a_cut_is_never_too_long_and_leaves_whole_escapes(text in "[a<>&é😀@U1\n]{0,60}", max in 8usize..40) {
            let markup = fit(&format!("{} <@U9> x", escaped(&text)), max);
            prop_assert!(length(&markup) <= max);
            let rest = markup.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!rest.contains('&'), "{markup}");
            prop_assert!(!rest.replace("<@U9>", "").contains('<'), "{markup}");
            prop_assert!(length(&cut(&text, max)) <= max);
        }
    }
}
