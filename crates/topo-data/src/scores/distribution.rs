//! How a set of generated designs relates to reference designs and to training designs: distances,
//! kernels, diversity.
//!
//! Designs are rows of flattened densities, shape (n, elements). Distances are Euclidean.

use faer::{Mat, Side};
use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::quantiles::nearest_rank;

/// Width of the Gaussian kernel of [`mmd`], [`vendi`] and [`dpp`], in the same units as distances
/// between flattened designs.
const KERNEL_WIDTH: f64 = 10.0;

/// A design nearer to a training design than this, over the square root of the elements, is a copy:
/// one element in 400 differs.
pub(super) const COPY_DISTANCE: f64 = 0.05;

/// How a set of cut designs relates to the references and to training designs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Squared maximum mean discrepancy from the references, with a Gaussian kernel of width 10.
    pub mmd: f64,
    /// Vendi score: the effective number of different designs.
    pub vendi: f64,
    /// Diversity by a determinantal point process, in (0, 1].
    pub dpp: f64,
    /// Share of the references that have a design nearby: within the 95 % quantile of the distances
    /// between neighboring references.
    pub coverage: f64,
    /// Mean distance to the nearest training design, over that of the references: 0 for retrieval,
    /// far above 1 for noise; `None` if the references are copies.
    pub train_distance_ratio: Option<f64>,
    /// Share of the designs whose distance to a training design, over the square root of the
    /// elements, is below 0.05.
    pub copy_rate: f64,
}

/// Squared maximum mean discrepancy with a Gaussian kernel of width 10, biased: the diagonals are
/// kept.
///
/// `mean K_gg + mean K_rr - 2 mean K_gr`, `K(a, b) = exp(-‖a - b‖² / (2 σ²))`. 0 for the same set;
/// a set of references drawn again scores what chance gives.
///
/// # Panics
///
/// If the sets differ in the number of elements. NaN if one is empty.
///
/// # References
///
/// Gretton et al. 2012, "A kernel two-sample test", equation 5.
pub(super) fn mmd(generated: ArrayView2<'_, f32>, reference: ArrayView2<'_, f32>) -> f64 {
    let mean = |a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>| {
        let sums = rows(a)
            .into_par_iter()
            .map(|a| b.axis_iter(Axis(0)).map(|b| kernel(squared_distance(a, b))).sum::<f64>());
        // Summed in order: the result does not depend on the threads.
        sums.collect::<Vec<_>>().iter().sum::<f64>() / (a.nrows() * b.nrows()) as f64
    };
    mean(generated, generated) + mean(reference, reference) - 2.0 * mean(generated, reference)
}

/// Vendi score, the effective number of different designs, between 1 and n: `exp(-Σ λ ln λ)` over
/// the eigenvalues λ of `K / n` above 1e-12.
///
/// # Panics
///
/// If the kernel is not finite, which densities in `[0, 1]` exclude. 0 for an empty set.
///
/// # References
///
/// Friedman & Dieng 2023, "The Vendi score".
pub(super) fn vendi(designs: ArrayView2<'_, f32>) -> f64 {
    let n = designs.nrows();
    if n == 0 {
        return 0.0;
    }
    let eigenvalues = eigenvalues(&(kernel_matrix(designs) * (1.0 / n as f64)));
    (-eigenvalues.iter().filter(|&&l| l > 1e-12).map(|l| l * l.ln()).sum::<f64>()).exp()
}

/// Diversity by determinantal point process, `det(K + 1e-6 I)^(1/n)`, in `(0, 1]` up to the added
/// 1e-6: 1 for designs far apart. Noise raises it.
///
/// # Panics
///
/// As [`vendi`].
pub(super) fn dpp(designs: ArrayView2<'_, f32>) -> f64 {
    let n = designs.nrows();
    if n == 0 {
        return 0.0;
    }
    let logarithms =
        eigenvalues(&kernel_matrix(designs)).into_iter().map(|l| (l + 1e-6).max(1e-12).ln());
    (logarithms.sum::<f64>() / n as f64).exp()
}

/// Share of the references that have a generated design within the 95 % quantile (nearest rank) of
/// the distances between each reference and its nearest other one; 0 for fewer than two references
/// or nothing generated.
///
/// # Panics
///
/// If the sets differ in the number of elements.
pub(super) fn coverage(generated: ArrayView2<'_, f32>, reference: ArrayView2<'_, f32>) -> f64 {
    if generated.nrows() == 0 || reference.nrows() < 2 {
        return 0.0;
    }
    let apart: Vec<f64> = rows(reference)
        .into_par_iter()
        .enumerate()
        .map(|(i, row)| {
            let others = reference.axis_iter(Axis(0)).enumerate().filter(|(j, _)| *j != i);
            others.map(|(_, other)| squared_distance(row, other)).fold(f64::INFINITY, f64::min)
        })
        .collect();
    let limit = nearest_rank(apart, 0.95).unwrap_or(f64::INFINITY);
    let nearest = nearest_squared(reference, generated);
    nearest.iter().filter(|&&distance| distance <= limit).count() as f64 / nearest.len() as f64
}

/// For each design the distance to the nearest training design, over the square root of the number
/// of elements: in `[0, 1]` for densities.
///
/// # Panics
///
/// If the sets differ in the number of elements.
pub(super) fn train_distances(
    designs: ArrayView2<'_, f32>,
    training: ArrayView2<'_, f32>,
) -> Vec<f64> {
    let elements = designs.ncols().max(1) as f64;
    nearest_squared(designs, training)
        .into_iter()
        .map(|squared| (squared / elements).sqrt())
        .collect()
}

/// For each row of one set the squared distance to the nearest row of the other; infinite if that
/// is empty.
fn nearest_squared(from: ArrayView2<'_, f32>, to: ArrayView2<'_, f32>) -> Vec<f64> {
    rows(from)
        .into_par_iter()
        .map(|row| {
            to.axis_iter(Axis(0))
                .map(|other| squared_distance(row, other))
                .fold(f64::INFINITY, f64::min)
        })
        .collect()
}

fn rows(designs: ArrayView2<'_, f32>) -> Vec<ArrayView1<'_, f32>> {
    // A view of a view would not live long enough.
    (0..designs.nrows()).map(|i| designs.index_axis_move(Axis(0), i)).collect()
}

fn kernel(squared: f64) -> f64 {
    (-squared / (2.0 * KERNEL_WIDTH * KERNEL_WIDTH)).exp()
}

fn kernel_matrix(designs: ArrayView2<'_, f32>) -> Mat<f64> {
    let rows = rows(designs);
    let lines: Vec<Vec<f64>> = rows
        .par_iter()
        .map(|a| rows.iter().map(|b| kernel(squared_distance(*a, *b))).collect())
        .collect();
    Mat::from_fn(rows.len(), rows.len(), |i, j| lines[i][j])
}

/// Eigenvalues of a symmetric matrix, ascending.
fn eigenvalues(matrix: &Mat<f64>) -> Vec<f64> {
    matrix.self_adjoint_eigenvalues(Side::Lower).expect("a kernel of densities is finite")
}

/// Squared distance, summed in single precision over short pieces so that the loop runs on whole
/// vectors.
fn squared_distance(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    assert_eq!(a.len(), b.len(), "designs of different size");
    let piece = |(a, b): (&[f32], &[f32])| {
        let mut sums = [0.0_f32; 16];
        let (a16, b16) = (a.chunks_exact(16), b.chunks_exact(16));
        let rest: f32 =
            a16.remainder().iter().zip(b16.remainder()).map(|(a, b)| (a - b) * (a - b)).sum();
        for (a, b) in a16.zip(b16) {
            for k in 0..16 {
                sums[k] += (a[k] - b[k]) * (a[k] - b[k]);
            }
        }
        f64::from(sums.iter().sum::<f32>() + rest)
    };
    match (a.as_slice(), b.as_slice()) {
        (Some(a), Some(b)) => a.chunks(1024).zip(b.chunks(1024)).map(piece).sum(),
        _ => a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    use super::*;

    /// `n` rows that are far apart under the kernel.
    fn far_apart(n: usize) -> Array2<f32> {
        Array2::from_shape_fn((n, 4000 * n), |(i, j)| if j / 4000 == i { 1.0 } else { 0.0 })
    }

    #[test]
    fn two_points_by_hand() {
        // Distance 20 between the two: kernel exp(-2).
        let a = Array2::from_elem((1, 400), 1.0_f32);
        let b = Array2::zeros((1, 400));
        let k = (-2.0_f64).exp();
        assert!((mmd(a.view(), b.view()) - (2.0 - 2.0 * k)).abs() < 1e-12);
        assert!(mmd(a.view(), a.view()).abs() < 1e-15);
        let both = ndarray::concatenate(Axis(0), &[a.view(), b.view()]).unwrap();
        // Eigenvalues of K/2 are (1 ± k)/2.
        let entropy: f64 = [0.5 * (1.0 + k), 0.5 * (1.0 - k)].iter().map(|l| -l * l.ln()).sum();
        assert!((vendi(both.view()) - entropy.exp()).abs() < 1e-12);
        let determinant = (1.0 + 1e-6) * (1.0 + 1e-6) - k * k;
        assert!((dpp(both.view()) - determinant.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn diversity_counts_what_is_different() {
        let designs = far_apart(5);
        assert!((vendi(designs.view()) - 5.0).abs() < 1e-3);
        assert!((dpp(designs.view()) - 1.0).abs() < 1e-3);
        let copies = Array2::from_elem((5, 100), 0.5_f32);
        assert!((vendi(copies.view()) - 1.0).abs() < 1e-9);
        assert!(dpp(copies.view()) < 1e-4);
    }

    #[test]
    fn coverage_and_distances_by_hand() {
        // References at 0, 1, 2, 10 on a line: nearest others at 1, 1, 1, 8.
        let reference = array![[0.0_f32], [1.0], [2.0], [10.0]];
        // The quantile is the largest, 8: a design at 1 covers 0, 1 and 2, not 10.
        assert!((coverage(array![[1.0_f32]].view(), reference.view()) - 0.75).abs() < 1e-12);
        assert!((coverage(reference.view(), reference.view()) - 1.0).abs() < 1e-12);
        let training = array![[0.0_f32, 0.0], [3.0, 4.0]];
        let distances = train_distances(array![[3.0_f32, 0.0], [3.0, 4.0]].view(), training.view());
        assert!((distances[0] - 3.0 / 2.0_f64.sqrt()).abs() < 1e-7 && distances[1] == 0.0);
    }

    proptest! {
        #[test]
        fn the_vectorized_distance_is_the_distance(pairs in proptest::collection::vec((0.0_f32..1.0, 0.0_f32..1.0), 1..3000)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            let found = squared_distance(ArrayView1::from(&a), ArrayView1::from(&b));
            prop_assert!((found - expected).abs() <= 1e-5 * expected.max(1e-3));
        }
    }
}
