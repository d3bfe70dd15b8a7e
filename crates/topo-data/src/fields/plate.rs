//! How a solid plate carries the loads.

use ndarray::{Array2, Axis};
use topo_simp::{Analysis, Nodal, Optimizer, PENALTY, PassiveKind, Problem, SimpError};

/// Added to energies and to squares of stresses, in units of their mean, so that idle corners do
/// not stand out.
pub(super) const FLOOR: f64 = 1e-4;

/// Pairs of the components (σx, σy, τ) of a stress whose products are maps.
const PAIRS: [(usize, usize); 5] = [(0, 0), (1, 1), (0, 1), (0, 2), (1, 2)];

/// The design that is solid wherever it may be, under the loads of a problem. Each load case counts
/// by its share of its own compliance, so that a weak load says as much as a strong one.
pub(super) struct Plate {
    /// Strain-energy density over its mean, (nely, nelx); 0 in passive void and outside the domain.
    pub(super) energy: Array2<f64>,
    /// Components (xx xx, yy yy, xx yy, xx xy, yy xy) of `Σ σ ⊗ σ / Σ |σ|²`, sums over the load
    /// cases, (nely, nelx) each, with `|σ|² = σx² + σy² + 2 τ²` at the center of the element; 0 in
    /// passive void and outside the domain.
    pub(super) stress: [Array2<f64>; 5],
}

impl Plate {
    /// Solves for the plate: once, and twice for several load cases.
    ///
    /// # Errors
    ///
    /// As [`Optimizer::analyze`], and [`SimpError::Singular`] if the plate does not carry the
    /// loads.
    pub(super) fn new(
        optimizer: &mut Optimizer,
        problem: &Problem,
        nodal: &Nodal,
    ) -> Result<Self, SimpError> {
        let solid = nodal.passive.mapv(|cell| match cell {
            None | Some(PassiveKind::Solid) => 1.0,
            Some(PassiveKind::Void | PassiveKind::Outside) => 0.0,
        });
        // Any penalty serves: all densities are 0 or 1.
        let mut analysis = optimizer.analyze(problem, solid.view(), PENALTY)?;
        if 1 < problem.load_cases.len() {
            let mut equal = problem.clone();
            for (case, compliance) in equal.load_cases.iter_mut().zip(analysis.case_compliances) {
                let forces = case.loads.iter_mut().flat_map(|load| &mut load.force);
                forces.for_each(|force| *force /= compliance.sqrt());
            }
            analysis = optimizer.analyze(&equal, solid.view(), PENALTY)?;
        }
        let energy = &analysis.energy_density * &solid;
        let mean = energy.sum() / solid.sum();
        if !mean.is_normal() {
            return Err(SimpError::Singular { iteration: 0 });
        }
        Ok(Self { energy: energy / mean, stress: directions(&analysis, &solid) })
    }
}

fn directions(analysis: &Analysis, solid: &Array2<f64>) -> [Array2<f64>; 5] {
    let all = analysis.stresses.iter().flatten();
    let largest = all.fold(0.0, |largest: f64, stress| largest.max(stress.abs()));
    let product = |a, b| {
        let mut sum = Array2::zeros(solid.dim());
        for stress in &analysis.stresses {
            // Divided before they are multiplied: a square may be too large for a double.
            let component = |i| &stress.index_axis(Axis(0), i) / largest;
            sum += &(component(a) * component(b) * solid);
        }
        sum
    };
    let squares = product(0, 0) + product(1, 1) + 2.0 * product(2, 2);
    let squares = &squares + FLOOR * squares.sum() / solid.sum();
    PAIRS.map(|(a, b)| product(a, b) / &squares)
}
