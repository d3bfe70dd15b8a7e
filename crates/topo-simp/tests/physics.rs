//! Mechanics: exact solutions, an independent solver, derivatives, symmetry, units.

mod banded;

use banded::Banded;
use ndarray::{Array2, s};
use topo_simp::{
    Filter, Fix, Grid, NamedProblem, Options, Place, Problem, Side, VOID_STIFFNESS, analyze,
    compliance, optimize,
};

const GRID: Grid = Grid { nelx: 9, nely: 6 };

/// Densities that look random, from `low` to 1.
fn mottled(grid: Grid, low: f64) -> Array2<f64> {
    Array2::from_shape_fn((grid.nely, grid.nelx), |(i, j)| {
        low + (1.0 - low) * ((i * 37 + j * 53) % 101) as f64 / 100.0
    })
}

#[test]
fn patch_test_in_tension() {
    // A plate held without restraint of its contraction, pulled by a constant line load: stress 1 /
    // height everywhere.
    let problem = Problem {
        poisson_ratio: 0.25,
        thickness: 2.0,
        youngs_modulus: 4.0,
        ..Problem::new(GRID, 0.5)
    }
    .with_support(Place::Edge(Side::Left), Fix::X)
    .with_support(Place::Point([0.0, 1.0]), Fix::Y)
    .with_load_case([(Place::Edge(Side::Right), [1.0, 0.0])]);
    let u = &analyze(&problem, Array2::ones((6, 9)).view(), 3.0).unwrap().displacements[0];
    let strain = 1.0 / (6.0 * 2.0 * 4.0);
    for ((row, column, axis), &value) in u.indexed_iter() {
        let exact =
            if axis == 0 { strain * column as f64 } else { -0.25 * strain * (6 - row) as f64 };
        assert!(
            (value - exact).abs() < 1e-14,
            "row {row}, column {column}, axis {axis}: {value} against {exact}"
        );
    }
}

#[test]
fn patch_test_in_shear() {
    // Line loads along all four sides in balance: constant shear stress, and a shear angle of 2
    // (1 + nu) tau / E.
    let (width, height) = (9.0, 6.0);
    let problem = Problem::new(GRID, 0.5)
        .with_support(Place::Point([0.0, 1.0]), Fix::Xy)
        .with_support(Place::Point([1.0, 1.0]), Fix::Y)
        .with_load_case([
            (Place::Edge(Side::Top), [width, 0.0]),
            (Place::Edge(Side::Bottom), [-width, 0.0]),
            (Place::Edge(Side::Right), [0.0, height]),
            (Place::Edge(Side::Left), [0.0, -height]),
        ]);
    let u = &analyze(&problem, Array2::ones((6, 9)).view(), 3.0).unwrap().displacements[0];
    let angle = 2.0 * 1.3;
    for ((row, column, axis), &value) in u.indexed_iter() {
        let exact = if axis == 0 { angle * (6 - row) as f64 } else { 0.0 };
        assert!(
            (value - exact).abs() < 1e-12,
            "row {row}, column {column}, axis {axis}: {value} against {exact}"
        );
    }
}

#[test]
fn equals_an_independent_banded_solver() {
    for name in NamedProblem::ALL {
        for low in [0.2, 0.0] {
            let problem = name.problem(GRID, 0.4);
            let density = mottled(GRID, low);
            let got = analyze(&problem, density.view(), 3.0).unwrap();
            let oracle = Banded::new(&problem, &density);
            for (case, load_case) in problem.load_cases.iter().enumerate() {
                let u = oracle.solve(load_case);
                for ((r, c, axis), &value) in got.displacements[case].indexed_iter() {
                    let expected = u[oracle.dof(r, c, axis)];
                    let tolerance = 1e-7 * u.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
                    assert!(
                        (value - expected).abs() < tolerance,
                        "{name:?}, row {r}, column {c}: {value}, {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn gradient_equals_central_differences() {
    for (name, penalty) in
        [(NamedProblem::Mbb, 3.0), (NamedProblem::TwoLoads, 2.0), (NamedProblem::LBracket, 1.7)]
    {
        let problem = Problem { thickness: 0.5, youngs_modulus: 3.0, ..name.problem(GRID, 0.4) };
        let density = mottled(GRID, 0.2) * 0.9;
        let gradient = analyze(&problem, density.view(), penalty).unwrap().gradient;
        for ((i, j), &slope) in gradient.indexed_iter() {
            let at = |step: f64| {
                let mut moved = density.clone();
                moved[[i, j]] += step;
                compliance(&problem, moved.view(), penalty).unwrap()
            };
            let numeric = (at(1e-4) - at(-1e-4)) / 2e-4;
            let scale = slope.abs().max(1e-3);
            assert!(
                (slope - numeric).abs() < 1e-5 * scale,
                "{name:?} at {i} {j}: {slope} against {numeric}"
            );
            assert!(slope <= 0.0);
        }
    }
}

#[test]
fn void_has_its_stiffness() {
    let problem = Problem::cantilever(GRID, 0.4);
    let at = |x: f64| compliance(&problem, Array2::from_elem((6, 9), x).view(), 3.0).unwrap();
    assert!((at(0.0) * VOID_STIFFNESS / at(1.0) - 1.0).abs() < 1e-9);
}

#[test]
fn y_is_up() {
    // A column on the ground pulled up gets longer.
    let up = Problem::new(GRID, 0.5)
        .with_support(Place::Edge(Side::Bottom), Fix::Xy)
        .with_load_case([(Place::Edge(Side::Top), [0.0, 1.0])]);
    let u = &analyze(&up, Array2::ones((6, 9)).view(), 3.0).unwrap().displacements[0];
    assert!(u.slice(s![0, .., 1]).iter().all(|&v| v > 0.0));
    // A cantilever under an oblique force bends to that side.
    let oblique = Problem::new(GRID, 0.5)
        .with_support(Place::Edge(Side::Left), Fix::Xy)
        .with_load_case([(Place::Point([1.0, 0.5]), [1.0, -1.0])]);
    let u = &analyze(&oblique, Array2::ones((6, 9)).view(), 3.0).unwrap().displacements[0];
    assert!(u[[3, 9, 0]] > 0.0 && u[[3, 9, 1]] < 0.0);
}

#[test]
fn compliance_scales_with_its_units() {
    let problem = Problem::two_loads(GRID, 0.4);
    let density = mottled(GRID, 0.1);
    let base = compliance(&problem, density.view(), 3.0).unwrap();
    let mut scaled =
        Problem { youngs_modulus: 210e9, thickness: 0.01, cell_size: 0.02, ..problem.clone() };
    for case in &mut scaled.load_cases {
        case.loads[0].force[1] *= 5e3;
    }
    let expected = base * 25e6 / 2.1e9;
    assert!((compliance(&scaled, density.view(), 3.0).unwrap() / expected - 1.0).abs() < 1e-12);
    // The optimum is the same design, whatever the units.
    let options = Options { max_iterations: 30, ..Options::top99(1.2) };
    let (a, b) = (optimize(&problem, &options).unwrap(), optimize(&scaled, &options).unwrap());
    assert!((&a.design - &b.design).iter().all(|difference| difference.abs() < 1e-9));
}

#[test]
fn load_cases_add_up_and_loads_superpose() {
    let density = mottled(GRID, 0.1);
    let held = || Problem::new(GRID, 0.4).with_support(Place::Edge(Side::Left), Fix::Xy);
    let (a, b) = ((Place::Point([1.0, 0.0]), [0.5, 1.0]), (Place::Point([1.0, 1.0]), [0.0, -1.0]));
    let two = analyze(
        &held().with_load_case([a.clone()]).with_load_case([b.clone()]),
        density.view(),
        3.0,
    )
    .unwrap();
    let first = analyze(&held().with_load_case([a.clone()]), density.view(), 3.0).unwrap();
    assert!((two.case_compliances[0] / first.compliance - 1.0).abs() < 1e-9);
    assert!((two.compliance / two.case_compliances.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    let both = analyze(&held().with_load_case([a, b]), density.view(), 3.0).unwrap();
    let sum = &two.displacements[0] + &two.displacements[1];
    let largest = sum.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    assert!((&both.displacements[0] - &sum).iter().all(|d| d.abs() < 1e-9 * largest));
}

/// A beam between two clamped ends with a load in the middle: symmetric in left and right.
fn bridge(grid: Grid) -> Problem {
    Problem::new(grid, 0.4)
        .with_support(Place::Edge(Side::Left), Fix::Xy)
        .with_support(Place::Edge(Side::Right), Fix::Xy)
        .with_load_case([(Place::Point([0.5, 1.0]), [0.0, -1.0])])
}

#[test]
fn symmetric_problem_has_a_symmetric_design() {
    for filter in [Filter::Sensitivity, Filter::Density] {
        let solution =
            optimize(&bridge(Grid { nelx: 40, nely: 16 }), &Options::top88(filter, 1.5)).unwrap();
        let mirrored = solution.design.slice(s![.., ..;-1]);
        let worst = (&solution.design - &mirrored).iter().fold(0.0_f64, |m, d| m.max(d.abs()));
        assert!(worst < 1e-6, "{filter:?}: {worst}");
    }
}

#[test]
fn mirrored_problem_has_the_mirrored_design() {
    let grid = Grid { nelx: 24, nely: 12 };
    let options = Options { max_iterations: 40, ..Options::top88(Filter::Density, 1.5) };
    let solve = |clamp, x, y, force| {
        let problem = Problem::new(grid, 0.4).with_support(Place::Edge(clamp), Fix::Xy);
        optimize(&problem.with_load_case([(Place::Point([x, y]), force)]), &options).unwrap().design
    };
    let base = solve(Side::Left, 1.0, 0.25, [0.6, -0.8]);
    let left_right = solve(Side::Right, 0.0, 0.25, [-0.6, -0.8]);
    let up_down = solve(Side::Left, 1.0, 0.75, [0.6, 0.8]);
    let worst = |a: &Array2<f64>| (a - &base).iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    assert!(worst(&left_right.slice(s![.., ..;-1]).to_owned()) < 1e-6);
    assert!(worst(&up_down.slice(s![..;-1, ..]).to_owned()) < 1e-6);
    // And the test can fail: the same force without the mirror is another problem.
    assert!(
        worst(&solve(Side::Left, 1.0, 0.75, [0.6, -0.8]).slice(s![..;-1, ..]).to_owned()) > 0.1
    );
}
