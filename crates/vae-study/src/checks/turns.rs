//! Whether designs fit their problem better when they are turned.

use ndarray::Array2;
use topo_data::StatedProblems;
use topo_simp::{Optimizer, PENALTY, Problem, SimpError};
use vae_base::spread;
use vae_data::{DataSet, Turn};

use crate::error::Result;
use crate::run::stored_one;

/// Elements of all designs that are solved for in one orientation.
const ELEMENTS: usize = 60_000;
/// Fewest and most designs that are turned.
const DESIGNS: (usize, usize) = (3, 12);
/// Designs larger than this are not turned: solving for them takes too long.
const LARGEST: usize = 1 << 16;
/// How much stiffer a turned design is, at least, if it counts as fitting better.
const STIFFER: f64 = 1.5;
/// Turns whose geometric means differ by less than this factor fit alike.
const ALIKE: f64 = 1.02;

/// A turn that makes most designs stiffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Better {
    pub(super) turn: Turn,
    /// Median of how many times stiffer a design is.
    pub(super) times: f64,
    /// Number of designs that are stiffer by a clear factor.
    pub(super) stiffer: usize,
    pub(super) looked_at: usize,
    /// Geometric mean of how many times stiffer a design is, as a logarithm: unlike the median it
    /// sees the few designs that are not their own mirror images.
    mean_log: f64,
}

/// The turn under which most designs carry the loads of their problem clearly better than as they
/// are; `None` if there is none. Designs that lie on their side cannot be solved for as they are,
/// and the turn under which they are stiffest is taken.
pub(super) fn better_turn(data: &DataSet, stated: &StatedProblems) -> Result<Option<Better>> {
    let size = (data.height(), data.width());
    if LARGEST < data.design_len() {
        return Ok(None);
    }
    let grid = stated.problem(0).grid;
    let fits = |(height, width): (usize, usize)| (height, width) == (grid.nely, grid.nelx);
    let turns = Turn::ALL.map(|(turn, _)| turn).into_iter().filter(|turn| fits(turn.size(size)));
    let turns: Vec<Turn> = turns.collect();
    let n = (ELEMENTS / data.design_len()).clamp(DESIGNS.0, DESIGNS.1);
    let mut optimizer = Optimizer::new(grid)?;
    // Of each turn, how many times stiffer each design becomes.
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); turns.len()];
    for index in spread(data.len(), n) {
        let problem = stated.problem(index);
        let design = stored_one(data, index)?.mapv(f64::from);
        let upright = if fits(size) {
            compliance(&mut optimizer, problem, &design)?
        } else {
            // Whatever it is, all turns are compared with it.
            1.0
        };
        for (turn, times) in turns.iter().zip(&mut times) {
            times.push(upright / compliance(&mut optimizer, problem, &turned(&design, *turn))?);
        }
    }
    let judged = turns.into_iter().zip(times).map(|(turn, mut times)| {
        let (stiffer, looked_at) = (times.iter().filter(|&&t| STIFFER < t).count(), times.len());
        times.sort_by(f64::total_cmp);
        let mean_log = times.iter().map(|times| times.ln()).sum::<f64>() / looked_at as f64;
        Better { turn, times: times[looked_at / 2], stiffer, looked_at, mean_log }
    });
    let judged: Vec<Better> = judged.collect();
    let most = judged.iter().map(|better| better.mean_log).fold(f64::NEG_INFINITY, f64::max);
    // Of turns that fit alike, the first is the likeliest.
    let best = judged.into_iter().find(|better| most - better.mean_log <= ALIKE.ln());
    Ok(best.filter(|better| !fits(size) || better.looked_at < 2 * better.stiffer))
}

/// The compliance of a design as it is; the largest number if it cannot be solved for.
fn compliance(optimizer: &mut Optimizer, problem: &Problem, design: &Array2<f64>) -> Result<f64> {
    match optimizer.analyze(problem, design.view(), PENALTY) {
        Ok(found) if found.compliance.is_finite() => Ok(found.compliance),
        Ok(_) | Err(SimpError::Singular { .. }) => Ok(f64::MAX),
        Err(other) => Err(other.into()),
    }
}

fn turned(design: &Array2<f64>, turn: Turn) -> Array2<f64> {
    let cells: Vec<f64> = design.iter().copied().collect();
    let (height, width) = turn.size(design.dim());
    let cells = turn.apply(&cells, design.ncols());
    Array2::from_shape_fn((height, width), |(i, j)| cells[i * width + j])
}
