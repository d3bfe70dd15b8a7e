//! Sweeps over whole vectors.

use pulp::{Simd, WithSimd};

/// `Σ a b`.
pub(super) struct Dot<'a>(pub(super) &'a [f64], pub(super) &'a [f64]);

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (a, a_rest) = S::as_simd_f64s(self.0);
        let (b, b_rest) = S::as_simd_f64s(self.1);
        let mut sums = [simd.splat_f64s(0.0); 4];
        for (a, b) in a.chunks(4).zip(b.chunks(4)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum = simd.mul_add_e_f64s(*a, *b, *sum);
            }
        }
        let total = simd.add_f64s(simd.add_f64s(sums[0], sums[1]), simd.add_f64s(sums[2], sums[3]));
        let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
        simd.reduce_sum_f64s(total) + rest
    }
}

/// `a ← x + s a`.
pub(super) struct ScaleAdd<'a>(pub(super) &'a mut [f64], pub(super) f64, pub(super) &'a [f64]);

impl WithSimd for ScaleAdd<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let s = simd.splat_f64s(self.1);
        update::<S>(self.0, self.2, |a, x| simd.mul_add_e_f64s(s, a, x), |a, x| x + self.1 * a);
    }
}

/// `a ← a + s x`.
pub(super) struct AddScaled<'a>(pub(super) &'a mut [f64], pub(super) f64, pub(super) &'a [f64]);

impl WithSimd for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let s = simd.splat_f64s(self.1);
        update::<S>(self.0, self.2, |a, x| simd.mul_add_e_f64s(s, x, a), |a, x| a + self.1 * x);
    }
}

/// `a ← f(a, x)`, with one function for whole vectors and one for the rest.
#[inline(always)]
fn update<S: Simd>(
    a: &mut [f64],
    x: &[f64],
    vectors: impl Fn(S::f64s, S::f64s) -> S::f64s,
    rest: impl Fn(f64, f64) -> f64,
) {
    let (a, a_rest) = S::as_mut_simd_f64s(a);
    let (x, x_rest) = S::as_simd_f64s(x);
    for (a, x) in a.iter_mut().zip(x) {
        *a = vectors(*a, *x);
    }
    for (a, x) in a_rest.iter_mut().zip(x_rest) {
        *a = rest(*a, *x);
    }
}

/// `z ← d b`, the smoothing of a zero.
pub(super) struct Scale<'a> {
    pub(super) z: &'a mut [f64],
    pub(super) d: &'a [f64],
    pub(super) b: &'a [f64],
}

impl WithSimd for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (z, z_rest) = S::as_mut_simd_f64s(self.z);
        let (d, d_rest) = S::as_simd_f64s(self.d);
        let (b, b_rest) = S::as_simd_f64s(self.b);
        for ((z, d), b) in z.iter_mut().zip(d).zip(b) {
            *z = simd.mul_f64s(*d, *b);
        }
        for ((z, d), b) in z_rest.iter_mut().zip(d_rest).zip(b_rest) {
            *z = d * b;
        }
    }
}

/// `z ← z + d (b − t)`, a step of the smoother.
pub(super) struct Smooth<'a> {
    pub(super) z: &'a mut [f64],
    pub(super) d: &'a [f64],
    pub(super) b: &'a [f64],
    pub(super) t: &'a [f64],
}

impl WithSimd for Smooth<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (z, z_rest) = S::as_mut_simd_f64s(self.z);
        let (d, d_rest) = S::as_simd_f64s(self.d);
        let (b, b_rest) = S::as_simd_f64s(self.b);
        let (t, t_rest) = S::as_simd_f64s(self.t);
        for (((z, d), b), t) in z.iter_mut().zip(d).zip(b).zip(t) {
            *z = simd.mul_add_e_f64s(*d, simd.sub_f64s(*b, *t), *z);
        }
        for (((z, d), b), t) in z_rest.iter_mut().zip(d_rest).zip(b_rest).zip(t_rest) {
            *z += d * (b - t);
        }
    }
}

/// The vectors of a row, of which there are n.
#[inline(always)]
pub(super) fn lanes<S: Simd>(row: &[f64], n: usize) -> &[S::f64s] {
    &S::as_simd_f64s(row).0[..n]
}

/// Like [`lanes`], to be written.
#[inline(always)]
pub(super) fn lanes_mut<S: Simd>(row: &mut [f64], n: usize) -> &mut [S::f64s] {
    &mut S::as_mut_simd_f64s(row).0[..n]
}
