//! The pixels of one picture, whatever its format.

use std::ops::Range;

/// Longest side of a picture, in pixels.
pub(crate) const MAX_SIDE: u32 = 16_384;
/// Most memory that a picture may need while it is unpacked, in bytes.
pub(crate) const MAX_MEMORY: u64 = 512 << 20;

/// A decoded picture, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// Rows and columns.
    pub(crate) size: (usize, usize),
    pub(crate) pixels: Pixels,
    /// Whether its compression changes colors, as JPEG does.
    pub(crate) lossy: bool,
    /// Whether the file states that it has to be turned or mirrored, which was done.
    pub(crate) turned: bool,
}

/// What a picture stores in each pixel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pixels {
    /// Grey: 0 is black, 255 white.
    Bytes(Vec<u8>),
    /// Whole numbers of up to 16 bits: 0 is black.
    Words(Vec<u16>),
    /// Numbers of any size.
    Floats(Vec<f32>),
    /// Red, green, blue; not all of them grey.
    Colors(Vec<[u8; 3]>),
}

impl Picture {
    /// Turns and mirrors the picture as an orientation of Exif asks for (1 to 8; 1 is upright).
    pub(crate) fn upright(mut self, orientation: u8) -> Self {
        if !(2..=8).contains(&orientation) {
            return self;
        }
        let from = self.size;
        self.size = if 5 <= orientation { (from.1, from.0) } else { from };
        let turned = |row, column| source(orientation, from, (row, column));
        self.pixels = self.pixels.gathered(self.size, turned);
        Self { turned: true, ..self }
    }

    /// The part of the picture inside some rows and columns.
    pub(crate) fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Self {
        let size = (rows.len(), columns.len());
        let width = self.size.1;
        let from = |row: usize, column: usize| (rows.start + row) * width + columns.start + column;
        Self { size, pixels: self.pixels.gathered(size, from), ..*self }
    }

    /// Memory of its pixels, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.pixels {
            Pixels::Bytes(values) => values.len(),
            Pixels::Words(values) => 2 * values.len(),
            Pixels::Floats(values) => 4 * values.len(),
            Pixels::Colors(values) => 3 * values.len(),
        }
    }

    /// The color of each pixel, for looking at it; numbers of another scale are cut to 8 bits.
    pub(crate) fn colors(&self) -> Vec<[u8; 3]> {
        match &self.pixels {
            Pixels::Bytes(values) => values.iter().map(|level| [*level; 3]).collect(),
            Pixels::Words(values) => values.iter().map(|level| [(level >> 8) as u8; 3]).collect(),
            Pixels::Floats(values) => {
                values.iter().map(|value| [(value * 255.0).round() as u8; 3]).collect()
            }
            Pixels::Colors(values) => values.clone(),
        }
    }
}

impl Pixels {
    /// Pixels of a picture of another size, each taken from a place in this one.
    fn gathered(&self, size: (usize, usize), from: impl Fn(usize, usize) -> usize) -> Self {
        match self {
            Self::Bytes(values) => Self::Bytes(gather(values, size, from)),
            Self::Words(values) => Self::Words(gather(values, size, from)),
            Self::Floats(values) => Self::Floats(gather(values, size, from)),
            Self::Colors(values) => Self::Colors(gather(values, size, from)),
        }
    }
}

/// The pixel (row, column) of a picture of size `from` that comes to stand at a place when the
/// picture is set upright.
fn source(
    orientation: u8,
    (height, width): (usize, usize),
    (row, column): (usize, usize),
) -> usize {
    let (row, column) = match orientation {
        2 => (row, width - 1 - column),
        3 => (height - 1 - row, width - 1 - column),
        4 => (height - 1 - row, column),
        5 => (column, row),
        6 => (height - 1 - column, row),
        7 => (height - 1 - column, width - 1 - row),
        8 => (column, width - 1 - row),
        _ => (row, column),
    };
    row * width + column
}

fn gather<T: Copy>(
    values: &[T],
    (height, width): (usize, usize),
    from: impl Fn(usize, usize) -> usize,
) -> Vec<T> {
    let places = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
    places.map(|(row, column)| values[from(row, column)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_orientation_is_that_of_the_standard() {
        // An F, upright: two columns, three rows; and how each orientation stores it.
        let upright = Pixels::Bytes(vec![1, 2, 3, 4, 5, 6]);
        let stored: [((usize, usize), [u8; 6]); 8] = [
            ((3, 2), [1, 2, 3, 4, 5, 6]),
            ((3, 2), [2, 1, 4, 3, 6, 5]),
            ((3, 2), [6, 5, 4, 3, 2, 1]),
            ((3, 2), [5, 6, 3, 4, 1, 2]),
            ((2, 3), [1, 3, 5, 2, 4, 6]),
            // Row 0 of the file is the right side, column 0 the top.
            ((2, 3), [2, 4, 6, 1, 3, 5]),
            ((2, 3), [6, 4, 2, 5, 3, 1]),
            // Row 0 of the file is the left side, column 0 the bottom.
            ((2, 3), [5, 3, 1, 6, 4, 2]),
        ];
        for (orientation, (size, values)) in (1..).zip(stored) {
            let pixels = Pixels::Bytes(values.to_vec());
            let picture =
                Picture { size, pixels, lossy: false, turned: false }.upright(orientation);
            assert_eq!(picture.size, (3, 2), "{orientation}");
            assert_eq!(picture.pixels, upright, "{orientation}");
            assert_eq!(picture.turned, 1 < orientation);
        }
    }
}
