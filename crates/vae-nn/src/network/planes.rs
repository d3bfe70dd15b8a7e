//! From candle's layout, a plane per channel, to ours with channels innermost, and back.

use std::array;

use super::plan::Value;
use super::view::View;
use crate::kernels::buffer::Buffer;
use crate::kernels::element::{Element, Scratch, with_scratch};
use rayon::prelude::*;

/// Channels that are moved together: a pixel's values then lie in one or two cache lines, and each
/// line is written once.
const TILE: usize = 8;

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
            let line = |c: usize| &planes[(c * value.height + y) * width..][..width];
            if channels < TILE {
                for c in 0..channels {
                    for (pixel, &x) in row.chunks_exact_mut(channels).zip(line(c)) {
                        pixel[c] = x;
                    }
                }
                continue;
            }
            for tile in 0..channels.div_ceil(TILE) {
                // The last tile may overlap the one before it, and writes the same values again.
                let c = (tile * TILE).min(channels - TILE);
                let lines: [&[T]; TILE] = array::from_fn(|k| line(c + k));
                for x in 0..width {
                    let pixel = &mut row[x * channels + c..][..TILE];
                    for (out, line) in pixel.iter_mut().zip(lines) {
                        *out = line[x];
                    }
                }
            }
        }
    });
    out
}

/// From channels innermost, through a view, to planes per channel.
pub(super) fn to_planes<T: Element>(values: &[T], value: &Value, view: &View<T>, out: &mut [T]) {
    let (width, channels) = (value.width, value.channels);
    let plane = value.height * width;
    each_image(values, out, value, |values, planes| {
        with_scratch(Scratch::Rows, value.row_len(), |read| {
            for (y, row) in values.chunks_exact(value.row_len()).enumerate() {
                view.read(row, read);
                let mut lines =
                    planes.chunks_exact_mut(plane).map(|plane| &mut plane[y * width..][..width]);
                let tiled = channels - channels % TILE;
                for c in (0..tiled).step_by(TILE) {
                    let mut lines: [&mut [T]; TILE] =
                        array::from_fn(|_| lines.next().expect("a plane for each channel"));
                    for x in 0..width {
                        let pixel = &read[x * channels + c..][..TILE];
                        for (line, &value) in lines.iter_mut().zip(pixel) {
                            line[x] = value;
                        }
                    }
                }
                for (c, line) in (tiled..channels).zip(lines) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of channels around a tile, and both sides of the threshold for threads.
    #[test]
    fn channels_and_pixels_change_places_and_come_back() {
        let (height, width) = (3, 5);
        for channels in 1..=3 * TILE {
            for images in [1, 2 + (1 << 15) / (height * width * channels)] {
                let value = Value { channels, height, width, norm: None, slope: None };
                let planes: Vec<f32> = (0..images * value.len()).map(|i| i as f32).collect();
                let pixels = interleaved(&planes, &value);
                for (i, &found) in pixels.iter().enumerate() {
                    let (pixel, c) = (i / channels, i % channels);
                    let (image, pixel) = (pixel / (height * width), pixel % (height * width));
                    let expected = planes[(image * channels + c) * height * width + pixel];
                    assert_eq!(found.to_bits(), expected.to_bits(), "{channels} channels, {i}");
                }
                let mut back = vec![0.0; planes.len()];
                to_planes(&pixels, &value, &View::new(None, 1.0), &mut back);
                assert_eq!(back, planes, "{channels} channels");
            }
        }
    }
}
