//! Judges and SIMP optima, computed once for each problem.

use ndarray::ArrayView2;
use topo_data::{Judge, Optimum, Refinement, UniformStart};
use topo_simp::{Grid, Problem};

use super::error::Result;

/// A judge for the grid at hand, and what it has found so far.
#[derive(Debug, Default)]
pub struct Optima {
    judge: Option<(Grid, Judge)>,
    found: Vec<(Problem, Optimum)>,
    uniform_starts: Vec<(Problem, UniformStart)>,
}

impl Optima {
    /// The judge for the grid of a problem.
    ///
    /// # Errors
    /// If the grid is too large for the solver.
    pub fn judge(&mut self, problem: &Problem) -> Result<&mut Judge> {
        judge(&mut self.judge, problem)
    }

    /// The SIMP optimum of a problem.
    ///
    /// # Errors
    /// If the solver fails.
    pub fn of(&mut self, problem: &Problem) -> Result<&Optimum> {
        let Self { judge: kept, found, .. } = self;
        once(found, problem, || Ok(judge(kept, problem)?.optimum(problem)?))
    }

    /// Continues from a design with SIMP iterations, and compares with the uniform start.
    ///
    /// # Errors
    /// If the solver fails, or the design does not fit the problem.
    pub fn refine(
        &mut self,
        problem: &Problem,
        design: ArrayView2<'_, f32>,
        iterations: usize,
    ) -> Result<Refinement> {
        let Self { judge: kept, uniform_starts, .. } = self;
        let start =
            once(uniform_starts, problem, || Ok(judge(kept, problem)?.uniform_start(problem)?))?;
        Ok(judge(kept, problem)?.refine(problem, start, design, iterations)?)
    }
}

fn judge<'a>(kept: &'a mut Option<(Grid, Judge)>, problem: &Problem) -> Result<&'a mut Judge> {
    let judge = match kept.take() {
        Some((grid, judge)) if grid == problem.grid => judge,
        _ => Judge::new(problem.grid)?,
    };
    Ok(&mut kept.insert((problem.grid, judge)).1)
}

/// What is kept for a problem, made at first use.
fn once<'a, T>(
    known: &'a mut Vec<(Problem, T)>,
    problem: &Problem,
    make: impl FnOnce() -> Result<T>,
) -> Result<&'a T> {
    let stored = known.iter().position(|(other, _)| other == problem);
    let position = stored.unwrap_or(known.len());
    if stored.is_none() {
        known.push((problem.clone(), make()?));
    }
    Ok(&known[position].1)
}
