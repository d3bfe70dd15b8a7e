//! Trying again after passing failures.

use std::time::Duration;

use crate::error::HubError;
use crate::event::{Event, Observer};

/// How often and after which waits something is tried again.
///
/// The waits are `first`, 2 · `first`, 4 · `first`, … up to `most`. They have no random part: one
/// person fetches one data set, and a failure can be repeated.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use vae_hub::Retry;
///
/// let retry = Retry { attempts: 4, first: Duration::from_secs(1), most: Duration::from_secs(3) };
/// let seconds: Vec<u64> = (1..4).map(|failures| retry.wait(failures).as_secs()).collect();
/// assert_eq!(seconds, [1, 2, 3]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// The first wait.
    pub first: Duration,
    /// The longest wait. A server that asks for a longer one is not asked again.
    pub most: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 5, first: Duration::from_secs(1), most: Duration::from_mins(2) }
    }
}

impl Retry {
    /// The wait after so many failures in a row.
    pub fn wait(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.most)
    }

    /// Calls `attempt` until it succeeds, fails for good, or has failed `attempts` times in a row
    /// without getting any further.
    pub(crate) fn run<T>(
        &self,
        observer: &mut Observer<'_>,
        mut attempt: impl FnMut(&mut Observer<'_>) -> Result<T, Failure>,
    ) -> Result<T, HubError> {
        let mut failures = 0;
        loop {
            let failure = match attempt(observer) {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            failures = if failure.got_further { 1 } else { failures + 1 };
            if !failure.passing || self.attempts <= failures {
                return Err(failure.error);
            }
            let asked = failure.asked.unwrap_or_default();
            if self.most < asked {
                return Err(failure.error);
            }
            let wait = asked.max(self.wait(failures));
            observer(Event::Waiting { reason: &failure.error, wait });
            std::thread::sleep(wait);
        }
    }
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: HubError,
    /// Whether another attempt may succeed.
    pub(crate) passing: bool,
    /// Whether it got further than all attempts before.
    pub(crate) got_further: bool,
    /// The wait that the server asked for.
    pub(crate) asked: Option<Duration>,
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self { passing: error.is_passing(), error, got_further: false, asked: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(attempts: u32) -> Retry {
        Retry { attempts, first: Duration::from_millis(1), most: Duration::from_millis(3) }
    }

    fn busy() -> HubError {
        HubError::Status { url: "http://x/".into(), status: 503, asked: None }
    }

    /// Runs attempts that end as listed; returns the outcome and the waits in milliseconds.
    fn run(attempts: u32, outcomes: Vec<Result<(), Failure>>) -> (Result<(), HubError>, Vec<u128>) {
        let mut waits = Vec::new();
        let mut outcomes = outcomes.into_iter();
        let outcome = retry(attempts).run(
            &mut |event| {
                if let Event::Waiting { wait, .. } = event {
                    waits.push(wait.as_millis());
                }
            },
            |_| outcomes.next().expect("no attempt too many"),
        );
        assert_eq!(outcomes.count(), 0, "no attempt too few");
        (outcome, waits)
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let (outcome, waits) = run(5, (0..4).map(|_| Err(busy().into())).chain([Ok(())]).collect());
        assert!(outcome.is_ok());
        assert_eq!(waits, [1, 2, 3, 3]);
        assert_eq!(Retry::default().wait(u32::MAX), Duration::from_mins(2));
    }

    #[test]
    fn it_ends_after_the_last_attempt() {
        let (outcome, waits) = run(2, vec![Err(busy().into()), Err(busy().into())]);
        assert!(matches!(outcome, Err(HubError::Status { status: 503, .. })));
        assert_eq!(waits, [1]);
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        let missing = HubError::Status { url: "http://x/".into(), status: 404, asked: None };
        let (outcome, waits) = run(5, vec![Err(missing.into())]);
        assert!(matches!(outcome, Err(HubError::Status { status: 404, .. })));
        assert!(waits.is_empty());
    }

    #[test]
    fn getting_further_starts_the_count_again() {
        let further = || Err(Failure { got_further: true, ..busy().into() });
        let (outcome, waits) = run(2, vec![further(), further(), further(), Ok(())]);
        assert!(outcome.is_ok());
        assert_eq!(waits, [1, 1, 1]);
    }

    #[test]
    fn a_server_may_ask_for_a_longer_wait_within_bounds() {
        let asked = |ms| Err(Failure { asked: Some(Duration::from_millis(ms)), ..busy().into() });
        let (outcome, waits) = run(4, vec![asked(2), asked(1), asked(3), Ok(())]);
        assert!(outcome.is_ok());
        assert_eq!(waits, [2, 2, 3]);
        // Who is told to come back in an hour does not ask before.
        let (outcome, waits) = run(4, vec![asked(3_600_000)]);
        assert!(outcome.is_err() && waits.is_empty(), "{waits:?}");
    }
}
