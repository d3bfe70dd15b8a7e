//! The optimization loop.

use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};
use serde::Serialize;

use super::{
    density::to_array,
    mirror::check_symmetry,
    options::{Options, Stagnation},
    state::State,
};
use crate::{
    error::SimpError,
    grid::Grid,
    problem::{Model, Problem, check_grid},
    solvers::{Equations, Solver, Solvers},
};

/// Minimizes the compliance of a problem at a given volume.
///
/// `min Σ fᵀu(x)` subject to `Σ x = volume_fraction · n` and `K(x) u = f`, by the optimality
/// criteria.
///
/// # Errors
/// [`SimpError::Problem`] for a problem that [`Problem::validate`] refuses, [`SimpError::Option`]
/// and relatives for options out of range, [`SimpError::Singular`] if the stiffness matrix cannot
/// be factorized.
///
/// # Accuracy
/// Follows published histories of the 99-line code to 1e-9 relative over the first 20 iterations.
///
/// # Examples
/// ```
/// use topo_simp::{Filter, Grid, Options, Problem, optimize};
/// let problem = Problem::cantilever(Grid { nelx: 32, nely: 20 }, 0.4);
/// let solution = optimize(&problem, &Options::top88(Filter::Sensitivity, 1.2))?;
/// assert!((solution.compliance - 57.2805).abs() < 1e-3);
/// assert!(solution.converged());
/// # Ok::<(), topo_simp::SimpError>(())
/// ```
///
/// # References
/// Bendsøe and Sigmund, "Topology Optimization", 2003; the codes named at [`Options`].
pub fn optimize(problem: &Problem, options: &Options) -> Result<Solution, SimpError> {
    problem.validate()?;
    Optimizer::new(problem.grid)?.optimize(problem, options)
}

/// What an optimization found.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The physical densities handed back, shape (nely, nelx), row 0 on top, 1 = material.
    pub design: Array2<f64>,
    /// Compliance at each iteration, before its update.
    pub history: Vec<f64>,
    /// The last value of the history: the convention of published numbers. It belongs to the design
    /// before the last update.
    pub compliance: f64,
    /// The compliance of [`Solution::design`].
    pub compliance_returned: f64,
    /// Number of iterations, the length of the history.
    pub iterations: usize,
    /// Why it ended.
    pub ended: Ended,
    /// Mean density over the domain.
    pub volume_fraction: f64,
    /// Mean of 4 x (1 − x) over the domain: 0 for a pure black and white design, 1 for a uniform
    /// grey of one half.
    pub greyness: f64,
}

impl Solution {
    /// Whether the last change was within the tolerance.
    pub fn converged(&self) -> bool {
        self.ended == Ended::Converged
    }
}

/// Why an optimization ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// No design variable changed by more than the tolerance.
    Converged,
    /// The compliance no longer fell: see [`Stagnation`].
    Stagnated,
    /// The largest number of iterations was reached.
    IterationLimit,
    /// The observer stopped it.
    Stopped,
}

/// One iteration as an observer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Iteration<'a> {
    /// Its number, from 1.
    pub iteration: usize,
    /// The compliance of `design`.
    pub compliance: f64,
    /// The largest change of a design variable in the update that follows.
    pub change: f64,
    /// The exponent of the density in this iteration.
    pub penalty: f64,
    /// The physical densities before the update, shape (nely, nelx).
    pub design: ArrayView2<'a, f64>,
}

/// A solver for all problems on one grid.
///
/// It keeps what depends on the grid alone: elimination order, matrix pattern, symbolic
/// factorization. Nothing of one problem reaches the next: results are bit for bit those of a fresh
/// optimizer. It runs on one thread; to solve many problems, make one optimizer per thread.
///
/// # Examples
/// ```
/// use topo_simp::{Filter, Grid, Optimizer, Options, Problem};
/// let grid = Grid { nelx: 30, nely: 10 };
/// let options = Options::top88(Filter::Sensitivity, 1.5);
/// let mut optimizer = Optimizer::new(grid)?;
/// for volume_fraction in [0.3, 0.5] {
///     let solution = optimizer.optimize(&Problem::mbb(grid, volume_fraction), &options)?;
///     assert!((solution.volume_fraction - volume_fraction).abs() < 1e-3);
/// }
/// # Ok::<(), topo_simp::SimpError>(())
/// ```
#[derive(Debug)]
pub struct Optimizer {
    solvers: Solvers,
}

impl Optimizer {
    /// A solver for this grid. The symbolic work is done when a solver is first used.
    ///
    /// # Errors
    /// [`crate::ProblemError::GridSize`] for an empty or enormous grid.
    pub fn new(grid: Grid) -> Result<Self, SimpError> {
        check_grid(grid)?;
        Ok(Self { solvers: Solvers::new(grid) })
    }

    /// The grid that it was made for.
    pub const fn grid(&self) -> Grid {
        self.solvers.grid()
    }

    /// As [`optimize()`], for a problem on this optimizer's grid.
    ///
    /// # Errors
    /// As [`optimize()`], [`SimpError::GridMismatch`] for a problem on another grid, and
    /// [`SimpError::Memory`] if the factorization does not fit.
    pub fn optimize(
        &mut self,
        problem: &Problem,
        options: &Options,
    ) -> Result<Solution, SimpError> {
        self.optimize_with(problem, options, |_| ControlFlow::Continue(()))
    }

    /// As [`Optimizer::optimize`], showing every iteration to an observer, which may end the
    /// optimization.
    ///
    /// # Errors
    /// As [`Optimizer::optimize`].
    ///
    /// # Examples
    /// ```
    /// use std::ops::ControlFlow;
    /// use topo_simp::{Ended, Grid, Optimizer, Options, Problem};
    /// let grid = Grid { nelx: 20, nely: 10 };
    /// let mut changes = Vec::new();
    /// let solution = Optimizer::new(grid)?.optimize_with(&Problem::mbb(grid, 0.5), &Options::default(), |iteration| {
    ///     changes.push(iteration.change);
    ///     if iteration.iteration == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// })?;
    /// assert_eq!((changes.len(), solution.iterations, solution.ended), (5, 5, Ended::Stopped));
    /// # Ok::<(), topo_simp::SimpError>(())
    /// ```
    pub fn optimize_with(
        &mut self,
        problem: &Problem,
        options: &Options,
        mut observe: impl FnMut(Iteration<'_>) -> ControlFlow<()>,
    ) -> Result<Solution, SimpError> {
        let model = Model::of_task(problem)?;
        let mut equations = self.equations(&model, options.solver)?;
        options.check(problem.grid)?;
        if let Some(symmetry) = options.symmetry {
            check_symmetry(&model, symmetry)?;
        }
        let mut state = State::new(&model, options, problem.volume_fraction);
        let mut history = Vec::new();
        // Where the penalty or the projection changed last: compliances before and after cannot be
        // compared.
        let mut stage = 0;
        let mut change = options.move_limit;
        let ended = loop {
            let tolerance = options.solver.tolerance(problem.grid, change);
            let compliance = state.solve(&mut equations, &model, tolerance, history.len())?;
            history.push(compliance);
            change = state.update(&equations, &model);
            let shape = (problem.grid.nely, problem.grid.nelx);
            let seen = ArrayView2::from_shape(shape, state.physical()).map(|design| {
                observe(Iteration {
                    iteration: history.len(),
                    compliance,
                    change,
                    penalty: state.penalty(),
                    design,
                })
            });
            state.accept(&model);
            let converged = change <= options.tolerance;
            let stagnated =
                options.stagnation.is_some_and(|rule| has_stagnated(&history[stage..], rule));
            if seen == Ok(ControlFlow::Break(())) {
                break Ended::Stopped;
            }
            if state.advance(&model, converged || stagnated) {
                stage = history.len();
            } else if converged {
                break Ended::Converged;
            } else if stagnated {
                break Ended::Stagnated;
            }
            if history.len() >= options.max_iterations {
                break Ended::IterationLimit;
            }
        };
        state.finish(&model);
        let tolerance = options.solver.tolerance(problem.grid, change).min(FINAL_TOLERANCE);
        let compliance_returned = state.solve(&mut equations, &model, tolerance, history.len())?;
        Ok(into_solution(state.physical(), &model, history, compliance_returned, ended))
    }

    /// The equations of a problem on this optimizer's grid.
    pub(crate) fn equations<'a>(
        &'a mut self,
        model: &'a Model,
        solver: Solver,
    ) -> Result<Equations<'a>, SimpError> {
        if model.grid != self.grid() {
            return Err(SimpError::GridMismatch { expected: self.grid(), got: model.grid });
        }
        self.solvers.equations(model, solver).map_err(|_| SimpError::Memory { grid: model.grid })
    }
}

/// How exactly the compliance of the design handed back is known: to the square of this.
pub(crate) const FINAL_TOLERANCE: f64 = 1e-6;

/// Whether the last iterations gained nothing over those before.
fn has_stagnated(history: &[f64], rule: Stagnation) -> bool {
    let Some(split) = history.len().checked_sub(rule.iterations).filter(|&split| split > 0) else {
        return false;
    };
    let best = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    best(&history[split..]) >= (1.0 - rule.gain) * best(&history[..split])
}

fn into_solution(
    physical: &[f64],
    model: &Model,
    history: Vec<f64>,
    compliance_returned: f64,
    ended: Ended,
) -> Solution {
    let mean = |f: fn(f64) -> f64| {
        let domain = physical.iter().zip(&model.cells).filter(|(_, cell)| cell.in_domain());
        domain.map(|(&x, _)| f(x)).sum::<f64>() / model.n_domain as f64
    };
    Solution {
        design: to_array(model.grid, physical),
        compliance: history.last().copied().unwrap_or(compliance_returned),
        compliance_returned,
        iterations: history.len(),
        ended,
        volume_fraction: mean(|x| x),
        greyness: mean(|x| 4.0 * x * (1.0 - x)),
        history,
    }
}
