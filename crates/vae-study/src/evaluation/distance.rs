//! How far the problems of designs lie from those that a model was trained on.

use serde::Serialize;
use topo_data::{Outcome, median};
use vae_data::{FieldMaps, Mirror, mirror_fields};

use crate::distance::{coarse, squared, values};
use crate::run::Run;

/// Parts of the designs, from near to far.
const PARTS: usize = 3;

/// New designs for problems at some distance from the training problems.
#[derive(Clone, Debug, Serialize)]
pub struct AtDistance {
    /// Smallest and largest distance of their problems: the root mean square difference between
    /// the maps of a problem and those of the nearest training problem.
    pub distances: [f64; 2],
    /// Test designs whose problems lie there.
    pub designs: usize,
    /// Share of the new designs that fails.
    pub failure_rate: f64,
    /// Median compliance error of the new designs.
    pub ce_median: f64,
}

/// The distance of the problem of each of some designs from the nearest training problem, mirror
/// images that the training saw included; `None` if the model is not told problems.
pub(super) fn distances(run: &Run, indices: &[usize]) -> Option<Vec<f64>> {
    let fields = run.data.fields()?;
    let width = run.data.width();
    let mut trained: Vec<usize> =
        run.split.train.iter().map(|&design| fields.problem_of(design)).collect();
    trained.sort_unstable();
    trained.dedup();
    let mirrors = run.config.data.augment.mirrors(&run.data);
    let known: Vec<Vec<f32>> = trained
        .iter()
        .flat_map(|&problem| images(fields, problem, &mirrors, width))
        .map(|maps| coarse(&maps, run.data.height(), width))
        .collect();
    let distance = |design: &usize| {
        let maps = coarse(&values(fields.of_design(*design)), run.data.height(), width);
        let nearest = known.iter().map(|other| squared(&maps, other)).fold(f64::INFINITY, f64::min);
        (nearest / maps.len() as f64).sqrt()
    };
    Some(indices.iter().map(distance).collect())
}

/// Outcomes of several draws for each design, in parts of about equal size by distance.
pub(super) fn by_distance(distances: &[f64], draws: &[Vec<Option<Outcome>>]) -> Vec<AtDistance> {
    let mut order: Vec<usize> = (0..distances.len()).collect();
    order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
    let n = order.len();
    let parts = (0..PARTS).map(|part| &order[part * n / PARTS..(part + 1) * n / PARTS]);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| {
            let found: Vec<&Outcome> = draws
                .iter()
                .flat_map(|draw| part.iter().filter_map(|&design| draw[design].as_ref()))
                .collect();
            let failed = found.iter().filter(|outcome| outcome.fails()).count();
            AtDistance {
                distances: [distances[part[0]], distances[part[part.len() - 1]]],
                designs: part.len(),
                failure_rate: failed as f64 / found.len().max(1) as f64,
                ce_median: median(found.iter().map(|outcome| outcome.error).collect())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// The maps of a problem and of all its mirror images.
fn images(fields: &FieldMaps, problem: usize, mirrors: &[Mirror], width: usize) -> Vec<Vec<f32>> {
    let mut images = vec![values(fields.maps(problem))];
    for &mirror in mirrors {
        for known in 0..images.len() {
            let mut maps = images[known].clone();
            mirror_fields(fields.channels(), mirror, &mut maps, width);
            images.push(maps);
        }
    }
    images
}

#[cfg(test)]
mod tests {
    use topo_data::Judge;
    use topo_simp::{Grid, Problem};

    use super::*;

    #[test]
    fn every_design_is_in_one_part_and_far_ones_are_in_the_last() {
        let grid = Grid { nelx: 8, nely: 4 };
        let bar = ndarray::Array2::from_shape_fn((4, 8), |(row, _)| f32::from(u8::from(1 < row)));
        let problem = Problem::cantilever(grid, 0.5);
        let judgement = Judge::new(grid).unwrap().judge(&problem, bar.view()).unwrap();
        let outcome = |error| Some(Outcome { judgement: judgement.clone(), error });
        let distances = [0.5, 0.1, 0.3, 0.0, 0.2, 0.4, 0.6];
        let draw: Vec<_> =
            distances.iter().map(|d| outcome(if 0.4 < *d { 2.0 } else { *d })).collect();
        let parts = by_distance(&distances, &[draw.clone(), draw]);
        assert_eq!(parts.iter().map(|part| part.designs).collect::<Vec<_>>(), [2, 2, 3]);
        let bounds = |part: usize| format!("{:?}", parts[part].distances);
        assert_eq!((bounds(0), bounds(2)), ("[0.0, 0.1]".into(), "[0.4, 0.6]".into()));
        assert!(parts[0].failure_rate.abs() < 1e-12);
        assert!((parts[2].failure_rate - 2.0 / 3.0).abs() < 1e-12);
        assert!((parts[1].ce_median - 0.25).abs() < 1e-12);
        assert!(by_distance(&[], &[Vec::new()]).is_empty());
    }
}
