//! The optimization loop.

use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};

use crate::{
    Code, Filter, Grid, Options, PassiveKind, Problem, SimpError, Start,
    analysis::{Stiffness, to_array},
    filter::ConeFilter,
    model::{Cell, Model},
    system::System,
    update::Step,
};

/// Minimizes the compliance of a problem at a given volume.
///
/// `min Σ fᵀu(x)` subject to `Σ x = volume_fraction · n` and `K(x) u = f`, by the optimality criteria.
///
/// # Errors
/// [`SimpError::Problem`] for a problem that [`Problem::validate`] refuses, [`SimpError::Option`] and relatives for
/// options out of range, [`SimpError::Singular`] if the stiffness matrix cannot be factorised.
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
/// assert!(solution.converged);
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
    /// The last value of the history: the convention of published numbers. It belongs to the design before the last
    /// update.
    pub compliance: f64,
    /// The compliance of [`Solution::design`].
    pub compliance_returned: f64,
    /// Number of iterations, the length of the history.
    pub iterations: usize,
    /// Whether the last change was within the tolerance.
    pub converged: bool,
    /// Mean density over the domain.
    pub volume_fraction: f64,
    /// Mean of 4 x (1 − x) over the domain: 0 for a pure black and white design, 1 for a uniform grey of one half.
    pub greyness: f64,
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
    /// The physical densities before the update, shape (nely, nelx).
    pub design: ArrayView2<'a, f64>,
}

/// A solver for all problems on one grid.
///
/// It keeps what depends on the grid alone: elimination order, matrix pattern, symbolic factorisation. Nothing of one
/// problem reaches the next: results are bit for bit those of a fresh optimizer. It runs on one thread; to solve many
/// problems, make one optimizer per thread.
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
    pub(crate) system: System,
}

impl Optimizer {
    /// Prepares a grid: ordering and symbolic factorisation.
    ///
    /// # Errors
    /// [`crate::ProblemError::GridSize`] for an empty or enormous grid, [`SimpError::Memory`] if it does not fit.
    pub fn new(grid: Grid) -> Result<Self, SimpError> {
        grid.check()?;
        let system = System::new(grid).map_err(|_| SimpError::Memory { grid })?;
        Ok(Self { system })
    }

    /// The grid that it was made for.
    pub const fn grid(&self) -> Grid {
        self.system.grid()
    }

    /// As [`optimize()`], for a problem on this optimizer's grid.
    ///
    /// # Errors
    /// As [`optimize()`], and [`SimpError::GridMismatch`] for a problem on another grid.
    pub fn optimize(
        &mut self,
        problem: &Problem,
        options: &Options,
    ) -> Result<Solution, SimpError> {
        self.optimize_with(problem, options, |_| ControlFlow::Continue(()))
    }

    /// As [`Optimizer::optimize`], showing every iteration to an observer, which may end the optimization.
    ///
    /// # Errors
    /// As [`Optimizer::optimize`].
    ///
    /// # Examples
    /// ```
    /// use std::ops::ControlFlow;
    /// use topo_simp::{Grid, Optimizer, Options, Problem};
    /// let grid = Grid { nelx: 20, nely: 10 };
    /// let mut changes = Vec::new();
    /// let solution = Optimizer::new(grid)?.optimize_with(&Problem::mbb(grid, 0.5), &Options::default(), |iteration| {
    ///     changes.push(iteration.change);
    ///     if iteration.iteration == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// })?;
    /// assert_eq!((changes.len(), solution.iterations, solution.converged), (5, 5, false));
    /// # Ok::<(), topo_simp::SimpError>(())
    /// ```
    pub fn optimize_with(
        &mut self,
        problem: &Problem,
        options: &Options,
        mut observe: impl FnMut(Iteration<'_>) -> ControlFlow<()>,
    ) -> Result<Solution, SimpError> {
        let model = self.take_over(problem)?;
        options.check(problem.grid)?;
        let mut state = State::new(&model, options, problem.volume_fraction);
        let mut history = Vec::new();
        let mut converged = false;
        while history.len() < options.max_iterations && !converged {
            let compliance = state.solve(&mut self.system, &model, history.len())?;
            history.push(compliance);
            let change = state.update(&mut self.system, &model);
            converged = change <= options.tolerance;
            let design =
                ArrayView2::from_shape((problem.grid.nely, problem.grid.nelx), &state.physical);
            let seen = design.map(|design| {
                observe(Iteration { iteration: history.len(), compliance, change, design })
            });
            state.accept(&model);
            if seen == Ok(ControlFlow::Break(())) {
                break;
            }
        }
        let compliance_returned = state.solve(&mut self.system, &model, history.len())?;
        Ok(state.into_solution(&model, history, compliance_returned, converged))
    }

    /// Puts a problem on the grid.
    pub(crate) fn take_over(&mut self, problem: &Problem) -> Result<Model, SimpError> {
        let model = Model::new(problem)?;
        if model.grid != self.grid() {
            return Err(SimpError::GridMismatch { expected: self.grid(), got: model.grid });
        }
        self.system.set_model(&model).map_err(|_| SimpError::Memory { grid: model.grid })?;
        Ok(model)
    }
}

/// The variables of a running optimization, element by element, row by row.
struct State<'a> {
    options: &'a Options,
    stiffness: Stiffness,
    filter: ConeFilter,
    /// Design variables, and those after the update.
    design: Vec<f64>,
    new_design: Vec<f64>,
    /// Physical densities.
    physical: Vec<f64>,
    moduli: Vec<f64>,
    energies: Vec<f64>,
    /// Filtered derivatives of the compliance and of the volume.
    compliance_slope: Vec<f64>,
    volume_slope: Vec<f64>,
    /// What a design variable adds to the volume, and the volume that none of them changes.
    volume_weight: Vec<f64>,
    constant_volume: f64,
    work: Vec<f64>,
}

impl<'a> State<'a> {
    fn new(model: &Model, options: &'a Options, volume_fraction: f64) -> Self {
        let n = model.cells.len();
        let least = options.code.least_density();
        let mut filter = ConeFilter::new(model.grid, &model.cells, options.filter_radius);
        let free: Vec<f64> =
            model.cells.iter().map(|&cell| if cell == Cell::Free { 1.0 } else { 0.0 }).collect();
        let (volume_weight, volume_slope) = match options.filter {
            Filter::Sensitivity => (free, vec![1.0; n]),
            Filter::Density => {
                let mut weight = vec![0.0; n];
                filter.pull_back(&free, &mut weight);
                // Far inside a passive region a variable changes nothing; any positive slope will do.
                let slope = weight.iter().map(|&w| if w > 0.0 { w } else { 1.0 }).collect();
                (weight, slope)
            }
        };
        let count =
            |kind| model.cells.iter().filter(|&&cell| cell == Cell::Passive(kind)).count() as f64;
        let mut state = Self {
            options,
            stiffness: Stiffness { code: options.code, penalty: options.penalty },
            filter,
            design: vec![volume_fraction.max(least); n],
            new_design: vec![0.0; n],
            physical: vec![0.0; n],
            moduli: vec![0.0; n],
            energies: vec![0.0; n],
            compliance_slope: vec![0.0; n],
            volume_slope,
            volume_weight,
            constant_volume: count(PassiveKind::Void) * least + count(PassiveKind::Solid),
            work: vec![0.0; n],
        };
        state.start(model, volume_fraction);
        state.take_held_variables_out_of_the_volume(model);
        state
    }

    fn start(&mut self, model: &Model, volume_fraction: f64) {
        if let Start::Design(design) = &self.options.start {
            let least = self.options.code.least_density();
            for (x, given) in self.design.iter_mut().zip(design) {
                *x = ((1.0 - 1e-4) * given + 1e-4 * volume_fraction).clamp(least, 1.0);
            }
        }
        self.hold_design(model);
        std::mem::swap(&mut self.design, &mut self.new_design);
        match (&self.options.start, self.options.code) {
            // The first solve of the 88-line code does not know the passive elements yet.
            (Start::Uniform, Code::Top88) => {
                self.physical.copy_from_slice(&self.new_design);
                std::mem::swap(&mut self.design, &mut self.new_design);
            }
            _ => self.accept(model),
        }
    }

    /// The 99-line code holds the design variables of passive elements: what they add to the volume is constant.
    fn take_held_variables_out_of_the_volume(&mut self, model: &Model) {
        if self.options.code == Code::Top99 {
            for ((weight, x), cell) in
                self.volume_weight.iter_mut().zip(&self.design).zip(&model.cells)
            {
                if *cell != Cell::Free {
                    self.constant_volume += *weight * x;
                    *weight = 0.0;
                }
            }
        }
    }

    /// Displacements for the physical densities; returns the compliance in the units of the problem.
    fn solve(
        &mut self,
        system: &mut System,
        model: &Model,
        iteration: usize,
    ) -> Result<f64, SimpError> {
        for (modulus, &x) in self.moduli.iter_mut().zip(&self.physical) {
            *modulus = self.stiffness.modulus(x);
        }
        system.solve(&model.ke, &self.moduli).map_err(|_| SimpError::Singular { iteration })?;
        let compliance = system.compliance();
        if compliance.is_finite() {
            Ok(compliance * model.compliance_unit)
        } else {
            Err(SimpError::Singular { iteration })
        }
    }

    /// Filtered slopes and the next design variables; returns the largest change.
    fn update(&mut self, system: &mut System, model: &Model) -> f64 {
        system.energies(&model.ke, &mut self.energies);
        for ((slope, energy), &x) in self.work.iter_mut().zip(&self.energies).zip(&self.physical) {
            *slope = -self.stiffness.slope(x) * energy;
        }
        match self.options.filter {
            Filter::Sensitivity => {
                for (slope, x) in self.work.iter_mut().zip(&self.design) {
                    *slope *= x;
                }
                self.filter.average(&self.work, &mut self.compliance_slope);
                for (slope, x) in self.compliance_slope.iter_mut().zip(&self.design) {
                    *slope /= x.max(1e-3);
                }
            }
            Filter::Density => {
                // A passive density does not depend on the design.
                for (slope, cell) in self.work.iter_mut().zip(&model.cells) {
                    if *cell != Cell::Free {
                        *slope = 0.0;
                    }
                }
                self.filter.pull_back(&self.work, &mut self.compliance_slope);
            }
        }
        let step = Step {
            design: &self.design,
            compliance_slope: &self.compliance_slope,
            volume_slope: &self.volume_slope,
            volume_weight: &self.volume_weight,
            constant_volume: self.constant_volume,
            target_volume: model.target_volume,
            move_limit: self.options.move_limit,
        };
        self.options.code.update(&step, &mut self.work, &mut self.new_design);
        std::mem::swap(&mut self.design, &mut self.new_design);
        self.hold_design(model);
        std::mem::swap(&mut self.design, &mut self.new_design);
        self.design
            .iter()
            .zip(&self.new_design)
            .map(|(old, new)| (new - old).abs())
            .fold(0.0, f64::max)
    }

    /// Makes the next design the current one.
    fn accept(&mut self, model: &Model) {
        std::mem::swap(&mut self.design, &mut self.new_design);
        match self.options.filter {
            Filter::Sensitivity => self.physical.copy_from_slice(&self.design),
            Filter::Density => self.filter.average(&self.design, &mut self.physical),
        }
        let least = self.options.code.least_density();
        for (x, cell) in self.physical.iter_mut().zip(&model.cells) {
            match cell {
                Cell::Free => {}
                Cell::Passive(PassiveKind::Solid) => *x = 1.0,
                Cell::Passive(PassiveKind::Void | PassiveKind::Outside) => *x = least,
            }
        }
    }

    /// Design variables that the code keeps fixed.
    fn hold_design(&mut self, model: &Model) {
        let least = self.options.code.least_density();
        for (x, cell) in self.design.iter_mut().zip(&model.cells) {
            match (cell, self.options.code) {
                (Cell::Passive(PassiveKind::Outside), _)
                | (Cell::Passive(PassiveKind::Void), Code::Top99) => *x = least,
                (Cell::Passive(PassiveKind::Solid), Code::Top99) => *x = 1.0,
                _ => {}
            }
        }
    }

    fn into_solution(
        self,
        model: &Model,
        history: Vec<f64>,
        compliance_returned: f64,
        converged: bool,
    ) -> Solution {
        let mean = |f: fn(f64) -> f64| {
            let domain =
                self.physical.iter().zip(&model.cells).filter(|(_, cell)| cell.in_domain());
            domain.map(|(&x, _)| f(x)).sum::<f64>() / model.n_domain as f64
        };
        Solution {
            design: to_array(model.grid, &self.physical),
            compliance: history.last().copied().unwrap_or(compliance_returned),
            compliance_returned,
            iterations: history.len(),
            converged,
            volume_fraction: mean(|x| x),
            greyness: mean(|x| 4.0 * x * (1.0 - x)),
            history,
        }
    }
}
