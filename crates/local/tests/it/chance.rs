//! Chance that a seed decides. What happens to one thing for the n-th time depends on the seed, the thing and n
//! alone, so that a world goes the same way however its tasks interleave.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

/// A source of chance.
pub(crate) struct Chance {
    seed: u64,
    seen: Mutex<BTreeMap<String, u64>>,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            seen: Mutex::default(),
        }
    }

    /// Any number.
    pub(crate) fn number(&self, what: &str) -> u64 {
        let mut seen = self.seen.lock().unwrap();
        let n = seen.entry(what.to_owned()).or_default();
        *n += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, what, *n).hash(&mut hasher);
        hasher.finish()
    }

    /// A number below `end`.
    pub(crate) fn below(&self, what: &str, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.number(what) % end).unwrap()
    }

    /// True so many times in a thousand.
    pub(crate) fn per_mille(&self, what: &str, times: usize) -> bool {
        self.below(what, 1000) < times
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&self, what: &str, of: &'a [T]) -> &'a T {
        &of[self.below(what, of.len())]
    }

    /// The same things in another order.
    pub(crate) fn shuffle<T>(&self, what: &str, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(what, end + 1));
        }
    }
}
