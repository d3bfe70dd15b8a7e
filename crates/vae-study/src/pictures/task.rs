//! The sketch of a task.

use std::path::Path;

use topo_simp::{PassiveKind, Problem};
use vae_report::{Ground, Marks, Task, task};

use crate::analysis::{AnalysisError, Result};

/// Writes a PNG file with the domain, the supports and the loads of a problem.
///
/// # Errors
/// If the problem is invalid, or the file cannot be written.
pub fn draw_task(problem: &Problem, title: &str, out: &Path) -> Result<()> {
    let nodal = problem.nodal().map_err(AnalysisError::NamedProblem)?;
    let ground = nodal.passive.mapv(|passive| match passive {
        None => Ground::Free,
        Some(PassiveKind::Solid) => Ground::Solid,
        Some(PassiveKind::Void) => Ground::Void,
        Some(PassiveKind::Outside) => Ground::Outside,
    });
    let marks = Marks { held: nodal.held, sprung: nodal.sprung, forces: nodal.forces };
    let figure = Task { title, ground: ground.view(), marks: &marks };
    task(&figure, out).map_err(|source| AnalysisError::Figure { path: out.to_owned(), source })
}
