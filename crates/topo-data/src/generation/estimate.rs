//! How long a generation will take.

use std::{ops::ControlFlow, time::Instant};

use topo_simp::{Grid, Optimizer, Options};

use super::{choice::choose, shard::Shard, spec::GenerateSpec};
use crate::error::Result;

/// Elements times iterations that no machine takes an hour for.
const QUICK: f64 = 1e9;
/// Iterations of the trial; the first one is not counted.
const TRIAL: usize = 3;

/// Seconds that a part of a generation takes at most, by the first iterations of one design; 0 if
/// that is surely less than an hour.
///
/// # Errors
///
/// As [`generate`](super::generate()) before its first design.
pub fn expected_seconds(spec: &GenerateSpec, shard: Shard) -> Result<f64> {
    let family = spec.validate()?;
    let problems = spec.problems.unwrap_or_else(|| family.problems()) as f64;
    let jobs = problems * spec.variants as f64 / shard.count() as f64;
    let of_stages = spec.iterations + spec.sharpen_iterations + spec.crisp_iterations;
    let iterations = jobs * spec.keep_iterates.unwrap_or(of_stages) as f64;
    let elements = (spec.height * spec.width) as f64;
    if iterations * elements < QUICK {
        return Ok(0.0);
    }
    let one = GenerateSpec { problems: Some(1), ..spec.clone() };
    let chosen = choose(&one, &family)?;
    let Some(&problem) = chosen.groups.keys().next() else { return Ok(0.0) };
    let task = family.problem(problem, spec.height, spec.width)?;
    let options = Options {
        max_iterations: TRIAL,
        tolerance: 0.0,
        solver: spec.solver,
        ..Options::top88(spec.filter, spec.filter_radius(0))
    };
    let mut optimizer = Optimizer::new(Grid { nelx: spec.width, nely: spec.height })?;
    let (mut first, mut last) = (None, None);
    optimizer.optimize_with(&task, &options, |_| {
        let now = Instant::now();
        (first, last) = (first.or(Some(now)), Some(now));
        ControlFlow::Continue(())
    })?;
    let Some((first, last)) = first.zip(last) else { return Ok(0.0) };
    let of_iteration = (last - first).as_secs_f64() / (TRIAL - 1) as f64;
    Ok(iterations * of_iteration / rayon::current_num_threads() as f64)
}
