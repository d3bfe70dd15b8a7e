//! The maps of problems against NumPy and SciPy, and the laws that they keep.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use ndarray::{Array2, Array3, Axis, aview1, s};
use proptest::prelude::*;
use serde::Deserialize;
use topo_data::{
    FieldRecipe, FieldRecipe::Stresses, TopoDataError, fields_of, problem_fields, problem_of,
    with_fields,
};
use topo_simp::{
    Fix, Grid, Load, LoadCase, Optimizer, PassiveKind, PassiveRegion, Place, Problem, Shape, Side,
    Support,
};
use vae_data::{Condition, DataSet, Details, Mirror, Problems, mirror_fields};

/// A problem, and its maps as `make_fields.py` makes them.
#[derive(Deserialize)]
struct Made {
    name: String,
    problem: Problem,
    maps: Vec<Vec<f64>>,
}

fn maps(problem: &Problem) -> Array3<f64> {
    problem_fields(Stresses, &mut Optimizer::new(problem.grid).unwrap(), problem).unwrap()
}

#[test]
fn maps_are_those_of_numpy_and_scipy() {
    let all: Vec<Made> = serde_json::from_str(include_str!("fixtures/fields.json")).unwrap();
    assert_eq!(all.len(), 4);
    for Made { name, problem, maps: expected } in all {
        let found = maps(&problem);
        assert_eq!(found.dim(), (expected.len(), problem.grid.nely, problem.grid.nelx));
        for ((found, expected), channel) in
            found.outer_iter().zip(&expected).zip(&Stresses.channels())
        {
            // A solver is exact to a share of the largest energy; the logarithm of a small one has
            // many times that error.
            let of = |x: &f64| if channel.name == "energy" { 10_f64.powf(*x) } else { *x };
            let (found, expected): (Vec<f64>, Vec<f64>) =
                (found.iter().map(of).collect(), expected.iter().map(of).collect());
            let scale = expected.iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
            for (element, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (found - expected).abs() < 1e-10 * scale,
                    "{name}, {} at {element}: {found} and {expected}",
                    channel.name
                );
            }
        }
    }
}

#[test]
fn the_maps_of_the_first_recipe_stay() {
    let problem = cantilever(0.3);
    let all = maps(&problem);
    let first =
        problem_fields(FieldRecipe::Energy, &mut Optimizer::new(problem.grid).unwrap(), &problem);
    assert_eq!(first.unwrap(), all.slice(s![..10, .., ..]));
    assert_eq!(FieldRecipe::Energy.channels(), Stresses.channels()[..10]);
    for recipe in [FieldRecipe::Energy, Stresses] {
        assert_eq!(FieldRecipe::named(recipe.name()), Some(recipe));
    }
    assert_eq!(FieldRecipe::named("problem-fields-0"), None);
}

/// What a mirror makes of a problem whose places are nodes and rectangles.
fn image(problem: &Problem, mirror: Mirror) -> Problem {
    let Grid { nelx, nely } = problem.grid;
    let turned = mirror == Mirror::Transpose;
    let place = |place: &Place| match (place, mirror) {
        (&Place::Node([c, r]), Mirror::X) => Place::Node([nelx - c, r]),
        (&Place::Node([c, r]), Mirror::Y) => Place::Node([c, nely - r]),
        (&Place::Node([c, r]), Mirror::Transpose) => Place::Node([r, c]),
        _ => panic!("not a node"),
    };
    let force = |[x, y]: [f64; 2]| match mirror {
        Mirror::X => [-x, y],
        Mirror::Y => [x, -y],
        Mirror::Transpose => [-y, -x],
    };
    let fix = |fix| match fix {
        Fix::X if turned => Fix::Y,
        Fix::Y if turned => Fix::X,
        same => same,
    };
    let shape = |shape: &Shape| {
        let &Shape::Rectangle { min: [x0, y0], max: [x1, y1] } = shape else {
            panic!("no rectangle")
        };
        let (min, max) = match mirror {
            Mirror::X => ([1.0 - x1, y0], [1.0 - x0, y1]),
            Mirror::Y => ([x0, 1.0 - y1], [x1, 1.0 - y0]),
            Mirror::Transpose => ([y0, x0], [y1, x1]),
        };
        Shape::Rectangle { min, max }
    };
    let load = |load: &Load| Load { at: place(&load.at), force: force(load.force) };
    let support = |s: &Support| Support { at: place(&s.at), fix: fix(s.fix) };
    let case =
        |case: &LoadCase| LoadCase { loads: case.loads.iter().map(load).collect(), ..case.clone() };
    let region = |r: &PassiveRegion| PassiveRegion { kind: r.kind, shape: shape(&r.shape) };
    Problem {
        supports: problem.supports.iter().map(support).collect(),
        load_cases: problem.load_cases.iter().map(case).collect(),
        passive: problem.passive.iter().map(region).collect(),
        ..problem.clone()
    }
}

prop_compose! {
    /// Held at the ends of a side and at nodes anywhere, loaded at nodes anywhere, with a passive
    /// rectangle or none. What is held by a short arm alone turns far, and its energies are small
    /// differences of large displacements.
    fn any_problem()(
        (nelx, nely) in prop_oneof![(6..15_usize, 6..15_usize), (6..15_usize).prop_map(|n| (n, n))],
    )(
        held in prop::collection::vec(
            ([0..=nelx, 0..=nely], prop::sample::select(vec![Fix::X, Fix::Y, Fix::Xy])), 0..4),
        cases in prop::collection::vec(
            prop::collection::vec(([0..=nelx, 0..=nely], [-3.0..3.0, -3.0..3.0]), 1..4), 1..3),
        kind in prop::option::of(prop::sample::select(
            vec![PassiveKind::Void, PassiveKind::Solid, PassiveKind::Outside])),
        ends in prop::sample::select(vec![[0, 1], [1, 3], [3, 2], [2, 0]]),
        nelx in Just(nelx), nely in Just(nely), volume_fraction in 0.3..0.6,
    ) -> Problem {
        let mut problem = Problem::new(Grid { nelx, nely }, volume_fraction);
        for corner in ends {
            let at = Place::Node([corner % 2 * nelx, corner / 2 * nely]);
            problem = problem.with_support(at, Fix::Xy);
        }
        for (at, fix) in held {
            problem = problem.with_support(Place::Node(at), fix);
        }
        for loads in cases {
            problem = problem
                .with_load_case(loads.into_iter().map(|(at, force)| (Place::Node(at), force)));
        }
        match kind {
            Some(kind) => {
                let shape = Shape::Rectangle { min: [0.33, 0.21], max: [0.63, 0.59] };
                problem.with_passive(kind, shape)
            }
            None => problem,
        }
    }
}

fn largest_difference(a: &Array3<f64>, b: &Array3<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn images_of_problems_have_the_images_of_their_maps(problem in any_problem()) {
        prop_assume!(problem.validate().is_ok());
        let Grid { nelx, nely } = problem.grid;
        let found = maps(&problem);
        for mirror in [Mirror::X, Mirror::Y, Mirror::Transpose] {
            if mirror.fits(nely, nelx) {
                let mut expected = found.clone();
                let cells = expected.as_slice_mut().unwrap();
                mirror_fields(&Stresses.channels(), mirror, cells, nelx);
                let apart = largest_difference(&maps(&image(&problem, mirror)), &expected);
                prop_assert!(apart < 1e-8, "{mirror}: {apart}");
            }
        }
    }

    #[test]
    fn neither_strength_nor_sign_of_a_load_case_matters(
        problem in any_problem(),
        factors in [1e-9..1e9, -1e3..-1e-3],
        youngs_modulus in 1e-3..1e6,
    ) {
        prop_assume!(problem.validate().is_ok());
        let mut other = Problem { youngs_modulus, ..problem.clone() };
        for (case, factor) in other.load_cases.iter_mut().zip(factors) {
            let forces = case.loads.iter_mut().flat_map(|load| &mut load.force);
            forces.for_each(|force| *force *= factor);
        }
        let apart = largest_difference(&maps(&problem), &maps(&other));
        prop_assert!(apart < 1e-8, "{apart}");
    }
}

#[test]
fn a_problem_that_is_its_own_image_has_maps_that_are() {
    for (grid, fix) in [(Grid { nelx: 24, nely: 16 }, Fix::Xy), (Grid { nelx: 9, nely: 9 }, Fix::X)]
    {
        let problem = Problem::new(grid, 0.4)
            .with_support(Place::Edge(Side::Left), fix)
            .with_support(Place::Edge(Side::Right), Fix::Y)
            .with_load_case([(Place::Edge(Side::Top), [0.0, -1.0])])
            .with_load_case([(Place::Edge(Side::Bottom), [0.0, -3.0])]);
        let found = maps(&problem);
        let mut image = found.clone();
        mirror_fields(&Stresses.channels(), Mirror::Y, image.as_slice_mut().unwrap(), grid.nelx);
        // Ranks too: equal energies are equal whatever round-off says.
        assert!(largest_difference(&found, &image) < 1e-9);
        let energies = found.index_axis(Axis(0), 7);
        assert!(0.1 < energies.iter().fold(0.0, |m: f64, e| m.max(*e)));
    }
}

/// A cantilever whose load acts at a height from 0 to 1.
fn cantilever(height: f64) -> Problem {
    Problem::new(Grid { nelx: 12, nely: 8 }, 0.5)
        .with_support(Place::Edge(Side::Left), Fix::Xy)
        .with_load_case([(Place::Point([1.0, height]), [0.0, -1.0])])
}

fn set(details: Details) -> DataSet {
    DataSet::new("beams", Array3::zeros((5, 8, 12)), details).unwrap()
}

#[test]
fn each_design_has_the_maps_of_its_problem() {
    let heights = [0.5, 0.0, 0.5, 1.0, 0.0];
    let lines = heights.map(|height| serde_json::to_string(&cantilever(height)).unwrap()).to_vec();
    let stated = set(Details { problems: Problems::PerDesign(lines), ..Details::default() });

    let text = cantilever(0.5).to_toml().replace("0.5]", "\"$height\"]");
    assert!(text.contains("$height"), "{text}");
    let values = Array2::from_shape_fn((5, 2), |(i, k)| [heights[i] as f32, i as f32][k]);
    let condition = |name| Condition::covering(name, "", aview1(&[0.0, 4.0]));
    let conditions = vec![condition("height"), condition("number")];
    let problems = Problems::Shared(text);
    let shared = set(Details { conditions, values, problems, ..Details::default() });

    for set in [stated, shared] {
        let set = with_fields(Stresses, set).unwrap();
        let fields = set.fields().unwrap();
        assert_eq!(fields.problems(), 3);
        for (design, height) in heights.into_iter().enumerate() {
            let problem = problem_of(&set, design).unwrap().unwrap();
            assert_eq!(problem, cantilever(height));
            // To the bit, so that a problem given anew is the problem of the set.
            assert_eq!(fields.of_design(design), &fields_of(Stresses, &problem).unwrap());
            assert_eq!(fields.problem_of(design), [0, 1, 0, 2, 1][design]);
        }
        let mut values = vec![0.0; 15 * 8 * 12];
        fields.of_design(3).read_into(&mut values);
        for (half, exact) in values.iter().zip(&maps(&cantilever(1.0))) {
            assert!((f64::from(*half) - exact).abs() <= 1e-3 * exact.abs() + 1e-7);
        }
    }
}

#[test]
fn a_set_without_problems_stays_as_it_is_and_a_bad_problem_is_named() {
    assert!(with_fields(Stresses, set(Details::default())).unwrap().fields().is_none());
    let mut lines = vec![serde_json::to_string(&cantilever(0.5)).unwrap(); 5];
    let loose = Problem { supports: Vec::new(), ..cantilever(0.5) };
    lines[3] = serde_json::to_string(&loose).unwrap();
    let set = set(Details { problems: Problems::PerDesign(lines), ..Details::default() });
    let error = with_fields(Stresses, set).err().unwrap();
    assert!(matches!(error, TopoDataError::Fields { design: 3, .. }), "{error:?}");
}
