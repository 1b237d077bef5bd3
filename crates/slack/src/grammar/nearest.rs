//! The word that somebody may have meant.

/// Letters of a mistyped word that are compared.
const COMPARED: usize = 24;

/// The name that a mistyped word is nearest to: one slip away, or two for a word of more than four letters. The first of each pair
/// is a word that people type, and the second the name that is answered for it.
pub(super) fn nearest(
    word: &str,
    names: impl Iterator<Item = (&'static str, &'static str)>,
) -> Option<&'static str> {
    let word: Vec<char> = word.to_lowercase().chars().take(COMPARED).collect();
    let names = names.map(|(typed, name)| (distance(&word, typed), name));
    let (slips, name) = names.min_by_key(|(slips, _)| *slips)?;
    let borne = if word.len() > 4 { 2 } else { 1 };
    (slips <= borne).then_some(name)
}

/// How many letters have to be added, left out, changed or swapped with the next to make one word of another.
fn distance(word: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=name.len()).collect()];
    for (i, c) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, d) in name.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(c != d)).min(rows[i][j + 1] + 1);
            best = best.min(row[j] + 1);
            if i > 0 && j > 0 && *c == name[j - 1] && word[i - 1] == *d {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[word.len()][name.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nearest_of(word: &str) -> Option<&'static str> {
        let names = ["resolve", "reopen", "role"];
        nearest(word, names.into_iter().map(|name| (name, name)))
    }

    #[test]
    fn slips_are_borne_and_other_words_are_not() {
        for slip in [
            "resolv", "resolvee", "resovle", "rezolve", "RESOLVE", "reslvoe",
        ] {
            assert_eq!(nearest_of(slip), Some("resolve"), "{slip}");
        }
        assert_eq!(nearest_of("rolle"), Some("role"));
        for other in ["", "paint", "re", "xyz"] {
            assert_eq!(nearest_of(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_distance_is_nothing_for_the_same_word_and_never_more_than_the_longer(a in "[a-c]{0,6}", b in "[a-c]{0,6}") {
            let letters: Vec<char> = a.chars().collect();
            let slips = distance(&letters, &b);
            prop_assert_eq!(slips == 0, a == b);
            prop_assert!(slips <= a.len().max(b.len()));
            prop_assert!(slips >= a.len().abs_diff(b.len()));
            let back: Vec<char> = b.chars().collect();
            prop_assert_eq!(distance(&back, &a), slips);
        }
    }
}
