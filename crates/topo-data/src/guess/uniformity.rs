//! How evenly a load strains the material of a design.
//!
//! In a stiffest design under one load, the strain energy density is the same wherever there is
//! material and its amount is free: that is the optimality criterion of compliance. So the places
//! and directions under which a given design is strained evenly are those that it may have been made
//! for.

use std::collections::BTreeMap;

use ndarray::{Array2, Array3, ArrayView2};
use topo_simp::{Fix, Grid, Optimizer, PENALTY, Place, Problem};

use super::places::{Candidate, Line, MATERIAL};

/// Directions of a load that are tried, over half a turn: a load and its reverse strain alike.
pub(super) const ANGLES: usize = 12;
/// Elements around a loaded or held point that do not count.
const PEAK: f64 = 2.0;
/// Strains of an element: along x, along y, shear.
type Strain = [f64; 3];

/// A load under which a design is strained.
#[derive(Clone, Debug)]
pub(super) struct Strained {
    pub(super) candidate: Candidate,
    /// Degrees from the right, 90 straight down.
    pub(super) angle: f64,
    /// `(Σ √e)² / (n Σ e)` over the elements of material, `e` the strain energy density: 1 if it
    /// is the same everywhere.
    pub(super) uniformity: f64,
}

/// For each edge or deck, the load among its candidates that strains a design most evenly under
/// these supports; empty if the supports do not hold, or nothing can be loaded.
pub(super) fn most_even(
    design: ArrayView2<'_, f32>,
    held: &[(Place, Fix)],
    candidates: &[Candidate],
) -> BTreeMap<Line, Strained> {
    let (rows, columns) = design.dim();
    let grid = Grid { nelx: columns, nely: rows };
    let mean = f64::from(design.mean().unwrap_or(0.5)).clamp(0.01, 0.99);
    let supported = held.iter().fold(Problem::new(grid, mean), |problem, (place, fix)| {
        problem.with_support(place.clone(), *fix)
    });
    let loaded: Vec<&Candidate> =
        candidates.iter().filter(|candidate| !is_held(&candidate.place, held, grid)).collect();
    let problem = loaded.iter().fold(supported, |problem, candidate| {
        problem
            .with_load_case([(candidate.place.clone(), [1.0, 0.0])])
            .with_load_case([(candidate.place.clone(), [0.0, -1.0])])
    });
    let density = design.mapv(|x| f64::from(x).clamp(0.0, 1.0));
    let analyzed = Optimizer::new(grid)
        .and_then(|mut optimizer| optimizer.analyze(&problem, density.view(), PENALTY));
    let mut best: BTreeMap<Line, Strained> = BTreeMap::new();
    let Ok(analysis) = analyzed else { return best };
    let peaks = point_nodes(held.iter().map(|(place, _)| place), grid);
    for (pair, candidate) in analysis.displacements.chunks_exact(2).zip(&loaded) {
        let peaks = [peaks.as_slice(), &point_nodes([&candidate.place], grid)].concat();
        let [across, down] = [0, 1].map(|case| strains(&pair[case], design, &peaks));
        for step in 0..ANGLES {
            let angle = 180.0 * step as f64 / ANGLES as f64;
            let uniformity = uniformity(&across, &down, angle.to_radians());
            let better = best.get(&candidate.line).is_none_or(|it| it.uniformity < uniformity);
            if better {
                let candidate = (*candidate).clone();
                best.insert(candidate.line, Strained { candidate, angle, uniformity });
            }
        }
    }
    best
}

/// The nodes of places that are points, around which strains have peaks.
fn point_nodes<'a>(places: impl IntoIterator<Item = &'a Place>, grid: Grid) -> Vec<(usize, usize)> {
    let points = places.into_iter().filter(|place| matches!(place, Place::Point(_)));
    points.filter_map(|place| place.held(grid).ok()).flatten().collect()
}

/// Whether a support holds some of the nodes of a place.
fn is_held(place: &Place, held: &[(Place, Fix)], grid: Grid) -> bool {
    let Ok(shares) = place.shares(grid) else { return true };
    held.iter().any(|(support, _)| {
        let nodes = support.held(grid).unwrap_or_default();
        shares.len() == 1 && shares.iter().all(|share| nodes.contains(&(share.row, share.column)))
    })
}

/// The strains at the centers of the elements of material, except near peaks.
fn strains(
    displacement: &Array3<f64>,
    design: ArrayView2<'_, f32>,
    peaks: &[(usize, usize)],
) -> Vec<Strain> {
    let is_near = |(row, column): (usize, usize)| {
        let apart = |a: usize, b: usize| (a as f64 + 0.5 - b as f64).abs();
        peaks.iter().any(|&(r, c)| apart(row, r).max(apart(column, c)) < PEAK)
    };
    let at = |row: usize, column: usize| {
        [displacement[(row, column, 0)], displacement[(row, column, 1)]]
    };
    let material =
        design.indexed_iter().filter(|(place, density)| MATERIAL <= **density && !is_near(*place));
    let strain = |((row, column), _): ((usize, usize), &f32)| {
        let (nw, ne) = (at(row, column), at(row, column + 1));
        let (sw, se) = (at(row + 1, column), at(row + 1, column + 1));
        let along = |axis: usize| 0.5 * (ne[axis] + se[axis] - nw[axis] - sw[axis]);
        let up = |axis: usize| 0.5 * (nw[axis] + ne[axis] - sw[axis] - se[axis]);
        [along(0), up(1), up(0) + along(1)]
    };
    material.map(strain).collect()
}

/// Uniformity under a load in a direction between right and down.
fn uniformity(across: &[Strain], down: &[Strain], angle: f64) -> f64 {
    let (cos, sin) = (angle.cos(), angle.sin());
    let (mut roots, mut sum) = (0.0, 0.0);
    for (a, d) in across.iter().zip(down) {
        let [x, y, shear] = [0, 1, 2].map(|i| cos * a[i] + sin * d[i]);
        // Plane stress with a Poisson ratio of 0.3 and a modulus of 1.
        let energy = (x * x + y * y + 0.6 * x * y + 0.35 * shear * shear) / 1.82;
        roots += energy.sqrt();
        sum += energy;
    }
    let n = across.len() as f64;
    if 0.0 < sum && sum.is_finite() { roots * roots / (n * sum) } else { 0.0 }
}

/// Where material is in most of some designs of one shape: the share of them at each element.
pub(super) fn presence(designs: &[Array2<f32>]) -> Option<Array2<f64>> {
    let first = designs.first()?;
    let mut share = Array2::zeros(first.dim());
    for design in designs {
        share.zip_mut_with(design, |sum: &mut f64, &x| {
            *sum += f64::from(u8::from(MATERIAL <= x)) / designs.len() as f64;
        });
    }
    Some(share)
}
