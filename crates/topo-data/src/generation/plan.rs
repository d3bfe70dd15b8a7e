//! What a generation has to do, and how its outcomes become a folder.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
    time::Instant,
};

use super::{
    candidate::Candidate,
    choice::{Chosen, choose},
    log::{Header, Log, Outcome},
    report::{Failure, GenerateReport},
    select::{Verdict, select},
    shard::Shard,
    spec::GenerateSpec,
    work::{self, Book, Observer, Outcomes},
    write::write,
};
use crate::{
    error::{Result, TopoDataError},
    families::Family,
};

/// What is to be made.
pub(super) struct Plan {
    spec: GenerateSpec,
    pub(super) family: Family,
    shard: Shard,
    chosen: Chosen,
}

impl Plan {
    pub(super) fn new(spec: &GenerateSpec, shard: Shard) -> Result<Self> {
        let family = spec.validate()?;
        let chosen = choose(spec, &family)?;
        Ok(Self { spec: spec.clone(), family, shard, chosen })
    }

    /// The jobs of a part, problem by problem.
    pub(super) fn jobs(&self, shard: Shard) -> Vec<(usize, usize)> {
        let problems = self.chosen.groups.keys().enumerate();
        let of_shard = problems.filter(|&(position, _)| shard.holds(position));
        of_shard
            .flat_map(|(_, &problem)| (0..self.spec.variants).map(move |v| (problem, v)))
            .collect()
    }

    /// Removes the log of a generation that is complete, if it is that of this plan.
    pub(super) fn remove_log(&self, out: &Path) {
        let path = Log::path_for(out, self.shard);
        let header = Header::new(&self.spec, &self.family, self.shard);
        if path.is_file()
            && let Ok((log, _)) = Log::open(path, &header)
        {
            let _ = log.remove();
        }
    }

    /// Refuses a log with an outcome that none of these jobs can have had.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::DamagedLog`].
    pub(super) fn check(
        &self,
        path: &Path,
        jobs: &[(usize, usize)],
        outcomes: &[Outcome],
    ) -> Result<()> {
        let jobs: HashSet<_> = jobs.iter().copied().collect();
        let fits = |outcome: &Outcome| outcome.fits(&self.spec) && jobs.contains(&outcome.key());
        match outcomes.iter().position(|outcome| !fits(outcome)) {
            None => Ok(()),
            Some(position) => Err(TopoDataError::DamagedLog {
                path: path.to_owned(),
                line: position + 2,
                reason: "no job of this generation has that outcome; remove the line".to_owned(),
            }),
        }
    }

    /// Does what the log does not hold yet.
    pub(super) fn run(&self, out: &Path, observer: &Observer<'_>) -> Result<Book> {
        if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            let io = |source| TopoDataError::Io { verb: "create", path: parent.to_owned(), source };
            std::fs::create_dir_all(parent).map_err(io)?;
        }
        let jobs = self.jobs(self.shard);
        let header = Header::new(&self.spec, &self.family, self.shard);
        let path = Log::path_for(out, self.shard);
        let (log, replayed) = Log::open(path.clone(), &header)?;
        self.check(&path, &jobs, &replayed)?;
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
        work::run(&self.spec, &self.family, observer, book, left)
    }

    /// Selects, and writes the folder.
    pub(super) fn write(
        &self,
        outcomes: Outcomes,
        command: String,
        out: &Path,
        started: Instant,
    ) -> Result<GenerateReport> {
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
            command,
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
pub(super) fn failures(outcomes: impl Iterator<Item = Outcome>) -> Vec<Failure> {
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
