//! How many iterations a design saves as a start.

use ndarray::ArrayView2;

use super::{
    optimize::{Optimizer, Solution},
    options::{Options, Start},
};
use crate::{error::SimpError, problem::Problem};

impl Optimizer {
    /// Continues from a design for a few iterations, and compares with the uniform start.
    ///
    /// It runs `options` twice: from the design (see [`Start::Design`]) for at most `iterations`,
    /// and from the uniform start to its end.
    ///
    /// # Errors
    /// As [`Optimizer::optimize`].
    ///
    /// # Examples
    /// ```
    /// use topo_simp::{Filter, Grid, Optimizer, Options, Problem};
    /// let grid = Grid { nelx: 30, nely: 10 };
    /// let problem = Problem::mbb(grid, 0.5);
    /// let options = Options::top88(Filter::Sensitivity, 1.5);
    /// let mut optimizer = Optimizer::new(grid)?;
    /// let optimum = optimizer.optimize(&problem, &options)?.design;
    /// let refined = optimizer.refine(&problem, &options, optimum.view(), 5)?;
    /// assert!(refined.iterations_needed().saved() > 0);
    /// # Ok::<(), topo_simp::SimpError>(())
    /// ```
    pub fn refine(
        &mut self,
        problem: &Problem,
        options: &Options,
        design: ArrayView2<'_, f64>,
        iterations: usize,
    ) -> Result<Refined, SimpError> {
        let warm = Options {
            start: Start::Design(design.to_owned()),
            max_iterations: iterations,
            ..options.clone()
        };
        let cold = Options { start: Start::Uniform, ..options.clone() };
        Ok(Refined { warm: self.optimize(problem, &warm)?, cold: self.optimize(problem, &cold)? })
    }
}

/// What [`Optimizer::refine`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Refined {
    /// The optimization that started from the design.
    pub warm: Solution,
    /// The optimization of the same problem from the uniform start.
    pub cold: Solution,
}

impl Refined {
    /// Iterations that the design and the uniform start need to come within 0.1 % of the lowest
    /// compliance that both reach.
    ///
    /// The last tenth of a percent is left out: a cold start may take hundreds of iterations for
    /// it, which is not worth the wait.
    pub fn iterations_needed(&self) -> Needed {
        let lowest = |run: &Solution| run.history.iter().copied().fold(f64::INFINITY, f64::min);
        let target = 1.001 * lowest(&self.warm).max(lowest(&self.cold));
        let needed = |run: &Solution| {
            run.history.iter().position(|&c| c <= target).unwrap_or(run.iterations)
        };
        Needed { warm: needed(&self.warm), cold: needed(&self.cold) }
    }
}

/// Iterations to the same compliance, from two starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// From the design.
    pub warm: usize,
    /// From the uniform start.
    pub cold: usize,
}

impl Needed {
    /// How many iterations the design saves; negative if the uniform start is faster.
    pub fn saved(&self) -> isize {
        self.cold.cast_signed() - self.warm.cast_signed()
    }
}
