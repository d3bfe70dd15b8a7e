//! Image patches as the columns of a matrix (im2col), and the adjoint (col2im).
//!
//! Row `(c * k + ky) * k + kx` of the matrix holds the values under tap `(ky, kx)` of channel `c`, for the output rows `rows`. Its
//! rows are `stride` elements apart, and the part of the image at hand starts at `offset`.

use super::conv::Geometry;
use super::phases::Phases;
use super::simd::wide;
use crate::element::Element;
use std::ops::Range;

/// Writes the patches of one image, given in the layout of [`Phases`], to `columns`.
pub(crate) fn unfold<T: Element>(
    g: &Geometry,
    phases: &[T],
    rows: Range<usize>,
    columns: &mut [T],
    offset: usize,
    stride: usize,
) {
    let layout = Phases::new(g);
    let len = rows.len() * g.out_width;
    let mut matrix_rows = columns.chunks_mut(stride);
    for channel in layout.channels(phases) {
        for (ky, kx) in taps(g) {
            let Some(row) = matrix_rows.next() else { return };
            let lines = row[offset..offset + len].chunks_exact_mut(g.out_width);
            for (y, line) in rows.clone().zip(lines) {
                line.copy_from_slice(&channel[layout.row(y, ky, kx)..][..g.out_width]);
            }
        }
    }
}

/// Adds each element of `columns` to the place of `phases` that [`unfold`] would have taken it from.
pub(crate) fn fold<T: Element>(
    g: &Geometry,
    columns: &[T],
    rows: Range<usize>,
    phases: &mut [T],
    offset: usize,
    stride: usize,
) {
    let layout = Phases::new(g);
    let len = rows.len() * g.out_width;
    let mut matrix_rows = columns.chunks(stride);
    wide(|| {
        for channel in layout.channels_mut(phases) {
            for (ky, kx) in taps(g) {
                let Some(row) = matrix_rows.next() else { return };
                let lines = row[offset..offset + len].chunks_exact(g.out_width);
                for (y, line) in rows.clone().zip(lines) {
                    let target = &mut channel[layout.row(y, ky, kx)..][..g.out_width];
                    for (sum, &x) in target.iter_mut().zip(line) {
                        *sum += x;
                    }
                }
            }
        }
    });
}

/// The places of a window in reading order.
pub(crate) fn taps(g: &Geometry) -> impl Iterator<Item = (usize, usize)> + use<> {
    let k = g.kernel;
    (0..k).flat_map(move |ky| (0..k).map(move |kx| (ky, kx)))
}
