//! From a specification to a data-set folder: all jobs in parallel, then the selection, then the
//! files.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    candidate::{Candidate, Maker},
    error::{Result, TopoDataError},
    family::Family,
    log::{Header, Log, Outcome},
    problems::{Chosen, choose},
    select::{Verdict, select},
    shard::Shard,
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
    /// Draws that were no well-posed problem, by reason.
    pub rejected: BTreeMap<String, usize>,
    /// Designs that were tried: one per problem and variant, or all their iterates.
    pub candidates: usize,
    /// Designs in the data set.
    pub kept: usize,
    /// Designs dropped because their compliance after the cut was too far above the best of their
    /// problem.
    pub weak: usize,
    /// Designs dropped because the cut to 0/1 multiplied their compliance by more than allowed.
    pub cut_away: usize,
    /// Designs dropped because the cut left them in several pieces.
    pub broken: usize,
    /// Designs dropped because they nearly equal a kept variant of their problem, or are a kept
    /// design of another problem.
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

/// What a part of a generation made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardReport {
    /// The file that [`merge`] takes.
    pub path: PathBuf,
    /// Which part.
    pub shard: Shard,
    /// Problems of this part.
    pub problems: usize,
    /// Jobs of this part: one per problem and variant.
    pub jobs: usize,
    /// Jobs that gave no design.
    pub failures: Vec<Failure>,
    /// Wall-clock seconds of this run.
    pub seconds: f64,
}

/// Makes the data set of a specification and writes it into a new folder.
///
/// Runs on the current rayon thread pool, one design per thread. The observer is called after each
/// design, from any thread; if it returns [`ControlFlow::Break`], the generation stops. Finished
/// jobs are kept in a log beside the folder, `OUT.jobs.jsonl`, so that the same call goes on after
/// a stop or a crash, and ends in the same bytes as one that ran through; the log is removed once
/// the folder is complete.
///
/// # Errors
///
/// [`TopoDataError::Exists`] if the folder is there, an error of [`GenerateSpec::validate`] or of
/// the log, [`TopoDataError::Stopped`] if the observer asked for it,
/// [`TopoDataError::NothingKept`], or that of the data-set writer. A job that fails is no error;
/// the report lists it.
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
/// let dropped = report.weak + report.cut_away + report.broken + report.duplicates;
/// assert_eq!(report.kept + dropped, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generate(
    spec: &GenerateSpec,
    out: &Path,
    observer: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<GenerateReport> {
    let started = Instant::now();
    if out.exists() {
        return Err(TopoDataError::Exists { path: out.to_owned() });
    }
    let plan = Plan::new(spec, Shard::WHOLE)?;
    let book = plan.run(out, observer)?;
    let report = plan.write(book.outcomes, out, started)?;
    book.log.remove()?;
    Ok(report)
}

/// Makes one part of a generation: the candidates of every `count`-th problem, in one file beside
/// `out`, which [`merge`] takes.
///
/// Everything else is as in [`generate`]; an interrupted part goes on with the same call, and a
/// complete one is left as it is.
///
/// # Errors
///
/// As [`generate`].
pub fn generate_shard(
    spec: &GenerateSpec,
    shard: Shard,
    out: &Path,
    observer: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<ShardReport> {
    let started = Instant::now();
    let plan = Plan::new(spec, shard)?;
    let book = plan.run(out, observer)?;
    let problems: BTreeSet<usize> = book.outcomes.keys().map(|(problem, _)| *problem).collect();
    Ok(ShardReport {
        path: Log::path_for(out, shard),
        shard,
        problems: problems.len(),
        jobs: book.outcomes.len(),
        failures: failures(book.outcomes.into_values()),
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Puts all parts of a generation together: the same bytes as those of the undivided generation.
///
/// # Errors
///
/// [`TopoDataError::Exists`], [`TopoDataError::NoShard`], [`TopoDataError::OtherGeneration`] if
/// parts are of different specifications, [`TopoDataError::ShardTwice`],
/// [`TopoDataError::MissingShards`], [`TopoDataError::UnfinishedShard`], or as [`generate`].
pub fn merge(parts: &[PathBuf], out: &Path) -> Result<GenerateReport> {
    let started = Instant::now();
    if out.exists() {
        return Err(TopoDataError::Exists { path: out.to_owned() });
    }
    let mut first: Option<(Header, Plan)> = None;
    let mut found = BTreeSet::new();
    let mut outcomes = BTreeMap::new();
    for path in parts {
        let (header, part) = Log::read(path)?;
        let shard = header.shard;
        if first.is_none() {
            let plan = Plan::new(&header.spec, Shard::WHOLE)?;
            first = Some((header.clone(), plan));
        }
        let Some((expected, plan)) = &first else { continue };
        let same_count = shard.count() == expected.shard.count();
        if !same_count || header != Header::new(&expected.spec, &plan.family, shard) {
            return Err(TopoDataError::OtherGeneration { path: path.clone() });
        }
        if !found.insert(shard.index()) {
            return Err(TopoDataError::ShardTwice { path: path.clone(), index: shard.index() });
        }
        let part: BTreeMap<_, _> = part.into_iter().map(|o| (o.key(), o)).collect();
        let jobs = plan.jobs(shard);
        let done = jobs.iter().filter(|job| part.contains_key(job)).count();
        if done < jobs.len() {
            let (path, total) = (path.clone(), jobs.len());
            return Err(TopoDataError::UnfinishedShard { path, done, total });
        }
        outcomes.extend(part);
    }
    let Some((header, plan)) = first else {
        return Err(TopoDataError::MissingShards { missing: vec![1], count: 1 });
    };
    let count = header.shard.count();
    let missing: Vec<usize> = (1..=count).filter(|index| !found.contains(index)).collect();
    if !missing.is_empty() {
        return Err(TopoDataError::MissingShards { missing, count });
    }
    plan.write(outcomes, out, started)
}

/// Name and version of this library, for `dataset.json`.
pub(crate) fn generator() -> String {
    format!("topo-data {}", env!("CARGO_PKG_VERSION"))
}

/// What is to be made.
struct Plan {
    spec: GenerateSpec,
    family: Family,
    shard: Shard,
    chosen: Chosen,
}

/// Outcomes by problem and variant.
type Outcomes = BTreeMap<(usize, usize), Outcome>;

impl Plan {
    fn new(spec: &GenerateSpec, shard: Shard) -> Result<Self> {
        let family = spec.validate()?;
        let chosen = choose(spec, &family)?;
        Ok(Self { spec: spec.clone(), family, shard, chosen })
    }

    /// The jobs of a part, problem by problem.
    fn jobs(&self, shard: Shard) -> Vec<(usize, usize)> {
        let problems = self.chosen.groups.keys().enumerate();
        let of_shard = problems.filter(|&(position, _)| shard.holds(position));
        of_shard
            .flat_map(|(_, &problem)| (0..self.spec.variants).map(move |v| (problem, v)))
            .collect()
    }

    /// Does what the log does not hold yet.
    fn run(
        &self,
        out: &Path,
        observer: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
    ) -> Result<Book> {
        if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            let io = |source| TopoDataError::Io { verb: "create", path: parent.to_owned(), source };
            std::fs::create_dir_all(parent).map_err(io)?;
        }
        let jobs = self.jobs(self.shard);
        let header = Header::new(&self.spec, &self.family, self.shard);
        let (log, replayed) = Log::open(Log::path_for(out, self.shard), &header)?;
        let failed = replayed.iter().filter(|o| matches!(o, Outcome::Failed { .. })).count();
        let outcomes: Outcomes =
            replayed.into_iter().map(|outcome| (outcome.key(), outcome)).collect();
        let mut left: Vec<_> =
            jobs.iter().filter(|job| !outcomes.contains_key(job)).copied().collect();
        // The same variant of all problems together: what is done after a while is spread over the
        // whole family.
        left.sort_by_key(|&(problem, variant)| (variant, problem));

        let replayed = outcomes.len();
        let book = Book { log, replayed, total: jobs.len(), outcomes, failed };
        let work = Work {
            spec: &self.spec,
            family: &self.family,
            observer,
            makers: Mutex::default(),
            book: Mutex::new(book),
        };
        work.observe()?;
        left.into_iter().par_bridge().try_for_each(|job| work.run(job))?;
        Ok(work.book.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Selects, and writes the folder.
    fn write(&self, outcomes: Outcomes, out: &Path, started: Instant) -> Result<GenerateReport> {
        let failures = failures(outcomes.values().cloned());
        let candidates: Vec<Candidate> = outcomes
            .into_values()
            .flat_map(|outcome| match outcome {
                Outcome::Made(candidates) => candidates,
                Outcome::Failed { .. } => Vec::new(),
            })
            .collect();
        let selection = select(&candidates, &self.family, &self.spec)?;
        // The same design may be the answer to two problems, such as places of a load that snap to
        // one node.
        let mut seen = HashSet::new();
        let mut copies = 0;
        let mut kept: Vec<(&Candidate, f64)> = Vec::new();
        for (i, candidate) in candidates.iter().enumerate() {
            if selection.verdicts[i] != Verdict::Kept {
                continue;
            }
            if candidate.iterate.is_some() || seen.insert(&candidate.design) {
                kept.push((candidate, selection.ratios[i]));
            } else {
                copies += 1;
            }
        }
        let tried = candidates.len() + failures.len();
        if kept.is_empty() {
            let count = |verdict| selection.count(verdict);
            let mut why = format!(
                "{} too weak, {} not as stiff once cut, {} broken by the cut, {} failed",
                count(Verdict::Weak),
                count(Verdict::CutAway),
                count(Verdict::Broken),
                failures.len()
            );
            if let Some(first) = failures.first() {
                why = format!("{why}, the first because {}", first.reason);
            }
            return Err(TopoDataError::NothingKept { candidates: tried, why });
        }
        let groups: BTreeSet<_> =
            kept.iter().map(|(c, _)| self.chosen.groups[&c.problem]).collect();
        let report = GenerateReport {
            command: self.spec.command(),
            problems: self.chosen.groups.len(),
            rejected: self.chosen.rejected.clone(),
            candidates: tried,
            kept: kept.len(),
            weak: selection.count(Verdict::Weak),
            cut_away: selection.count(Verdict::CutAway),
            broken: selection.count(Verdict::Broken),
            duplicates: selection.count(Verdict::Duplicate) + copies,
            failures,
            groups: groups.len(),
            mean_greyness: kept.iter().map(|(c, _)| c.greyness).sum::<f64>() / kept.len() as f64,
            iterations: iterations(&candidates),
            seconds: started.elapsed().as_secs_f64(),
        };
        write(&self.spec, &self.family, &self.chosen.groups, &kept, &report, out)?;
        Ok(report)
    }
}

/// The jobs that gave no design.
fn failures(outcomes: impl Iterator<Item = Outcome>) -> Vec<Failure> {
    outcomes
        .filter_map(|outcome| match outcome {
            Outcome::Made(_) => None,
            Outcome::Failed { problem, variant, reason } => {
                Some(Failure { problem, variant, reason })
            }
        })
        .collect()
}

/// SIMP iterations in all; the last iterate counts for its run.
fn iterations(candidates: &[Candidate]) -> usize {
    let runs = candidates.chunk_by(|a, b| (a.problem, a.variant) == (b.problem, b.variant));
    runs.filter_map(|run| run.iter().map(|candidate| candidate.iterations).max()).sum()
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
    outcomes: Outcomes,
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
            let made = match self.spec.keep_iterates {
                Some(count) => maker.iterates(problem, variant, count),
                None => maker.make(problem, variant).map(|candidate| vec![candidate]),
            };
            self.makers.lock().unwrap_or_else(PoisonError::into_inner).push(maker);
            made
        });
        let outcome = match made {
            Ok(candidates) => Outcome::Made(candidates),
            Err(TopoDataError::Simp(error)) => {
                Outcome::Failed { problem, variant, reason: error.to_string() }
            }
            Err(other) => return Err(other),
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
