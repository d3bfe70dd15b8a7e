//! Seeded draws, and means with their standard errors.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// The generator of one test.
pub(crate) fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Draws of the standard normal.
pub(crate) fn normals(rng: &mut ChaCha8Rng, n: usize) -> Vec<f64> {
    (0..n).map(|_| rng.sample(StandardNormal)).collect()
}

/// The mean of some values and its standard error.
pub(crate) fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Fails if the mean of the values is further from what is expected than chance can explain.
#[track_caller]
pub(crate) fn assert_mean(values: &[f64], expected: f64) {
    let (mean, error) = mean_and_error(values);
    let distance = (mean - expected).abs();
    assert!(
        distance <= 4.3 * error,
        "{mean} is {:.1} standard errors from {expected}",
        distance / error
    );
    assert!(error < 0.05 * (1.0 + expected.abs()), "a standard error of {error} proves nothing");
}

#[test]
fn assert_mean_can_fail() {
    let draws = normals(&mut generator(0), 100_000);
    assert_mean(&draws, 0.0);
    assert!(std::panic::catch_unwind(|| assert_mean(&draws, 0.02)).is_err());
}
