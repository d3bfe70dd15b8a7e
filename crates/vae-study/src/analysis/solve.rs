//! One structure optimized by SIMP.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use ndarray::{Array2, Axis};
use serde::Serialize;
use topo_simp::{Ended, Optimizer, Options, Refined, Start};
use vae_data::npy;
use vae_report::{Grid, grid};

use super::error::{AnalysisError, Result};
use super::solve_settings::SolveSettings;

/// Largest number of iterations from the uniform start, when a given start is compared with it.
const COLD_ITERATIONS: usize = 2000;

/// Which optimization is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The one that was asked for.
    Solve,
    /// The one from the uniform start, with which a given start is compared.
    UniformStart,
}

/// How far an optimization has come.
#[derive(Clone, Copy, Debug)]
pub struct SolveProgress {
    /// Which optimization.
    pub stage: Stage,
    /// The iteration, from 1.
    pub iteration: usize,
    /// Largest number of iterations.
    pub max_iterations: usize,
    /// Compliance before the update.
    pub compliance: f64,
    /// Largest change of a density in the update.
    pub change: f64,
}

/// A solved problem.
#[derive(Clone, Debug, Serialize)]
pub struct Solved {
    /// The problem as it was named.
    pub problem: String,
    /// The last value of the history, which belongs to the design before the last update: the
    /// convention of published numbers.
    pub compliance: f64,
    /// Compliance of the design handed back.
    pub compliance_returned: f64,
    /// Number of iterations.
    pub iterations: usize,
    /// Whether the last change was within the tolerance.
    pub converged: bool,
    /// Why the optimization ended.
    pub ended: Ended,
    /// Mean density over the domain.
    pub volume_fraction: f64,
    /// Mean of 4 x (1 − x) over the domain.
    pub greyness: f64,
    /// Time that it took.
    pub seconds: f64,
    /// The same problem from the uniform start; `None` if it began there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cold: Option<ColdStart>,
    /// Compliance before each update.
    pub history: Vec<f64>,
    /// The design handed back, shape (nely, nelx), row 0 on top, 1 = material.
    #[serde(skip)]
    pub design: Array2<f64>,
}

/// The same problem from the uniform start.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ColdStart {
    /// The last value of its history.
    pub compliance: f64,
    /// Number of iterations.
    pub iterations: usize,
    /// Number of iterations that the given start saves on the way to the compliance that both
    /// reach.
    pub iterations_saved: isize,
}

/// Solves a problem. The observer sees each iteration and may stop the optimization, which then
/// hands back the design of the last iteration.
///
/// # Errors
/// If the problem, a setting or the start is invalid, or the solver fails.
pub fn solve(
    settings: &SolveSettings,
    mut observe: impl FnMut(SolveProgress) -> ControlFlow<()>,
) -> Result<Solved> {
    let started = Instant::now();
    let problem = settings.problem.read()?;
    let options = settings.options()?;
    let mut optimizer = Optimizer::new(problem.grid)?;
    let mut optimize = |stage, options: &Options| {
        optimizer.optimize_with(&problem, options, |seen| {
            observe(SolveProgress {
                stage,
                iteration: seen.iteration,
                max_iterations: options.max_iterations,
                compliance: seen.compliance,
                change: seen.change,
            })
        })
    };
    let mut solution = optimize(Stage::Solve, &options)?;
    let mut cold = None;
    if settings.start.is_some() && solution.ended != Ended::Stopped {
        let uniform = Options { start: Start::Uniform, max_iterations: COLD_ITERATIONS, ..options };
        let refined = Refined { warm: solution, cold: optimize(Stage::UniformStart, &uniform)? };
        cold = (refined.cold.ended != Ended::Stopped).then(|| ColdStart {
            compliance: refined.cold.compliance,
            iterations: refined.cold.iterations,
            iterations_saved: refined.iterations_needed().saved(),
        });
        solution = refined.warm;
    }
    Ok(Solved {
        problem: settings.problem.name.clone(),
        compliance: solution.compliance,
        compliance_returned: solution.compliance_returned,
        iterations: solution.iterations,
        converged: solution.converged(),
        ended: solution.ended,
        volume_fraction: solution.volume_fraction,
        greyness: solution.greyness,
        seconds: started.elapsed().as_secs_f64(),
        cold,
        history: solution.history,
        design: solution.design,
    })
}

impl Solved {
    /// Writes the design: the densities if the name ends in `.npy`, else a picture.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        if path.extension().is_some_and(|extension| extension == "npy") {
            return Ok(npy::write(path, self.design.view())?);
        }
        let design = self.design.mapv(|density| density as f32).insert_axis(Axis(0));
        grid(&Grid { title: &self.problem, ..Grid::new(design.view()) }, path)
            .map_err(|source| AnalysisError::Figure { path: path.to_owned(), source })
    }
}
