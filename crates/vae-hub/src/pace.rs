//! How slow a server may be.

use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

use thiserror::Error;

/// How fast a download has to go on, and how long it may take.
///
/// A server that sends a byte now and then is never silent, so waiting for more of an answer with
/// patience alone would not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bytes that have to come in each second, as a mean over `window`.
    pub least: u64,
    /// The time over which that mean is taken.
    pub window: Duration,
    /// The longest time that a whole record may take, with all attempts.
    pub total: Duration,
}

impl Default for Pace {
    /// A kilobyte per second over a minute, and a day in all.
    fn default() -> Self {
        let (minute, day) = (Duration::from_mins(1), Duration::from_hours(24));
        Self { least: 1000, window: minute, total: day }
    }
}

/// Why a body is not read any further.
#[derive(Clone, Copy, Debug, Error)]
pub(crate) enum Slow {
    /// Fewer bytes came than have to.
    #[error("too slow")]
    Rate,
    /// The time is over.
    #[error("too late")]
    Total,
}

/// A body that has to come fast enough.
pub(crate) struct Paced<R> {
    body: R,
    pace: Pace,
    deadline: Option<Instant>,
    /// When the present window began, and what came since.
    window: (Instant, u64),
}

impl<R> Paced<R> {
    pub(crate) fn new(body: R, pace: Pace, deadline: Option<Instant>) -> Self {
        Self { body, pace, deadline, window: (Instant::now(), 0) }
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.body.read(out)?;
        let (began, bytes) = (self.window.0, self.window.1 + n as u64);
        self.window.1 = bytes;
        if n == 0 {
            return Ok(0);
        }
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(io::Error::new(ErrorKind::TimedOut, Slow::Total));
        }
        let passed = began.elapsed();
        if self.pace.window <= passed {
            if (bytes as f64) < self.pace.least as f64 * passed.as_secs_f64() {
                return Err(io::Error::new(ErrorKind::TimedOut, Slow::Rate));
            }
            self.window = (Instant::now(), 0);
        }
        Ok(n)
    }
}
