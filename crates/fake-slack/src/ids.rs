//! Ids in Slack's manner, made from the clock: unique, and increasing even while the clock stands.

use std::time::Duration;

use crate::world::World;

impl World {
    /// A number that is unique in this process and, because it follows the clock, across its restarts.
    pub(crate) fn tick(&mut self, now: Duration) -> u64 {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        self.last_tick = now.max(self.last_tick + 1);
        self.last_tick
    }

    /// A message id: unique, increasing, `seconds.micros`.
    pub(crate) fn next_ts(&mut self, now: Duration) -> String {
        let tick = self.tick(now);
        format!("{}.{:06}", tick / 1_000_000, tick % 1_000_000)
    }

    /// An id in Slack's manner: a prefix and capitals.
    pub(crate) fn next_id(&mut self, prefix: &str, now: Duration) -> String {
        format!("{prefix}{:0>11}", base36(self.tick(now)))
    }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        number /= 36;
    }
    digits.iter().rev().map(char::to_ascii_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FakeConfig;

    #[test]
    fn message_ids_are_unique_and_increase_while_the_clock_stands() {
        let now = Duration::from_secs(1_700_000_000);
        let mut world = World::seed(&FakeConfig::default(), now);
        let made: Vec<String> = (0..3).map(|_| world.next_ts(now)).collect();
        assert_eq!(
            made,
            [
                "1700000000.000000",
                "1700000000.000001",
                "1700000000.000002"
            ]
        );
    }
}
