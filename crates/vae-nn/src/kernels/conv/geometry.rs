//! Shapes of a convolution, and how its weight is stored.

use std::ops::Range;

/// Shapes of one convolution: an image `(in_height, in_width, in_channels)` seen through a square
/// kernel becomes a map `(out_height, out_width, out_channels)`.
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
    /// Taps of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Elements of the weight.
    pub(crate) fn weight_len(&self) -> usize {
        self.taps() * self.in_channels * self.out_channels
    }

    /// Image rows that the map rows `rows` see, borders included.
    pub(crate) fn image_rows(&self, rows: &Range<usize>) -> Range<isize> {
        let first = signed(rows.start * self.stride) - signed(self.padding);
        let n = (rows.len().max(1) - 1) * self.stride + self.kernel;
        first..first + signed(n)
    }

    /// Image columns that a whole row of the map sees, and at least all there are.
    pub(crate) fn image_cols(&self) -> Range<isize> {
        let seen = self.image_rows(&(0..self.out_width));
        seen.start..seen.end.max(signed(self.in_width))
    }

    /// Map rows that see the image rows `rows`, borders included.
    pub(crate) fn map_rows(&self, rows: &Range<usize>) -> Range<isize> {
        let seen_by = |row: usize| signed((row + self.padding) / self.stride);
        let last = rows.end.max(rows.start + 1) - 1;
        seen_by(rows.start) - signed(self.reach())..seen_by(last) + 1
    }

    /// Map columns that see a whole row of the image, and at least all there are.
    pub(crate) fn map_cols(&self) -> Range<isize> {
        let seeing = self.map_rows(&(0..self.in_width));
        seeing.start.min(0)..seeing.end.max(signed(self.out_width))
    }

    /// How many map rows before its own an image row is seen by.
    pub(crate) fn reach(&self) -> usize {
        (self.kernel - 1) / self.stride
    }
}

/// How a weight lies in memory: that of map channel `o`, image channel `i` and tap `t` at `o *
/// map_stride + i * image_stride + t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) map_stride: usize,
    pub(crate) image_stride: usize,
    /// Whether the taps count from the last one backwards.
    pub(crate) flipped: bool,
}

impl Filter {
    /// `(out_channels, in_channels, kernel, kernel)`
    pub(crate) fn plain(g: &Geometry) -> Self {
        let taps = g.taps();
        Self { map_stride: g.in_channels * taps, image_stride: taps, flipped: false }
    }

    /// Place of a tap within its filter.
    pub(crate) fn tap(&self, g: &Geometry, tap: usize) -> usize {
        if self.flipped { g.taps() - 1 - tap } else { tap }
    }
}

/// A size as a signed number: images are far smaller than half the address space.
pub(crate) fn signed(n: usize) -> isize {
    n.cast_signed()
}
