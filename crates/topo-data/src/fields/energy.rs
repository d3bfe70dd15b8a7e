//! How a solid plate carries the loads.

use ndarray::Array2;
use topo_simp::{Nodal, Optimizer, PENALTY, PassiveKind, Problem, SimpError};

/// Strain-energy density of the design that is solid wherever it may be, (nely, nelx), over its
/// mean there; 0 in passive void and outside the domain.
///
/// Each load case counts by its share of its own compliance, so that a weak load says as much as a
/// strong one.
///
/// # Errors
///
/// As [`Optimizer::analyze`], and [`SimpError::Singular`] if the plate does not carry the loads.
pub(super) fn relative_energy(
    optimizer: &mut Optimizer,
    problem: &Problem,
    nodal: &Nodal,
) -> Result<Array2<f64>, SimpError> {
    let plate = nodal.passive.mapv(|cell| match cell {
        None | Some(PassiveKind::Solid) => 1.0,
        Some(PassiveKind::Void | PassiveKind::Outside) => 0.0,
    });
    // Any penalty serves: all densities are 0 or 1.
    let mut analysis = optimizer.analyze(problem, plate.view(), PENALTY)?;
    if 1 < problem.load_cases.len() {
        let mut equal = problem.clone();
        for (case, compliance) in equal.load_cases.iter_mut().zip(analysis.case_compliances) {
            let forces = case.loads.iter_mut().flat_map(|load| &mut load.force);
            forces.for_each(|force| *force /= compliance.sqrt());
        }
        analysis = optimizer.analyze(&equal, plate.view(), PENALTY)?;
    }
    let energy = analysis.energy_density * &plate;
    let mean = energy.sum() / plate.sum();
    if mean.is_normal() { Ok(energy / mean) } else { Err(SimpError::Singular { iteration: 0 }) }
}
