//! Chance that a seed decides. What happens to one thing for the n-th time depends on the seed, the thing and n
//! alone, so that a world goes the same way however its tasks interleave. Every run of the tests has the same seeds, unless
//! the environment names another.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Mutex;

/// Names the first seed; 0 without it.
const SEED: &str = "TIDEGATE_SEED";

/// The seeds of `count` worlds.
pub fn seeds(count: u64) -> Range<u64> {
    let first = std::env::var(SEED).map_or(0, |seed| seed.parse().unwrap());
    first..first + count
}

/// A source of chance.
pub struct Chance {
    seed: u64,
    seen: Mutex<BTreeMap<String, u64>>,
}

impl Chance {
    /// Chance that depends on this seed alone.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            seen: Mutex::default(),
        }
    }

    /// Any number of 64 bits.
    pub fn number(&self, what: &str) -> u64 {
        let mut seen = self.seen.lock().unwrap();
        let n = seen.entry(what.to_owned()).or_default();
        *n += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, what, *n).hash(&mut hasher);
        hasher.finish()
    }

    /// A number below `end`.
    pub fn below(&self, what: &str, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.number(what) % end).unwrap()
    }

    /// True so many times in a thousand.
    pub fn per_mille(&self, what: &str, times: usize) -> bool {
        self.below(what, 1000) < times
    }

    /// Draws one of several choices.
    pub fn pick<'a, T>(&self, what: &str, of: &'a [T]) -> &'a T {
        &of[self.below(what, of.len())]
    }

    /// Brings things into another order.
    pub fn shuffle<T>(&self, what: &str, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(what, end + 1));
        }
    }
}

/// Says with which seed a test has failed.
impl Drop for Chance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed with {SEED}={}", self.seed);
        }
    }
}

/// `.cargo/config.toml` says so, for `cargo test` anywhere in the workspace.
#[test]
fn property_tests_are_the_same_in_every_run() {
    use proptest::test_runner::{Config, RngSeed};

    let config = Config::default();
    assert!(
        matches!(config.rng_seed, RngSeed::Fixed(_)),
        "run the tests by `cargo test`, or set PROPTEST_RNG_SEED"
    );
    assert!(config.failure_persistence.is_none());
}
