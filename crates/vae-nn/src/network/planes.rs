//! From candle's layout, a plane per channel, to ours with channels innermost, and back.

use super::plan::Value;
use super::view::View;
use crate::kernels::buffer::Buffer;
use crate::kernels::element::{Element, Scratch, with_scratch};
use rayon::prelude::*;

/// Images with channels innermost; borrowed where there is only one channel or pixel.
pub(super) enum Interleaved<'a, T: Element> {
    Borrowed(&'a [T]),
    Owned(Buffer<T>),
}

impl<'a, T: Element> Interleaved<'a, T> {
    pub(super) fn new(planes: &'a [T], value: &Value) -> Self {
        if value.channels == 1 || value.height * value.width == 1 {
            Self::Borrowed(planes)
        } else {
            Self::Owned(interleaved(planes, value))
        }
    }

    pub(super) fn values(&self) -> &[T] {
        match self {
            Self::Borrowed(values) => values,
            Self::Owned(values) => values,
        }
    }
}

/// From planes per channel to channels innermost.
pub(super) fn interleaved<T: Element>(planes: &[T], value: &Value) -> Buffer<T> {
    let mut out = Buffer::new(planes.len());
    let (width, channels) = (value.width, value.channels);
    each_image(planes, &mut out, value, |planes, out| {
        for (y, row) in out.chunks_exact_mut(value.row_len()).enumerate() {
            for (c, plane) in planes.chunks_exact(value.height * width).enumerate() {
                let line = &plane[y * width..][..width];
                for (out, &x) in row[c..].iter_mut().step_by(channels).zip(line) {
                    *out = x;
                }
            }
        }
    });
    out
}

/// From channels innermost, through a view, to planes per channel.
pub(super) fn to_planes<T: Element>(values: &[T], value: &Value, view: &View<T>, out: &mut [T]) {
    let (width, channels) = (value.width, value.channels);
    each_image(values, out, value, |values, planes| {
        with_scratch(Scratch::Rows, value.row_len(), |read| {
            for (y, row) in values.chunks_exact(value.row_len()).enumerate() {
                view.read(row, read);
                for (c, plane) in planes.chunks_exact_mut(value.height * width).enumerate() {
                    let line = &mut plane[y * width..][..width];
                    for (out, &x) in line.iter_mut().zip(read[c..].iter().step_by(channels)) {
                        *out = x;
                    }
                }
            }
        });
    });
}

/// Runs `f` on every image of both, on all threads where that pays.
fn each_image<T: Element>(
    from: &[T],
    to: &mut [T],
    value: &Value,
    f: impl Fn(&[T], &mut [T]) + Sync,
) {
    let len = value.len();
    if to.len() < 1 << 15 {
        from.chunks_exact(len).zip(to.chunks_exact_mut(len)).for_each(|(from, to)| f(from, to));
    } else {
        from.par_chunks_exact(len)
            .zip(to.par_chunks_exact_mut(len))
            .for_each(|(from, to)| f(from, to));
    }
}
