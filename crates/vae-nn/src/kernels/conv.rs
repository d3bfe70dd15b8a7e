//! The three primitives of a convolution: [`forward`], [`grad_input`], [`grad_weight`].
//!
//! A transposed convolution is the same three with the roles of image and map exchanged, so both layers share them,
//! and a faster kernel has to replace these three functions only. Work is cut into tiles of output pixels whose
//! unfolded patches stay in the second-level cache: part of one image where images are large, several images where
//! they are small. The cut depends on the shapes alone, so the results do not depend on the number of threads.

use super::columns::{fold, unfold};
use super::direct;
use super::matmul::{Strided, multiply};
use super::parallel::{sharded_sum, sum};
use super::phases::Phases;
use crate::element::{Element, Scratch, with_scratch};
use rayon::prelude::*;
use std::ops::Range;

/// Bytes of unfolded patches per tile.
const TILE_BYTES: usize = 384 << 10;

/// Output pixels per tile at least: the product packs the whole weight for every tile, which few pixels would not repay.
const MIN_PIXELS: usize = 192;

/// Groups that a batch is cut into at least, to leave work for several threads.
const MIN_GROUPS: usize = 4;

/// Buffers that a weight gradient is summed in; more would only cost memory traffic.
const WEIGHT_SHARDS: usize = 8;

/// Shapes of one convolution: an image `(in_channels, in_height, in_width)` seen through a square kernel becomes a map
/// `(out_channels, out_height, out_width)`. The weight is `(out_channels, in_channels, kernel, kernel)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) in_channels: usize,
    pub(crate) in_height: usize,
    pub(crate) in_width: usize,
    pub(crate) out_channels: usize,
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

impl Geometry {
    /// Elements of one image.
    pub(crate) fn image_len(&self) -> usize {
        self.in_channels * self.in_height * self.in_width
    }

    /// Elements of one map.
    pub(crate) fn map_len(&self) -> usize {
        self.out_channels * self.out_pixels()
    }

    /// Elements of the weight.
    pub(crate) fn weight_len(&self) -> usize {
        self.out_channels * self.patch_len()
    }

    fn out_pixels(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Inputs of one output pixel.
    fn patch_len(&self) -> usize {
        self.in_channels * self.kernel * self.kernel
    }
}

/// `map[b, o] = bias[o] + sum over i of image[b, i] (*) weight[o, i]`, cross-correlation as everywhere in this field.
pub(crate) fn forward<T: Element>(
    g: &Geometry,
    images: &[T],
    weight: &[T],
    bias: &[T],
    maps: &mut [T],
) {
    let cut = Cut::new::<T>(g, images.len() / g.image_len());
    let weights = Strided::row_major(g.out_channels, g.patch_len());
    maps.par_chunks_mut(cut.samples * g.map_len())
        .zip(images.par_chunks(cut.samples * g.image_len()))
        .for_each(|(maps, images)| {
            if cut.samples > 1 {
                let tile = Tile { g, samples: images.len() / g.image_len(), rows: 0..g.out_height };
                tile.with_columns(|columns, shape| {
                    tile.unfold_all(images, columns);
                    with_scratch(Scratch::Map, g.out_channels * tile.len(), |packed| {
                        let packed_shape = Strided::row_major(g.out_channels, tile.len());
                        let columns = (&*columns, shape);
                        multiply((packed, packed_shape), (weight, weights), columns, false);
                        tile.unpack(packed, bias, maps);
                    });
                });
                return;
            }
            with_sorted(g, images, |phases| {
                if direct::serves(g) {
                    direct::forward(g, phases, weight, bias, maps);
                    return;
                }
                for rows in cut.tiles(g) {
                    let tile = Tile { g, samples: 1, rows };
                    tile.with_columns(|columns, shape| {
                        tile.unfold(phases, columns, 0);
                        let map = &mut maps[tile.start()..];
                        for (channel, &bias) in map.chunks_mut(g.out_pixels()).zip(bias) {
                            channel[..tile.len()].fill(bias);
                        }
                        multiply((map, tile.in_map()), (weight, weights), (columns, shape), true);
                    });
                }
            });
        });
}

/// The adjoint of [`forward`] in its image: `images = transpose(weight) * maps`, plus `bias` per image channel if given
/// (then it is a transposed convolution).
pub(crate) fn grad_input<T: Element>(
    g: &Geometry,
    maps: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    images: &mut [T],
) {
    let cut = Cut::new::<T>(g, images.len() / g.image_len());
    let layout = Phases::new(g);
    let weights = Strided::row_major(g.out_channels, g.patch_len()).transposed();
    images
        .par_chunks_mut(cut.samples * g.image_len())
        .zip(maps.par_chunks(cut.samples * g.map_len()))
        .for_each(|(images, maps)| {
            if cut.samples > 1 {
                let tile = Tile { g, samples: images.len() / g.image_len(), rows: 0..g.out_height };
                tile.with_columns(|columns, shape| {
                    tile.with_map(maps, |map| {
                        multiply((columns, shape), (weight, weights), map, false);
                    });
                    for (i, image) in images.chunks_exact_mut(g.image_len()).enumerate() {
                        with_scratch(Scratch::Phases, layout.len(), |phases| {
                            phases.fill(T::ZERO);
                            tile.fold(columns, phases, i);
                            layout.unsort(phases, bias, image);
                        });
                    }
                });
                return;
            }
            with_scratch(Scratch::Phases, layout.len(), |phases| {
                phases.fill(T::ZERO);
                if direct::serves(g) {
                    direct::grad_input(g, maps, weight, phases);
                } else {
                    for rows in cut.tiles(g) {
                        let tile = Tile { g, samples: 1, rows };
                        tile.with_columns(|columns, shape| {
                            let map = (&maps[tile.start()..], tile.in_map());
                            multiply((columns, shape), (weight, weights), map, false);
                            tile.fold(columns, phases, 0);
                        });
                    }
                }
                layout.unsort(phases, bias, images);
            });
        });
}

/// The adjoint of [`forward`] in its weight, summed over the batch.
pub(crate) fn grad_weight<T: Element>(g: &Geometry, images: &[T], maps: &[T]) -> Vec<T> {
    let batch = images.len() / g.image_len();
    let cut = Cut::new::<T>(g, batch);
    let weights = Strided::row_major(g.out_channels, g.patch_len());
    sharded_sum(batch.div_ceil(cut.samples), WEIGHT_SHARDS, g.weight_len(), |groups, sum| {
        for group in groups {
            let first = group * cut.samples;
            let samples = cut.samples.min(batch - first);
            let images = &images[first * g.image_len()..][..samples * g.image_len()];
            let maps = &maps[first * g.map_len()..][..samples * g.map_len()];
            if cut.samples > 1 {
                let tile = Tile { g, samples, rows: 0..g.out_height };
                tile.with_columns(|columns, shape| {
                    tile.unfold_all(images, columns);
                    let columns = (&*columns, shape.transposed());
                    tile.with_map(maps, |map| multiply((sum, weights), map, columns, true));
                });
                continue;
            }
            with_sorted(g, images, |phases| {
                if direct::serves(g) {
                    direct::grad_weight(g, phases, maps, sum);
                    return;
                }
                for rows in cut.tiles(g) {
                    let tile = Tile { g, samples: 1, rows };
                    tile.with_columns(|columns, shape| {
                        tile.unfold(phases, columns, 0);
                        let map = (&maps[tile.start()..], tile.in_map());
                        multiply((sum, weights), map, (columns, shape.transposed()), true);
                    });
                }
            });
        }
    })
}

/// Sums of a tensor `(B, channels, pixels)` over batch and pixels, in f64.
pub(crate) fn grad_bias<T: Element>(channels: usize, pixels: usize, maps: &[T]) -> Vec<T> {
    (0..channels)
        .into_par_iter()
        .map(|channel| {
            let planes = maps.chunks_exact(pixels).skip(channel).step_by(channels);
            T::lit(planes.map(sum).sum())
        })
        .collect()
}

/// How a batch is cut: groups of `samples`, each in bands of `rows` output rows.
struct Cut {
    samples: usize,
    rows: usize,
}

impl Cut {
    fn new<T>(g: &Geometry, batch: usize) -> Self {
        let pixels = (TILE_BYTES / (size_of::<T>() * g.patch_len())).max(MIN_PIXELS);
        if pixels < 2 * g.out_pixels() || direct::serves(g) {
            Self { samples: 1, rows: (pixels / g.out_width).clamp(1, g.out_height) }
        } else {
            let samples = (pixels / g.out_pixels()).min(batch / MIN_GROUPS).max(1);
            Self { samples, rows: g.out_height }
        }
    }

    fn tiles(&self, g: &Geometry) -> impl Iterator<Item = Range<usize>> {
        let (rows, height) = (self.rows, g.out_height);
        (0..height).step_by(rows).map(move |first| first..(first + rows).min(height))
    }
}

/// A band of output rows of a few samples. There is either one sample, or the band is the whole height.
struct Tile<'a> {
    g: &'a Geometry,
    samples: usize,
    rows: Range<usize>,
}

impl Tile<'_> {
    /// Output pixels per sample.
    fn pixels(&self) -> usize {
        self.rows.len() * self.g.out_width
    }

    /// Output pixels of all samples.
    fn len(&self) -> usize {
        self.samples * self.pixels()
    }

    /// First pixel of the band in a channel of the map.
    fn start(&self) -> usize {
        self.rows.start * self.g.out_width
    }

    /// The band as a matrix over the map of a single sample.
    fn in_map(&self) -> Strided {
        Strided::rows_apart(self.g.out_channels, self.pixels(), self.g.out_pixels())
    }

    /// Lends the matrix of patches, with unspecified contents.
    fn with_columns<T: Element, R>(&self, f: impl FnOnce(&mut [T], Strided) -> R) -> R {
        let shape = Strided::row_major(self.g.patch_len(), self.len());
        with_scratch(Scratch::Columns, shape.rows * shape.cols, |columns| f(columns, shape))
    }

    /// Unfolds the `i`-th image of the tile, sorted.
    fn unfold<T: Element>(&self, phases: &[T], columns: &mut [T], i: usize) {
        unfold(self.g, phases, self.rows.clone(), columns, i * self.pixels(), self.len());
    }

    fn unfold_all<T: Element>(&self, images: &[T], columns: &mut [T]) {
        for (i, image) in images.chunks_exact(self.g.image_len()).enumerate() {
            with_sorted(self.g, image, |phases| self.unfold(phases, columns, i));
        }
    }

    /// Adds the part of the `i`-th image of the tile to its sorted form.
    fn fold<T: Element>(&self, columns: &[T], phases: &mut [T], i: usize) {
        fold(self.g, columns, self.rows.clone(), phases, i * self.pixels(), self.len());
    }

    /// Lends the maps of several images as one matrix `(out_channels, len)`.
    fn with_map<T: Element, R>(&self, maps: &[T], f: impl FnOnce((&[T], Strided)) -> R) -> R {
        let shape = Strided::row_major(self.g.out_channels, self.len());
        with_scratch(Scratch::Map, self.g.out_channels * self.len(), |packed| {
            for (channel, row) in packed.chunks_exact_mut(self.len()).enumerate() {
                let planes = maps.chunks_exact(self.pixels()).skip(channel);
                let planes = planes.step_by(self.g.out_channels);
                for (part, plane) in row.chunks_exact_mut(self.pixels()).zip(planes) {
                    part.copy_from_slice(plane);
                }
            }
            f((packed, shape))
        })
    }

    /// Writes a packed matrix `(out_channels, len)` plus bias to the maps of all samples.
    fn unpack<T: Element>(&self, packed: &[T], bias: &[T], maps: &mut [T]) {
        for ((channel, row), &bias) in packed.chunks_exact(self.len()).enumerate().zip(bias) {
            let planes = maps.chunks_exact_mut(self.pixels()).skip(channel);
            let planes = planes.step_by(self.g.out_channels);
            for (plane, part) in planes.zip(row.chunks_exact(self.pixels())) {
                for (out, &x) in plane.iter_mut().zip(part) {
                    *out = x + bias;
                }
            }
        }
    }
}

/// Lends an image in the layout of [`Phases`].
fn with_sorted<T: Element, R>(g: &Geometry, image: &[T], f: impl FnOnce(&[T]) -> R) -> R {
    let layout = Phases::new(g);
    with_scratch(Scratch::Phases, layout.len(), |phases| {
        layout.sort(image, phases);
        f(phases)
    })
}
