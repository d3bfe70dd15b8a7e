//! The exponential and the logarithm of a softplus, without branches for `f32`: the library's
//! functions do not vectorize.

/// `(e^−x, ln(1 + e^−x))` for `x ≥ 0`.
#[inline]
pub(crate) fn decay_and_log_f64(x: f64) -> (f64, f64) {
    let decay = (-x).exp();
    (decay, decay.ln_1p())
}

/// `(e^−x, ln(1 + e^−x))` for `x ≥ 0`, to a relative error of 2e-7; from 87 on both are 0 to within
/// 1e-37.
#[inline]
pub(crate) fn decay_and_log_f32(x: f32) -> (f32, f32) {
    /// Beyond it the result is not a normal number.
    const LIMIT: f32 = 87.0;
    /// Adding it leaves the nearest integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, the first with few enough digits that its multiples are exact.
    const LN_2_HI: f32 = 0.693_359_4;
    const LN_2_LO: f32 = -2.121_944_4e-4;
    // e^−x = 2^n e^r with n an integer and |r| at most half of ln 2.
    let x = if x < LIMIT { x } else { LIMIT };
    let rounded = ROUND - x * std::f32::consts::LOG2_E;
    let n = rounded - ROUND;
    let r = (-x - n * LN_2_HI) - n * LN_2_LO;
    // Taylor's series: what is left out is below 6e-9.
    let mut series = 1.0 / 5040.0;
    for term in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + term;
    }
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    let decay = series * f32::from_bits(exponent << 23);
    // ln(1 + e) = 2 artanh(s) with s = e / (2 + e) at most 1/3: what is left out is below 2e-9.
    let s = decay / (2.0 + decay);
    let s2 = s * s;
    let mut log = 2.0 / 15.0;
    for term in [2.0 / 13.0, 2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0] {
        log = log * s2 + term;
    }
    (decay, s * log)
}

/// `(softplus(x), sigmoid(x))`, with one exponential for both.
#[inline]
pub(crate) fn softplus_and_sigmoid(x: f64) -> (f64, f64) {
    let (decay, log) = decay_and_log_f64(x.abs());
    let sigmoid = if 0.0 < x { 1.0 } else { decay } / (1.0 + decay);
    (x.max(0.0) + log, sigmoid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_good_to_the_last_digit_or_two() {
        let mut worst = (0.0_f64, 0.0_f64);
        for i in 0..870_000 {
            let x = i as f32 * 1e-4;
            let (decay, log) = decay_and_log_f32(x);
            let (exact_decay, exact_log) = decay_and_log_f64(f64::from(x));
            worst.0 = worst.0.max((f64::from(decay) / exact_decay - 1.0).abs());
            worst.1 = worst.1.max((f64::from(log) / exact_log - 1.0).abs());
        }
        assert!(worst.0 < 2e-7 && worst.1 < 3e-7, "{worst:?}");
    }

    #[test]
    fn the_ends_are_right() {
        assert_eq!(decay_and_log_f32(0.0), (1.0, std::f32::consts::LN_2));
        for x in [87.0, 88.0, 1e30, f32::INFINITY] {
            let (decay, log) = decay_and_log_f32(x);
            assert!((0.0..2e-38).contains(&decay) && (0.0..2e-38).contains(&log), "{x}");
        }
    }
}
