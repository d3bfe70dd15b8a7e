//! The mirror of a family is a symmetry of its mechanics.

use proptest::prelude::*;
use topo_data::{Family, GenerateSpec, Maker, Silhouette};
use topo_simp::compliance;

const SHAPE: (usize, usize) = (8, 16);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_flipped_design_is_as_stiff_in_the_mirror_problem(
        problem in 0_usize..441,
        densities in proptest::collection::vec(0.05_f64..1.0, SHAPE.0 * SHAPE.1),
    ) {
        let family = Family::cantilever();
        let image = family.mirrored(problem).unwrap();
        let design = ndarray::Array2::from_shape_vec(SHAPE, densities).unwrap();
        let mut flipped = design.clone();
        flipped.invert_axis(ndarray::Axis(0));
        let task = |problem| family.problem(problem, SHAPE.0, SHAPE.1);
        let one = compliance(&task(problem), design.view(), 3.0).unwrap();
        let other = compliance(&task(image), flipped.view(), 3.0).unwrap();
        prop_assert!((one / other - 1.0).abs() < 1e-9, "{one} and {other}");
    }
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
    let image = family.problem_at(&[0.4, 0.75, 110.0]).unwrap();
    let mut made = |problem| maker.make(problem, 0).unwrap();
    let (one, other) = (made(problem), made(image));
    assert!((one.compliance / other.compliance - 1.0).abs() < 1e-6);
    let flipped: Vec<f32> = other.densities().chunks(24).rev().flatten().copied().collect();
    assert!(Silhouette::of(&one.densities()).iou(&Silhouette::of(&flipped)) > 0.99);
}

#[test]
fn the_load_points_where_the_condition_says() {
    let family = Family::cantilever();
    // Straight down; then up and to the right is impossible, since all angles are between 30 and 150 degrees.
    for (angle, expected) in [(90.0, [0.0, -1.0]), (30.0, [0.75_f64.sqrt(), -0.5])] {
        let problem = family.problem_at(&[0.3, 1.0, angle]).unwrap();
        let force = family.problem(problem, 48, 96).load_cases[0].loads[0].force;
        assert!((force[0] - expected[0]).abs() < 1e-12 && (force[1] - expected[1]).abs() < 1e-12);
    }
}
