//! How far problems lie from each other, and which designs were made for the nearest ones.

use topo_data::fields_of;
use topo_simp::Problem;
use vae_data::ProblemMaps;

use crate::error::Result;
use crate::run::{Run, field_recipe};

/// Of the maps every fourth row and column is compared.
const STRIDE: usize = 4;

/// The maps of a problem at every [`STRIDE`]-th row and column.
pub(crate) fn coarse(maps: &[f32], height: usize, width: usize) -> Vec<f32> {
    let maps = maps.chunks_exact(height * width);
    let rows = maps.flat_map(|map| map.chunks_exact(width).step_by(STRIDE));
    rows.flat_map(|row| row.iter().step_by(STRIDE).copied()).collect()
}

/// All values of the maps of a problem, one map after the other, row by row.
pub(crate) fn values(maps: &ProblemMaps) -> Vec<f32> {
    let (channels, height, width) = maps.shape();
    let mut values = vec![0.0; channels * height * width];
    maps.read_into(&mut values);
    values
}

/// Sum of squared differences.
pub(crate) fn squared(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Positions of the designs of a run's data that were made for the problems nearest to this one, at
/// most `count`: by the maps of the problems, or by what the model is told where the data have no
/// maps, or by volume where it is told nothing.
pub(crate) fn nearest_designs(
    run: &Run,
    problem: &Problem,
    conditions: &[f32],
    count: usize,
) -> Result<Vec<usize>> {
    let n = run.data.len();
    let known = (run.data.fields(), field_recipe(run.vae.config())?);
    let distances: Vec<f64> = if let (Some(fields), Some(recipe)) = known {
        let (height, width) = (run.data.height(), run.data.width());
        let here = coarse(&values(&fields_of(recipe, problem)?), height, width);
        let distance =
            |problem: usize| squared(&here, &coarse(&values(fields.maps(problem)), height, width));
        let distances: Vec<f64> = (0..fields.problems()).map(distance).collect();
        (0..n).map(|design| distances[fields.problem_of(design)]).collect()
    } else {
        by_conditions(run, conditions, problem.volume_fraction)?
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
    order.truncate(count);
    Ok(order)
}

/// The distance of each design by what the model is told, in standard deviations, or by volume.
fn by_conditions(run: &Run, conditions: &[f32], volume: f64) -> Result<Vec<f64>> {
    let told = &run.vae.config().conditions;
    let mut distances = vec![0.0; run.data.len()];
    for (condition, &here) in told.iter().zip(conditions) {
        let values = run.data.condition(&condition.name)?;
        for (distance, value) in distances.iter_mut().zip(values) {
            *distance += (f64::from(value - here) / condition.std.max(f64::MIN_POSITIVE)).powi(2);
        }
    }
    if told.is_empty() {
        let mut cells = vec![0.0; run.data.design_len()];
        for (design, distance) in distances.iter_mut().enumerate() {
            run.data.read_into(&[design], &mut cells)?;
            let mean = cells.iter().map(|&x| f64::from(x)).sum::<f64>() / cells.len() as f64;
            *distance = (mean - volume).abs();
        }
    }
    Ok(distances)
}
