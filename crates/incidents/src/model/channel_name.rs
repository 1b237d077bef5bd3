//! Names of incident channels: `inc-20261121-<slug>`, from titles and services in any script.

use tidegate_pipeline::clock::Timestamp;

use super::incident::IncidentId;

/// Longest slug, in characters.
const MAX_SLUG: usize = 40;

/// Longest name that Slack takes, in characters.
const MAX_NAME: usize = 80;

/// The name to try first: the day in UTC, and a slug of the first service, or of the title if there is no service. If
/// neither yields a slug, the incident's number takes its place.
pub fn first(now: Timestamp, title: &str, services: &[String], number: u32) -> String {
    let service = services.first().and_then(|service| slug(service));
    let slug = service.or_else(|| slug(title));
    let slug = slug.unwrap_or_else(|| number.to_string());
    format!("inc-{}-{slug}", day(now))
}

/// The name to try when `name` is taken: `name` with the last eight hex digits of the incident's id appended. The same
/// incident always gets the same name.
pub fn other(name: &str, id: &IncidentId) -> String {
    // The id ends with a hash and begins with the time. A competing incident may share the time, so only the end is
    // used.
    let id = id.as_str();
    let tail = &id[id.len().saturating_sub(8)..];
    let kept: String = name.chars().take(MAX_NAME - 1 - tail.len()).collect();
    format!("{}-{tail}", kept.trim_end_matches('-'))
}

/// The name after `/incident rename`: the prefix stays, and `wish` replaces the slug. If `wish` repeats the prefix, the
/// repetition is dropped. `None` if `wish` contains no character that a channel name allows.
pub fn renamed(name: &str, wish: &str) -> Option<String> {
    let prefix = prefix(name);
    let slug = slug(wish.trim().strip_prefix(prefix).unwrap_or(wish))?;
    Some(format!("{prefix}{slug}"))
}

/// The prefix of a name, such as `inc-20261121-`; empty if the name does not begin with one.
fn prefix(name: &str) -> &str {
    let Some(rest) = name.strip_prefix("inc-") else {
        return "";
    };
    let day = rest.bytes().take_while(u8::is_ascii_digit).count();
    let dash = rest.as_bytes().get(day) == Some(&b'-');
    if day == 8 && dash {
        &name[.."inc-20261121-".len()]
    } else {
        ""
    }
}

/// Turns a text into part of a channel name: lower-case letters and digits of any script, `-` and `_`. Every other
/// character separates words. The result has at most [`MAX_SLUG`] characters and is cut at the end of a word if that is
/// not too far back. `None` if nothing is left.
fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    // Lower-casing can turn one letter into several characters, some of them combining marks, so each is examined on
    // its own.
    for c in text.chars().flat_map(char::to_lowercase) {
        if is_allowed(c) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && !is_joined(c) {
            slug.push('-');
        }
    }
    let cut: String = slug.chars().take(MAX_SLUG).collect();
    let whole = slug.chars().count() <= MAX_SLUG || slug[cut.len()..].starts_with('-');
    let kept = match cut.rfind('-') {
        Some(end) if !whole && end >= cut.len() / 2 => &cut[..end],
        _ => &cut,
    };
    let kept = kept.trim_matches(['-', '_']);
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Whether Slack allows a character in a channel name. A letter that has a lower case must be in it; letters of scripts
/// without case, such as Chinese or Arabic, are allowed.
fn is_allowed(c: char) -> bool {
    let lower = c.to_lowercase().eq([c]);
    (c.is_alphanumeric() && lower && !c.is_uppercase()) || c == '_'
}

/// Whether a character belongs to the letter or word before it and therefore leaves no gap: combining marks and
/// apostrophes.
fn is_joined(c: char) -> bool {
    /// The virama sign of each Indian script, which suppresses a vowel.
    const VIRAMA: [char; 9] = [
        '\u{94d}', '\u{9cd}', '\u{a4d}', '\u{acd}', '\u{b4d}', '\u{bcd}', '\u{c4d}', '\u{ccd}',
        '\u{d4d}',
    ];
    let accent = matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}');
    let thai = matches!(c, '\u{e47}'..='\u{e4e}');
    let unseen = matches!(c, '\u{200b}'..='\u{200d}' | '\u{fe0f}' | '\u{ad}');
    accent || thai || unseen || VIRAMA.contains(&c) || matches!(c, '\'' | '’')
}

/// The UTC date of a moment, as `20261121`.
fn day(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    let day = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOV_21: Timestamp = Timestamp(1_795_255_200_000);

    fn is_valid(name: &str) -> bool {
        let allowed =
            |c: char| matches!(c, '-' | '_') || (c.is_alphanumeric() && !c.is_uppercase());
        name.chars().count() <= MAX_NAME && name.chars().all(allowed) && !name.ends_with('-')
    }

    #[test]
    fn names_in_any_script() {
        for (about, slug) in [
            ("Checkout fails", "checkout-fails"),
            ("  API / Web: 5xx!!  ", "api-web-5xx"),
            ("Größenänderung & Straße", "größenänderung-straße"),
            ("決済が失敗する", "決済が失敗する"),
            ("Оплата не работает", "оплата-не-работает"),
            ("fire 🔥 fire", "fire-fire"),
            ("snake_case", "snake_case"),
            ("हिन्दी में", "हिनदी-में"),
            ("re\u{301}seau", "reseau"),
            ("customers' cards", "customers-cards"),
            ("🔥🔥", "7"),
            ("", "7"),
            ("--__--", "7"),
            (
                "The whole of the checkout is failing for everyone",
                "the-whole-of-the-checkout-is-failing-for",
            ),
            (
                "A database of unpronounceableness and more of it",
                "a-database-of-unpronounceableness-and",
            ),
        ] {
            assert_eq!(first(NOV_21, about, &[], 7), format!("inc-20261121-{slug}"));
        }
    }

    #[test]
    fn the_first_service_names_it() {
        let services = ["checkout-api".to_owned(), "web".to_owned()];
        assert_eq!(
            first(NOV_21, "Errors", &services, 7),
            "inc-20261121-checkout-api"
        );
        assert_eq!(
            first(NOV_21, "Errors", &["!".to_owned()], 7),
            "inc-20261121-errors"
        );
    }

    #[test]
    fn seed_defect_8_a_long_name_of_many_bytes_is_cut_between_characters() {
        for title in [
            "決".repeat(100),
            "é".repeat(41),
            format!("a{}", "ß".repeat(80)),
        ] {
            let name = first(NOV_21, &title, &[], 1);
            let slug = name.strip_prefix("inc-20261121-").unwrap();
            assert_eq!(slug.chars().count(), MAX_SLUG);
            assert!(title.starts_with(slug) && is_valid(&name));
        }
    }

    #[test]
    fn a_taken_name_gets_the_ids_own_digits() {
        let (one, two) = (
            IncidentId::new(NOV_21, "one"),
            IncidentId::new(NOV_21, "other"),
        );
        let name = first(NOV_21, "Errors", &["api".to_owned()], 1);
        let (made, second) = (other(&name, &one), other(&name, &two));
        assert_eq!(made, other(&name, &one));
        assert_ne!(made, second);
        let digits = made.strip_prefix("inc-20261121-api-").unwrap();
        assert!(digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn a_rename_keeps_the_prefix() {
        let cases = [
            (
                "inc-20261121-api",
                "Disk full!",
                Some("inc-20261121-disk-full"),
            ),
            (
                "inc-20261121-api",
                "inc-20261121-disk",
                Some("inc-20261121-disk"),
            ),
            (
                "inc-20261121-api-0a1b2c3d",
                "ディスク",
                Some("inc-20261121-ディスク"),
            ),
            ("war-room", "Disk", Some("disk")),
            ("inc-2026112-api", "Disk", Some("disk")),
            ("inc-20261121-api", "!!!", None),
        ];
        for (name, wish, renamed_to) in cases {
            assert_eq!(renamed(name, wish).as_deref(), renamed_to, "{name} {wish}");
        }
    }

    proptest! {
        #[test]
        fn any_title_makes_a_name_that_slack_takes(title in "\\PC{0,120}", wish in "[A-ZÄßİŒ決_ '\u{301}🔥-]{0,60}", number in 1u32..) {
            let id = IncidentId::new(NOV_21, &title);
            for about in [&title, &wish] {
                let name = first(NOV_21, about, &[], number);
                prop_assert!(is_valid(&name), "{}", name);
                let slug = name.strip_prefix("inc-20261121-").unwrap();
                prop_assert!((1..=MAX_SLUG).contains(&slug.chars().count()));
                let taken = other(&name, &id);
                prop_assert!(is_valid(&taken), "{}", taken);
                if let Some(renamed) = renamed(&taken, about) {
                    prop_assert!(is_valid(&renamed) && renamed.starts_with("inc-20261121-"), "{}", renamed);
                }
            }
        }
    }
}
