//! Gradients by weights: sums over pixels of products of an input with a block of channels.
//!
//! Loop order: tiles of `M` inputs of a pixel, then rows of pixels, then pixels; innermost the `M ×
//! N` products of `M` inputs with `N` vectors of channels. The tile of sums stays in registers for
//! all pixels of the call and is added to memory once, which also keeps the rounding of long sums
//! small.
#![expect(
    unsafe_code,
    reason = "unchecked reads in the innermost loop; the bounds are checked once per call"
)]

use super::level::{Kernel, Level};
use super::vector::Vector;
use crate::kernels::element::Element;
use crate::kernels::number::Number;

/// Where a row of pixels starts in both operands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) x: usize,
    pub(crate) g: usize,
}

/// `sums[m][c] += Σ xs[x + offsets[m]] · gs[g + c]` over all pixels `(x, g)`: `rows` of `len`
/// pixels, `x_step` and `g_step` apart.
pub(crate) struct Outer<'a, T> {
    pub(crate) xs: &'a [T],
    pub(crate) offsets: &'a [usize],
    pub(crate) gs: &'a [T],
    pub(crate) rows: &'a [Row],
    pub(crate) len: usize,
    pub(crate) x_step: usize,
    pub(crate) g_step: usize,
    /// Values per row of `sums`: whole vectors. The sums beyond the channels of a pixel have no
    /// meaning.
    pub(crate) block: usize,
    /// Whether the sums replace what is there instead of being added.
    pub(crate) fresh: bool,
    /// `offsets.len()` rows.
    pub(crate) sums: &'a mut [T],
}

/// Computes an [`Outer`].
///
/// # Panics
/// If a slice is too short.
pub(crate) fn outer<T: Element>(level: Level, call: Outer<'_, T>) {
    let (Some(offset), Some(pixel)) = (call.offsets.iter().max(), call.len.checked_sub(1)) else {
        return;
    };
    let (Some(x), Some(g)) =
        (call.rows.iter().map(|row| row.x).max(), call.rows.iter().map(|row| row.g).max())
    else {
        return;
    };
    assert!(x + pixel * call.x_step + offset < call.xs.len());
    assert!(g + pixel * call.g_step + call.block <= call.gs.len());
    assert!(call.offsets.len() * call.block <= call.sums.len());
    assert!(call.block.is_multiple_of(T::lanes(level)));
    assert!(call.block / T::lanes(level) <= T::vectors(level));
    // SAFETY: the lengths were just checked: the last pixel of every row with the largest offset
    // lies in `xs`, its block in `gs`, and there is a row of `sums` for each offset.
    unsafe { T::run(level, call) }
}

impl<T: Element> Kernel<T> for Outer<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(self) {
        // SAFETY: passed on to the caller.
        unsafe {
            match (V::VECTORS, self.block / V::LANES) {
                (4, 4) => all::<V, 6, 4>(self),
                (4, 3) => all::<V, 6, 3>(self),
                (4, 2) => all::<V, 9, 2>(self),
                (2, 2) => all::<V, 6, 2>(self),
                (1, 1) => all::<V, 4, 1>(self),
                _ => all::<V, 9, 1>(self),
            }
        }
    }
}

/// All tiles; the last one repeats its last input.
#[inline(always)]
unsafe fn all<V: Vector, const M: usize, const N: usize>(call: Outer<'_, V::Scalar>) {
    let Outer { xs, offsets, gs, rows, len, x_step, g_step, fresh, sums: out, .. } = call;
    for (tile, chunk) in offsets.chunks(M).enumerate() {
        let offset: [usize; M] = std::array::from_fn(|m| chunk[m.min(chunk.len() - 1)]);
        // SAFETY: all places are inside the slices, as the caller has checked.
        unsafe {
            let mut sums = [[V::splat(V::Scalar::ZERO); N]; M];
            for row in rows {
                let mut x = xs.as_ptr().add(row.x);
                let mut g = gs.as_ptr().add(row.g);
                for _ in 0..len {
                    let block: [V; N] = std::array::from_fn(|n| V::load(g.add(n * V::LANES)));
                    for m in 0..M {
                        let x = V::splat(*x.add(offset[m]));
                        for n in 0..N {
                            sums[m][n] = sums[m][n].mul_add(x, block[n]);
                        }
                    }
                    // Wrapping, because nothing may lie behind the last pixel.
                    (x, g) = (x.wrapping_add(x_step), g.wrapping_add(g_step));
                }
            }
            for (m, sums) in sums.iter().enumerate().take(chunk.len()) {
                for (n, sum) in sums.iter().enumerate() {
                    let to = out.as_mut_ptr().add(((tile * M + m) * N + n) * V::LANES);
                    if fresh {
                        sum.store(to);
                    } else {
                        V::load(to).mul_add(*sum, V::splat(V::Scalar::ONE)).store(to);
                    }
                }
            }
        }
    }
}
