//! Which problem is solved.

use std::path::Path;

use topo_simp::{Grid, NamedProblem, Problem};
use vae_data::read_problem;

use super::error::{AnalysisError, Result};

/// Elements from left to right and from top to bottom of a named problem.
const GRID: Grid = Grid { nelx: 60, nely: 20 };
/// Volume fraction of a named problem.
const VOLUME_FRACTION: f64 = 0.5;

/// A problem by its name or file, and what replaces its own values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProblemSettings {
    /// `mbb`, `cantilever`, `two-loads`, `hole`, `l-bracket`, or the path of a `.toml` file.
    pub name: String,
    /// Elements from left to right; `None` for the 60 of a named problem, or those of the file.
    pub nelx: Option<usize>,
    /// Elements from top to bottom; `None` for the 20 of a named problem, or those of the file.
    pub nely: Option<usize>,
    /// Share of the domain to fill with material; `None` for the 0.5 of a named problem, or that
    /// of the file.
    pub volume_fraction: Option<f64>,
}

impl ProblemSettings {
    /// Reads the problem.
    ///
    /// # Errors
    /// [`AnalysisError::NamedProblem`], [`AnalysisError::Unreadable`] or
    /// [`AnalysisError::ProblemFile`].
    pub fn read(&self) -> Result<Problem> {
        let path = Path::new(&self.name);
        if path.extension().is_some_and(|extension| extension == "toml") {
            return self.of_file(path);
        }
        let named: NamedProblem = self.name.parse().map_err(AnalysisError::NamedProblem)?;
        // The shape of a named problem depends on its grid, so the grid comes first.
        let grid =
            Grid { nelx: self.nelx.unwrap_or(GRID.nelx), nely: self.nely.unwrap_or(GRID.nely) };
        let problem = named.problem(grid, self.volume_fraction.unwrap_or(VOLUME_FRACTION));
        problem.validate().map_err(AnalysisError::NamedProblem)?;
        Ok(problem)
    }

    fn of_file(&self, path: &Path) -> Result<Problem> {
        let text = problem_text(path)?;
        let invalid = |source| AnalysisError::ProblemFile { path: path.to_owned(), source };
        let mut problem = Problem::from_toml(&text).map_err(invalid)?;
        problem.grid.nelx = self.nelx.unwrap_or(problem.grid.nelx);
        problem.grid.nely = self.nely.unwrap_or(problem.grid.nely);
        problem.volume_fraction = self.volume_fraction.unwrap_or(problem.volume_fraction);
        problem.validate().map_err(invalid)?;
        Ok(problem)
    }
}

/// The text of a problem file, with the pictures that it names put into it.
pub(crate) fn problem_text(path: &Path) -> Result<String> {
    std::fs::metadata(path)
        .map_err(|source| AnalysisError::Unreadable { path: path.to_owned(), source })?;
    Ok(read_problem(path)?)
}
