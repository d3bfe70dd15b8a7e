//! Problems of one symmetry key are mirror images in their mechanics.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use proptest::prelude::*;
use topo_data::{Family, GenerateSpec, Maker, Silhouette, symmetry_key};
use topo_simp::compliance;

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
        // Every pair of `mixed` problems with one key, on a grid where many coincide, has one compliance for a design and its image.
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
