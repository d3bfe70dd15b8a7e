//! The equations of a grid, and the choice of what solves them.

use crate::{
    Grid, Solver,
    model::Model,
    multigrid::Multigrid,
    system::{System, TooLarge},
};

/// Steps of the conjugate gradients after which the direct solver takes over.
const MAX_STEPS: usize = 300;

/// The equations cannot be solved: not positive definite in double precision, or too large for the
/// direct solver.
#[derive(Debug)]
pub(crate) struct Unsolved;

/// Both solvers of a grid, each made when it is first needed, and the last solution.
#[derive(Debug)]
pub(crate) struct Equations {
    grid: Grid,
    direct: Option<Box<System>>,
    multigrid: Option<Box<Multigrid>>,
    /// What solves, and whose solution is the last one.
    chosen: Which,
    solved: Which,
    /// Whether the direct solver knows the model.
    direct_is_ready: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Direct,
    Multigrid,
}

impl Equations {
    pub(crate) const fn new(grid: Grid) -> Self {
        Self {
            grid,
            direct: None,
            multigrid: None,
            chosen: Which::Direct,
            solved: Which::Direct,
            direct_is_ready: false,
        }
    }

    pub(crate) const fn grid(&self) -> Grid {
        self.grid
    }

    /// Takes over the supports and loads of a problem on the same grid; nothing of the previous one
    /// stays.
    pub(crate) fn set_model(&mut self, model: &Model, solver: Solver) -> Result<(), TooLarge> {
        self.direct_is_ready = false;
        if solver.is_multigrid(self.grid) {
            self.chosen = Which::Multigrid;
            let grid = self.grid;
            self.multigrid.get_or_insert_with(|| Box::new(Multigrid::new(grid))).set_model(model);
            Ok(())
        } else {
            self.chosen = Which::Direct;
            self.prepare_direct(model)
        }
    }

    /// Solves for the displacements of all load cases, for the given Young's modulus of every
    /// element.
    ///
    /// The direct solver is exact; multigrid leaves a relative error of about `tolerance` in the
    /// energy norm, so one of about its square in the compliance.
    pub(crate) fn solve(
        &mut self,
        model: &Model,
        moduli: &[f64],
        tolerance: f64,
    ) -> Result<(), Unsolved> {
        if self.chosen == Which::Multigrid
            && let Some(multigrid) = &mut self.multigrid
            && multigrid.solve(moduli, tolerance, MAX_STEPS).is_ok()
        {
            self.solved = Which::Multigrid;
            return Ok(());
        }
        if !self.direct_is_ready {
            self.prepare_direct(model).map_err(|_| Unsolved)?;
        }
        self.solved = Which::Direct;
        let system = self.direct.as_mut().ok_or(Unsolved)?;
        system.solve(&model.ke, moduli).map_err(|_| Unsolved)
    }

    /// `fᵀ u` of each load case of the last solution.
    pub(crate) fn compliances(&self) -> Vec<f64> {
        match (self.solved, &self.direct, &self.multigrid) {
            (Which::Direct, Some(direct), _) => direct.compliances(),
            (Which::Multigrid, _, Some(multigrid)) => multigrid.compliances(),
            _ => Vec::new(),
        }
    }

    /// `fᵀ u` summed over the load cases.
    pub(crate) fn compliance(&self) -> f64 {
        match (self.solved, &self.direct, &self.multigrid) {
            (Which::Direct, Some(direct), _) => direct.compliance(),
            (Which::Multigrid, _, Some(multigrid)) => multigrid.compliance(),
            _ => f64::NAN,
        }
    }

    /// `uᵀ KE u` of every element for unit modulus, summed over the load cases of the last
    /// solution.
    pub(crate) fn energies(&self, model: &Model, energies: &mut [f64]) {
        match (self.solved, &self.direct, &self.multigrid) {
            (Which::Direct, Some(direct), _) => direct.energies(&model.ke, energies),
            (Which::Multigrid, _, Some(multigrid)) => multigrid.energies(energies),
            _ => energies.fill(0.0),
        }
    }

    /// Displacements of a load case of the last solution: for each node, row by row, x and y (up).
    pub(crate) fn displacements(&self, case: usize) -> Vec<f64> {
        match (self.solved, &self.direct, &self.multigrid) {
            (Which::Direct, Some(direct), _) => direct.displacements(case),
            (Which::Multigrid, _, Some(multigrid)) => multigrid.displacements(case),
            _ => Vec::new(),
        }
    }

    fn prepare_direct(&mut self, model: &Model) -> Result<(), TooLarge> {
        let system = match self.direct.take() {
            Some(system) => self.direct.insert(system),
            None => self.direct.insert(Box::new(System::new(self.grid)?)),
        };
        system.set_model(model)?;
        self.direct_is_ready = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Fix, PassiveKind, Place, Problem, Shape};

    fn point() -> impl Strategy<Value = [f64; 2]> {
        [0.0..=1.0, 0.0..=1.0]
    }

    prop_compose! {
        /// Point supports and loads anywhere, sometimes a hole, any Poisson ratio; densities from
        /// void to solid.
        fn any_case()(nelx in 2..40_usize, nely in 2..30_usize, nu in -0.3..0.49)(
            supports in prop::collection::vec(
                (point(), prop::sample::select(vec![Fix::X, Fix::Y, Fix::Xy])), 2..5),
            loads in prop::collection::vec((point(), [-1.0..1.0, -1.0..1.0]), 1..4),
            hole in prop::option::of(point()),
            density in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], nelx * nely),
            nelx in Just(nelx), nely in Just(nely), nu in Just(nu),
        ) -> (Problem, Vec<f64>) {
            let mut problem =
                Problem { poisson_ratio: nu, ..Problem::new(Grid { nelx, nely }, 0.4) };
            for (at, fix) in supports {
                problem = problem.with_support(Place::Point(at), fix);
            }
            for (at, force) in loads {
                problem = problem.with_load_case([(Place::Point(at), force)]);
            }
            if let Some(center) = hole {
                let shape = Shape::Circle { center, radius: 0.25 };
                problem = problem.with_passive(PassiveKind::Outside, shape);
            }
            (problem, density)
        }
    }

    /// Compliances, element energies and displacements, and what found them.
    fn solved(
        model: &Model,
        moduli: &[f64],
        solver: Solver,
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>, Which) {
        let mut equations = Equations::new(model.grid);
        equations.set_model(model, solver).unwrap();
        equations.solve(model, moduli, 1e-9).unwrap();
        let mut energies = vec![f64::NAN; moduli.len()];
        equations.energies(model, &mut energies);
        let displacements = (0..model.cases.len()).flat_map(|case| equations.displacements(case));
        (equations.compliances(), energies, displacements.collect(), equations.solved)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn multigrid_equals_the_direct_solver(
            (problem, density) in any_case(),
            void in prop::sample::select(vec![1e-2, 1e-5]),
        ) {
            // Not nine orders of magnitude as in a design: displacements of loose parts would be
            // round-off in both.
            let moduli: Vec<f64> = density.iter().map(|x| void + x * x * x).collect();
            if let Ok(model) = Model::new(&problem) {
                let direct = solved(&model, &moduli, Solver::Direct);
                let multigrid = solved(&model, &moduli, Solver::Multigrid);
                // Noise of grains in void can be too hard, and is then left to the direct solver.
                prop_assert!(multigrid.3 == Which::Multigrid || void < 1e-2);
                for (a, b) in direct.0.iter().zip(&multigrid.0) {
                    prop_assert!((a / b - 1.0).abs() < 1e-7, "compliance {} {}", a, b);
                }
                let scale = |values: &[f64]| values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
                for (a, b) in [(&direct.1, &multigrid.1), (&direct.2, &multigrid.2)] {
                    let largest = scale(a);
                    for (a, b) in a.iter().zip(b) {
                        prop_assert!((a - b).abs() < 1e-5 * largest, "{} {} of {}", a, b, largest);
                    }
                }
            }
        }
    }

    #[test]
    fn a_solution_is_a_good_start_for_the_next() {
        let grid = Grid { nelx: 48, nely: 24 };
        let model = Model::new(&Problem::cantilever(grid, 0.4)).unwrap();
        let mut multigrid = Multigrid::new(grid);
        multigrid.set_model(&model);
        let moduli: Vec<f64> = (0..grid.n_elements()).map(|e| 0.1 + (e % 7) as f64).collect();
        let cold = multigrid.solve(&moduli, 1e-6, MAX_STEPS).unwrap();
        let nearby: Vec<f64> = moduli.iter().map(|e| e * 1.00001).collect();
        let warm = multigrid.solve(&nearby, 1e-6, MAX_STEPS).unwrap();
        assert!(2 * warm < cold, "{warm} steps against {cold}");
        // Nothing of one problem reaches the next.
        multigrid.set_model(&model);
        assert_eq!(multigrid.solve(&moduli, 1e-6, MAX_STEPS).unwrap(), cold);
    }

    #[test]
    fn steps_hardly_grow_with_the_grid() {
        let steps = |n: usize| {
            let grid = Grid { nelx: n, nely: n };
            let mut multigrid = Multigrid::new(grid);
            multigrid.set_model(&Model::new(&Problem::mbb(grid, 0.5)).unwrap());
            multigrid.solve(&vec![0.125; n * n], 1e-8, MAX_STEPS).unwrap()
        };
        assert!(steps(16) <= 20 && steps(128) <= 24, "{} {}", steps(16), steps(128));
    }
}
