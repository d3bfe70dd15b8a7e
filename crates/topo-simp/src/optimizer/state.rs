//! The variables of a running optimization.

use super::{
    continuation::{Advance, Continuation},
    filter::ConeFilter,
    options::{Filter, Options, Start},
    passive::{hold_design, hold_physical},
    projection::{self, ProjectionRule},
    update::{Step, Volume},
};
use crate::{
    code::Code,
    error::SimpError,
    problem::{Cell, Model, PassiveKind},
    solvers::Equations,
};

/// Everything that changes from iteration to iteration, element by element, row by row.
pub(crate) struct State<'a> {
    options: &'a Options,
    continuation: Continuation<'a>,
    filter: ConeFilter,
    /// Multiplier of the volume.
    lambda: f64,
    /// Design variables, and those after the update.
    design: Vec<f64>,
    new_design: Vec<f64>,
    /// Filtered design variables, before projection.
    filtered: Vec<f64>,
    physical: Vec<f64>,
    moduli: Vec<f64>,
    energies: Vec<f64>,
    /// `uᵀ ∂f/∂x` of the weight of the structure; `None` without one.
    works: Option<Vec<f64>>,
    /// Filtered derivatives of the compliance and of the volume.
    compliance_slope: Vec<f64>,
    /// The same of the compliance through the weight of the structure; unused without one.
    weight_slope: Vec<f64>,
    volume_slope: Vec<f64>,
    /// What a design variable adds to the volume of the filtered densities, and the volume that
    /// none of them changes.
    volume_weight: Vec<f64>,
    constant_volume: f64,
    /// 1 where an element is free, else 0.
    free: Vec<f64>,
    work: Vec<f64>,
}

impl<'a> State<'a> {
    pub(crate) fn new(model: &Model, options: &'a Options, volume_fraction: f64) -> Self {
        let n = model.cells.len();
        let least = options.code.least_density();
        let mut filter = ConeFilter::new(model.grid, &model.cells, options.filter_radius);
        let free: Vec<f64> =
            model.cells.iter().map(|&cell| if cell == Cell::Free { 1.0 } else { 0.0 }).collect();
        let (volume_weight, volume_slope) = match options.filter {
            Filter::Sensitivity => (free.clone(), vec![1.0; n]),
            Filter::Density => {
                let mut weight = vec![0.0; n];
                filter.pull_back(&free, &mut weight);
                let slope = weight.iter().map(|&w| positive(w)).collect();
                (weight, slope)
            }
        };
        let count =
            |kind| model.cells.iter().filter(|&&cell| cell == Cell::Passive(kind)).count() as f64;
        let mut state = Self {
            options,
            continuation: Continuation::new(options, model.linear_below()),
            filter,
            lambda: 1.0,
            design: vec![volume_fraction.max(least); n],
            new_design: vec![0.0; n],
            filtered: vec![0.0; n],
            physical: vec![0.0; n],
            moduli: vec![0.0; n],
            energies: vec![0.0; n],
            works: None,
            compliance_slope: vec![0.0; n],
            weight_slope: vec![0.0; n],
            volume_slope,
            volume_weight,
            constant_volume: count(PassiveKind::Void) * least + count(PassiveKind::Solid),
            free,
            work: vec![0.0; n],
        };
        state.start(model, volume_fraction);
        state.take_held_variables_out_of_the_volume(model);
        state
    }

    /// The physical densities.
    pub(crate) fn physical(&self) -> &[f64] {
        &self.physical
    }

    /// The penalty of this iteration.
    pub(crate) const fn penalty(&self) -> f64 {
        self.continuation.modulus().penalty
    }

    fn start(&mut self, model: &Model, volume_fraction: f64) {
        if let Start::Design(design) = &self.options.start {
            let least = self.options.code.least_density();
            for (x, given) in self.design.iter_mut().zip(design) {
                *x = ((1.0 - 1e-4) * given + 1e-4 * volume_fraction).clamp(least, 1.0);
            }
            if let Some(symmetry) = self.options.symmetry {
                symmetry.average(model.grid, &mut self.design);
            }
        }
        hold_design(&model.cells, self.options.code, &mut self.design);
        std::mem::swap(&mut self.design, &mut self.new_design);
        match (&self.options.start, self.options.code) {
            // The first solve of the 88-line code does not know the passive elements yet, and
            // filters nothing.
            (Start::Uniform, Code::Top88) => {
                std::mem::swap(&mut self.design, &mut self.new_design);
                self.filtered.copy_from_slice(&self.design);
                self.physical.copy_from_slice(&self.design);
                self.project(model);
            }
            _ => self.accept(model),
        }
    }

    /// The 99-line code holds the design variables of passive elements: what they add to the volume
    /// is constant.
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

    /// Displacements for the physical densities; returns the compliance in the units of the
    /// problem.
    pub(crate) fn solve(
        &mut self,
        equations: &mut Equations<'_>,
        model: &Model,
        tolerance: f64,
        iteration: usize,
    ) -> Result<f64, SimpError> {
        let law = self.continuation.modulus();
        for (modulus, &x) in self.moduli.iter_mut().zip(&self.physical) {
            *modulus = law.at(x);
        }
        equations.weigh(&self.physical);
        equations.solve(&self.moduli, tolerance).map_err(|_| SimpError::Singular { iteration })?;
        let compliance = equations.compliance();
        if compliance.is_finite() {
            Ok(compliance * model.compliance_unit)
        } else {
            Err(SimpError::Singular { iteration })
        }
    }

    /// The compliance of these design variables, in the units of the problem, and its derivatives
    /// by them in those of the model.
    #[cfg(test)]
    pub(crate) fn at(
        &mut self,
        equations: &mut Equations<'_>,
        model: &Model,
        design: &[f64],
    ) -> (f64, Vec<f64>) {
        self.new_design.copy_from_slice(design);
        self.accept(model);
        let compliance = self.solve(equations, model, 0.0, 0).unwrap();
        self.see(equations);
        self.slopes(model);
        let slopes = self.compliance_slope.iter().zip(&self.weight_slope);
        (compliance, slopes.map(|(through_stiffness, weight)| through_stiffness + weight).collect())
    }

    /// Filtered slopes and the next design variables; returns the largest change.
    pub(crate) fn update(&mut self, equations: &Equations<'_>, model: &Model) -> f64 {
        self.see(equations);
        self.slopes(model);
        let step = Step {
            design: &self.design,
            compliance_slope: &self.compliance_slope,
            weight_slope: self.works.is_some().then_some(&self.weight_slope[..]),
            volume_slope: &self.volume_slope,
            target_volume: model.target_volume,
            move_limit: self.options.move_limit,
        };
        let constant = self.constant_volume;
        let mut projected = |step: projection::Step, new: &[f64]| {
            self.filter.average(new, &mut self.filtered);
            let projected = self.filtered.iter().zip(&self.free);
            constant + projected.map(|(&x, free)| free * step.value(x)).sum::<f64>()
        };
        let mut of;
        let volume = match self.continuation.volume_step() {
            None => Volume::Linear { constant, weights: &self.volume_weight },
            Some(step) => {
                of = move |new: &[f64]| projected(step, new);
                Volume::Of(&mut of)
            }
        };
        let (roots, new) = (&mut self.work, &mut self.new_design);
        self.lambda = self.options.code.update(&step, self.lambda, roots, new, volume);
        std::mem::swap(&mut self.design, &mut self.new_design);
        hold_design(&model.cells, self.options.code, &mut self.design);
        std::mem::swap(&mut self.design, &mut self.new_design);
        self.design
            .iter()
            .zip(&self.new_design)
            .map(|(old, new)| (new - old).abs())
            .fold(0.0, f64::max)
    }

    /// Keeps what the derivatives need of the last solution.
    fn see(&mut self, equations: &Equations<'_>) {
        equations.energies(&mut self.energies);
        self.works = equations.works();
    }

    /// Derivatives of compliance and volume by the design variables, as the filter wants them.
    fn slopes(&mut self, model: &Model) {
        let law = self.continuation.modulus();
        for ((slope, energy), &x) in self.work.iter_mut().zip(&self.energies).zip(&self.physical) {
            *slope = -law.slope(x) * energy;
        }
        let mut filtered = std::mem::take(&mut self.compliance_slope);
        self.filter_slopes(&mut filtered);
        self.compliance_slope = filtered;
        if let Some(works) = &self.works {
            self.work.iter_mut().zip(works).for_each(|(slope, work)| *slope = 2.0 * work);
            let mut filtered = std::mem::take(&mut self.weight_slope);
            self.filter_slopes(&mut filtered);
            self.weight_slope = filtered;
        }
        if self.options.filter == Filter::Density
            && let Some(step) =
                self.continuation.volume_step().or(self.continuation.stiffness_step())
        {
            for ((slope, &x), free) in self.work.iter_mut().zip(&self.filtered).zip(&self.free) {
                *slope = free * step.slope(x);
            }
            self.filter.pull_back(&self.work, &mut self.volume_slope);
            for slope in &mut self.volume_slope {
                *slope = positive(*slope);
            }
        }
        if let Some(symmetry) = self.options.symmetry {
            symmetry.average(model.grid, &mut self.compliance_slope);
            symmetry.average(model.grid, &mut self.weight_slope);
            symmetry.average(model.grid, &mut self.volume_slope);
        }
    }

    /// Turns derivatives by the physical densities, which `work` holds, into those by the design
    /// variables, as the filter wants them.
    fn filter_slopes(&mut self, slopes: &mut [f64]) {
        match self.options.filter {
            Filter::Sensitivity => {
                for (slope, x) in self.work.iter_mut().zip(&self.design) {
                    *slope *= x;
                }
                self.filter.average(&self.work, slopes);
                for (slope, x) in slopes.iter_mut().zip(&self.design) {
                    *slope /= x.max(1e-3);
                }
            }
            Filter::Density => {
                if let Some(step) = self.continuation.stiffness_step() {
                    for (slope, &x) in self.work.iter_mut().zip(&self.filtered) {
                        *slope *= step.slope(x);
                    }
                }
                // A passive density does not depend on the design.
                for (slope, free) in self.work.iter_mut().zip(&self.free) {
                    *slope *= free;
                }
                self.filter.pull_back(&self.work, slopes);
            }
        }
    }

    /// Makes the next design the current one.
    pub(crate) fn accept(&mut self, model: &Model) {
        std::mem::swap(&mut self.design, &mut self.new_design);
        match self.options.filter {
            Filter::Sensitivity => self.physical.copy_from_slice(&self.design),
            Filter::Density => {
                self.filter.average(&self.design, &mut self.filtered);
                self.physical.copy_from_slice(&self.filtered);
                self.project(model);
            }
        }
        hold_physical(&model.cells, self.options.code, &mut self.physical);
    }

    /// Goes on to the next penalty or sharpness if it is time, and says whether it did; `settled`
    /// says that the present one has nothing more to give.
    pub(crate) fn advance(&mut self, model: &Model, settled: bool) -> bool {
        let advance = self.continuation.advance(settled);
        if advance == Advance::Sharper {
            self.project(model);
            hold_physical(&model.cells, self.options.code, &mut self.physical);
        }
        advance != Advance::Nothing
    }

    /// Turns the densities whose stiffness was optimized into those to hand back.
    pub(crate) fn finish(&mut self, model: &Model) {
        if let Some(ProjectionRule::Robust { .. }) = self.options.projection.map(|p| p.rule)
            && let Some(step) = self.continuation.volume_step()
        {
            apply(step, &self.filtered, &mut self.physical);
            hold_physical(&model.cells, self.options.code, &mut self.physical);
        }
    }

    /// Physical densities from the filtered ones.
    fn project(&mut self, model: &Model) {
        let free = self.filtered.iter().zip(&model.cells);
        let free = free.filter(|(_, cell)| **cell == Cell::Free).map(|(&x, _)| x);
        let volume = model.target_volume - self.constant_volume;
        self.continuation.preserve_volume(free, volume);
        if let Some(step) = self.continuation.stiffness_step() {
            apply(step, &self.filtered, &mut self.physical);
        }
    }
}

fn apply(step: projection::Step, filtered: &[f64], physical: &mut [f64]) {
    for (physical, &filtered) in physical.iter_mut().zip(filtered) {
        *physical = step.value(filtered);
    }
}

/// The slope itself, or 1: a variable far inside a passive region changes nothing, and any positive
/// slope will do.
fn positive(slope: f64) -> f64 {
    if slope > 0.0 { slope } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        grid::Grid,
        optimizer::projection::Projection,
        problem::{Place, Problem, Shape},
        solvers::{Solver, Solvers},
    };

    const GRID: Grid = Grid { nelx: 10, nely: 8 };

    /// Two load cases, a hole, a solid corner, and a part that does not belong to the domain.
    fn problem() -> Problem {
        let at = |min, max| Shape::Rectangle { min, max };
        Problem::two_loads(GRID, 0.45)
            .with_load_case([(Place::Point([1.0, 0.5]), [0.7, 0.2])])
            .with_passive(PassiveKind::Void, Shape::Circle { center: [0.4, 0.5], radius: 0.2 })
            .with_passive(PassiveKind::Solid, at([0.0, 0.0], [0.2, 0.25]))
            .with_passive(PassiveKind::Outside, at([0.7, 0.3], [0.9, 0.6]))
    }

    #[test]
    fn slopes_equal_central_differences() {
        check_slopes(&problem());
        check_slopes(&problem().with_self_weight([0.05, -0.2]));
    }

    #[track_caller]
    fn check_slopes(problem: &Problem) {
        let model = Model::new(problem).unwrap();
        let mut solvers = Solvers::new(GRID);
        let mut equations = solvers.equations(&model, Solver::Direct).unwrap();
        let n = GRID.n_elements();
        let design: Vec<f64> =
            (0..n).map(|e| 0.3 + 0.6 * ((e * 37 % 101) as f64) / 101.0).collect();
        for rule in [
            None,
            Some(ProjectionRule::Exponential),
            Some(ProjectionRule::Tanh { eta: 0.4 }),
            Some(ProjectionRule::Robust { offset: 0.2 }),
        ] {
            let projection = rule.map(|rule| Projection { beta: 3.0, ..Projection::tanh(rule) });
            let options = Options { projection, ..Options::top88(Filter::Density, 1.8) };
            let mut state = State::new(&model, &options, 0.45);
            let mut values = |design: &[f64]| {
                let (compliance, slope) = state.at(&mut equations, &model, design);
                let volume: f64 = match state.continuation.volume_step() {
                    None => state.volume_weight.iter().zip(design).map(|(w, x)| w * x).sum(),
                    Some(step) => {
                        let projected = state.filtered.iter().zip(&state.free);
                        projected.map(|(&x, free)| free * step.value(x)).sum()
                    }
                };
                (compliance, volume, (slope, state.volume_slope.clone()))
            };
            let (compliance, _, slopes) = values(&design);
            for e in 0..n {
                let mut at = |step: f64| {
                    let mut moved = design.clone();
                    moved[e] += step;
                    let (compliance, volume, _) = values(&moved);
                    (compliance, volume)
                };
                let ((c1, v1), (c0, v0)) = (at(1e-5), at(-1e-5));
                let (dc, dv) = ((c1 - c0) / 2e-5, (v1 - v0) / 2e-5);
                let unit = compliance / n as f64;
                let slope = slopes.0[e] * model.compliance_unit;
                assert!((slope - dc).abs() < 1e-5 * unit, "{rule:?} {e}: {slope} {dc}");
                let dv = positive(if dv.abs() < 1e-12 { 0.0 } else { dv });
                assert!((slopes.1[e] - dv).abs() < 1e-7, "{rule:?} {e}: {} {dv}", slopes.1[e]);
            }
        }
    }
}
