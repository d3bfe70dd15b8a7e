//! The controls against what they are by definition.

mod support;

use ndarray::{Array2, Array3, Axis};
use support::bars;
use vae_train::score::compare;
use vae_train::score::{nearest_by_condition, nearest_by_pixels, principal_components};
use vae_train::{TargetKind, Targets};

fn parts() -> (Vec<usize>, Vec<usize>) {
    (0..96).partition(|index| index % 5 != 0)
}

fn squared_distance(a: ndarray::ArrayView2<'_, f32>, b: ndarray::ArrayView2<'_, f32>) -> f32 {
    (&a - &b).mapv(|d| d * d).sum()
}

#[test]
fn nearest_by_pixels_is_the_nearest() {
    let data = bars();
    let targets = Targets::new(&data, TargetKind::Grey, vec![0, 1]);
    let (train, test) = parts();
    let found = nearest_by_pixels(&targets, &train, &test).unwrap();
    let (trains, tests) = (targets.array(&train).unwrap(), targets.array(&test).unwrap());
    for (test, found) in tests.outer_iter().zip(found.outer_iter()) {
        let smallest = trains
            .outer_iter()
            .map(|train| squared_distance(test, train))
            .fold(f32::INFINITY, f32::min);
        assert!((squared_distance(test, found) - smallest).abs() < 1e-4);
    }
}

#[test]
fn nearest_by_condition_finds_the_same_conditions_where_they_exist() {
    let data = bars();
    let targets = Targets::new(&data, TargetKind::Grey, vec![0, 1]);
    let (train, test) = parts();
    let found = nearest_by_condition(&targets, &train, &test).unwrap().unwrap();
    for (&test, found) in test.iter().zip(found.outer_iter()) {
        let same = train
            .iter()
            .find(|&&train| data.conditions().row(train) == data.conditions().row(test))
            .unwrap();
        assert_eq!(found, targets.array(&[*same]).unwrap().index_axis(Axis(0), 0));
    }
}

/// With all components the projection is the identity on the training designs; with k of them the
/// squared error is the sum of the squared singular values left out.
#[test]
fn principal_components_leave_out_the_smallest_singular_values() {
    let data = bars();
    let targets = Targets::new(&data, TargetKind::Grey, vec![0, 1]);
    let all: Vec<usize> = (0..96).collect();
    let xs = targets.array(&all).unwrap().mapv(f64::from).into_shape_with_order((96, 128)).unwrap();
    let centered = &xs - &xs.mean_axis(Axis(0)).unwrap();
    // The eigenvalues of the Gram matrix by faer's dense solver are the second method.
    let gram: Array2<f64> = centered.dot(&centered.t());
    let gram = faer::Mat::from_fn(96, 96, |i, j| gram[[i, j]]);
    let eigenvalues = gram.self_adjoint_eigenvalues(faer::Side::Lower).unwrap();
    for components in [1, 3, 10, 96] {
        let back = principal_components(&targets, &all, &all, components).unwrap();
        let left: f64 = eigenvalues.iter().rev().skip(components).sum();
        let scores = compare(&targets, &all, &back).unwrap();
        assert!(
            (scores.mse * 96.0 * 128.0 - left.max(0.0)).abs() < 1e-2,
            "{components}: {} and {left}",
            scores.mse * 96.0 * 128.0
        );
    }
}

/// The iterative decomposition of larger sets agrees with the dense one.
#[test]
fn both_ways_to_the_components_agree() {
    use vae_data::{DataSet, Details};
    let (n, h, w) = (300, 17, 18);
    let designs = Array3::from_shape_fn((n, h, w), |(i, row, column)| {
        let phase = (i * 37 % 101) as f32 / 7.0;
        (0.5 + 0.3 * (phase + row as f32 / 3.0).sin()
            + 0.2 * (2.0 * phase + column as f32 / 2.0).cos())
        .clamp(0.0, 1.0)
    });
    let large = DataSet::new("waves", designs.clone(), Details::default()).unwrap();
    let targets = Targets::new(&large, TargetKind::Grey, Vec::new());
    let all: Vec<usize> = (0..n).collect();
    let iterative =
        compare(&targets, &all, &principal_components(&targets, &all, &all, 4).unwrap())
            .unwrap()
            .mse;
    let xs = designs.mapv(f64::from).into_shape_with_order((n, h * w)).unwrap();
    let centered = &xs - &xs.mean_axis(Axis(0)).unwrap();
    let covariance = faer::Mat::from_fn(n, h * w, |i, j| centered[[i, j]]);
    let singular = covariance.singular_values().unwrap();
    let left: f64 = singular.iter().skip(4).map(|s| s * s).sum::<f64>() / (n * h * w) as f64;
    assert!((iterative - left).abs() < 1e-6 * (1.0 + left), "{iterative} and {left}");
}
