//! The designs from which the variants of one problem start.

use ndarray::Array2;
use rand::Rng;

/// Density below which no element of a random start lies: an element that starts at zero never
/// comes back.
const FLOOR: f64 = 0.02;

/// The random start of a variant: smooth noise around the volume fraction, of exactly that mean.
///
/// Independent noise on `rows` × `cols` knots is interpolated bilinearly over the grid. Noise per
/// element would be pointless: the filter averages it out, and the run ends where the uniform start
/// ends.
///
/// The generator is keyed by `(seed, problem, variant)`, so that a design does not depend on which
/// others are made, or in which order.
pub(crate) fn random_start(
    (height, width): (usize, usize),
    volume_fraction: f64,
    (knot_rows, noise): (usize, f64),
    (seed, problem, variant): (u64, usize, usize),
) -> Array2<f64> {
    let mut rng = vae_base::keyed("start", [seed, problem as u64, variant as u64]);
    let knot_cols = (knot_rows * width).div_ceil(height).max(1);
    let knots: Array2<f64> =
        Array2::from_shape_simple_fn((knot_rows, knot_cols), || rng.random_range(-1.0..1.0));
    let noisy = Array2::from_shape_fn((height, width), |(i, j)| {
        let z = interpolate(&knots, place(i, height, knot_rows), place(j, width, knot_cols));
        (volume_fraction * (1.0 + noise * z)).clamp(FLOOR, 1.0)
    });
    with_mean(&noisy, volume_fraction)
}

/// Where the center of element `i` of `n` lies between `knots` cell centers: the knot before, the
/// knot after, the share of the latter.
fn place(i: usize, n: usize, knots: usize) -> (usize, usize, f64) {
    let last = knots - 1;
    let t = ((i as f64 + 0.5) / n as f64 * knots as f64 - 0.5).clamp(0.0, last as f64);
    let before = (t as usize).min(last);
    (before, (before + 1).min(last), t - before as f64)
}

/// The value between four knots.
fn interpolate(
    knots: &Array2<f64>,
    (i0, i1, s): (usize, usize, f64),
    (j0, j1, t): (usize, usize, f64),
) -> f64 {
    let above = knots[(i0, j0)] * (1.0 - t) + knots[(i0, j1)] * t;
    let below = knots[(i1, j0)] * (1.0 - t) + knots[(i1, j1)] * t;
    above * (1.0 - s) + below * s
}

/// The field multiplied by one number, and clamped to `[FLOOR, 1]`, so that its mean is `mean`.
fn with_mean(field: &Array2<f64>, mean: f64) -> Array2<f64> {
    let scaled = |factor: f64| field.mapv(|x| (factor * x).clamp(FLOOR, 1.0));
    // The mean grows with the factor; sixty halvings reach the last bits.
    let (mut low, mut high) = (0.0, 1.0 / FLOOR);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if scaled(middle).mean().unwrap_or(mean) > mean {
            high = middle;
        } else {
            low = middle;
        }
    }
    scaled(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_has_its_volume_and_stays_inside_the_bounds() {
        for (variant, volume_fraction) in [0.1, 0.25, 0.55, 0.9].into_iter().enumerate() {
            let start = random_start((48, 96), volume_fraction, (6, 1.0), (1, 7, variant));
            assert!((start.mean().unwrap() - volume_fraction).abs() < 1e-9);
            assert!(start.iter().all(|x| (FLOOR..=1.0).contains(x)));
            let (min, max) =
                start.iter().fold((1.0_f64, 0.0_f64), |(a, b), &x| (a.min(x), b.max(x)));
            assert!(max - min > 0.1, "the start is not random: {min} to {max}");
        }
    }

    #[test]
    fn starts_are_keyed_by_seed_problem_and_variant() {
        let start =
            |seed, problem, variant| random_start((8, 16), 0.4, (2, 1.0), (seed, problem, variant));
        assert_eq!(start(1, 2, 3), start(1, 2, 3));
        assert_ne!(start(1, 2, 3), start(2, 2, 3));
        assert_ne!(start(1, 2, 3), start(1, 3, 3));
        assert_ne!(start(1, 2, 3), start(1, 2, 4));
    }

    #[test]
    fn a_start_is_frozen() {
        // Seeded output is part of the recorded command: another value here means other data sets.
        let start = random_start((4, 8), 0.4, (2, 1.0), (1, 0, 1));
        let corners = [start[(0, 0)], start[(0, 7)], start[(3, 0)], start[(3, 7)]];
        let frozen =
            [0.47173099914129485, 0.5239407676330178, 0.39907415768540616, 0.20102941115780226];
        assert!(corners.iter().zip(frozen).all(|(a, b)| (a - b).abs() < 1e-12), "{corners:?}");
    }
}
