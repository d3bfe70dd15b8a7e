//! What holds and loads designs, for figures.

use topo_data::problem_of;
use topo_simp::{Problem, ProblemError};
use vae_data::DataSet;
use vae_report::Marks;

use crate::error::Result;

/// Supports and loads of a problem.
///
/// # Errors
/// If the problem is invalid.
pub(crate) fn marks(problem: &Problem) -> std::result::Result<Marks, ProblemError> {
    let nodal = problem.nodal()?;
    Ok(Marks { held: nodal.held, sprung: nodal.sprung, forces: nodal.forces })
}

/// Supports and loads of designs of a set by their positions, each `None` if the set does not
/// state its problem.
///
/// # Errors
/// If a problem cannot be read.
pub(crate) fn marks_of(data: &DataSet, positions: &[usize]) -> Result<Vec<Option<Marks>>> {
    let of = |&position: &usize| -> Result<Option<Marks>> {
        let problem = problem_of(data, position)?;
        Ok(problem.and_then(|problem| marks(&problem).ok()))
    };
    positions.iter().map(of).collect()
}
