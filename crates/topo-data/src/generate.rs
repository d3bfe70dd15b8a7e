//! From a specification to a data-set folder: all jobs in parallel, then the selection, then the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    candidate::{Candidate, Maker},
    error::{Result, TopoDataError},
    family::Family,
    log::{Log, Outcome},
    select::{Verdict, select},
    spec::GenerateSpec,
    write::write,
};

/// How far a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Jobs done, those of an earlier interrupted run included.
    pub done: usize,
    /// Jobs that an earlier interrupted run had done.
    pub replayed: usize,
    /// Jobs in all.
    pub total: usize,
    /// Jobs done that gave no design.
    pub failed: usize,
}

/// A job that gave no design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Number of the problem in its family.
    pub problem: usize,
    /// Number of the variant of that problem.
    pub variant: usize,
    /// The solver's words.
    pub reason: String,
}

/// What was made, and what was not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateReport {
    /// The command that makes this data set again.
    pub command: String,
    /// Problems of the family that were worked on.
    pub problems: usize,
    /// Designs that were tried: one per problem and variant.
    pub candidates: usize,
    /// Designs in the data set.
    pub kept: usize,
    /// Designs dropped because their compliance after the cut was too far above the best of their problem.
    pub weak: usize,
    /// Designs dropped because the cut left them in several pieces.
    pub broken: usize,
    /// Designs dropped because they nearly equal a kept variant of their problem.
    pub duplicates: usize,
    /// Jobs that gave no design.
    pub failures: Vec<Failure>,
    /// Groups among the kept designs.
    pub groups: usize,
    /// Mean over the kept designs of their mean `4 x (1 - x)`.
    pub mean_greyness: f64,
    /// SIMP iterations of all candidates.
    pub iterations: usize,
    /// Wall-clock seconds of this run.
    pub seconds: f64,
}

/// Makes the data set of a specification and writes it into a new folder.
///
/// Runs on the current rayon thread pool, one design per thread. The observer is called after each design, from any thread; if it returns
/// [`ControlFlow::Break`], the generation stops. Finished jobs are kept in a log beside the folder, `OUT.jobs.jsonl`, so that the same call
/// goes on after a stop or a crash, and ends in the same bytes as one that ran through; the log is removed once the folder is complete.
///
/// # Errors
///
/// [`TopoDataError::Exists`] if the folder is there, an error of [`GenerateSpec::validate`] or of the log,
/// [`TopoDataError::Stopped`] if the observer asked for it, [`TopoDataError::NothingKept`], or that of the data-set writer. A job that fails is
/// no error; the report lists it.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use topo_data::{GenerateSpec, generate};
///
/// let folder = tempfile::tempdir()?;
/// let spec = GenerateSpec {
///     height: 12,
///     width: 24,
///     variants: 2,
///     problems: Some(2),
///     filter_radii: vec![1.5],
///     ..GenerateSpec::for_family("cantilever")?
/// };
/// let report = generate(&spec, &folder.path().join("beams"), &|_| ControlFlow::Continue(()))?;
/// assert_eq!(report.candidates, 4);
/// assert_eq!(report.kept + report.weak + report.broken + report.duplicates, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generate(
    spec: &GenerateSpec,
    out: &Path,
    observer: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<GenerateReport> {
    let started = Instant::now();
    let family = spec.validate()?;
    if out.exists() {
        return Err(TopoDataError::Exists { path: out.to_owned() });
    }
    if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        let io = |source| TopoDataError::Io { verb: "create", path: parent.to_owned(), source };
        std::fs::create_dir_all(parent).map_err(io)?;
    }

    // What is to be done, what is done, what is left.
    let problems = chosen_problems(spec, &family);
    let jobs: Vec<(usize, usize)> = problems
        .iter()
        .flat_map(|&problem| (0..spec.variants).map(move |variant| (problem, variant)))
        .collect();
    let (log, replayed) = Log::open(Log::path_for(out), spec)?;
    let failed = replayed.iter().filter(|o| matches!(o, Outcome::Failed { .. })).count();
    let outcomes: BTreeMap<_, _> =
        replayed.into_iter().map(|outcome| (outcome.key(), outcome)).collect();
    let mut left: Vec<_> = jobs.iter().filter(|job| !outcomes.contains_key(job)).copied().collect();
    // One of each pair of mirror images first, and the same variant of all problems together: what is done after a while is spread
    // over the whole family.
    left.sort_by_key(|&(problem, variant)| (family.group(problem) != problem, variant, problem));

    // Optimize what is left.
    let work = Work {
        spec,
        family: &family,
        observer,
        makers: Mutex::default(),
        book: Mutex::new(Book {
            log,
            replayed: outcomes.len(),
            total: jobs.len(),
            outcomes,
            failed,
        }),
    };
    work.observe()?;
    left.into_iter().par_bridge().try_for_each(|job| work.run(job))?;

    // Select, write, clean up.
    let book = work.book.into_inner().unwrap_or_else(PoisonError::into_inner);
    let report = Harvest::from(book.outcomes).write(spec, &family, problems.len(), out, started)?;
    book.log.remove()?;
    Ok(report)
}

/// Name and version of this library, for `dataset.json`.
pub(crate) fn generator() -> String {
    format!("topo-data {}", env!("CARGO_PKG_VERSION"))
}

/// The problems of a specification, ascending.
fn chosen_problems(spec: &GenerateSpec, family: &Family) -> Vec<usize> {
    let mut all: Vec<usize> = (0..family.problems()).collect();
    let Some(wanted) = spec.problems else {
        return all;
    };
    let mut key = [0; 32];
    key[..8].copy_from_slice(b"problems");
    key[8..16].copy_from_slice(&spec.seed.to_le_bytes());
    let (chosen, _) = all.partial_shuffle(&mut ChaCha8Rng::from_seed(key), wanted);
    let mut chosen = chosen.to_vec();
    chosen.sort_unstable();
    chosen
}

/// What the threads of a generation share.
struct Work<'a> {
    spec: &'a GenerateSpec,
    family: &'a Family,
    observer: &'a (dyn Fn(Progress) -> ControlFlow<()> + Sync),
    /// Solvers at rest; there are never more than threads.
    makers: Mutex<Vec<Maker<'a>>>,
    book: Mutex<Book>,
}

/// What is written down as jobs finish.
struct Book {
    log: Log,
    outcomes: BTreeMap<(usize, usize), Outcome>,
    replayed: usize,
    total: usize,
    failed: usize,
}

impl Work<'_> {
    /// Does one job and writes it down.
    fn run(&self, (problem, variant): (usize, usize)) -> Result<()> {
        let resting = self.makers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let maker = resting.map_or_else(|| Maker::new(self.spec, self.family), Ok);
        let made = maker.and_then(|mut maker| {
            let made = maker.make(problem, variant);
            self.makers.lock().unwrap_or_else(PoisonError::into_inner).push(maker);
            made
        });
        let outcome = match made {
            Ok(candidate) => Outcome::Made(candidate),
            Err(error) => Outcome::Failed { problem, variant, reason: error.to_string() },
        };
        {
            let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            book.log.append(&outcome)?;
            book.failed += usize::from(matches!(outcome, Outcome::Failed { .. }));
            book.outcomes.insert(outcome.key(), outcome);
        }
        self.observe()
    }

    /// Tells the observer how far the work is.
    fn observe(&self) -> Result<()> {
        let progress = {
            let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            Progress {
                done: book.outcomes.len(),
                replayed: book.replayed,
                total: book.total,
                failed: book.failed,
            }
        };
        match (self.observer)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                Err(TopoDataError::Stopped { done: progress.done, total: progress.total })
            }
        }
    }
}

/// What the jobs gave.
struct Harvest {
    candidates: Vec<Candidate>,
    failures: Vec<Failure>,
}

impl From<BTreeMap<(usize, usize), Outcome>> for Harvest {
    fn from(outcomes: BTreeMap<(usize, usize), Outcome>) -> Self {
        let mut harvest = Self { candidates: Vec::new(), failures: Vec::new() };
        for outcome in outcomes.into_values() {
            match outcome {
                Outcome::Made(candidate) => harvest.candidates.push(candidate),
                Outcome::Failed { problem, variant, reason } => {
                    harvest.failures.push(Failure { problem, variant, reason });
                }
            }
        }
        harvest
    }
}

impl Harvest {
    /// Selects, and writes the folder.
    fn write(
        self,
        spec: &GenerateSpec,
        family: &Family,
        problems: usize,
        out: &Path,
        started: Instant,
    ) -> Result<GenerateReport> {
        let selection = select(&self.candidates, family, spec);
        let kept: Vec<(&Candidate, f64)> = self
            .candidates
            .iter()
            .zip(&selection.verdicts)
            .zip(&selection.ratios)
            .filter(|((_, verdict), _)| **verdict == Verdict::Kept)
            .map(|((candidate, _), &ratio)| (candidate, ratio))
            .collect();
        let candidates = self.candidates.len() + self.failures.len();
        if kept.is_empty() {
            let first = self.failures.first().map_or("none failed", |failure| &failure.reason);
            return Err(TopoDataError::NothingKept { candidates, first_failure: first.to_owned() });
        }
        let groups: BTreeSet<_> = kept.iter().map(|(c, _)| family.group(c.problem)).collect();
        let report = GenerateReport {
            command: spec.command(),
            problems,
            candidates,
            kept: kept.len(),
            weak: selection.count(Verdict::Weak),
            broken: selection.count(Verdict::Broken),
            duplicates: selection.count(Verdict::Duplicate),
            failures: self.failures,
            groups: groups.len(),
            mean_greyness: kept.iter().map(|(c, _)| c.greyness).sum::<f64>() / kept.len() as f64,
            iterations: self.candidates.iter().map(|candidate| candidate.iterations).sum(),
            seconds: started.elapsed().as_secs_f64(),
        };
        write(spec, family, &kept, &report, out)?;
        Ok(report)
    }
}
