//! Plain text as Slack counts and cuts it.

/// The text in place of an empty one, because Slack refuses empty texts.
pub const DASH: &str = "–";

/// The length of a text in Slack's characters. Its clients count UTF-16 units, and nothing in Slack counts more.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The beginning of a plain text, of at most `max` characters; a text that was cut ends with an ellipsis.
pub fn cut(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let mut out = prefix(text, max.saturating_sub(1)).to_owned();
    if max > 0 {
        out.push('…');
    }
    out
}

/// A text as one line of at most `max` characters, with single spaces. An empty one becomes [`DASH`].
pub fn one_line(text: &str, max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return DASH.to_owned();
    }
    cut(&line, max)
}

/// The beginning of a text, of at most `max` characters, without a mark where it was cut: for ids.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > max {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_counts_as_slack_does() {
        for (text, max, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("😀😀", 4, "😀😀"),
            ("😀😀", 3, "😀…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, max), expected, "{text} {max}");
        }
        assert_eq!(prefix("a😀b", 2), "a");
        assert_eq!(one_line(" a\n b\t", 9), "a b");
        assert_eq!(one_line(" \n", 9), DASH);
    }

    proptest! {
        #[test]
        fn a_cut_is_never_too_long(text in "[aé😀 \n]{0,40}", max in 0usize..50) {
            let short = cut(&text, max);
            prop_assert!(length(&short) <= max);
            prop_assert!(length(prefix(&text, max)) <= max);
            prop_assert!(length(&one_line(&text, max.max(1))) <= max.max(1));
            if length(&text) <= max {
                prop_assert_eq!(short, text);
            }
        }
    }
}
