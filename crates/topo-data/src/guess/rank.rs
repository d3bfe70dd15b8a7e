//! Ways of support in the order of how evenly they let the designs be strained.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use topo_simp::{Fix, Grid, Place};
use vae_base::spread;
use vae_data::DataSet;

use super::loads::{LoadGuess, load};
use super::places::{Line, MATERIAL, candidates, supports};
use super::reduced::reduced;
use super::uniformity::{Strained, most_even, presence};
use crate::error::{Result, TopoDataError};

/// Share of the designs that have material at some node of each support.
const PRESENT: f64 = 0.5;
/// Part of an edge between the outermost places of its material, from which it may be clamped.
const SPREAD: f64 = 0.6;
/// Likewise of a part of an edge.
const PART: f64 = 0.2;

/// A guess of the problem that designs were made for, with its evidence.
#[derive(Clone, Debug)]
pub struct ProblemGuess {
    /// The grid of the designs.
    pub grid: Grid,
    /// Mean density, and its range over the designs that were looked at.
    pub volume_fraction: [f64; 3],
    /// Ways of support that were tried, the likeliest first.
    pub supports: Vec<SupportGuess>,
    /// The load under the likeliest of them.
    pub load: LoadGuess,
    /// Number of designs that were looked at.
    pub looked_at: usize,
}

/// A way of support, and what speaks for it.
#[derive(Clone, Debug)]
pub struct SupportGuess {
    /// What it is.
    pub words: &'static str,
    /// Places and directions that it holds.
    pub held: Vec<(Place, Fix)>,
    /// How evenly the designs are strained under the load that suits each best, in [0, 1].
    pub uniformity: f64,
    /// Number of designs for which no other way is more even.
    pub best_for: usize,
    /// Smallest share of the designs that have material at one of its places.
    pub presence: f64,
}

/// Guesses supports and load of a set from at most `most` of its designs.
///
/// Only what can be told from material is looked for: each side clamped, or the part of it that has
/// material, two sides, bearings at the lower corners, and half models; under each the point of the
/// edge, the whole edge or the deck at which a load strains the material most evenly, since even
/// strain energy is the optimality criterion of compliance. The sign of a load and its magnitude
/// cannot be told.
///
/// # Errors
/// If a design cannot be read, or no way of support that is tried fits ([`TopoDataError::NoGuess`]).
pub fn guess_problem(set: &DataSet, most: usize) -> Result<ProblemGuess> {
    let chosen: Vec<usize> = spread(set.len(), most.max(1)).collect();
    let mut designs = Vec::new();
    for &index in &chosen {
        let mut values = vec![0.0; set.design_len()];
        set.read_into(&[index], &mut values)?;
        let view = ArrayView2::from_shape((set.height(), set.width()), &values);
        designs.extend(view.ok().map(reduced));
    }
    let share = presence(&designs).ok_or(TopoDataError::NoGuess)?;
    let (nely, nelx) = share.dim();
    let coarse = Grid { nelx, nely };
    let loads: Vec<_> = designs.iter().map(|design| candidates(design.view())).collect();
    let mut tried: Vec<(SupportGuess, Vec<Option<Strained>>)> = Vec::new();
    let spread = spreads(&designs);
    let part = |side: &Spread| (PART <= side.mean && side.mean < SPREAD).then_some(side.ends);
    for way in supports(spread.each_ref().map(part)) {
        let touched = way.held.iter().map(|(place, _)| touch(place, coarse, &share));
        let presence = touched.fold(1.0, f64::min);
        let is_clamped = way.held.iter().all(|(place, fix)| match place {
            Place::Edge(side) if *fix == Fix::Xy => SPREAD <= spread[*side as usize].mean,
            _ => true,
        });
        if presence < PRESENT || !is_clamped {
            continue;
        }
        let strained: Vec<BTreeMap<Line, Strained>> = designs
            .par_iter()
            .zip(&loads)
            .map(|(design, loads)| most_even(design.view(), &way.held, loads))
            .collect();
        let (uniformity, strained) = on_one_line(&strained);
        let words = way.words;
        let guess = SupportGuess { words, held: way.held, uniformity, best_for: 0, presence };
        tried.push((guess, strained));
    }
    let even = |tried: &[Option<Strained>], i: usize| {
        tried[i].as_ref().map_or(0.0, |found| found.uniformity)
    };
    for i in 0..designs.len() {
        let best = tried.iter_mut().max_by(|a, b| even(&a.1, i).total_cmp(&even(&b.1, i)));
        if let Some((guess, _)) = best {
            guess.best_for += 1;
        }
    }
    tried.sort_by(|a, b| b.0.uniformity.total_cmp(&a.0.uniformity));
    let strained = tried.first().map(|(_, strained)| strained).ok_or(TopoDataError::NoGuess)?;
    let load = load(set, &chosen, strained).ok_or(TopoDataError::NoGuess)?;
    let means: Vec<f64> =
        designs.iter().map(|design| f64::from(design.mean().unwrap_or(0.0))).collect();
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    Ok(ProblemGuess {
        grid: Grid { nelx: set.width(), nely: set.height() },
        volume_fraction: [
            mean,
            means.iter().copied().fold(f64::INFINITY, f64::min),
            means.iter().copied().fold(0.0, f64::max),
        ],
        supports: tried.into_iter().map(|(guess, _)| guess).collect(),
        load,
        looked_at: designs.len(),
    })
}

/// The edge or deck whose loads strain the designs most evenly in the mean, and these loads.
fn on_one_line(strained: &[BTreeMap<Line, Strained>]) -> (f64, Vec<Option<Strained>>) {
    let lines: BTreeSet<Line> = strained.iter().flat_map(BTreeMap::keys).copied().collect();
    let mean = |line: &Line| {
        let sum: f64 = strained.iter().filter_map(|it| it.get(line)).map(|it| it.uniformity).sum();
        sum / strained.len().max(1) as f64
    };
    let best = lines.into_iter().max_by(|a, b| mean(a).total_cmp(&mean(b)));
    match best {
        Some(line) => (mean(&line), strained.iter().map(|it| it.get(&line).cloned()).collect()),
        None => (0.0, vec![None; strained.len()]),
    }
}

/// Material at a side, as parts of its length.
struct Spread {
    /// From the first to the last place of a design, in the mean.
    mean: f64,
    /// The first and the last place of all designs.
    ends: [f64; 2],
}

/// How far the material at each side spreads along it: left, right, top, bottom.
fn spreads(designs: &[Array2<f32>]) -> [Spread; 4] {
    let line = |design: &Array2<f32>, side: usize| match side {
        0 => design.column(0).to_vec(),
        1 => design.column(design.ncols() - 1).to_vec(),
        2 => design.row(0).to_vec(),
        _ => design.row(design.nrows() - 1).to_vec(),
    };
    let ends = |line: Vec<f32>| {
        let solid = |x: &f32| MATERIAL <= *x;
        let (first, last) = (line.iter().position(solid)?, line.iter().rposition(solid)?);
        let length = line.len() as f64;
        Some([first as f64 / length, (last + 1) as f64 / length])
    };
    std::array::from_fn(|side| {
        let found: Vec<[f64; 2]> =
            designs.iter().filter_map(|design| ends(line(design, side))).collect();
        let sum: f64 = found.iter().map(|[first, last]| last - first).sum();
        let all = |[first, last]: [f64; 2], one: &[f64; 2]| [first.min(one[0]), last.max(one[1])];
        Spread { mean: sum / designs.len().max(1) as f64, ends: found.iter().fold([1.0, 0.0], all) }
    })
}

/// Largest share of the designs that have material at one of the nodes of a place.
fn touch(place: &Place, grid: Grid, share: &Array2<f64>) -> f64 {
    let nodes = place.held(grid).unwrap_or_default();
    let at = |(row, column): (usize, usize)| {
        let rows = row.saturating_sub(1)..=row.min(grid.nely - 1);
        let around = rows.flat_map(|row| {
            (column.saturating_sub(1)..=column.min(grid.nelx - 1)).map(move |c| (row, c))
        });
        around.map(|element| share[element]).fold(0.0, f64::max)
    };
    nodes.into_iter().map(at).fold(0.0, f64::max)
}
