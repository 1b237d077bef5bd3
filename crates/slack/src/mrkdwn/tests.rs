//! Escapes, references and cuts, by tables and by any text.

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

#[test]
fn nothing_that_somebody_writes_calls_or_links() {
    assert_eq!(
        escape("<!channel> a&b <@U1>"),
        "&lt;!channel&gt; a&amp;b &lt;@U1&gt;"
    );
    assert_eq!(user(&"U1>".into()), "<@U1&gt;>");
    assert_eq!(channel(&"C1".into()), "<#C1>");
    assert_eq!(
        link("https://a.example/?b=1&c|d", "<this>"),
        "<https://a.example/?b=1&amp;c%7Cd|&lt;this&gt;>"
    );
    for odd in [
        "",
        "!channel",
        "@U1",
        "mailto:a@b.example",
        "https://a b",
        "https://a\n",
    ] {
        assert_eq!(link(odd, "all"), "all");
    }
    assert_eq!(
        date(1_795_257_000, "<then>"),
        "<!date^1795257000^{date_short_pretty} {time}|&lt;then&gt;>"
    );
}

#[test]
fn entities_are_read_back_once() {
    for (markup, text) in [
        ("&lt;why&gt; &amp;lt; R&amp;D", "<why> &lt; R&D"),
        ("a & b &lt &quot; &", "a & b &lt &quot; &"),
        ("&&amp;&", "&&&"),
        ("", ""),
    ] {
        assert_eq!(unescape(markup), text);
    }
}

#[test]
fn references_are_told_apart() {
    use Target::{Address, Channel, Group, Special, User};
    for (markup, target, label) in [
        ("<@U1>", User("U1"), None),
        ("<@U1|ana>", User("U1"), Some("ana")),
        ("<#C1|general>", Channel("C1"), Some("general")),
        ("<#C1|>", Channel("C1"), None),
        ("<!subteam^S1>", Group("S1"), None),
        ("<!subteam^S1|@oncall>", Group("S1"), Some("@oncall")),
        ("<!here>", Special("here"), None),
        (
            "<!date^0^{date}|then>",
            Special("date^0^{date}"),
            Some("then"),
        ),
        (
            "<https://a.example/?b=1&amp;c|a|b>",
            Address("https://a.example/?b=1&amp;c"),
            Some("a|b"),
        ),
        (
            "<mailto:a@b.example|a@b.example>",
            Address("mailto:a@b.example"),
            Some("a@b.example"),
        ),
        ("<>", Address(""), None),
    ] {
        let expected = Reference {
            markup,
            target,
            label,
        };
        assert_eq!(reference(markup), Some(expected));
    }
    for markup in [
        "",
        "a",
        "<@U1",
        "@U1>",
        "<@U1> ",
        "<@U1><@U2>",
        "&lt;@U1&gt;",
    ] {
        assert_eq!(reference(markup), None, "{markup}");
    }
    let first = parts("a <b <@U1> c> d");
    assert_eq!(first[0], Part::Text("a <b "));
    assert_eq!(first[2], Part::Text(" c> d"));
}

proptest! {
    #[test]
    fn any_text_comes_back_and_refers_to_nothing(text in r"(?s)(.|[&<>]|&amp;|&lt;|<@U1>|<https://a\.example>){0,60}") {
        let escaped = escape(&text);
        prop_assert!(!escaped.contains(['<', '>']));
        for part in parts(&escaped) {
            prop_assert_eq!(part, Part::Text(escaped.as_str()));
        }
        prop_assert_eq!(unescape(&escaped), text);
    }

    #[test]
    fn the_pieces_are_the_whole_text(markup in r"(?s)(.|[<>@#!|^]|<@U1\|a>){0,40}") {
        let parts = parts(&markup);
        let whole: String = parts.iter().map(|part| match part {
            Part::Text(text) => *text,
            Part::Reference(reference) => reference.markup,
        }).collect();
        prop_assert_eq!(whole, markup);
    }

    #[test]
    fn a_cut_is_never_too_long_and_leaves_whole_entities(text in "[a<>&é😀@U1\n]{0,60}", max in 0usize..40) {
        let markup = cut(&format!("{} <@U9> x", escape(&text)), max);
        prop_assert!(length(&markup) <= max);
        let rest = markup.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
        prop_assert!(!rest.contains('&'), "{markup}");
        prop_assert!(!rest.replace("<@U9>", "").contains('<'), "{markup}");
    }
}
