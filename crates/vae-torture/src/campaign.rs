//! Many damaged files for one reader, and what it may not do with them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs};

use peak_alloc::PeakAlloc;

use crate::mutant::mutant;
use crate::random::Random;

/// Counts what every program that uses this crate takes.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The seed of campaigns that name no other.
pub const SEED: u64 = 20_261_125;

/// Cases of a campaign, unless the environment variable `VAE_TORTURE_CASES` says otherwise: few, so
/// that all campaigns together take seconds.
const CASES: u64 = 1000;
/// One reading takes no more memory than this, in megabytes, and no more time.
const MEGABYTES: f32 = 1024.0;
const LONGEST: Duration = Duration::from_secs(20);
/// A campaign ends after so many failures.
const ENOUGH: usize = 8;

/// Damaged files for one reader.
///
/// The environment variables `VAE_TORTURE_CASES` and `VAE_TORTURE_SEED` choose how many and which;
/// `VAE_TORTURE_SECONDS` lets every reader have as many as it reads in that time, so that quick
/// readers get more; `VAE_TORTURE_ONLY` names one case, to repeat a failure.
#[derive(Debug)]
pub struct Campaign {
    name: String,
    seeds: Vec<Vec<u8>>,
    share: u64,
}

/// What a campaign saw.
struct Seen {
    cases: u64,
    accepted: u64,
    slowest: (Duration, u64),
    most: (f32, u64),
    failures: Vec<String>,
}

impl Campaign {
    /// A campaign for the reader `name`, that begins at whole files.
    pub fn new(name: &str, seeds: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { name: name.to_owned(), seeds: seeds.into_iter().collect(), share: 1 }
    }

    /// With only one case in `share` of the usual number, for a reader that is slow.
    #[must_use]
    pub const fn one_in(mut self, share: u64) -> Self {
        self.share = share;
        self
    }

    /// Gives damaged files to `read`, which says whether it accepted them.
    ///
    /// # Panics
    /// If a whole file is refused; if `read` panics, takes too much memory, or takes too long. The
    /// message says how to repeat it, and the file is kept.
    #[expect(clippy::print_stdout, reason = "a test runner shows it to who asks for it")]
    pub fn run(&self, mut read: impl FnMut(&[u8]) -> bool) {
        for (number, whole) in self.seeds.iter().enumerate() {
            assert!(read(whole), "{}: the whole file {number} is refused", self.name);
        }
        let seed = from_environment("VAE_TORTURE_SEED").unwrap_or(SEED);
        let cases = (from_environment("VAE_TORTURE_CASES").unwrap_or(CASES) / self.share).max(1);
        let mut seen = Seen {
            cases: 0,
            accepted: 0,
            slowest: (Duration::ZERO, 0),
            most: (0.0, 0),
            failures: Vec::new(),
        };
        let only = from_environment("VAE_TORTURE_ONLY");
        let seconds = from_environment("VAE_TORTURE_SECONDS").map(Duration::from_secs);
        let range = match (only, seconds) {
            (Some(only), _) => only..only + 1,
            (None, Some(_)) => 0..u64::MAX,
            (None, None) => 0..cases,
        };
        let begun = Instant::now();
        for case in range {
            seen.cases += 1;
            self.case(seed, case, &mut read, &mut seen);
            let is_over = seconds.is_some_and(|seconds| seconds <= begun.elapsed());
            if is_over || ENOUGH <= seen.failures.len() {
                break;
            }
        }
        let Seen { cases, accepted, slowest, most, failures } = seen;
        println!(
            "{}: {cases} cases of seed {seed} in {:.0} s, {accepted} accepted, {} failures, \
             at most {:.0} MB (case {}) and {:.3} s (case {})",
            self.name,
            begun.elapsed().as_secs_f64(),
            failures.len(),
            most.0,
            most.1,
            slowest.0.as_secs_f64(),
            slowest.1
        );
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    /// One damaged file.
    fn case(&self, seed: u64, case: u64, read: &mut impl FnMut(&[u8]) -> bool, seen: &mut Seen) {
        let bytes = self.bytes(seed, case);
        let before = MEMORY.current_usage_as_mb();
        MEMORY.reset_peak_usage();
        let (begun, computed) = (Instant::now(), computing());
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        let took = match (computed, computing()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => begun.elapsed(),
        };
        let megabytes = MEMORY.peak_usage_as_mb() - before;
        if seen.slowest.0 < took {
            seen.slowest = (took, case);
        }
        if seen.most.0 < megabytes {
            seen.most = (megabytes, case);
        }
        let failure = match outcome {
            Err(payload) => Some(format!("it panics: {}", message(&*payload))),
            Ok(_) if MEGABYTES < megabytes => Some(format!("it takes {megabytes:.0} MB")),
            Ok(_) if LONGEST < took => Some(format!("it takes {:.0} s", took.as_secs_f64())),
            Ok(accepted) => {
                seen.accepted += u64::from(accepted);
                None
            }
        };
        if let Some(failure) = failure {
            let kept = self.keep(seed, case, &bytes);
            seen.failures.push(format!(
                "{}, case {case} of seed {seed}: {failure}; the file is {} \
                 (VAE_TORTURE_SEED={seed} VAE_TORTURE_ONLY={case} repeats it)",
                self.name,
                kept.display()
            ));
        }
    }

    /// The damaged file of a case.
    fn bytes(&self, seed: u64, case: u64) -> Vec<u8> {
        let mut random = Random::new(seed, case);
        let random = &mut random;
        let (whole, other) = (random.pick(&self.seeds), random.pick(&self.seeds));
        mutant(random, whole, other)
    }

    /// Writes a file for people to look at.
    fn keep(&self, seed: u64, case: u64, bytes: &[u8]) -> PathBuf {
        let folder = env::temp_dir().join("vae-torture");
        let path = folder.join(format!("{}-{seed}-{case}", self.name.replace([' ', '/'], "-")));
        // The message is more important than the file.
        let _ = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, bytes));
        path
    }
}

/// How long this process has computed, which does not depend on what else the machine does; `None`
/// where the system does not tell.
fn computing() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name in brackets; user and system in hundredths of a second.
    let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    let hundredths: Option<u64> = fields.map(|field| field.parse::<u64>().ok()).sum();
    hundredths.map(|hundredths| Duration::from_millis(10 * hundredths))
}

fn from_environment(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

/// What a panic said.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(read: impl FnMut(&[u8]) -> bool) -> String {
        let campaign = Campaign::new("test", [b"12 34".to_vec()]);
        let payload = catch_unwind(AssertUnwindSafe(|| campaign.run(read))).unwrap_err();
        message(&*payload).to_owned()
    }

    #[test]
    fn a_panic_is_found_and_its_file_kept() {
        let text = failure(|bytes| {
            assert!(bytes.starts_with(b"1"), "a file that does not begin well");
            true
        });
        assert!(text.contains("it panics: a file that does not begin well"), "{text}");
        let path = text.split("the file is ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(!fs::read(path).unwrap().starts_with(b"1"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn computing_is_counted() {
        let (begun, before) = (Instant::now(), computing().unwrap());
        while begun.elapsed() < Duration::from_secs(1) && computing().unwrap() == before {}
        assert!(before < computing().unwrap());
    }

    #[test]
    fn memory_is_counted() {
        let text =
            failure(|bytes| bytes == b"12 34" || 0 < Vec::<u8>::with_capacity(2 << 30).capacity());
        assert!(text.contains("it takes 2048 MB"), "{text}");
    }

    #[test]
    fn a_reader_that_refuses_whole_files_is_not_tested() {
        assert!(failure(|_| false).contains("the whole file 0 is refused"));
    }
}
