//! Projection, continuation, symmetry, length scale, rules to end.

use ndarray::{Array2, s};
use topo_simp::{
    Analysis, Ended, Filter, Fix, Grid, Needed, Optimizer, Options, PassiveKind,
    PenaltyContinuation, Place, Problem, Projection, ProjectionRule, Shape, Side, SimpError,
    Stagnation, Symmetry, analyze, compliance, optimize,
};

const GRID: Grid = Grid { nelx: 48, nely: 24 };

fn projected(projection: Projection, radius: f64) -> Options {
    Options {
        projection: Some(projection),
        max_iterations: 250,
        ..Options::top88(Filter::Density, radius)
    }
}

#[test]
fn projections_are_black_and_white_at_the_volume() {
    let problem = Problem::cantilever(GRID, 0.4)
        .with_passive(PassiveKind::Void, Shape::Circle { center: [0.35, 0.5], radius: 0.2 });
    let grey = optimize(&problem, &Options::top88(Filter::Density, 2.0)).unwrap();
    for projection in [
        Projection::top110(),
        Projection::tanh(ProjectionRule::VolumePreserving),
        Projection::tanh(ProjectionRule::Tanh { eta: 0.5 }),
        Projection::robust(),
    ] {
        let projection = Projection { iterations_per_beta: 20, ..projection };
        let crisp = optimize(&problem, &projected(projection, 2.0)).unwrap();
        assert!(crisp.greyness < 0.25 * grey.greyness, "{projection:?}: {}", crisp.greyness);
        assert!((crisp.volume_fraction - 0.4).abs() < 2e-3, "{projection:?}");
        let judged = compliance(&problem, crisp.design.view(), 3.0).unwrap();
        assert!((judged / crisp.compliance_returned - 1.0).abs() < 1e-9, "{projection:?}");
        // Less grey is stiffer at the same volume, unless thin bars are forbidden.
        let robust = matches!(projection.rule, ProjectionRule::Robust { .. });
        assert!(robust || crisp.compliance_returned < grey.compliance_returned, "{projection:?}");
    }
}

/// Elements of a cut design that no disk of this radius (in elements) inside the material covers.
fn too_thin(solid: &Array2<bool>, radius: f64) -> usize {
    let (rows, columns) = solid.dim();
    let reach = radius.floor() as isize;
    let offsets: Vec<(isize, isize)> = (-reach..=reach)
        .flat_map(|i| (-reach..=reach).map(move |j| (i, j)))
        .filter(|&(i, j)| (i as f64).hypot(j as f64) <= radius)
        .collect();
    let at = |i: usize, j: usize, (di, dj): (isize, isize)| {
        let (i, j) = (i.checked_add_signed(di)?, j.checked_add_signed(dj)?);
        (i < rows && j < columns).then_some((i, j))
    };
    // Beyond the edge a disk may go on: the structure could be continued there.
    let fits = Array2::from_shape_fn((rows, columns), |(i, j)| {
        offsets.iter().all(|&o| at(i, j, o).is_none_or(|other| solid[other]))
    });
    let covered = |i, j| offsets.iter().any(|&o| at(i, j, o).is_some_and(|other| fits[other]));
    solid.indexed_iter().filter(|&((i, j), &solid)| solid && !covered(i, j)).count()
}

#[test]
fn robust_designs_have_a_minimum_member_size() {
    let problem = Problem::mbb(Grid { nelx: 72, nely: 24 }, 0.3);
    let thin_share = |options: &Options| {
        let design = optimize(&problem, options).unwrap().design;
        let solid = design.mapv(|x| x > 0.5);
        let n = solid.iter().filter(|solid| **solid).count() as f64;
        too_thin(&solid, 1.5) as f64 / n
    };
    let robust = thin_share(&projected(Projection::robust(), 3.6));
    let free = thin_share(&Options::top88(Filter::Sensitivity, 1.2));
    // Of the robust design only corners, which no square fits into.
    assert!(robust < 0.02 && free > 0.04 && free > 3.0 * robust, "robust {robust}, free {free}");
}

#[test]
fn symmetry_is_enforced() {
    // An oblique load on a bridge is not symmetric.
    let problem = Problem::new(GRID, 0.35)
        .with_support(Place::Point([0.0, 1.0]), Fix::Xy)
        .with_support(Place::Point([1.0, 1.0]), Fix::Xy)
        .with_load_case([(Place::Point([0.3, 0.0]), [0.4, -1.0])]);
    let asymmetry = |design: &Array2<f64>, axis| {
        let mirrored = match axis {
            Symmetry::LeftRight => design.slice(s![.., ..;-1]),
            _ => design.slice(s![..;-1, ..]),
        };
        (design - &mirrored).iter().fold(0.0_f64, |worst, d| worst.max(d.abs()))
    };
    let solve = |symmetry| {
        let options =
            Options { symmetry, max_iterations: 60, ..Options::top88(Filter::Density, 1.8) };
        optimize(&problem, &options).unwrap().design
    };
    let free = solve(None);
    assert!(asymmetry(&free, Symmetry::LeftRight) > 0.5);
    let left_right = solve(Some(Symmetry::LeftRight));
    assert!(asymmetry(&left_right, Symmetry::LeftRight) < 1e-12);
    assert!(asymmetry(&left_right, Symmetry::TopBottom) > 0.5);
    let both = solve(Some(Symmetry::Both));
    assert!(asymmetry(&both, Symmetry::LeftRight) < 1e-12);
    assert!(asymmetry(&both, Symmetry::TopBottom) < 1e-12);

    let lopsided = problem
        .with_passive(PassiveKind::Solid, Shape::Rectangle { min: [0.0, 0.0], max: [0.1, 0.1] });
    let options = Options { symmetry: Some(Symmetry::LeftRight), ..Options::default() };
    let refused = optimize(&lopsided, &options);
    assert!(
        matches!(refused, Err(SimpError::NotSymmetric { row: 0, column: 0, .. })),
        "{refused:?}"
    );
}

#[test]
fn the_penalty_grows_to_its_value() {
    let problem = Problem::mbb(GRID, 0.5);
    let continuation = PenaltyContinuation { first: 1.0, step: 0.5, iterations_per_step: 10 };
    let options = Options {
        penalty_continuation: Some(continuation),
        ..Options::top88(Filter::Density, 1.8)
    };
    let mut penalties = Vec::new();
    let solution = Optimizer::new(GRID)
        .unwrap()
        .optimize_with(&problem, &options, |iteration| {
            penalties.push(iteration.penalty);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert!(solution.converged());
    assert!(penalties.is_sorted());
    assert_eq!((penalties[0], penalties.last()), (1.0, Some(&3.0)));
    let longest =
        penalties.chunk_by(|a, b| a.to_bits() == b.to_bits()).rev().skip(1).map(<[f64]>::len).max();
    assert_eq!(longest, Some(10));
    // A good start does not make the end worse.
    let plain = optimize(&problem, &Options::top88(Filter::Density, 1.8)).unwrap();
    assert!(solution.compliance_returned < 1.02 * plain.compliance_returned);
}

#[test]
fn stagnation_ends_a_run() {
    let problem = Problem::mbb(GRID, 0.5);
    let rule = Stagnation { iterations: 10, gain: 1e-3 };
    let options =
        Options { tolerance: 0.0, stagnation: Some(rule), ..Options::top88(Filter::Density, 1.8) };
    let solution = optimize(&problem, &options).unwrap();
    assert_eq!(solution.ended, Ended::Stagnated);
    let (before, last) = solution.history.split_at(solution.iterations - 10);
    let best = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(best(last) >= 0.999 * best(before));
    assert!(solution.iterations < 200);
}

#[test]
fn refining_the_optimum_saves_iterations() {
    let problem = Problem::mbb(GRID, 0.5);
    let options = Options::top88(Filter::Sensitivity, 1.5);
    let mut optimizer = Optimizer::new(GRID).unwrap();
    let cold = optimizer.optimize(&problem, &options).unwrap();
    let refined = optimizer.refine(&problem, &options, cold.design.view(), 5).unwrap();
    assert_eq!(refined.cold, cold);
    assert!(refined.warm.iterations <= 5);
    assert!(refined.warm.compliance < 1.001 * cold.compliance);
    // Worked out from the definition: the uniform start comes that low once, the optimum is there
    // from the beginning.
    let lowest = cold.history.iter().copied().fold(f64::INFINITY, f64::min);
    let warmest = refined.warm.history.iter().copied().fold(f64::INFINITY, f64::min);
    let target = 1.001 * lowest.max(warmest);
    let needed = cold.history.iter().take_while(|&&compliance| compliance > target).count();
    assert!(refined.warm.history[0] <= target && 10 < needed);
    assert_eq!(refined.iterations_needed(), Needed { warm: 0, cold: needed });
    let uniform = Array2::from_elem((24, 48), 0.5);
    let from_uniform = optimizer.refine(&problem, &options, uniform.view(), 5).unwrap();
    assert_eq!(from_uniform.iterations_needed().saved(), 0);
}

#[test]
fn projections_are_checked() {
    let refused = |projection| {
        let options = projected(projection, 2.0);
        match optimize(&Problem::mbb(GRID, 0.5), &options) {
            Err(SimpError::Option { name, .. }) => name,
            other => panic!("{other:?}"),
        }
    };
    let good = Projection::top110();
    assert_eq!(refused(Projection { beta: 0.0, ..good }), "beta");
    assert_eq!(refused(Projection { max_beta: 0.5, ..good }), "max_beta");
    assert_eq!(refused(Projection { iterations_per_beta: 0, ..good }), "iterations_per_beta");
    assert_eq!(refused(Projection::tanh(ProjectionRule::Tanh { eta: 1.5 })), "eta");
    assert_eq!(refused(Projection::tanh(ProjectionRule::Robust { offset: 0.5 })), "offset");
    let sensitivity = Options { filter: Filter::Sensitivity, ..projected(good, 2.0) };
    let refused = optimize(&Problem::mbb(GRID, 0.5), &sensitivity);
    assert_eq!(refused, Err(SimpError::ProjectionNeeds));
}

#[test]
fn energy_and_stress_of_a_bar_in_tension() {
    let grid = Grid { nelx: 9, nely: 6 };
    let problem =
        Problem { cell_size: 0.5, thickness: 2.0, youngs_modulus: 4.0, ..Problem::new(grid, 0.5) }
            .with_support(Place::Edge(Side::Left), Fix::X)
            .with_support(Place::Point([0.0, 1.0]), Fix::Y)
            .with_load_case([(Place::Edge(Side::Right), [3.0, 0.0])]);
    let analysis = analyze(&problem, Array2::ones((6, 9)).view(), 3.0).unwrap();
    // 3 over a section of 6 · 0.5 · 2.
    let stress = 0.5;
    assert!(analysis.von_mises[0].iter().all(|v| (v - stress).abs() < 1e-12));
    assert_stress(&analysis, [stress, 0.0, 0.0]);
    let energy = 0.5 * stress * stress / 4.0;
    assert!(analysis.energy_density.iter().all(|v| (v - energy).abs() < 1e-12));
    let volume = 0.5 * 0.5 * 2.0;
    let total = analysis.energy_density.sum() * volume;
    assert!((total / (0.5 * analysis.compliance) - 1.0).abs() < 1e-12);
}

#[test]
fn stress_in_shear() {
    let grid = Grid { nelx: 4, nely: 4 };
    let problem = Problem::new(grid, 0.5)
        .with_support(Place::Point([0.0, 1.0]), Fix::Xy)
        .with_support(Place::Point([1.0, 1.0]), Fix::Y)
        .with_load_case([
            (Place::Edge(Side::Top), [4.0, 0.0]),
            (Place::Edge(Side::Bottom), [-4.0, 0.0]),
            (Place::Edge(Side::Right), [0.0, 4.0]),
            (Place::Edge(Side::Left), [0.0, -4.0]),
        ]);
    let analysis = analyze(&problem, Array2::ones((4, 4)).view(), 3.0).unwrap();
    assert!(analysis.von_mises[0].iter().all(|v| (v - 3.0_f64.sqrt()).abs() < 1e-10));
    assert_stress(&analysis, [0.0, 0.0, 1.0]);
}

/// Holds the stress of every element against (σx, σy, τ).
fn assert_stress(analysis: &Analysis, expected: [f64; 3]) {
    for (component, expected) in analysis.stresses[0].outer_iter().zip(expected) {
        assert!(component.iter().all(|found| (found - expected).abs() < 1e-10));
    }
}
