//! The weight of the structure as forces on the nodes of a model.

use super::{model::Model, weight::Weight};

impl Weight {
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
