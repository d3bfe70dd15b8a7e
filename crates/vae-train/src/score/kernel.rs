//! Regression with a Gaussian kernel whose settings are chosen by leave-one-out errors.

use faer::linalg::solvers::SelfAdjointEigen;
use faer::{Mat, MatRef, Side};

/// Widths that are tried, in units of the median distance of the examples.
const WIDTHS: [f64; 4] = [0.125, 0.25, 0.5, 1.0];
/// Ridges that are tried; the largest amounts to predicting the mean.
const RIDGES: [f64; 7] = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e4];

/// A smooth function of inputs, fitted to examples.
///
/// `f(x) = ȳ + k(x)ᵀ (K + λ I)⁻¹ (Y − ȳ)` with `k_i(x) = exp(−‖x − x_i‖² / 2 w²)`; the width w and
/// the ridge λ are those with the smallest squared error of the left-out examples, which follows
/// from the hat matrix `H = K (K + λ I)⁻¹`: `(y_i − f(x_i)) / (1 − H_ii)`.
///
/// # References
/// Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", sections 5.8 and
/// 7.10 (eq. 7.64).
pub(crate) struct KernelRidge {
    /// Examples as columns.
    inputs: Mat<f64>,
    width: f64,
    /// `(K + λ I)⁻¹ (Y − ȳ)`, one row per example.
    coefficients: Mat<f64>,
    mean: Vec<f64>,
    /// The error of each example when it is predicted from the others, one row per example.
    pub(crate) left_out: Mat<f64>,
}

impl KernelRidge {
    /// Fits examples: inputs as columns, targets as rows.
    pub(crate) fn fit(inputs: Mat<f64>, targets: &Mat<f64>) -> Self {
        let n = targets.nrows();
        let mean: Vec<f64> =
            targets.col_iter().map(|column| column.iter().sum::<f64>() / n.max(1) as f64).collect();
        let centered = Mat::from_fn(n, targets.ncols(), |i, j| targets[(i, j)] - mean[j]);
        let gram = &centered * centered.transpose();
        let distances = squared_distances(inputs.as_ref(), inputs.as_ref());
        let unit = median_distance(&distances);

        let mut best: Option<(f64, f64, f64, SelfAdjointEigen<f64>)> = None;
        for width in WIDTHS.map(|width| width * unit) {
            // Fails only on values that are not finite, which reading refuses.
            let eigen = kernel(&distances, width).self_adjoint_eigen(Side::Lower).expect("finite");
            let (ridge, error) = best_ridge(&eigen, &gram);
            if best.as_ref().is_none_or(|(_, _, least, _)| error < *least) {
                best = Some((width, ridge, error, eigen));
            }
        }
        let (width, ridge, _, eigen) = best.expect("there are widths to try");
        let vectors = eigen.U();
        let scaled =
            |by: &dyn Fn(f64) -> f64| Mat::from_fn(n, n, |i, j| vectors[(i, j)] * by(eigen.S()[j]));
        let inverse = scaled(&|s| 1.0 / (s.max(0.0) + ridge)) * vectors.transpose();
        let rest = scaled(&|s| ridge / (s.max(0.0) + ridge)) * vectors.transpose();
        let mut left_out = &rest * &centered;
        for (i, row) in left_out.row_iter_mut().enumerate() {
            row.iter_mut().for_each(|value| *value /= rest[(i, i)]);
        }
        Self { inputs, width, coefficients: inverse * centered, mean, left_out }
    }

    /// The function at other inputs (columns), one row each.
    pub(crate) fn predict(&self, inputs: MatRef<'_, f64>) -> Mat<f64> {
        let kernel = kernel(&squared_distances(inputs, self.inputs.as_ref()), self.width);
        let mut values = kernel * &self.coefficients;
        for (column, mean) in values.col_iter_mut().zip(&self.mean) {
            column.iter_mut().for_each(|value| *value += mean);
        }
        values
    }
}

/// The ridge with the smallest squared error of the left-out examples, and that error.
///
/// With `K = U S Uᵀ` and `D = λ / (S + λ)`, what is left is `I − H = U D Uᵀ`, so the errors are the
/// diagonal of `U D (Uᵀ G U) D Uᵀ` over `(1 − H_ii)²`, G the Gram matrix of the targets.
fn best_ridge(eigen: &SelfAdjointEigen<f64>, gram: &Mat<f64>) -> (f64, f64) {
    let vectors = eigen.U();
    let turned = vectors.transpose() * gram * vectors;
    let n = gram.nrows();
    let errors = RIDGES.map(|ridge| {
        let rest =
            Mat::from_fn(n, n, |i, j| vectors[(i, j)] * ridge / (eigen.S()[j].max(0.0) + ridge));
        let product = &rest * &turned;
        let dot = |a: &Mat<f64>, i: usize| -> f64 {
            a.row(i).iter().zip(rest.row(i).iter()).map(|(a, b)| a * b).sum()
        };
        let error = |i: usize| {
            let own: f64 = rest.row(i).iter().zip(vectors.row(i).iter()).map(|(a, b)| a * b).sum();
            dot(&product, i) / (own * own)
        };
        (ridge, (0..n).map(error).sum::<f64>())
    });
    errors.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are ridges to try")
}

fn kernel(squared_distances: &Mat<f64>, width: f64) -> Mat<f64> {
    let scale = -0.5 / (width * width);
    Mat::from_fn(squared_distances.nrows(), squared_distances.ncols(), |i, j| {
        (scale * squared_distances[(i, j)]).exp()
    })
}

/// Between columns: `‖a‖² + ‖b‖² − 2 a·b`, one row for each of `a`.
fn squared_distances(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let norms = |x: MatRef<'_, f64>| -> Vec<f64> {
        x.col_iter().map(|column| column.squared_norm_l2()).collect()
    };
    let (norms_a, norms_b) = (norms(a), norms(b));
    let products = a.transpose() * b;
    Mat::from_fn(a.ncols(), b.ncols(), |i, j| {
        (norms_a[i] + norms_b[j] - 2.0 * products[(i, j)]).max(0.0)
    })
}

/// Median of the distances that are not 0; 1 if all are 0.
fn median_distance(squared: &Mat<f64>) -> f64 {
    let mut all: Vec<f64> = (0..squared.ncols())
        .flat_map(|j| (0..j).map(move |i| squared[(i, j)]))
        .filter(|&distance| 1e-12 < distance)
        .collect();
    if all.is_empty() {
        return 1.0;
    }
    let middle = all.len() / 2;
    all.select_nth_unstable_by(middle, f64::total_cmp).1.sqrt()
}

#[cfg(test)]
mod tests {
    use rand::Rng;
    use rand_distr::StandardNormal;
    use vae_base::stream;

    use super::*;

    fn inputs(n: usize) -> Mat<f64> {
        Mat::from_fn(2, n, |i, j| ((7 * i + 3 * j * (i + 1)) % 23) as f64 / 11.0)
    }

    /// The leave-one-out error from the hat matrix is that of a fit without the example, at the
    /// same width and ridge.
    #[test]
    fn what_is_left_out_is_as_if_it_had_not_been_there() {
        let (n, ridge) = (20, 0.1);
        let xs = inputs(n);
        let targets = Mat::from_fn(n, 1, |i, _| (xs[(0, i)] + 0.5 * xs[(1, i)]).sin());
        // Centered targets, so that leaving one out leaves their mean alone.
        let k = |a: usize, b: usize| {
            let d = [0, 1].map(|i| xs[(i, a)] - xs[(i, b)]);
            (-0.5 * (d[0] * d[0] + d[1] * d[1])).exp()
        };
        let gram = &targets * targets.transpose();
        let eigen = Mat::from_fn(n, n, k).self_adjoint_eigen(Side::Lower).unwrap();
        let (chosen, error) = best_ridge(&eigen, &gram);
        let by_hand = |ridge: f64| -> f64 {
            (0..n)
                .map(|left| {
                    let others: Vec<usize> = (0..n).filter(|&i| i != left).collect();
                    let m = Mat::from_fn(n - 1, n - 1, |a, b| {
                        k(others[a], others[b]) + if a == b { ridge } else { 0.0 }
                    });
                    let y = Mat::from_fn(n - 1, 1, |a, _| targets[(others[a], 0)]);
                    let solved = faer::linalg::solvers::Solve::solve(&m.partial_piv_lu(), &y);
                    let predicted: f64 =
                        (0..n - 1).map(|a| k(left, others[a]) * solved[(a, 0)]).sum();
                    (targets[(left, 0)] - predicted).powi(2)
                })
                .sum()
        };
        assert!((error / by_hand(chosen) - 1.0).abs() < 1e-6, "{error} and {}", by_hand(chosen));
        assert!(error <= by_hand(ridge));
    }

    #[test]
    fn a_smooth_function_is_found_and_noise_is_left() {
        let n = 120;
        let xs = Mat::from_fn(1, n, |_, j| j as f64 / n as f64);
        let mut rng = stream(1, "test", 0);
        let noise: Vec<f64> = (0..n).map(|_| 0.1 * rng.sample::<f64, _>(StandardNormal)).collect();
        let targets =
            Mat::from_fn(n, 2, |i, j| if j == 0 { (6.0 * xs[(0, i)]).sin() } else { noise[i] });
        let fit = KernelRidge::fit(xs, &targets);
        let at = Mat::from_fn(1, 3, |_, j| [0.21, 0.5, 0.77][j]);
        let found = fit.predict(at.as_ref());
        for (i, x) in [0.21_f64, 0.5, 0.77].into_iter().enumerate() {
            assert!((found[(i, 0)] - (6.0 * x).sin()).abs() < 0.02, "at {x}: {}", found[(i, 0)]);
        }
        let left: f64 = fit.left_out.col(1).squared_norm_l2() / targets.col(1).squared_norm_l2();
        assert!((0.8..1.3).contains(&left), "nobody predicts noise: {left}");
    }

    #[test]
    fn inputs_that_are_all_equal_leave_the_deviations() {
        let targets = Mat::from_fn(6, 1, |i, _| i as f64);
        let fit = KernelRidge::fit(Mat::zeros(1, 6), &targets);
        let expected: f64 = (0..6).map(|i| (f64::from(i) - 2.5).powi(2)).sum();
        // Without the example its own mean moves, by a factor n / (n − 1).
        assert!((1.0..1.5).contains(&(fit.left_out.squared_norm_l2() / expected)));
    }
}
