//! Slack's mark-up, mrkdwn: what people wrote on its way into it and out of it, and references to people, channels, groups
//! and addresses. Contract: docs.slack.dev/messaging/formatting-message-text.

use crate::text::length;

/// A text as it may stand in mrkdwn: `&`, `<` and `>` become entities, so that the text calls nobody and links nothing.
/// [`unescape`] gives the text back.
pub fn escape(text: &str) -> String {
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

/// The beginning of finished mrkdwn, of at most `max` characters, never cut within a reference or an entity. What was
/// cut ends with an ellipsis.
pub fn cut(markup: &str, max: usize) -> String {
    if length(markup) <= max {
        return markup.to_owned();
    }
    if max == 0 {
        return String::new();
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_spares_references_and_entities() {
        for (markup, max, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("abcd", 0, ""),
            ("a&amp;b", 7, "a&amp;b"),
            ("a&amp;bc", 7, "a&amp;…"),
            ("a <@U1> b", 6, "a …"),
            ("😀😀", 3, "😀…"),
        ] {
            assert_eq!(cut(markup, max), expected, "{markup} {max}");
        }
    }

    proptest! {
        #[test]
        fn a_cut_is_never_too_long_and_leaves_whole_entities(text in "[a<>&é😀@U1\n]{0,60}", max in 0usize..40) {
            let markup = cut(&format!("{} <@U9> x", escape(&text)), max);
            prop_assert!(length(&markup) <= max);
            let rest = markup.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!rest.contains('&'), "{markup}");
            prop_assert!(!rest.replace("<@U9>", "").contains('<'), "{markup}");
        }
    }
}
