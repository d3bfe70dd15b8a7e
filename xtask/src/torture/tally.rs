//! What was tried and what became of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::say;

/// Counts by subject and kind of torture.
#[derive(Default)]
pub(crate) struct Tally {
    rows: BTreeMap<(&'static str, String), Row>,
}

#[derive(Default)]
struct Row {
    tried: u64,
    /// Processes that were stopped before their end, or refused what they were given.
    met: u64,
    failures: u64,
    slowest: Duration,
}

impl Tally {
    /// Notes one attempt: whether the torture met the process, how long that took, and what is
    /// wrong, which is printed at once.
    pub(crate) fn note(
        &mut self,
        (kind, subject): (&'static str, &str),
        met: bool,
        took: Duration,
        failure: Option<String>,
    ) {
        let row = self.rows.entry((kind, subject.to_owned())).or_default();
        row.tried += 1;
        row.met += u64::from(met);
        row.slowest = row.slowest.max(took);
        if let Some(failure) = failure {
            row.failures += 1;
            say(&format!("FAILED: {kind}, {subject}: {failure}"));
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.rows.values().any(|row| 0 < row.failures)
    }

    pub(crate) fn print(&self, seed: u64, took: Duration) {
        say(&format!(
            "\n{:<14} {:<28} {:>7} {:>7} {:>9} {:>8}",
            "torture", "subject", "tried", "met", "slowest", "failures"
        ));
        let mut sums: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        for ((kind, subject), row) in &self.rows {
            say(&format!(
                "{kind:<14} {subject:<28} {:>7} {:>7} {:>7.1} s {:>8}",
                row.tried,
                row.met,
                row.slowest.as_secs_f64(),
                row.failures
            ));
            let sum = sums.entry(kind).or_default();
            *sum = (sum.0 + row.tried, sum.1 + row.met, sum.2 + row.failures);
        }
        for (kind, (tried, met, failures)) in sums {
            say(&format!("{kind:<14} {:<28} {tried:>7} {met:>7} {:>9} {failures:>8}", "all", ""));
        }
        say(&format!(
            "seed {seed}, {:.1} minutes; met: stopped before the end, or refused",
            took.as_secs_f64() / 60.0
        ));
    }
}
