//! Bringing a design to another size.

use crate::set::size::Resize;

/// How designs of one size become designs of another: a triangle filter along either axis.
///
/// Where a design grows, that is bilinear interpolation between cell centers; where it shrinks, the
/// triangle is as much wider as the new cells are, so that every old cell counts (`antialias=True`
/// of PyTorch's and Pillow's bilinear resizing). Weights add up to 1, so a uniform design stays
/// what it is.
///
/// A picture whose elements are blocks of pixels of one value each, as many as new cells, is taken
/// as it is: the filter would mix every element with those around it.
#[derive(Clone, Debug)]
pub(crate) struct Resampler {
    from: (usize, usize),
    to: (usize, usize),
    /// Where the resampled design lies in the new one, and its size: less than all of it if the
    /// aspect ratio is kept.
    place: (usize, usize),
    rows: Vec<Tap>,
    columns: Vec<Tap>,
}

/// The old cells that a new one is made of.
#[derive(Clone, Debug)]
struct Tap {
    first: usize,
    weights: Vec<f32>,
}

impl Resampler {
    /// From designs of size (H, W) to what is asked for.
    pub(crate) fn new(from: (usize, usize), resize: Resize) -> Self {
        let to = (resize.size.height, resize.size.width);
        let inside = if resize.fit { fitted(from, to) } else { to };
        Self {
            from,
            to,
            place: ((to.0 - inside.0) / 2, (to.1 - inside.1) / 2),
            rows: taps(from.0, inside.0),
            columns: taps(from.1, inside.1),
        }
    }

    /// The size afterwards.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.to
    }

    /// Writes the resampled design into `out`; what it does not cover is void.
    pub(crate) fn apply(&self, design: &[f32], out: &mut [f32]) {
        if let Some(block) = self.block(design) {
            return self.take_blocks(block, design, out);
        }
        let (inside, width) = (self.inside(), self.from.1);
        // Rows first: along them the loop over columns runs on whole vectors.
        let mut narrow = vec![0.0; inside.0 * width];
        for (tap, row) in self.rows.iter().zip(narrow.chunks_exact_mut(width)) {
            for (weight, old) in
                tap.weights.iter().zip(design[tap.first * width..].chunks_exact(width))
            {
                row.iter_mut().zip(old).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        out.fill(0.0);
        for (row, old) in narrow.chunks_exact(width).enumerate() {
            let start = (self.place.0 + row) * self.to.1 + self.place.1;
            for (cell, tap) in out[start..start + inside.1].iter_mut().zip(&self.columns) {
                let sum: f32 = tap
                    .weights
                    .iter()
                    .zip(&old[tap.first..])
                    .map(|(weight, value)| weight * value)
                    .sum();
                *cell = sum.clamp(0.0, 1.0);
            }
        }
    }

    /// The size of the resampled design inside of the new one.
    fn inside(&self) -> (usize, usize) {
        (self.rows.len(), self.columns.len())
    }

    /// The size of the block of old cells that each new one is, if all cells of each block have one
    /// value; `None` if the filter has to mix them.
    fn block(&self, design: &[f32]) -> Option<(usize, usize)> {
        let ((height, width), inside) = (self.from, self.inside());
        if !height.is_multiple_of(inside.0) || !width.is_multiple_of(inside.1) {
            return None;
        }
        let (tall, wide) = (height / inside.0, width / inside.1);
        let is_even = |cells: &[f32]| cells.iter().all(|cell| cell.to_bits() == cells[0].to_bits());
        let mut blocks = design.chunks_exact(tall * width);
        let are_even = blocks.all(|rows| {
            let (first, others) = rows.split_at(width);
            first.chunks_exact(wide).all(is_even)
                && others.chunks_exact(width).all(|row| row == first)
        });
        are_even.then_some((tall, wide))
    }

    /// Writes the value of each block.
    fn take_blocks(&self, (tall, wide): (usize, usize), design: &[f32], out: &mut [f32]) {
        let (inside, width) = (self.inside(), self.from.1);
        out.fill(0.0);
        for row in 0..inside.0 {
            let start = (self.place.0 + row) * self.to.1 + self.place.1;
            let old = design[row * tall * width..].iter().step_by(wide);
            out[start..start + inside.1].iter_mut().zip(old).for_each(|(new, old)| *new = *old);
        }
    }
}

/// The largest size of the same aspect ratio that fits, at least one cell each way.
fn fitted(from: (usize, usize), to: (usize, usize)) -> (usize, usize) {
    let scale = (to.0 as f64 / from.0 as f64).min(to.1 as f64 / from.1 as f64);
    let along = |from: usize, to: usize| ((from as f64 * scale).round() as usize).clamp(1, to);
    (along(from.0, to.0), along(from.1, to.1))
}

fn taps(from: usize, to: usize) -> Vec<Tap> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let tap = |position: usize| {
        let center = (position as f64 + 0.5) * scale;
        let first = ((center - reach).floor().max(0.0) as usize).min(from - 1);
        let end = ((center + reach).ceil() as usize).clamp(first + 1, from);
        let weight = |cell: usize| (1.0 - ((cell as f64 + 0.5 - center) / reach).abs()).max(0.0);
        let sum: f64 = (first..end).map(weight).sum();
        Tap { first, weights: (first..end).map(|cell| (weight(cell) / sum) as f32).collect() }
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resampled(design: &[f32], from: (usize, usize), text: &str) -> Vec<f32> {
        let resampler = Resampler::new(from, text.parse().unwrap());
        let mut out = vec![f32::NAN; resampler.size().0 * resampler.size().1];
        resampler.apply(design, &mut out);
        out
    }

    proptest! {
        #[test]
        fn uniform_designs_stay_uniform_and_the_same_size_changes_nothing(
            from in (1_usize..20, 1_usize..20), to in (1_usize..20, 1_usize..20), seed: u32,
        ) {
            let n = from.0 * from.1;
            let out = resampled(&vec![0.7; n], from, &format!("{}x{}", to.0, to.1));
            prop_assert!(out.iter().all(|value| (value - 0.7).abs() < 1e-6));
            let design: Vec<f32> =
                (0..n as u32).map(|i| (i.wrapping_mul(2654435761).wrapping_add(seed) >> 8) as f32 / 16_777_216.0).collect();
            prop_assert_eq!(resampled(&design, from, &format!("{}x{}", from.0, from.1)), design);
        }
    }

    proptest! {
        /// A design whose elements are drawn as blocks of pixels comes back as it was.
        #[test]
        fn elements_of_many_pixels_are_taken_as_they_are(
            size in (1_usize..8, 1_usize..8), block in (1_usize..5, 1_usize..5), seed: u32,
        ) {
            let value = |i: usize, j: usize| {
                let number = (i * size.1 + j) as u32;
                (number.wrapping_mul(2654435761).wrapping_add(seed) >> 8) as f32 / 16_777_216.0
            };
            let design: Vec<f32> =
                (0..size.0 * size.1).map(|e| value(e / size.1, e % size.1)).collect();
            let from = (size.0 * block.0, size.1 * block.1);
            let pixels: Vec<f32> = (0..from.0 * from.1)
                .map(|p| value(p / from.1 / block.0, p % from.1 / block.1))
                .collect();
            prop_assert_eq!(resampled(&pixels, from, &format!("{}x{}", size.0, size.1)), design);
        }
    }

    #[test]
    fn one_pixel_of_another_value_is_filtered() {
        let mut pixels = vec![1.0; 16];
        pixels[5] = 0.0;
        let found = resampled(&pixels, (4, 4), "2x2");
        assert!(found.iter().all(|value| *value < 1.0), "{found:?}");
    }

    #[test]
    fn the_aspect_ratio_is_kept_if_asked_for() {
        let close = |found: Vec<f32>, expected: &[f32]| {
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        };
        close(
            resampled(&[1.0; 8], (2, 4), "fit:4x4"),
            &[[0.0; 4], [1.0; 4], [1.0; 4], [0.0; 4]].concat(),
        );
        close(resampled(&[1.0; 300], (1, 300), "fit:2x3"), &[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    }
}
