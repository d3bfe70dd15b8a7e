//! Elementary functions in the form that keeps its digits.
//!
//! Every formula of the crate that would lose digits in its textbook form is a combination of
//! these.

use crate::arithmetic::real::Real;

/// The softplus function, the integral of the sigmoid.
///
/// `softplus(l) = ln(1 + e^l) = max(l, 0) + ln_1p(e^(−|l|))`
///
/// # Accuracy
///
/// Relative error at most 2 ε on the whole line; never overflows before `l` does.
///
/// # Examples
///
/// ```
/// use vae_prob::softplus;
///
/// // softplus(l) − softplus(−l) = l
/// assert!((softplus(3.0_f64) - softplus(-3.0) - 3.0).abs() < 1e-15);
/// ```
pub fn softplus<F: Real>(l: F) -> F {
    l.max(F::zero()) + (-l.abs()).exp().ln_1p()
}

/// The logistic sigmoid, the probability that belongs to a logit.
///
/// `sigmoid(l) = 1 / (1 + e^(−l))`
///
/// # Accuracy
///
/// Relative error at most 4 ε, small probabilities included. `sigmoid(17)` is 1 exactly in `f32`:
/// the probability of the other outcome is `sigmoid(−l)`, not `1 − sigmoid(l)`.
///
/// # Examples
///
/// ```
/// use vae_prob::sigmoid;
///
/// assert_eq!(sigmoid(0.0_f64), 0.5);
/// assert_eq!(1.0 - sigmoid(17.0_f32), 0.0); // all digits lost
/// assert!(sigmoid(-17.0_f32) > 4.1e-8); // none
/// ```
pub fn sigmoid<F: Real>(l: F) -> F {
    let e = (-l.abs()).exp();
    let larger = (F::one() + e).recip();
    if l < F::zero() { e * larger } else { larger }
}

/// The entropy of a coin that shows heads with probability `p`, in nats.
///
/// `H(p) = −p ln p − (1 − p) ln(1 − p)`
///
/// This is the smallest value that [`Bernoulli::cross_entropy`](crate::Bernoulli::cross_entropy)
/// can take on the target `p`: 0 on black and white, above 0 on every grey. Outside [0, 1] it is
/// `NaN`.
///
/// # Accuracy
///
/// Relative error at most 4 ε where `p` or `1 − p` is not tiny; at `p = 1 − ε` it is as good as `p`
/// itself.
///
/// # Examples
///
/// ```
/// use vae_prob::binary_entropy;
///
/// assert_eq!(binary_entropy(1.0_f64), 0.0);
/// assert_eq!(binary_entropy(0.5_f64), std::f64::consts::LN_2);
/// ```
pub fn binary_entropy<F: Real>(p: F) -> F {
    // The limit of p ln p at 0 is 0, not 0 · (−∞).
    let first = if p == F::zero() { F::zero() } else { -p * p.ln() };
    let second = if p == F::one() { F::zero() } else { -(F::one() - p) * (-p).ln_1p() };
    first + second
}

/// The exponential above its tangent at zero: what the Kullback–Leibler divergence of two normals
/// is made of.
///
/// `exp_m1_minus_x(v) = expm1(v) − v = e^v − 1 − v ≥ 0`
///
/// # Accuracy
///
/// Relative error at most 6 ε on the whole line. The textbook form has lost every digit at
/// `v = 1e-4` in `f32`, `expm1(v) − v` still loses three of seven there; hence the series for
/// `|v| ≤ ½`.
///
/// # Examples
///
/// ```
/// use vae_prob::exp_m1_minus_x;
///
/// let v = 1e-17_f64;
/// assert_eq!(v.exp_m1() - v, 0.0);
/// assert!((exp_m1_minus_x(v) / (v * v / 2.0) - 1.0).abs() < 1e-9);
/// ```
pub fn exp_m1_minus_x<F: Real>(v: F) -> F {
    if v.abs() <= F::lit(0.5) {
        // v²/2 · (1 + v/3 (1 + v/4 (1 + …))); at v = ½ the first term left out is below 1e-17 of
        // the sum.
        let mut factor = F::one();
        for n in (3..=16).rev() {
            factor = F::one() + factor * v / F::lit(f64::from(n));
        }
        F::lit(0.5) * v * v * factor
    } else if v == F::infinity() {
        v
    } else {
        v.exp_m1() - v
    }
}

/// The logarithm below its tangent at one: what the Kullback–Leibler divergence is made of where
/// rates are compared.
///
/// `x_minus_ln_1p(u) = u − ln(1 + u) ≥ 0`, +∞ at `u = −1` and `NaN` below
///
/// # Accuracy
///
/// Relative error at most 6 ε on the whole domain.
///
/// # Examples
///
/// ```
/// use vae_prob::x_minus_ln_1p;
///
/// let u = 1e-17_f64;
/// assert_eq!(u - u.ln_1p(), 0.0);
/// assert!((x_minus_ln_1p(u) / (u * u / 2.0) - 1.0).abs() < 1e-9);
/// ```
pub fn x_minus_ln_1p<F: Real>(u: F) -> F {
    // ln(1 + u) = 2 atanh(r), and u − 2r = u r.
    let r = u / (F::lit(2.0) + u);
    if r.abs() <= F::lit(0.2) {
        let r2 = r * r;
        // r²/3 + r⁴/5 + …; at r = 0.2 the first term left out is below 1e-17 of the whole.
        let mut tail = F::zero();
        for n in (1..=12).rev() {
            tail = (tail + F::lit(1.0 / f64::from(2 * n + 1))) * r2;
        }
        r * (u - F::lit(2.0) * tail)
    } else if u == F::infinity() {
        u
    } else {
        u - u.ln_1p()
    }
}

/// A number bent smoothly into an interval, for log-variances that must neither overflow nor stop
/// learning.
///
/// `w = lo + softplus(v − lo)`, then `hi − softplus(hi − w)`
///
/// Inside the interval, away from its ends, `v` comes back nearly unchanged. The result lies below
/// `hi` and above `lo − softplus(lo − hi)`, which is `lo` but for `e^(lo − hi)`. A hard clamp has
/// no gradient outside; this one has one that fades.
///
/// # Examples
///
/// ```
/// use vae_prob::soft_bound;
///
/// let bounded = soft_bound(1000.0_f32, -30.0, 20.0);
/// assert!(bounded <= 20.0 && bounded > 19.99);
/// assert!((soft_bound(0.5_f64, -30.0, 20.0) - 0.5).abs() < 1e-8);
/// ```
pub fn soft_bound<F: Real>(v: F, lo: F, hi: F) -> F {
    let above = lo + softplus(v - lo);
    hi - softplus(hi - above)
}
