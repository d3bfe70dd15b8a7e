//! The optimization loop: what it promises beside the published numbers.

use std::ops::ControlFlow;

use ndarray::Array2;
use topo_simp::{
    Code, Ended, Filter, Grid, Optimizer, Options, PassiveKind, Problem, ProblemError, Shape,
    SimpError, Start, compliance, optimize,
};

const GRID: Grid = Grid { nelx: 24, nely: 12 };

#[test]
fn api_walkthrough() {
    let problem = Problem::cantilever(GRID, 0.4);
    let mut optimizer = Optimizer::new(GRID).unwrap();
    let solution = optimizer.optimize(&problem, &Options::top88(Filter::Density, 1.5)).unwrap();
    assert!(solution.converged());
    assert_eq!(solution.history.len(), solution.iterations);
    assert_eq!(solution.history.last(), Some(&solution.compliance));
    let judged = optimizer.analyze(&problem, solution.design.view(), 3.0).unwrap();
    assert!((judged.compliance / solution.compliance_returned - 1.0).abs() < 1e-12);
    assert!((solution.volume_fraction - solution.design.mean().unwrap()).abs() < 1e-12);
    let greyness = solution.design.map(|x| 4.0 * x * (1.0 - x)).mean().unwrap();
    assert!((solution.greyness - greyness).abs() < 1e-12);
}

#[test]
fn an_optimizer_can_go_to_another_thread() {
    let mut optimizer = Optimizer::new(GRID).unwrap();
    let problem = Problem::mbb(GRID, 0.5);
    let options = Options { max_iterations: 5, ..Options::default() };
    let elsewhere = std::thread::scope(|scope| {
        scope.spawn(|| optimizer.optimize(&problem, &options)).join().unwrap()
    });
    assert_eq!(elsewhere, optimize(&problem, &options));
}

#[test]
fn volume_is_met_and_densities_are_in_range() {
    for filter in [Filter::Sensitivity, Filter::Density] {
        for code in [Code::Top88, Code::Top99] {
            for problem in [Problem::mbb(GRID, 0.3), Problem::hole(GRID, 0.4)] {
                let solution =
                    optimize(&problem, &Options { code, ..Options::top88(filter, 1.5) }).unwrap();
                assert!(
                    (solution.volume_fraction / problem.volume_fraction - 1.0).abs() < 2e-3,
                    "{code:?} {filter:?}"
                );
                assert!(solution.design.iter().all(|x| (0.0..=1.0).contains(x)));
                assert!(solution.compliance < 0.5 * solution.history[0]);
            }
        }
    }
}

#[test]
fn passive_regions_keep_their_density() {
    let upper_right = Shape::Rectangle { min: [0.5, 0.0], max: [1.0, 0.5] };
    for filter in [Filter::Sensitivity, Filter::Density] {
        for code in [Code::Top88, Code::Top99] {
            let least = if code == Code::Top88 { 0.0 } else { 0.001 };
            for (kind, value) in [
                (PassiveKind::Solid, 1.0),
                (PassiveKind::Void, least),
                (PassiveKind::Outside, least),
            ] {
                let problem =
                    Problem::cantilever(GRID, 0.5).with_passive(kind, upper_right.clone());
                let options = Options { code, max_iterations: 60, ..Options::top88(filter, 1.5) };
                let solution = optimize(&problem, &options).unwrap();
                for ((i, j), &x) in solution.design.indexed_iter() {
                    assert!(
                        !(i < 6 && j >= 12) || (x - value).abs() < 1e-15,
                        "{kind:?} {code:?} {filter:?} at {i} {j}: {x}"
                    );
                }
                // Outside is no part of the volume, the other kinds are.
                let n = if kind == PassiveKind::Outside { 216.0 } else { 288.0 };
                let domain = solution
                    .design
                    .indexed_iter()
                    .filter(|&((i, j), _)| n > 250.0 || i >= 6 || j < 12);
                let volume: f64 = domain.map(|(_, x)| x).sum();
                assert!(
                    (volume / n - 0.5).abs() < 1e-3,
                    "{kind:?} {code:?} {filter:?}: {}",
                    volume / n
                );
                assert!((solution.volume_fraction - volume / n).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn nothing_of_one_problem_reaches_the_next() {
    let mut optimizer = Optimizer::new(GRID).unwrap();
    let options = Options { max_iterations: 15, ..Options::top88(Filter::Density, 1.5) };
    let problems = [
        Problem::two_loads(GRID, 0.4),
        Problem::mbb(GRID, 0.5),
        Problem::hole(GRID, 0.3),
        Problem { poisson_ratio: 0.1, ..Problem::cantilever(GRID, 0.4) },
        Problem::two_loads(GRID, 0.4),
    ];
    for problem in problems {
        let reused = optimizer.optimize(&problem, &options).unwrap();
        assert_eq!(reused, optimize(&problem, &options).unwrap(), "{:?}", problem.name);
    }
}

#[test]
fn a_given_start_is_honored_and_recovers_zeros() {
    let problem = Problem::cantilever(GRID, 0.4);
    let options = Options::top88(Filter::Sensitivity, 1.5);
    let solution = optimize(&problem, &options).unwrap();
    let warm = Options { start: Start::Design(solution.design.clone()), ..options.clone() };
    let again = optimize(&problem, &warm).unwrap();
    assert!((again.history[0] / solution.compliance_returned - 1.0).abs() < 1e-2);
    assert!(again.iterations < solution.iterations);
    // A cut through every strut, one element wide: exact zeros where material is needed.
    for filter in [Filter::Sensitivity, Filter::Density] {
        let options = Options::top88(filter, 1.5);
        let solution = optimize(&problem, &options).unwrap();
        let mut cut = solution.design.clone();
        cut.column_mut(12).fill(0.0);
        let repaired =
            optimize(&problem, &Options { start: Start::Design(cut), ..options }).unwrap();
        assert!(
            repaired.history[0] > 1.5 * solution.compliance,
            "{filter:?}: {}",
            repaired.history[0]
        );
        let (got, expected) = (repaired.compliance, solution.compliance);
        assert!(got < 1.02 * expected, "{filter:?}: {got} against {expected}");
    }
}

#[test]
fn every_run_ends() {
    let problem = Problem::cantilever(GRID, 0.4);
    let never = Options { tolerance: 0.0, max_iterations: 7, ..Options::default() };
    let solution = optimize(&problem, &never).unwrap();
    assert_eq!((solution.iterations, solution.ended), (7, Ended::IterationLimit));
    // No multiplier meets the volume in the first steps: far too thin and far too thick a start.
    for value in [0.0, 1.0] {
        for code in [Code::Top88, Code::Top99] {
            let start = Start::Design(Array2::from_elem((12, 24), value));
            let solution =
                optimize(&problem, &Options { code, start, ..Options::default() }).unwrap();
            assert!(
                solution.converged() && (solution.volume_fraction - 0.4).abs() < 1e-3,
                "{value} {code:?}"
            );
        }
    }
    for volume_fraction in [1e-3, 0.999] {
        let problem = Problem { volume_fraction, ..problem.clone() };
        assert!(optimize(&problem, &Options { max_iterations: 50, ..Options::default() }).is_ok());
    }
}

#[test]
fn an_observer_sees_every_iteration_and_may_stop() {
    let problem = Problem::hole(GRID, 0.4);
    let options = Options::top88(Filter::Density, 1.5);
    let mut seen = Vec::new();
    let solution = Optimizer::new(GRID)
        .unwrap()
        .optimize_with(&problem, &options, |iteration| {
            seen.push((iteration.compliance, iteration.design.to_owned(), iteration.change));
            if iteration.iteration == 9 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert_eq!((solution.iterations, solution.ended, seen.len()), (9, Ended::Stopped, 9));
    for ((value, design, change), history) in seen.iter().zip(&solution.history) {
        assert_eq!(value.to_bits(), history.to_bits());
        assert!((compliance(&problem, design.view(), 3.0).unwrap() / value - 1.0).abs() < 1e-12);
        assert!((0.0..=0.2 + 1e-12).contains(change));
    }
}

#[test]
fn density_filter_radius_of_one_is_no_filter() {
    let problem = Problem::mbb(GRID, 0.5);
    // Filtered sensitivities are those of the densities as long as none is below 0.001: for two
    // steps of 0.2.
    let run = |filter, radius| {
        optimize(&problem, &Options { max_iterations: 2, ..Options::top88(filter, radius) })
    };
    let (none, same) = (run(Filter::Density, 1.0).unwrap(), run(Filter::Sensitivity, 1.0).unwrap());
    for (a, b) in none.design.iter().zip(&same.design) {
        assert!((a - b).abs() < 1e-12);
    }
    let wide = run(Filter::Density, 3.0).unwrap();
    assert!(none.design.iter().zip(&wide.design).any(|(a, b)| (a - b).abs() > 0.1));
}

#[test]
fn options_out_of_range_are_named() {
    let refused = |options: Options| match optimize(&Problem::mbb(GRID, 0.5), &options) {
        Err(SimpError::Option { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    let good = Options::default;
    for bad in [0.0, 0.99, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(Options { filter_radius: bad, ..good() }), "filter_radius");
    }
    for bad in [0.9, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(Options { penalty: bad, ..good() }), "penalty");
    }
    for bad in [0.0, 1.1, f64::NAN] {
        assert_eq!(refused(Options { move_limit: bad, ..good() }), "move_limit");
    }
    for bad in [-0.1, f64::NAN] {
        assert_eq!(refused(Options { tolerance: bad, ..good() }), "tolerance");
    }
    assert_eq!(refused(Options { max_iterations: 0, ..good() }), "max_iterations");
}

#[test]
fn designs_are_checked() {
    let problem = Problem::mbb(GRID, 0.5);
    let transposed = Array2::from_elem((24, 12), 0.5);
    let shape = SimpError::DesignShape { got_rows: 24, got_columns: 12, grid: GRID };
    assert_eq!(compliance(&problem, transposed.view(), 3.0), Err(shape.clone()));
    let options = Options { start: Start::Design(transposed), ..Options::default() };
    assert_eq!(optimize(&problem, &options), Err(shape));
    for bad in [-0.1, 1.1] {
        let mut design = Array2::from_elem((12, 24), 0.5);
        design[[3, 7]] = bad;
        let error = SimpError::Density { row: 3, column: 7, value: bad };
        assert_eq!(compliance(&problem, design.view(), 3.0), Err(error.clone()));
        let options = Options { start: Start::Design(design), ..Options::default() };
        assert_eq!(optimize(&problem, &options), Err(error));
    }
    let mut nan = Array2::from_elem((12, 24), 0.5);
    nan[[0, 0]] = f64::NAN;
    assert!(matches!(
        compliance(&problem, nan.view(), 3.0),
        Err(SimpError::Density { row: 0, column: 0, .. })
    ));
    assert!(matches!(
        compliance(&problem, Array2::ones((12, 24)).view(), 0.5),
        Err(SimpError::Option { name: "penalty", .. })
    ));
}

#[test]
fn problems_and_grids_are_checked() {
    let other = Grid { nelx: 24, nely: 13 };
    let mismatch =
        Optimizer::new(GRID).unwrap().optimize(&Problem::mbb(other, 0.5), &Options::default());
    assert_eq!(mismatch, Err(SimpError::GridMismatch { expected: GRID, got: other }));
    let empty = Grid { nelx: 0, nely: 3 };
    let refused = SimpError::Problem(ProblemError::GridSize { grid: empty });
    assert_eq!(Optimizer::new(empty).err(), Some(refused.clone()));
    assert_eq!(optimize(&Problem::mbb(empty, 0.5), &Options::default()), Err(refused));
    // So steep a power law that the least density has no stiffness in double precision.
    let steep = Options { penalty: 120.0, ..Options::top99(1.5) };
    let thin = optimize(&Problem { volume_fraction: 0.001, ..Problem::mbb(GRID, 0.5) }, &steep);
    assert_eq!(thin, Err(SimpError::Singular { iteration: 0 }));
}
