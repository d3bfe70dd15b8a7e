//! Image patches as the columns of a matrix (im2col), and the adjoint (col2im).

use super::conv::Geometry;
use crate::element::Element;
use std::ops::Range;

/// Positions `o` of `0..n_out` with `0 <= o * stride + tap - padding < n_in`.
fn inside(g: &Geometry, tap: usize, n_in: usize, n_out: usize) -> Range<usize> {
    let start = g.padding.saturating_sub(tap).div_ceil(g.stride);
    let end = if n_in + g.padding > tap { (n_in + g.padding - tap - 1) / g.stride + 1 } else { 0 };
    let end = end.min(n_out);
    start.min(end)..end
}

/// Writes the patches under the output rows `rows` of one image `(C, H, W)` to `columns`.
///
/// Row `(c * k + ky) * k + kx` of the matrix holds the values under tap `(ky, kx)` of channel `c`; its rows are `stride`
/// elements apart, and this image's part of a row starts at `offset`.
pub(crate) fn unfold<T: Element>(
    g: &Geometry,
    image: &[T],
    rows: Range<usize>,
    columns: &mut [T],
    offset: usize,
    stride: usize,
) {
    let len = rows.len() * g.out_width;
    let mut matrix_rows = columns.chunks_mut(stride);
    for plane in image.chunks_exact(g.in_height * g.in_width) {
        for ky in 0..g.kernel {
            let ys = inside(g, ky, g.in_height, g.out_height);
            for kx in 0..g.kernel {
                let xs = inside(g, kx, g.in_width, g.out_width);
                let Some(row) = matrix_rows.next() else { return };
                let row = &mut row[offset..offset + len];
                for (y, line) in rows.clone().zip(row.chunks_exact_mut(g.out_width)) {
                    if !ys.contains(&y) || xs.is_empty() {
                        line.fill(T::ZERO);
                        continue;
                    }
                    let source =
                        &plane[(y * g.stride + ky - g.padding) * g.in_width..][..g.in_width];
                    let source = &source[xs.start * g.stride + kx - g.padding..];
                    line[..xs.start].fill(T::ZERO);
                    line[xs.end..].fill(T::ZERO);
                    let line = &mut line[xs.clone()];
                    if g.stride == 1 {
                        line.copy_from_slice(&source[..xs.len()]);
                    } else {
                        for (value, &x) in line.iter_mut().zip(source.iter().step_by(g.stride)) {
                            *value = x;
                        }
                    }
                }
            }
        }
    }
}

/// Adds each element of `columns` to the place of `image` that [`unfold`] would have taken it from.
pub(crate) fn fold<T: Element>(
    g: &Geometry,
    columns: &[T],
    rows: Range<usize>,
    image: &mut [T],
    offset: usize,
    stride: usize,
) {
    let len = rows.len() * g.out_width;
    let mut matrix_rows = columns.chunks(stride);
    for plane in image.chunks_exact_mut(g.in_height * g.in_width) {
        for ky in 0..g.kernel {
            let ys = inside(g, ky, g.in_height, g.out_height);
            for kx in 0..g.kernel {
                let xs = inside(g, kx, g.in_width, g.out_width);
                let Some(row) = matrix_rows.next() else { return };
                let row = &row[offset..offset + len];
                for (y, line) in rows.clone().zip(row.chunks_exact(g.out_width)) {
                    if !ys.contains(&y) || xs.is_empty() {
                        continue;
                    }
                    let target =
                        &mut plane[(y * g.stride + ky - g.padding) * g.in_width..][..g.in_width];
                    let target = &mut target[xs.start * g.stride + kx - g.padding..];
                    let line = &line[xs.clone()];
                    if g.stride == 1 {
                        for (sum, &x) in target.iter_mut().zip(line) {
                            *sum += x;
                        }
                    } else {
                        for (sum, &x) in target.iter_mut().step_by(g.stride).zip(line) {
                            *sum += x;
                        }
                    }
                }
            }
        }
    }
}
