//! Many lengths of time in a few counters: how many fell into each bucket of a logarithmic scale, and their sum.

use std::collections::BTreeMap;

/// Buckets that a doubling of time is spread over: a percentile is exact to a fifth.
const BUCKETS_A_DOUBLING: f64 = 4.0;

/// The last bucket; it begins at 34 years.
const LAST: u32 = 120;

/// Lengths of time: their exact sum in milliseconds, and how many fell into each bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lengths {
    sum: i64,
    buckets: BTreeMap<u32, i64>,
}

impl Lengths {
    /// Adds `n` lengths of one bucket.
    pub(super) fn add(&mut self, bucket: u32, n: i64) {
        *self.buckets.entry(bucket).or_default() += n;
    }

    /// Adds to the sum of all lengths, in milliseconds.
    pub(super) fn add_sum(&mut self, ms: i64) {
        self.sum += ms;
    }

    /// The number of lengths.
    pub fn n(&self) -> i64 {
        self.buckets.values().sum()
    }

    /// Their mean in milliseconds, exact; `None` if there are none.
    pub fn mean(&self) -> Option<i64> {
        let n = self.n();
        (n > 0).then(|| self.sum / n)
    }

    /// The length in milliseconds that `percent` of a hundred do not exceed, by nearest rank; `None` if there are none.
    /// It is in the same bucket as the true one, and exact for a single length.
    pub fn percentile(&self, percent: u32) -> Option<i64> {
        let n = self.n();
        if n <= 1 {
            return (n == 1).then_some(self.sum);
        }
        let rank = (n * i64::from(percent.min(100)) + 99) / 100;
        let rank = rank.max(1);
        let mut below = 0;
        for (bucket, n) in &self.buckets {
            if *n > 0 && below + n >= rank {
                return Some(within(*bucket, rank - below, *n));
            }
            below += n;
        }
        None
    }
}

/// The length of the `rank`th of the `n` lengths in a bucket, as if they were spread evenly over it by their logarithms.
fn within(bucket: u32, rank: i64, n: i64) -> i64 {
    let number = |n: i64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let place = (number(rank) - 0.5) / number(n);
    let (first, next) = (from(bucket), from(bucket + 1));
    if bucket == 0 {
        return millis(place * f64::from(u32::try_from(next).unwrap_or(u32::MAX)) / 1000.0);
    }
    edge(f64::from(bucket) + place).clamp(first, next - 1)
}

/// The bucket of a length of time: bucket `n` begins at 2^(n/4) seconds; 0 begins at none.
pub(super) fn bucket(ms: i64) -> u32 {
    let mut bucket = 0;
    while bucket < LAST && from(bucket + 1) <= ms {
        bucket += 1;
    }
    bucket
}

/// Milliseconds at which a bucket begins.
pub(super) fn from(bucket: u32) -> i64 {
    if bucket == 0 {
        return 0;
    }
    edge(f64::from(bucket))
}

fn edge(place: f64) -> i64 {
    millis((place / BUCKETS_A_DOUBLING).exp2())
}

fn millis(seconds: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "2^31 seconds at most, in milliseconds"
    )]
    let ms = (seconds * 1000.0) as i64;
    ms
}
