//! Where the values of a level lie in memory, and the sweeps over whole vectors.

use pulp::{Simd, WithSimd};

/// Nodes of a level row by row, with a row of zeros above and below and zeros between the rows, so
/// that no operator needs to know a boundary. Elements use the same places: that of their upper
/// left node.
///
/// A vector has two such planes, x and y.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) nelx: usize,
    pub(super) nely: usize,
    /// Places from one row to the next, a multiple of [`LANES`].
    pub(super) stride: usize,
}

/// Rows are filled up to a multiple of this, the widest vector of any processor.
pub(super) const LANES: usize = 8;

impl Layout {
    pub(super) const fn new(nelx: usize, nely: usize) -> Self {
        Self { nelx, nely, stride: (nelx + 2).next_multiple_of(LANES) }
    }

    /// The level above: elements of twice the size. The last ones stick out if the number is odd.
    pub(super) const fn coarser(self) -> Self {
        Self::new(self.nelx.div_ceil(2), self.nely.div_ceil(2))
    }

    /// Places of one plane.
    pub(super) const fn plane(self) -> usize {
        LANES + (self.nely + 3) * self.stride + LANES
    }

    /// The place of a node, or of the element whose upper left node it is.
    pub(super) const fn place(self, row: usize, column: usize) -> usize {
        LANES + (row + 1) * self.stride + column
    }

    /// Places of a row, zeros at its end included.
    pub(super) const fn row(self, row: usize) -> std::ops::Range<usize> {
        self.place(row, 0)..self.place(row + 1, 0)
    }

    /// Zeros for both components of every node.
    pub(super) fn vector(self) -> Vec<f64> {
        vec![0.0; 2 * self.plane()]
    }

    /// All elements in turn: row, column.
    pub(super) fn elements(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.nely).flat_map(move |row| (0..self.nelx).map(move |column| (row, column)))
    }
}

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
        let (a, a_rest) = S::as_mut_simd_f64s(self.0);
        let (x, x_rest) = S::as_simd_f64s(self.2);
        let s = simd.splat_f64s(self.1);
        for (a, x) in a.iter_mut().zip(x) {
            *a = simd.mul_add_e_f64s(s, *a, *x);
        }
        for (a, x) in a_rest.iter_mut().zip(x_rest) {
            *a = x + self.1 * *a;
        }
    }
}

/// `a ← a + s x`.
pub(super) struct AddScaled<'a>(pub(super) &'a mut [f64], pub(super) f64, pub(super) &'a [f64]);

impl WithSimd for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (a, a_rest) = S::as_mut_simd_f64s(self.0);
        let (x, x_rest) = S::as_simd_f64s(self.2);
        let s = simd.splat_f64s(self.1);
        for (a, x) in a.iter_mut().zip(x) {
            *a = simd.mul_add_e_f64s(s, *x, *a);
        }
        for (a, x) in a_rest.iter_mut().zip(x_rest) {
            *a += self.1 * x;
        }
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

/// Likewise, to be written.
#[inline(always)]
pub(super) fn lanes_mut<S: Simd>(row: &mut [f64], n: usize) -> &mut [S::f64s] {
    &mut S::as_mut_simd_f64s(row).0[..n]
}
