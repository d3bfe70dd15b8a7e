//! The weight of the structure itself, which depends on the densities.

use super::statement::Problem;

/// The weight of the elements, in the units of a model.
///
/// Where density and modulus both vanish, `x / x^p` does not: an element that is nearly void sinks
/// under its own weight without bound, and SIMP fills such places with grey. Below a density of
/// [`Weight::LINEAR_BELOW`] the modulus is therefore linear.
///
/// Reference: Bruyneel and Duysinx, "Note on topology optimization of continuum structures
/// including self-weight", 2005.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight {
    /// What a solid element puts on each of its four nodes, (x, y up).
    pub(super) nodal: [f64; 2],
}

impl Weight {
    /// The density below which the modulus is linear, that of the reference.
    pub(crate) const LINEAR_BELOW: f64 = 0.25;

    /// The weight of solid material over the whole target volume of a problem, in its units.
    pub(super) fn total(problem: &Problem, target_volume: f64) -> f64 {
        let [x, y] = problem.self_weight.unwrap_or_default();
        x.hypot(y) * element_volume(problem) * target_volume
    }

    /// The weight in units of a force.
    pub(super) fn of(problem: &Problem, unit: f64) -> Option<Self> {
        let quarter = 0.25 * element_volume(problem) / unit;
        problem.self_weight.map(|weight| Self { nodal: weight.map(|force| quarter * force) })
    }
}

fn element_volume(problem: &Problem) -> f64 {
    problem.cell_size * problem.cell_size * problem.thickness
}
