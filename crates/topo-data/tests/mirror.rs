//! Problems of one symmetry key are mirror images in their mechanics.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use proptest::prelude::*;
use topo_data::{
    Family, GenerateSpec, Maker, Silhouette, generate, problem_at_conditions, problem_of,
    symmetry_key,
};
use topo_simp::compliance;
use vae_data::{Mirror, MirrorRule, Source, open};

const SHAPE: (usize, usize) = (8, 16);

/// The number of the problem that is this one, flipped upside down and its load reversed.
fn mirrored(family: &Family, problem: usize) -> usize {
    let values = family.values(problem);
    family.problem_at(&[values[0], 1.0 - values[1], 180.0 - values[2]]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_flipped_design_is_as_stiff_in_the_mirror_problem(
        problem in 0_usize..441,
        densities in proptest::collection::vec(0.05_f64..1.0, SHAPE.0 * SHAPE.1),
    ) {
        let family = Family::cantilever();
        let image = mirrored(&family, problem);
        let design = ndarray::Array2::from_shape_vec(SHAPE, densities).unwrap();
        let mut flipped = design.clone();
        flipped.invert_axis(ndarray::Axis(0));
        let task = |problem| family.problem(problem, SHAPE.0, SHAPE.1).unwrap();
        prop_assert_eq!(symmetry_key(&task(problem)), symmetry_key(&task(image)));
        let one = compliance(&task(problem), design.view(), 3.0).unwrap();
        let other = compliance(&task(image), flipped.view(), 3.0).unwrap();
        prop_assert!((one / other - 1.0).abs() < 1e-9, "{one} and {other}");
    }

    #[test]
    fn turned_and_flipped_square_problems_have_turned_and_flipped_designs(
        first in 0_usize..168_960,
        densities in proptest::collection::vec(0.05_f64..1.0, 64),
    ) {
        // Every pair of `mixed` problems with one key, on a grid where many coincide, has one
        // compliance for a design and its image.
        let family = Family::named("mixed").unwrap();
        let task = |problem| family.problem(problem, 8, 8).unwrap();
        let Ok(key) = symmetry_key(&task(first)) else { return Ok(()) };
        let values = family.values(first);
        let all = |other: &usize| symmetry_key(&task(*other)).is_ok_and(|other| other == key);
        let same_volume = (0..family.problems() / 11).map(|i| i + first / 15_360 * 15_360);
        prop_assume!(values[0] > 0.0);
        let design = ndarray::Array2::from_shape_vec((8, 8), densities).unwrap();
        let stiffness = compliance(&task(first), design.view(), 3.0).unwrap();
        for other in same_volume.step_by(7).filter(all).take(4) {
            let images = images(&design);
            let near = images.iter().any(|image| {
                let other = compliance(&task(other), image.view(), 3.0).unwrap();
                (stiffness / other - 1.0).abs() < 1e-9
            });
            prop_assert!(near, "{first} and {other}");
        }
    }
}

/// The eight images of a square design.
fn images(design: &ndarray::Array2<f64>) -> Vec<ndarray::Array2<f64>> {
    (0..8)
        .map(|bits| {
            let mut image = if bits & 4 == 0 { design.clone() } else { design.t().to_owned() };
            for (bit, axis) in [(1, 0), (2, 1)] {
                if bits & bit != 0 {
                    image.invert_axis(ndarray::Axis(axis));
                }
            }
            image
        })
        .collect()
}

#[test]
fn mirror_problems_have_mirror_designs_from_the_uniform_start() {
    let spec = GenerateSpec {
        height: 12,
        width: 24,
        filter_radii: vec![1.5],
        ..GenerateSpec::for_family("cantilever").unwrap()
    };
    let family = Family::cantilever();
    let mut maker = Maker::new(&spec, &family).unwrap();
    let problem = family.problem_at(&[0.4, 0.25, 70.0]).unwrap();
    let mut made = |problem| maker.make(problem, 0).unwrap();
    let (one, other) = (made(problem), made(mirrored(&family, problem)));
    assert!((one.compliance / other.compliance - 1.0).abs() < 1e-6);
    let flipped: Vec<f32> = other.densities().chunks(24).rev().flatten().copied().collect();
    assert!(Silhouette::of(&one.densities()).iou(&Silhouette::of(&flipped)) > 0.99);
}

#[test]
fn the_load_points_where_the_condition_says() {
    let family = Family::cantilever();
    for (angle, expected) in [(90.0, [0.0, -1.0]), (30.0, [0.75_f64.sqrt(), -0.5])] {
        let problem = family.problem_at(&[0.3, 1.0, angle]).unwrap();
        let force = family.problem(problem, 48, 96).unwrap().load_cases[0].loads[0].force;
        assert!((force[0] - expected[0]).abs() < 1e-12 && (force[1] - expected[1]).abs() < 1e-12);
    }
}

#[test]
fn mirrored_designs_of_a_generated_set_are_as_stiff_under_its_mirrored_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("beams");
    // On this grid the mirror image of each place of a load is a node again.
    let spec = GenerateSpec {
        height: 16,
        width: 32,
        variants: 1,
        problems: Some(12),
        filter_radii: vec![1.5],
        iterations: 10,
        ..GenerateSpec::for_family("cantilever").unwrap()
    };
    generate(&spec, "mirror", &out, &|_| ControlFlow::Continue(())).unwrap();
    let set = open(&Source::Path(out)).unwrap();
    assert!(set.len() >= 6);
    let rule = |mirror| set.condition_info().iter().map(|c| c.mirror_rule(mirror)).collect();
    let (x, y): (Vec<_>, Vec<_>) = (rule(Mirror::X), rule(Mirror::Y));
    assert_eq!(x, [None; 3]);
    assert_eq!(y, [MirrorRule::Same, MirrorRule::Sum(1.0), MirrorRule::Sum(180.0)].map(Some));

    let mut design = vec![0.0_f32; set.design_len()];
    let mut moved = 0;
    for index in 0..set.len() {
        let conditions = set.conditions().row(index).to_vec();
        let image: Vec<f32> =
            conditions.iter().zip(&y).map(|(&value, rule)| rule.unwrap().apply(value)).collect();
        moved += usize::from(image != conditions);
        set.read_into(&[index], &mut design).unwrap();
        let stiffness = |design: &[f32], problem| {
            let densities = design.iter().map(|&x| f64::from(x)).collect();
            let array = ndarray::Array2::from_shape_vec((16, 32), densities).unwrap();
            compliance(&problem, array.view(), 3.0).unwrap()
        };
        let one = stiffness(&design, problem_of(&set, index).unwrap().unwrap());
        Mirror::Y.apply(&mut design, 32);
        let other = stiffness(&design, problem_at_conditions(&set, &image).unwrap().unwrap());
        // Conditions are single precision, and grey iterates carry their loads through little.
        assert!((one / other - 1.0).abs() < 1e-6, "{index}: {one} and {other}");
    }
    assert!(moved > set.len() / 2);
}

#[test]
fn families_have_mirror_rules_where_all_their_problems_have_images() {
    let rules = |name, shape, mirror| {
        let family = Family::named(name).unwrap();
        let problems: Vec<usize> = (0..family.problems()).step_by(7).take(500).collect();
        family.mirror_rules(&problems, shape, mirror).unwrap()
    };
    for (name, shape) in [
        ("mbb-half", (32, 96)),  // symmetry on the left, a roller on the right
        ("mbb-full", (32, 128)), // the pin is on the left
        ("bridge", (40, 80)),    // so it is in a third of the problems
        ("l-bracket", (64, 64)),
        ("two-loads", (48, 64)),
        ("multi-load", (48, 64)),
        ("mixed", (64, 64)), // the ways of holding have no order
        ("beams2d", (50, 100)),
    ] {
        assert_eq!(rules(name, shape, Mirror::X), None, "{name}");
        assert_eq!(rules(name, shape, Mirror::Y), None, "{name}");
    }
    for mirror in [Mirror::X, Mirror::Y] {
        assert_eq!(rules("random", (40, 40), mirror), Some(vec![MirrorRule::Same; 4]));
    }
    // An eighth of twelve rows is no node: two nodes share the load, and their images its image.
    let turned = vec![MirrorRule::Same, MirrorRule::Sum(1.0), MirrorRule::Sum(180.0)];
    assert_eq!(rules("cantilever", (12, 24), Mirror::Y), Some(turned));
}

#[test]
fn companions_are_reversed_with_their_axis() {
    let family = Family::parse(
        r#"
        name = "shelf"
        summary = "held at both ends, loaded from above"
        height = 8
        width = 16

        [[axes]]
        name = "load_x"
        values = [0.25, 0.5, 0.75]
        with = [
            { name = "push", values = [-1.0, 0.0, 1.0] },
            { name = "half", values = [0.5, 0.5, 0.5], condition = false },
        ]

        [problem]
        volume_fraction = "$half"
        supports = [{ at = { edge = "left" }, fix = "xy" }, { at = { edge = "right" }, fix = "xy" }]
        load_cases = [{ loads = [{ at = { point = ["$load_x", 0.0] }, force = ["$push", -1.0] }] }]
        "#,
    )
    .unwrap();
    let rules = |mirror| family.mirror_rules(&[0, 1, 2], (8, 16), mirror).unwrap();
    assert_eq!(rules(Mirror::X), Some(vec![MirrorRule::Sum(1.0), MirrorRule::Sum(0.0)]));
    assert_eq!(rules(Mirror::Y), None);
    // The middle alone is its own image.
    let middle = family.mirror_rules(&[1], (8, 16), Mirror::X).unwrap();
    assert_eq!(middle, Some(vec![MirrorRule::Same; 2]));
}
