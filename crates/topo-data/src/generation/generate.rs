//! The three ways of making a data set: all of it, one part, and all parts put together.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    log::{Header, Log},
    plan::{Plan, failures},
    report::{GenerateReport, Progress, ShardReport},
    shard::Shard,
    spec::GenerateSpec,
};
use crate::error::{Result, TopoDataError};

/// Makes the data set of a specification and writes it into a new folder. `command` is the text by
/// which the caller makes it again; report and data set carry it.
///
/// Runs on the current rayon thread pool, one design per thread. The observer is called before the
/// first design, in each of its iterations, and after each design, from any thread; if it returns
/// [`ControlFlow::Break`], the generation stops, without the designs that are under way. Finished
/// jobs are kept in a log beside the folder, `OUT.jobs.jsonl`, so that the same call continues
/// after a stop or a crash, and ends in the same bytes as one that ran through; the log is removed
/// once the folder is complete.
///
/// # Errors
///
/// [`TopoDataError::Exists`] if the folder is there, [`TopoDataError::Place`] if another process
/// makes it, an error of [`GenerateSpec::validate`] or of the log, [`TopoDataError::Stopped`] if
/// the observer asked for it,
/// [`TopoDataError::NothingKept`], or that of the data-set writer. A failed job is not an error;
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
/// let out = folder.path().join("beams");
/// let report = generate(&spec, "make beams", &out, &|_| ControlFlow::Continue(()))?;
/// assert_eq!(report.candidates, 4);
/// let dropped = report.weak + report.cut_away + report.broken + report.duplicates;
/// assert_eq!(report.kept + dropped, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generate(
    spec: &GenerateSpec,
    command: &str,
    out: &Path,
    observer: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<GenerateReport> {
    let started = Instant::now();
    let plan = Plan::new(spec, Shard::WHOLE)?;
    if out.exists() {
        // A process that was killed between the last two steps left the log of this folder.
        plan.remove_log(out);
        return Err(TopoDataError::Exists { path: out.to_owned() });
    }
    let book = plan.run(out, observer)?;
    let report = plan.write(book.outcomes, command.to_owned(), out, started)?;
    book.log.remove()?;
    Ok(report)
}

/// Makes one part of a generation: the candidates of every `count`-th problem, in one file beside
/// `out`, which [`merge`] takes.
///
/// Everything else is as in [`generate`]; an interrupted part continues with the same call, and a
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

/// Puts all parts of a generation together: the same bytes as those of the undivided generation, if
/// `command` gives the same text for the specification of the parts.
///
/// # Errors
///
/// [`TopoDataError::Exists`], [`TopoDataError::NoShard`], [`TopoDataError::OtherGeneration`] if
/// parts are of different specifications, [`TopoDataError::ShardTwice`],
/// [`TopoDataError::MissingShards`], [`TopoDataError::UnfinishedShard`], or as [`generate`].
pub fn merge(
    parts: &[PathBuf],
    command: impl FnOnce(&GenerateSpec) -> String,
    out: &Path,
) -> Result<GenerateReport> {
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
        let jobs = plan.jobs(shard);
        plan.check(path, &jobs, &part)?;
        let part: BTreeMap<_, _> = part.into_iter().map(|o| (o.key(), o)).collect();
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
    plan.write(outcomes, command(&header.spec), out, started)
}
