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
    let taps = layout.taps();
    let mut matrix_rows = columns.chunks_mut(stride);
    for channel in layout.channels(phases) {
        for (tap, row) in taps.iter().zip(&mut matrix_rows) {
            let lines = row[offset..offset + len].chunks_exact_mut(g.out_width);
            for (y, line) in rows.clone().zip(lines) {
                let start = tap + y * layout.row_stride();
                line.copy_from_slice(&channel[start..start + g.out_width]);
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
    let taps = layout.taps();
    wide!({
        let mut matrix_rows = columns.chunks(stride).map(|row| &row[offset..offset + len]);
        for channel in layout.channels_mut(phases) {
            for (tap, row) in taps.iter().zip(&mut matrix_rows) {
                for (y, line) in rows.clone().zip(row.chunks_exact(g.out_width)) {
                    let start = tap + y * layout.row_stride();
                    let target = &mut channel[start..start + g.out_width];
                    for (sum, &x) in target.iter_mut().zip(line) {
                        *sum += x;
                    }
                }
            }
        }
    });
}
