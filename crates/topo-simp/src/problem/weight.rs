//! The weight of the structure itself, which depends on the densities.

use super::{model::Model, statement::Problem};

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
    nodal: [f64; 2],
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

    /// The forces of all load cases with the weight of these densities, (degree of freedom, force).
    pub(crate) fn cases(self, model: &Model, densities: &[f64]) -> Vec<Vec<(usize, f64)>> {
        let mut weight = vec![0.0; model.fixed.len()];
        for (e, &x) in densities.iter().enumerate() {
            for node in model.grid.corners(e / model.grid.nelx, e % model.grid.nelx) {
                weight[2 * node] += x * self.nodal[0];
                weight[2 * node + 1] += x * self.nodal[1];
            }
        }
        let with_loads = |(forces, root): (&Vec<(usize, f64)>, &f64)| {
            let mut all: Vec<f64> = weight.iter().map(|force| root * force).collect();
            for &(dof, force) in forces {
                all[dof] += force;
            }
            let loaded = all.into_iter().enumerate();
            loaded.filter(|&(dof, force)| force != 0.0 && !model.fixed[dof]).collect()
        };
        model.cases.iter().zip(&model.case_roots).map(with_loads).collect()
    }

    /// Adds the work that the weight of each element, if it were solid, does on the displacements
    /// of a load case: `uᵀ ∂f/∂x`.
    pub(crate) fn add_works(self, model: &Model, case: usize, u: &[f64], works: &mut [f64]) {
        let [x, y] = self.nodal.map(|force| model.case_roots[case] * force);
        for (e, work) in works.iter_mut().enumerate() {
            for node in model.grid.corners(e / model.grid.nelx, e % model.grid.nelx) {
                *work += x * u[2 * node] + y * u[2 * node + 1];
            }
        }
    }
}

fn element_volume(problem: &Problem) -> f64 {
    problem.cell_size * problem.cell_size * problem.thickness
}
