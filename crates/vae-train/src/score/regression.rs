//! A control that invents designs: Gaussian-process regression from the conditions to principal
//! components.

use faer::prelude::Solve as _;
use faer::{Mat, Side};
use ndarray::{Array2, Array3, Axis};

use super::controls::{Components, matrix};
use crate::data::{Targets, stack, strided};
use crate::error::Result;

/// Training designs at most, evenly spaced, that the regression is conditioned on, and that choose
/// its length scales.
const CONDITIONED: usize = 1500;
const CHOOSING: usize = 400;
/// Length scales, in deviations of a condition, and shares of noise that are tried.
const SCALES: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];
const NOISES: [f64; 5] = [1e-3, 1e-2, 3e-2, 0.1, 0.5];
/// Rounds of the search, one setting after the other.
const ROUNDS: usize = 2;

/// Designs for the conditions of test designs: the mean of a Gaussian process from the conditions
/// to each of the `components` leading principal components of the training designs; `None` if the
/// model is told no conditions.
///
/// The kernel is `exp(−½ Σ_d (c_d − c'_d)² / ℓ_d²)` on conditions in units of their deviations; the
/// length scales ℓ and the share of noise are those with the greatest marginal likelihood of all
/// components together.
///
/// # Errors
/// When a design cannot be read.
///
/// # References
/// Rasmussen & Williams 2006, "Gaussian processes for machine learning", algorithm 2.1 and section
/// 5.4.1.
pub fn regression_by_condition(
    designs: &Targets<'_>,
    train: &[usize],
    test: &[usize],
    components: usize,
) -> Result<Option<Array3<f32>>> {
    let chosen = strided(train, CONDITIONED);
    let table = |indices: &[usize]| designs.conditions(indices).mapv(f64::from);
    let (known, asked) = (table(&chosen), table(test));
    if known.ncols() == 0 || chosen.is_empty() {
        return Ok(None);
    }
    let deviation = known.std_axis(Axis(0), 0.0).mapv(|std| if 0.0 < std { std } else { 1.0 });
    let (known, asked) = (known / &deviation, asked / &deviation);

    let mut xs = matrix(designs, &chosen)?;
    let components = Components::of(&mut xs, components);
    let codes = components.codes(&xs).transpose().to_owned();

    let few = strided(&(0..chosen.len()).collect::<Vec<_>>(), CHOOSING);
    let some = Mat::from_fn(few.len(), codes.ncols(), |row, column| codes[(few[row], column)]);
    let kernel = Kernel::fit(&known.select(Axis(0), &few), &some);
    let back = components.designs(&kernel.mean(&known, &codes, &asked).transpose().to_owned());
    let values = back.col_iter().flat_map(|column| {
        column.iter().map(|&value| value.clamp(0.0, 1.0) as f32).collect::<Vec<_>>()
    });
    let size = (designs.data().height(), designs.data().width());
    Ok(Some(stack(values.collect(), size)))
}

/// A squared-exponential kernel with one length scale for each condition.
#[derive(Clone, Debug, PartialEq)]
struct Kernel {
    scales: Vec<f64>,
    /// Variance of the noise over that of the process.
    noise: f64,
}

impl Kernel {
    /// The settings with the greatest marginal likelihood of outputs `ys` (N, K) at inputs `xs`
    /// (N, D), found one after the other.
    fn fit(xs: &Array2<f64>, ys: &Mat<f64>) -> Self {
        let mut best = Self { scales: vec![1.0; xs.ncols()], noise: 0.1 };
        let mut greatest = best.log_likelihood(xs, ys);
        let mut consider = |candidate: Self, best: &mut Self| {
            let found = candidate.log_likelihood(xs, ys);
            if greatest < found {
                (greatest, *best) = (found, candidate);
            }
        };
        for _ in 0..ROUNDS {
            for condition in 0..xs.ncols() {
                for scale in SCALES {
                    let mut candidate = best.clone();
                    candidate.scales[condition] = scale;
                    consider(candidate, &mut best);
                }
            }
            for noise in NOISES {
                consider(Self { noise, ..best.clone() }, &mut best);
            }
        }
        best
    }

    fn between(&self, a: &Array2<f64>, b: &Array2<f64>) -> Mat<f64> {
        Mat::from_fn(a.nrows(), b.nrows(), |i, j| {
            let terms = a.row(i).into_iter().zip(b.row(j)).zip(&self.scales);
            let squared: f64 = terms.map(|((a, b), scale)| ((a - b) / scale).powi(2)).sum();
            (-0.5 * squared).exp()
        })
    }

    /// The kernel matrix of some inputs, with the noise.
    fn covariance(&self, xs: &Array2<f64>) -> Mat<f64> {
        let mut covariance = self.between(xs, xs);
        (0..xs.nrows()).for_each(|i| covariance[(i, i)] += self.noise);
        covariance
    }

    /// ln p(ys|xs) up to a constant, with the best variance of each column of `ys`:
    /// `−½ N Σ_k ln (y_kᵀ K⁻¹ y_k / N) − ½ n_k ln |K|`.
    fn log_likelihood(&self, xs: &Array2<f64>, ys: &Mat<f64>) -> f64 {
        let Ok(factor) = self.covariance(xs).llt(Side::Lower) else { return f64::NEG_INFINITY };
        let solved = factor.solve(ys);
        let n = xs.nrows() as f64;
        let fits = (0..ys.ncols()).map(|k| {
            let product: f64 = ys.col(k).iter().zip(solved.col(k).iter()).map(|(a, b)| a * b).sum();
            (product / n).max(f64::MIN_POSITIVE).ln()
        });
        let log_determinant: f64 =
            factor.L().diagonal().column_vector().iter().map(|l| 2.0 * l.ln()).sum();
        -0.5 * (n * fits.sum::<f64>() + ys.ncols() as f64 * log_determinant)
    }

    /// The mean of the process at `asked`, (M, K), given `ys` at `xs`.
    fn mean(&self, xs: &Array2<f64>, ys: &Mat<f64>, asked: &Array2<f64>) -> Mat<f64> {
        let Ok(factor) = self.covariance(xs).llt(Side::Lower) else {
            // Singular only for a noise of nothing, which is not among those tried.
            return Mat::zeros(asked.nrows(), ys.ncols());
        };
        self.between(asked, xs) * factor.solve(ys)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} and {expected}");
    }

    /// Two points, whose matrix is inverted by hand.
    #[test]
    fn mean_and_likelihood_have_their_closed_forms() {
        let kernel = Kernel { scales: vec![2.0], noise: 0.1 };
        let (xs, ys) = (array![[0.0], [1.0]], Mat::from_fn(2, 1, |i, _| [1.0, 3.0][i]));
        let (diagonal, beside) = (1.1, (-0.125_f64).exp());
        let determinant = diagonal * diagonal - beside * beside;
        let solved =
            [(diagonal - 3.0 * beside) / determinant, (3.0 * diagonal - beside) / determinant];
        let at = |gap: f64| (-0.125 * gap * gap).exp();
        let found = kernel.mean(&xs, &ys, &array![[0.25], [3.0]]);
        for (row, place) in [0.25, 3.0_f64].into_iter().enumerate() {
            assert_near(found[(row, 0)], at(place) * solved[0] + at(place - 1.0) * solved[1]);
        }
        let product: f64 = solved[0] + 3.0 * solved[1];
        let expected = -0.5 * (2.0 * (product / 2.0).ln() + determinant.ln());
        assert_near(kernel.log_likelihood(&xs, &ys), expected);
    }

    /// A smooth function of the first input alone: the second gets the longest scale, and what is
    /// between the known points is found.
    #[test]
    fn what_does_not_matter_gets_a_long_scale() {
        let place =
            |i: usize| (3.0 * (i as f64 * 0.618_034).fract(), (i as f64 * 0.414_214).fract());
        let xs =
            Array2::from_shape_fn((60, 2), |(i, d)| if d == 0 { place(i).0 } else { place(i).1 });
        let ys =
            Mat::from_fn(60, 2, |i, k| if k == 0 { place(i).0.sin() } else { place(i).0.cos() });
        let kernel = Kernel::fit(&xs, &ys);
        assert!(kernel.scales[0] <= 2.0 && 8.0 <= kernel.scales[1], "{kernel:?}");
        assert!(kernel.noise <= 1e-2, "{kernel:?}");
        let found = kernel.mean(&xs, &ys, &array![[1.234, 0.5]]);
        assert!((found[(0, 0)] - 1.234_f64.sin()).abs() < 0.01);
        assert!((found[(0, 1)] - 1.234_f64.cos()).abs() < 0.01);
    }
}
