//! Every instruction set against the definition, written as loops: values, gradient by the input,
//! gradient by the weight.
//!
//! All values are small whole numbers, so that every sum is exact in whatever order it is taken:
//! the results must be equal.

use super::geometry::{Filter, Geometry};
use super::pass::Pass;
use super::staged::Lay;
use super::weight::{WeightSums, accumulate, unpack};
use crate::kernels::element::{Element, Scratch};
use crate::kernels::micro::level::Level;
use proptest::prelude::*;
use std::fmt::Debug;
use std::ops::Range;

/// A convolution of a batch.
#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    g: Geometry,
    flipped: bool,
}

impl Case {
    fn new(
        batch: usize,
        [in_channels, out_channels]: [usize; 2],
        [in_height, in_width]: [usize; 2],
        [kernel, stride, padding]: [usize; 3],
    ) -> Self {
        let out = |n: usize| (n + 2 * padding - kernel) / stride + 1;
        let (out_height, out_width) = (out(in_height), out(in_width));
        let g = Geometry {
            in_channels,
            in_height,
            in_width,
            out_channels,
            out_height,
            out_width,
            kernel,
            stride,
            padding,
        };
        Self { batch, g, flipped: false }
    }

    fn filter(&self) -> Filter {
        Filter { flipped: self.flipped, ..Filter::plain(&self.g) }
    }

    fn image_len(&self) -> usize {
        self.batch * self.g.in_height * self.g.in_width * self.g.in_channels
    }

    fn map_len(&self) -> usize {
        self.batch * self.g.out_height * self.g.out_width * self.g.out_channels
    }

    /// Calls `f(image index, weight index, map index)` for every product in the convolution.
    fn products(&self, mut f: impl FnMut(usize, usize, usize)) {
        let Self { batch, g, .. } = *self;
        let inside = |n: usize, limit| g.padding <= n && n < limit + g.padding;
        for b in 0..batch {
            for (y, x) in (0..g.out_height).flat_map(|y| (0..g.out_width).map(move |x| (y, x))) {
                for tap in 0..g.taps() {
                    let (ky, kx) = (tap / g.kernel, tap % g.kernel);
                    let (iy, ix) = (y * g.stride + ky, x * g.stride + kx);
                    if !inside(iy, g.in_height) || !inside(ix, g.in_width) {
                        continue;
                    }
                    let (iy, ix) = (iy - g.padding, ix - g.padding);
                    let image = ((b * g.in_height + iy) * g.in_width + ix) * g.in_channels;
                    let map = ((b * g.out_height + y) * g.out_width + x) * g.out_channels;
                    let tap = if self.flipped { g.taps() - 1 - tap } else { tap };
                    for o in 0..g.out_channels {
                        for i in 0..g.in_channels {
                            f(image + i, (o * g.in_channels + i) * g.taps() + tap, map + o);
                        }
                    }
                }
            }
        }
    }
}

/// Whole numbers from −3 to 3 without a short period.
fn numbers<T: Element>(n: usize, seed: usize) -> Vec<T> {
    (0..n).map(|i| T::lit(((i * i + 3 * i + i / 7 + seed) % 7) as f64 - 3.0)).collect()
}

/// The rows in two bands, so that bands meet somewhere.
fn bands(height: usize) -> [Range<usize>; 2] {
    [0..height.div_ceil(3), height.div_ceil(3)..height]
}

/// One way through the convolution.
fn pass<T: Element>(
    case: &Case,
    pass: &Pass,
    level: Level,
    (source, [height, width, channels]): (&[T], [usize; 3]),
    (weight, bias): (&[T], &[T]),
    [out_height, out_width]: [usize; 2],
) -> Vec<T> {
    let mut weights = pass.weights(level, Some(bias));
    pass.packings(weight, &mut weights).into_iter().for_each(super::pass::Packing::run);
    let row_len = out_width * bias.len();
    let mut out = vec![T::lit(f64::NAN); case.batch * out_height * row_len];
    for rows in bands(out_height) {
        let mut band = vec![T::lit(f64::NAN); case.batch * rows.len() * row_len];
        let lay = Lay {
            rows: pass.source_rows(&rows),
            cols: pass.source_cols(),
            height,
            width,
            channels,
        };
        let fill = |image: usize, y: usize, row: &mut [T]| {
            row.copy_from_slice(&source[(image * height + y) * row.len()..][..row.len()]);
        };
        lay.stage(Scratch::Source, case.batch, fill, |staged| {
            pass.run(&weights, staged, case.batch, &rows, &mut band);
        });
        let len = rows.len() * row_len;
        for image in 0..case.batch {
            let to = (image * out_height + rows.start) * row_len;
            out[to..to + len].copy_from_slice(&band[image * len..][..len]);
        }
    }
    out
}

/// The gradient by the weight, each band a shard.
fn weight_gradient<T: Element>(case: &Case, level: Level, image: &[T], map: &[T]) -> Vec<T> {
    let g = case.g;
    let shards = bands(g.out_height).map(|rows| {
        let image_lay = Lay {
            rows: g.image_rows(&rows),
            cols: g.image_cols(),
            height: g.in_height,
            width: g.in_width,
            channels: g.in_channels,
        };
        let map_lay = Lay {
            rows: rows.start.cast_signed()..rows.end.cast_signed(),
            cols: g.map_cols(),
            height: g.out_height,
            width: g.out_width,
            channels: g.out_channels,
        };
        let fill = |values: &[T], height: usize, image: usize, y: usize, row: &mut [T]| {
            row.copy_from_slice(&values[(image * height + y) * row.len()..][..row.len()]);
        };
        let mut sums = WeightSums::new(&g, level);
        image_lay.stage(
            Scratch::Source,
            case.batch,
            |n, y, row| fill(image, g.in_height, n, y, row),
            |image| {
                map_lay.stage(
                    Scratch::Gradient,
                    case.batch,
                    |n, y, row| fill(map, g.out_height, n, y, row),
                    |map| accumulate(&g, level, image, map, case.batch, &rows, &mut sums),
                );
            },
        );
        sums
    });
    unpack(&g, &case.filter(), level, shards.into())
}

/// Compares all three on every instruction set that this processor has.
fn check<T: Element + Debug>(case: &Case) {
    let Case { batch, g, .. } = *case;
    let image: Vec<T> = numbers(case.image_len(), 1);
    let weight: Vec<T> = numbers(g.weight_len(), 2);
    let map: Vec<T> = numbers(case.map_len(), 3);
    let (map_bias, image_bias): (Vec<T>, Vec<T>) =
        (numbers(g.out_channels, 4), numbers(g.in_channels, 5));
    let repeated =
        |bias: &[T], len: usize| -> Vec<T> { bias.iter().copied().cycle().take(len).collect() };
    let mut gathered = repeated(&map_bias, case.map_len());
    let mut spread = repeated(&image_bias, case.image_len());
    let mut by_weight = vec![T::ZERO; g.weight_len()];
    case.products(|i, w, o| {
        gathered[o] += image[i] * weight[w];
        spread[i] += map[o] * weight[w];
        by_weight[w] += image[i] * map[o];
    });
    let (image_size, map_size) =
        ([g.in_height, g.in_width, g.in_channels], [g.out_height, g.out_width, g.out_channels]);
    let levels = [Level::Portable, Level::Avx2, Level::Avx512];
    for level in levels.into_iter().filter(|level| level.is_available()) {
        let way = Pass::gather(g, case.filter());
        let got = pass(
            case,
            &way,
            level,
            (&image, image_size),
            (&weight, &map_bias),
            [map_size[0], map_size[1]],
        );
        assert!(got == gathered, "{level:?}, to the map, {batch} images of {g:?}");
        let way = Pass::spread(g, case.filter());
        let got = pass(
            case,
            &way,
            level,
            (&map, map_size),
            (&weight, &image_bias),
            [image_size[0], image_size[1]],
        );
        assert!(got == spread, "{level:?}, to the image, {batch} images of {g:?}");
        let got = weight_gradient(case, level, &image, &map);
        assert!(got == by_weight, "{level:?}, by the weight, {batch} images of {g:?}");
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let channels = || prop_oneof![2 => 1..8_usize, 2 => 8..40_usize, 1 => 40..140_usize];
    let window = (1..6_usize, 1..4_usize, 0..4_usize);
    let size = (1..14_usize, 1..20_usize);
    (1..4_usize, channels(), channels(), size, window, any::<bool>()).prop_filter_map(
        "the window fits",
        |(batch, ci, co, (h, w), (k, s, p), flipped)| {
            let fits = k <= h.min(w) + 2 * p;
            fits.then(|| Case { flipped, ..Case::new(batch, [ci, co], [h, w], [k, s, p]) })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_instruction_set_computes_the_definition(case in cases()) {
        check::<f32>(&case);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn so_it_does_in_double_precision(case in cases()) {
        check::<f64>(&case);
    }
}

#[test]
fn odd_sizes_with_one_few_and_many_channels() {
    for size in [[1, 1], [1, 7], [20, 60], [126, 349]] {
        for ci in [1, 3, 33] {
            for co in [1, 3, 33] {
                for window in [[3, 1, 1], [3, 2, 1], [4, 2, 1]] {
                    if window[0] <= size[0] + 2 {
                        check::<f32>(&Case::new(1, [ci, co], size, window));
                    }
                }
            }
        }
    }
}
