//! Laws of mechanics and of the optimization on random problems, each held to what rounding allows.
//!
//! Solving by Cholesky's factors is exact for a stiffness `K + δK` with `|δK_ij| ≤ γ √(K_ii K_jj)`,
//! `γ = (3 n + 1) ε` (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, theorem 10.4,
//! where `|Rᵀ| |R| ≤ √(K_ii K_jj)`). Scaled by its diagonal, that is a stiffness S with an error of
//! at most `n γ`, whatever the contrast of solid and void; and a compliance `uᵀ K u` changes by at
//! most `γ (Σ √K_ii |u_i|)²`.

use std::f64::consts::TAU;

use faer::{Mat, Side as Triangle};
use ndarray::Array2;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{
    Code, Filter, Fix, Grid, Load, Optimizer, Options, PENALTY, PassiveKind, Place, Problem,
    Projection, ProjectionRule, Shape, Side, Solver,
    mechanics::Modulus,
    optimizer::State,
    problem::{Cell, Model},
    solvers::Solvers,
};

/// A mirror: left and right are exchanged, or top and bottom, or both.
#[derive(Clone, Copy, Debug)]
struct Flip {
    x: bool,
    y: bool,
}

fn any_flip() -> impl Strategy<Value = Flip> {
    select(vec![(true, false), (false, true), (true, true)]).prop_map(|(x, y)| Flip { x, y })
}

impl Flip {
    fn place(self, place: &Place, grid: Grid) -> Place {
        match *place {
            Place::Node([column, row]) => Place::Node([
                if self.x { grid.nelx - column } else { column },
                if self.y { grid.nely - row } else { row },
            ]),
            Place::Edge(side) => Place::Edge(match side {
                Side::Left if self.x => Side::Right,
                Side::Right if self.x => Side::Left,
                Side::Top if self.y => Side::Bottom,
                Side::Bottom if self.y => Side::Top,
                other => other,
            }),
            ref other => panic!("{other:?} is not drawn"),
        }
    }

    fn shape(self, shape: &Shape) -> Shape {
        let Shape::Rectangle { min, max } = *shape else { panic!("{shape:?} is not drawn") };
        let range = |axis: usize, flip| {
            if flip { (1.0 - max[axis], 1.0 - min[axis]) } else { (min[axis], max[axis]) }
        };
        let ((x0, x1), (y0, y1)) = (range(0, self.x), range(1, self.y));
        Shape::Rectangle { min: [x0, y0], max: [x1, y1] }
    }

    fn load(self, load: &Load, grid: Grid) -> Load {
        let [x, y] = load.force;
        let force = [if self.x { -x } else { x }, if self.y { -y } else { y }];
        Load { at: self.place(&load.at, grid), force }
    }

    /// The mirror image.
    fn problem(self, problem: &Problem) -> Problem {
        let mut image = problem.clone();
        for support in &mut image.supports {
            support.at = self.place(&support.at, problem.grid);
        }
        for load in image.load_cases.iter_mut().flat_map(|case| &mut case.loads) {
            *load = self.load(load, problem.grid);
        }
        for region in &mut image.passive {
            region.shape = self.shape(&region.shape);
        }
        image
    }

    /// A problem that is its own image, made of another: as one load case, or as one case for each
    /// image of a load.
    fn symmetric(self, problem: &Problem, apart: bool) -> Problem {
        let (mut both, image) = (problem.clone(), self.problem(problem));
        both.supports.extend(image.supports);
        both.passive.extend(image.passive);
        if apart {
            both.load_cases.extend(image.load_cases);
        } else {
            for (case, image) in both.load_cases.iter_mut().zip(image.load_cases) {
                case.loads.extend(image.loads);
            }
        }
        both
    }

    /// Values of elements, row by row, at the places of their images.
    fn elements(self, grid: Grid, values: &[f64]) -> Vec<f64> {
        (0..grid.n_elements())
            .map(|e| {
                let (row, column) = (e / grid.nelx, e % grid.nelx);
                let i = if self.y { grid.nely - 1 - row } else { row };
                let j = if self.x { grid.nelx - 1 - column } else { column };
                values[i * grid.nelx + j]
            })
            .collect()
    }
}

/// Supports and loads on nodes and sides, one to three load cases, regions of whole elements: its
/// mirror images are exact.
fn any_problem() -> impl Strategy<Value = Problem> {
    let drawn = (3..10_usize, 3..8_usize, -0.3..0.49).prop_flat_map(|(nelx, nely, nu)| {
        let place = move || {
            prop_oneof![
                3 => (0..=nelx, 0..=nely).prop_map(|(column, row)| Place::Node([column, row])),
                1 => select(vec![Side::Left, Side::Right, Side::Top, Side::Bottom]).prop_map(Place::Edge),
            ]
        };
        let supports =
            prop::collection::vec((place(), select(vec![Fix::X, Fix::Y, Fix::Xy])), 2..5);
        let load = (place(), 0.0..TAU).prop_map(|(at, angle)| (at, [angle.cos(), angle.sin()]));
        let cases = prop::collection::vec(prop::collection::vec(load, 1..3), 1..4);
        let kind = select(vec![PassiveKind::Void, PassiveKind::Solid, PassiveKind::Outside]);
        let passive = prop::collection::vec((kind, 0..nelx, 0..nely, 1..3_usize, 1..3_usize), 0..3);
        (supports, cases, passive).prop_map(move |(supports, cases, passive)| {
            let grid = Grid { nelx, nely };
            let mut problem = Problem { poisson_ratio: nu, ..Problem::new(grid, 0.4) };
            for (at, fix) in supports {
                problem = problem.with_support(at, fix);
            }
            for loads in cases {
                problem = problem.with_load_case(loads);
            }
            for (kind, column, row, columns, rows) in passive {
                let corner = |c: usize, r: usize| [c as f64 / nelx as f64, r as f64 / nely as f64];
                let (min, max) = (corner(column, row), corner(column + columns, row + rows));
                problem = problem.with_passive(kind, Shape::Rectangle { min, max });
            }
            problem
        })
    });
    drawn.prop_filter("loads that nothing carries", |problem| Model::new(problem).is_ok())
}

/// Densities of as many elements as any problem has: black and white, or grey, from `least` on.
fn densities(least: f64) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(least), Just(1.0), least..1.0], 9 * 7)
}

/// What is known of a design, in the units of the model.
struct Solved {
    compliances: Vec<f64>,
    /// `E uᵀ KE u` of each element, summed over the load cases.
    energies: Vec<f64>,
    /// How far rounding can take the compliances, and each of the energies.
    rounding: f64,
    energy_rounding: f64,
}

impl Solved {
    fn compliance(&self) -> f64 {
        self.compliances.iter().sum()
    }
}

fn solve(model: &Model, density: &[f64], penalty: f64) -> Solved {
    let law = Modulus { code: Code::Top88, penalty, linear_below: 0.0 };
    let moduli: Vec<f64> = (density.iter().zip(&model.cells))
        .map(|(&x, cell)| law.at(if cell.in_domain() { x } else { 0.0 }))
        .collect();
    let mut solvers = Solvers::new(model.grid);
    let mut equations = solvers.equations(model, Solver::Direct).unwrap();
    equations.solve(&moduli, 0.0).unwrap();
    let mut energies = vec![0.0; moduli.len()];
    equations.energies(&mut energies);
    energies.iter_mut().zip(&moduli).for_each(|(energy, modulus)| *energy *= modulus);

    let k = dense(model, &moduli);
    let n = k.nrows() as f64;
    let gamma = (3.0 * n + 1.0) * f64::EPSILON;
    let root = |i: usize| k[(i, i)].sqrt();
    let scaled = Mat::from_fn(k.nrows(), k.ncols(), |i, j| k[(i, j)] / (root(i) * root(j)));
    let least = scaled.self_adjoint_eigenvalues(Triangle::Lower).unwrap()[0];
    let (mut rounding, mut energy_rounding) = (0.0, 0.0);
    for case in 0..model.cases.len() {
        let u = equations.displacements(case);
        let y: Vec<f64> = u.iter().enumerate().map(|(i, u)| root(i) * u.abs()).collect();
        rounding += gamma * y.iter().sum::<f64>().powi(2);
        let length = y.iter().map(|y| y * y).sum::<f64>().sqrt();
        let error = if least > 0.0 { n * gamma / least * length } else { f64::INFINITY };
        // No eigenvalue of the element matrix exceeds its trace, eight of its diagonal entries.
        energy_rounding += 8.0 * (2.0 * length + error) * error;
    }
    Solved { compliances: equations.compliances(), energies, rounding, energy_rounding }
}

/// The stiffness matrix; held unknowns have a unit row.
fn dense(model: &Model, moduli: &[f64]) -> Mat<f64> {
    let (grid, n) = (model.grid, model.fixed.len());
    let mut k = Mat::from_fn(n, n, |i, j| f64::from(i == j && model.fixed[i]));
    for (e, modulus) in moduli.iter().enumerate() {
        let corners = grid.corners(e / grid.nelx, e % grid.nelx);
        let dofs: Vec<usize> = corners.iter().flat_map(|node| [2 * node, 2 * node + 1]).collect();
        for (&i, row) in dofs.iter().zip(&model.ke) {
            for (&j, value) in dofs.iter().zip(row) {
                if !model.fixed[i] && !model.fixed[j] {
                    k[(i, j)] += modulus * value;
                }
            }
        }
    }
    k
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn more_material_is_never_softer(
        problem in any_problem(),
        density in densities(0.0),
        penalty in select(vec![1.0, 1.5, 3.0]),
        element in any::<prop::sample::Index>(),
        share in 0.0..=1.0,
    ) {
        let model = Model::new(&problem).unwrap();
        let n = model.cells.len();
        let e = element.index(n);
        let at = |share: f64| {
            let mut raised = density[..n].to_vec();
            raised[e] += share * (1.0 - raised[e]);
            solve(&model, &raised, penalty)
        };
        let (before, after) = (at(0.0), at(share));
        let cases = before.compliances.iter().zip(&after.compliances);
        let rounding = before.rounding + after.rounding;
        for (before, after) in cases {
            prop_assert!(*after <= before + rounding, "{} {} {:e}", before, after, rounding);
            prop_assert!(0.0 < *after);
        }
        if penalty <= 1.0 {
            // And each further part gains less: compliance is convex in the moduli.
            let middle = at(0.5 * share);
            let chord = 0.5 * (before.compliance() + after.compliance());
            prop_assert!(middle.compliance() <= chord + rounding + middle.rounding);
        }
    }

    /// Conjugate gradients leave 1e-9 in the energy norm: its square in the compliance.
    #[test]
    fn a_sensitivity_is_that_of_the_analysis(
        problem in any_problem(),
        density in densities(0.1),
        penalty in select(vec![1.0, 2.2, 3.0]),
    ) {
        let grid = problem.grid;
        let density = density[..grid.n_elements()].to_vec();
        let density = Array2::from_shape_vec((grid.nely, grid.nelx), density).unwrap();
        let mut optimizer = Optimizer::new(grid).unwrap();
        let exact = optimizer.analyze(&problem, density.view(), penalty).unwrap();
        let (compliance, gradient) =
            optimizer.sensitivity(&problem, density.view(), penalty).unwrap();
        prop_assert!((compliance / exact.compliance - 1.0).abs() < 1e-10);
        let steepest = exact.gradient.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
        for (slope, exact) in gradient.iter().zip(&exact.gradient) {
            prop_assert!((slope - exact).abs() < 1e-8 * steepest, "{} {}", slope, exact);
        }
    }

    #[test]
    fn mirror_images_are_analyzed_alike(
        problem in any_problem(),
        density in densities(0.0),
        flip in any_flip(),
    ) {
        let (grid, n) = (problem.grid, problem.grid.n_elements());
        let one = solve(&Model::new(&problem).unwrap(), &density[..n], PENALTY);
        let image = Model::new(&flip.problem(&problem)).unwrap();
        let other = solve(&image, &flip.elements(grid, &density[..n]), PENALTY);
        let rounding = one.rounding + other.rounding;
        for (a, b) in one.compliances.iter().zip(&other.compliances) {
            prop_assert!((a - b).abs() <= rounding, "{} {} {:e}", a, b, rounding);
        }
        let rounding = one.energy_rounding + other.energy_rounding;
        for (a, b) in flip.elements(grid, &one.energies).iter().zip(&other.energies) {
            prop_assert!((a - b).abs() <= rounding, "{} {} {:e}", a, b, rounding);
        }
    }

    /// The sensitivity filter is left out: what it returns is not the gradient of any function.
    #[test]
    fn adjoint_gradients_equal_finite_differences(
        problem in any_problem(),
        density in densities(0.3),
        direction in prop::collection::vec(-1.0..1.0, 9 * 7),
        rule in select(vec![
            None,
            Some(ProjectionRule::Exponential),
            Some(ProjectionRule::Tanh { eta: 0.4 }),
            Some(ProjectionRule::Robust { offset: 0.2 }),
        ]),
        radius in select(vec![1.0, 1.6, 2.4]),
        penalty in select(vec![1.0, 2.2, 3.0]),
    ) {
        // 0.3 to 0.9, so that there is room for steps.
        let n = problem.grid.n_elements();
        let density: Vec<f64> = density[..n].iter().map(|x| 0.3 + 0.6 * (x - 0.3) / 0.7).collect();
        let model = Model::new(&problem).unwrap();
        let projection = rule.map(|rule| Projection { beta: 3.0, ..Projection::tanh(rule) });
        let options = Options { projection, penalty, ..Options::top88(Filter::Density, radius) };
        let mut state = State::new(&model, &options, problem.volume_fraction);
        let mut solvers = Solvers::new(problem.grid);
        let mut equations = solvers.equations(&model, Solver::Direct).unwrap();
        let (compliance, gradient) = state.at(&mut equations, &model, &density);
        let slope: f64 = gradient.iter().zip(&direction).map(|(g, v)| g * v).sum();
        let mut difference = |step: f64| {
            let mut at = |step: f64| {
                let moved: Vec<f64> = density.iter().zip(&direction).map(|(x, v)| x + step * v).collect();
                state.at(&mut equations, &model, &moved).0
            };
            (at(step) - at(-step)) / (2.0 * step)
        };
        // Romberg's extrapolation of three central differences; what the last round of it changed
        // bounds its error.
        let step = 0.005;
        let [d1, d2, d4] = [step, 2.0 * step, 4.0 * step].map(&mut difference);
        let (r1, r2) = ((4.0 * d1 - d2) / 3.0, (4.0 * d2 - d4) / 3.0);
        let numeric = (16.0 * r1 - r2) / 15.0;
        let rounding = solve(&model, state.physical(), penalty).rounding / step;
        let tolerance = (r1 - r2).abs() + rounding;
        prop_assert!((slope - numeric).abs() <= tolerance, "{} {} {:e}", slope, numeric, tolerance);
        // And that is sharp enough to tell: the whole slope is at most 4 p times the compliance.
        prop_assert!(tolerance < 1e-3 * compliance * penalty, "{:e} of {}", tolerance, compliance);
    }

    #[test]
    fn symmetric_problems_have_symmetric_designs(
        half in any_problem(),
        flip in any_flip(),
        apart in any::<bool>(),
        rule in select(vec![None, Some(ProjectionRule::Exponential), Some(ProjectionRule::VolumePreserving)]),
        filter in select(vec![Filter::Sensitivity, Filter::Density]),
        radius in select(vec![1.0, 1.6, 2.4]),
    ) {
        let problem = flip.symmetric(&half, apart);
        if let Ok(model) = Model::of_task(&problem) {
            // The image of a region may be painted over a region of another kind.
            let roles = |cell: &Cell| match cell {
                Cell::Free => 0.0,
                Cell::Passive(PassiveKind::Solid) => 1.0,
                Cell::Passive(PassiveKind::Void) => 2.0,
                Cell::Passive(PassiveKind::Outside) => 3.0,
            };
            let roles: Vec<f64> = model.cells.iter().map(roles).collect();
            let image = flip.elements(problem.grid, &roles);
            prop_assume!(roles.iter().zip(&image).all(|(a, b)| (a - b).abs() < 0.5));
            let projection = rule.filter(|_| filter == Filter::Density).map(Projection::tanh);
            let options = Options { projection, max_iterations: 8, ..Options::top88(filter, radius) };
            let solution = Optimizer::new(problem.grid).unwrap().optimize(&problem, &options).unwrap();
            let design: Vec<f64> = solution.design.iter().copied().collect();
            let image = flip.elements(problem.grid, &design);
            let worst = design.iter().zip(&image).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            // Densities follow the roots of the energies. Material that has to be somewhere and
            // carries nothing follows rounding, and a problem with such material is left out.
            let known = |density: &[f64]| {
                let solved = solve(&model, density, PENALTY);
                let carrying = solved.energies.iter().zip(density).filter(|(_, x)| 1e-3 < **x);
                solved.energy_rounding / carrying.map(|(energy, _)| *energy).fold(f64::INFINITY, f64::min)
            };
            let start = vec![problem.volume_fraction; design.len()];
            let rounding = known(&start).max(known(&design));
            prop_assume!(rounding < 1e-3);
            prop_assert!(worst <= rounding, "{:e} {:e}", worst, rounding);
        }
    }
}
