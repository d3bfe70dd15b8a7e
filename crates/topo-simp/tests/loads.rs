//! Weights of load cases, the weight of the structure itself, springs, and loads between nodes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use ndarray::Array2;
use topo_simp::{
    Filter, Fix, Grid, Optimizer, Options, PENALTY, Place, Problem, Side, SimpError, Solver,
    analyze, compliance,
};

const GRID: Grid = Grid { nelx: 12, nely: 6 };
const DOWN: [f64; 2] = [0.0, -1.0];

fn clamped() -> Problem {
    Problem::new(GRID, 0.4).with_support(Place::Edge(Side::Left), Fix::Xy)
}

/// Densities on both sides of where the modulus becomes linear.
fn grey() -> Array2<f64> {
    Array2::from_shape_fn((6, 12), |(i, j)| 0.1 + 0.85 * ((i * 12 + j) * 29 % 73) as f64 / 73.0)
}

/// The gradient of the analysis against central differences, element by element.
#[track_caller]
fn check_gradient(problem: &Problem) {
    let density = grey();
    let found = analyze(problem, density.view(), PENALTY).unwrap();
    let unit = found.compliance / density.len() as f64;
    for (at, &slope) in found.gradient.indexed_iter() {
        let value = |step: f64| {
            let mut moved = density.clone();
            moved[at] += step;
            compliance(problem, moved.view(), PENALTY).unwrap()
        };
        let difference = (value(1e-5) - value(-1e-5)) / 2e-5;
        assert!((slope - difference).abs() < 1e-5 * unit, "{at:?}: {slope} {difference}");
    }
}

#[test]
fn gradients_equal_central_differences() {
    let tip = (Place::Point([1.0, 0.4]), DOWN);
    let heavy = clamped().with_load_case([tip.clone()]).with_self_weight([0.02, -0.1]);
    check_gradient(&heavy);
    check_gradient(&clamped().with_self_weight([0.0, -1.0]));
    let sprung = clamped().with_load_case([tip.clone()]);
    check_gradient(&sprung.with_spring(Place::Point([0.93, 1.0]), [0.3, 0.05]));
    let mut weighted = heavy.with_load_case([(Place::Edge(Side::Top), [0.3, -1.0])]);
    weighted.load_cases[1].weight = 0.25;
    check_gradient(&weighted);
}

#[test]
fn a_weight_of_four_counts_like_twice_the_force() {
    let load = |force| [(Place::Point([1.0, 0.5]), force)];
    let plain = clamped().with_load_case(load(DOWN)).with_load_case(load([1.0, 0.0]));
    let mut weighted = plain.clone();
    weighted.load_cases[1].weight = 4.0;
    let doubled = clamped().with_load_case(load(DOWN)).with_load_case(load([2.0, 0.0]));
    let solve = |problem: &Problem| analyze(problem, grey().view(), PENALTY).unwrap();
    let (plain, weighted, doubled) = (solve(&plain), solve(&weighted), solve(&doubled));
    assert!((weighted.compliance / doubled.compliance - 1.0).abs() < 1e-12);
    // Each case itself is what it was.
    for (a, b) in weighted.case_compliances.iter().zip(&plain.case_compliances) {
        assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
    }
    let difference = &weighted.displacements[1] - &plain.displacements[1];
    let largest = plain.displacements[1].iter().fold(0.0_f64, |most, u| most.max(u.abs()));
    assert!(difference.iter().all(|d| d.abs() < 1e-12 * largest));
}

/// A column that stands on its foot: the force through a cross section is the weight above it, so
/// the top sinks by `γ L² / (2 E)` for ν = 0, and the energy is `γ² A L³ / (6 E)` of it.
#[test]
fn a_column_under_its_own_weight_sinks_as_a_bar_does() {
    let (gamma, stiffness, cell) = (0.3, 7.0, 0.5);
    let column = Problem {
        poisson_ratio: 0.0,
        youngs_modulus: stiffness,
        cell_size: cell,
        thickness: 2.0,
        ..Problem::new(Grid { nelx: 3, nely: 40 }, 0.5)
    }
    .with_support(Place::Edge(Side::Bottom), Fix::Y)
    .with_support(Place::Point([0.0, 1.0]), Fix::X)
    .with_self_weight([0.0, -gamma]);
    let found = analyze(&column, Array2::ones((40, 3)).view(), PENALTY).unwrap();
    let length = 40.0 * cell;
    let top = -found.displacements[0][[0, 1, 1]];
    assert!((top / (gamma * length * length / (2.0 * stiffness)) - 1.0).abs() < 1e-9, "{top}");
    let area = 3.0 * cell * 2.0;
    let expected = gamma * gamma * area * length.powi(3) / (3.0 * stiffness);
    // Linear elements: short of the exact energy by the square of an element's share.
    assert!((found.compliance / expected - 1.0).abs() < 1e-3, "{} {expected}", found.compliance);
    // Half as dense it weighs half, and its modulus is that of the density.
    let half = analyze(&column, Array2::from_elem((40, 3), 0.5).view(), PENALTY).unwrap();
    assert!((half.compliance / found.compliance - 0.25 / 0.125).abs() < 1e-6);
}

#[test]
fn both_solvers_see_the_weight_and_find_a_structure_that_carries_it() {
    let grid = Grid { nelx: 40, nely: 20 };
    let arch = Problem::new(grid, 0.3)
        .with_support(Place::Node([0, 20]), Fix::Xy)
        .with_support(Place::Node([40, 20]), Fix::Xy)
        .with_load_case([(Place::Point([0.5, 0.5]), [0.0, -0.1])])
        .with_self_weight([0.0, -1.0]);
    let solve = |solver| {
        let options =
            Options { solver, max_iterations: 60, ..Options::top88(Filter::Sensitivity, 1.5) };
        Optimizer::new(grid).unwrap().optimize(&arch, &options).unwrap()
    };
    let (direct, multigrid) = (solve(Solver::Direct), solve(Solver::Multigrid));
    // The same design is solved alike; from there on the paths part.
    assert!((multigrid.history[0] / direct.history[0] - 1.0).abs() < 1e-6);
    let grey = compliance(&arch, Array2::from_elem((20, 40), 0.3).view(), PENALTY).unwrap();
    for solved in [direct, multigrid] {
        assert!(solved.compliance_returned < 0.3 * grey, "{} {grey}", solved.compliance_returned);
        assert!((solved.volume_fraction - 0.3).abs() < 1e-3, "{}", solved.volume_fraction);
    }
}

/// A bar of stiffness `E A / L` in line with a spring: `c = F² (L / (E A) + 1 / k)`.
#[test]
fn a_spring_gives_as_springs_in_series_do() {
    let grid = Grid { nelx: 10, nely: 2 };
    let (stiffness, k) = (3.0, 0.25);
    let bar = Problem {
        poisson_ratio: 0.0,
        youngs_modulus: stiffness,
        thickness: 2.0,
        ..Problem::new(grid, 0.5)
    }
    .with_support(Place::Point([0.0, 1.0]), Fix::Y)
    .with_support(Place::Point([1.0, 1.0]), Fix::Y)
    .with_spring(Place::Edge(Side::Left), [k, 0.0])
    .with_load_case([(Place::Edge(Side::Right), [1.5, 0.0])]);
    let start = |solver| {
        let options = Options { solver, max_iterations: 1, ..Options::default() };
        Optimizer::new(grid).unwrap().optimize(&bar, &options).unwrap().compliance
    };
    let (direct, multigrid) = (start(Solver::Direct), start(Solver::Multigrid));
    assert!((direct / multigrid - 1.0).abs() < 1e-9, "{direct} {multigrid}");
    let solid = Array2::ones((2, 10));
    let found = compliance(&bar, solid.view(), PENALTY).unwrap();
    let expected = 1.5 * 1.5 * (10.0 / (stiffness * 2.0 * 2.0) + 1.0 / k);
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    // Without it nothing holds the bar.
    let loose = Problem { springs: Vec::new(), ..bar };
    assert!(matches!(compliance(&loose, solid.view(), PENALTY), Err(SimpError::Problem(_))));
}

/// On a grid of an odd number of elements the middle lies between nodes.
#[test]
fn loads_between_nodes_are_symmetric_on_every_grid() {
    for nelx in [11, 12, 13] {
        let grid = Grid { nelx, nely: 5 };
        for place in [
            Place::Point([0.5, 1.0]),
            Place::Segment { side: Side::Bottom, from: 0.23, to: 0.77 },
            Place::Area { min: [0.31, 0.4], max: [0.69, 0.7] },
        ] {
            let problem = Problem::new(grid, 0.4)
                .with_support(Place::Edge(Side::Left), Fix::Xy)
                .with_support(Place::Edge(Side::Right), Fix::Xy)
                .with_load_case([(place.clone(), DOWN)]);
            let found = analyze(&problem, Array2::ones((5, nelx)).view(), PENALTY).unwrap();
            let u = &found.displacements[0];
            let largest = u.iter().fold(0.0_f64, |most, u| most.max(u.abs()));
            for ((r, c, axis), value) in u.indexed_iter() {
                let image = u[[r, nelx - c, axis]] * if axis == 0 { -1.0 } else { 1.0 };
                assert!((value - image).abs() < 1e-9 * largest, "{nelx} {place:?} at {r}, {c}");
            }
        }
    }
}
