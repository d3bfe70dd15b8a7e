//! The sketch of a task.

use std::path::Path;

use topo_simp::{PassiveKind, Problem};
use vae_report::{Ground, Task, task};

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
    let figure = Task {
        title,
        ground: ground.view(),
        held: nodal.held.view(),
        sprung: nodal.sprung.view(),
        forces: &nodal.forces,
    };
    task(&figure, out).map_err(|source| AnalysisError::Figure { path: out.to_owned(), source })
}
