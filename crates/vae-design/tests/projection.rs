//! Densities of exactly the volume asked for, and their derivative.

#![expect(clippy::float_cmp, reason = "what is cut or passive is exactly 0 or 1")]

use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;
use topo_simp::{BracketLoad, Grid, PassiveKind, Problem, Shape, Symmetry};
use vae_design::{DesignError, Projection};

const GRID: Grid = Grid { nelx: 10, nely: 8 };
const ELEMENTS: usize = 80;

/// A hole, a solid edge, and a corner outside the domain.
fn problem(volume_fraction: f64) -> Problem {
    let rectangle = |min, max| Shape::Rectangle { min, max };
    Problem::cantilever(GRID, volume_fraction)
        .with_passive(PassiveKind::Void, Shape::Circle { center: [0.4, 0.5], radius: 0.2 })
        .with_passive(PassiveKind::Solid, rectangle([0.0, 0.0], [1.0, 0.125]))
        .with_passive(PassiveKind::Outside, rectangle([0.7, 0.3], [0.9, 0.6]))
}

/// The same roles on the left and on the right, above and below.
fn symmetric_problem(volume_fraction: f64) -> Problem {
    let hole = Shape::Rectangle { min: [0.4, 0.25], max: [0.6, 0.75] };
    Problem::cantilever(GRID, volume_fraction).with_passive(PassiveKind::Void, hole)
}

fn is_symmetric(design: ArrayView2<'_, f64>, symmetry: Symmetry) -> bool {
    let (rows, columns) = design.dim();
    design.indexed_iter().all(|((i, j), x)| {
        let (up, left) = (rows - 1 - i, columns - 1 - j);
        let across = (x - design[(i, left)]).abs() < 1e-12;
        let down = (x - design[(up, j)]).abs() < 1e-12;
        match symmetry {
            Symmetry::LeftRight => across,
            Symmetry::TopBottom => down,
            Symmetry::Both => across && down,
        }
    })
}

fn symmetries() -> impl Strategy<Value = Symmetry> {
    prop_oneof![Just(Symmetry::LeftRight), Just(Symmetry::TopBottom), Just(Symmetry::Both)]
}

proptest! {
    #[test]
    fn the_volume_is_exact_before_and_after_the_cut(
        logits in prop::collection::vec(-1.0_f64..1.0, ELEMENTS),
        // From nearly equal logits to saturated ones.
        scale in prop_oneof![Just(1e-6), Just(1.0), Just(30.0), Just(1e3)],
        sharpness in 0.1_f64..30.0,
        volume_fraction in 0.2_f64..0.8,
    ) {
        let problem = problem(volume_fraction);
        let projection = Projection::new(&problem, sharpness, None).unwrap();
        let logits: Vec<f64> = logits.iter().map(|logit| scale * logit).collect();
        let projected = projection.project(&logits);
        let (densities, cut) = (projected.densities(), projected.cut());
        let roles = problem.nodal().unwrap().passive;
        let domain = roles.iter().filter(|role| **role != Some(PassiveKind::Outside)).count();
        let wanted = volume_fraction * domain as f64;
        let solid = roles.iter().filter(|role| **role == Some(PassiveKind::Solid)).count() as f64;
        let free = roles.iter().filter(|role| role.is_none()).count() as f64;
        prop_assert!(((densities.sum() - wanted) / free).abs() < 1e-12);
        // The cut rounds in f32, which may tell ties the other way.
        let count = f64::from(cut.sum());
        prop_assert!((count - solid - (wanted - solid)).abs() <= 0.5 + 1e-4);
        for ((role, &x), &c) in roles.iter().zip(&densities).zip(&cut) {
            match role {
                None => prop_assert!((0.0..=1.0).contains(&x) && (c == 0.0 || c == 1.0)),
                Some(PassiveKind::Solid) => prop_assert!(x == 1.0 && c == 1.0),
                Some(_) => prop_assert!(x == 0.0 && c == 0.0),
            }
        }
        // The cut takes the greatest logits.
        let kept = roles.iter().zip(&cut).zip(&logits).filter(|((role, _), _)| role.is_none());
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for ((_, &c), &logit) in kept {
            if c == 1.0 { least = least.min(logit) } else { most = most.max(logit) }
        }
        prop_assert!(most <= least + 1e-6 * scale.max(1.0), "{most} {least}");
    }

    #[test]
    fn the_gradient_equals_finite_differences(
        logits in prop::collection::vec(-4.0_f64..4.0, ELEMENTS),
        gradient in prop::collection::vec(-1.0_f64..1.0, ELEMENTS),
        sharpness in 0.3_f64..4.0,
        volume_fraction in 0.25_f64..0.75,
        symmetry in prop::option::of(symmetries()),
        element in 0..ELEMENTS,
    ) {
        let problem = if symmetry.is_some() {
            symmetric_problem(volume_fraction)
        } else {
            problem(volume_fraction)
        };
        let projection = Projection::new(&problem, sharpness, symmetry).unwrap();
        let gradient = Array2::from_shape_vec((8, 10), gradient).unwrap();
        let value = |step: f64| {
            let mut logits = logits.clone();
            logits[element] += step;
            (&gradient * &projection.project(&logits).densities()).sum()
        };
        let numeric = (value(1e-5) - value(-1e-5)) / 2e-5;
        let exact = projection.project(&logits).pull_back(gradient.view())[element];
        prop_assert!((exact - numeric).abs() < 1e-8, "{exact} {numeric}");
    }

    #[test]
    fn symmetric_densities_and_a_cut_that_splits_one_set_at_most(
        logits in prop::collection::vec(-4.0_f64..4.0, ELEMENTS),
        symmetry in symmetries(),
        volume_fraction in 0.2_f64..0.8,
    ) {
        let problem = symmetric_problem(volume_fraction);
        let projected_by = Projection::new(&problem, 1.0, Some(symmetry)).unwrap();
        let projected = projected_by.project(&logits);
        prop_assert!(is_symmetric(projected.densities().view(), symmetry));
        let cut = projected.cut();
        let unlike = |flip: bool, upside: bool| {
            cut.indexed_iter()
                .filter(|((i, j), x)| {
                    let i = if upside { 7 - i } else { *i };
                    let j = if flip { 9 - j } else { *j };
                    **x != cut[(i, j)]
                })
                .count()
        };
        let most = match symmetry {
            Symmetry::LeftRight => unlike(true, false),
            Symmetry::TopBottom => unlike(false, true),
            Symmetry::Both => unlike(true, false).max(unlike(false, true)),
        };
        prop_assert!(most <= if symmetry == Symmetry::Both { 4 } else { 2 }, "{most}");
    }
}

#[test]
fn equal_logits_are_uniform_and_huge_ones_do_not_overflow() {
    let problem = Problem::cantilever(GRID, 0.3);
    let projection = Projection::new(&problem, 2.0, None).unwrap();
    let densities = projection.project(&[7.0; ELEMENTS]).densities();
    assert!(densities.iter().all(|x| (x - 0.3).abs() < 1e-12));
    let logits: Vec<f64> = (0..ELEMENTS).map(|e| if e < 24 { 1e6 } else { -1e6 }).collect();
    let projected = projection.project(&logits);
    assert!((projected.densities().sum() - 24.0).abs() < 1e-12);
    // Saturated densities have no slope.
    assert!(projected.pull_back(Array2::ones((8, 10)).view()).iter().all(|g| g.abs() < 1e-12));
}

#[test]
fn what_cannot_be_projected_is_refused() {
    let full = Shape::Rectangle { min: [0.0, 0.0], max: [1.0, 0.5] };
    let all_void = Problem::cantilever(GRID, 0.5).with_passive(PassiveKind::Solid, full);
    let error = Projection::new(&all_void, 1.0, None).unwrap_err();
    assert!(matches!(error, DesignError::Volume { solid: false, .. }), "{error}");
    let impossible = Projection::new(&problem(0.05), 1.0, None).unwrap_err();
    assert!(matches!(impossible, DesignError::Problem(_)), "{impossible}");
    for sharpness in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Projection::new(&Problem::cantilever(GRID, 0.5), sharpness, None).unwrap_err();
        assert!(matches!(error, DesignError::OutOfRange { .. }), "{error}");
    }
    let bracket = Problem::l_bracket(Grid { nelx: 10, nely: 10 }, 0.5, BracketLoad::Mid);
    let error = Projection::new(&bracket, 1.0, Some(Symmetry::LeftRight)).unwrap_err();
    assert!(error.to_string().contains("left-right"), "{error}");
}
