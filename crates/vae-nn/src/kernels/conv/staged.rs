//! Rows of images laid out for a convolution: channels innermost, with a border of zeros.

use crate::kernels::element::{Element, Scratch, with_scratch};
use std::ops::Range;

/// Elements behind the last row that may be read, because vectors of channels run over the end;
/// they have no meaning.
const SLACK: usize = 64;

/// Which part of the plane is laid out, and the size of the images.
#[derive(Clone, Debug)]
pub(crate) struct Lay {
    /// Rows, partly outside of the image.
    pub(crate) rows: Range<isize>,
    /// Columns; all columns of the image are among them.
    pub(crate) cols: Range<isize>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Lay {
    fn row_len(&self) -> usize {
        self.cols.len_of() * self.channels
    }

    fn image_len(&self) -> usize {
        self.rows.len_of() * self.row_len()
    }

    /// Lays out `images` images, whose rows `fill(image, row, values)` writes, and lends them.
    pub(crate) fn stage<T: Element, R>(
        self,
        purpose: Scratch,
        images: usize,
        mut fill: impl FnMut(usize, usize, &mut [T]),
        f: impl FnOnce(&Staged<'_, T>) -> R,
    ) -> R {
        let len = images * self.image_len();
        with_scratch(purpose, len + SLACK, |values| {
            let left = self.cols.start.unsigned_abs() * self.channels;
            let inside = left..left + self.width * self.channels;
            let mut rows = values[..len].chunks_exact_mut(self.row_len().max(1));
            for image in 0..images {
                for (y, row) in self.rows.clone().zip(&mut rows) {
                    match usize::try_from(y) {
                        Ok(y) if y < self.height => {
                            row[..inside.start].fill(T::ZERO);
                            fill(image, y, &mut row[inside.clone()]);
                            row[inside.end..].fill(T::ZERO);
                        }
                        _ => row.fill(T::ZERO),
                    }
                }
            }
            f(&Staged { values, lay: &self })
        })
    }
}

/// Rows of one or several images, all of the same part of the plane.
pub(crate) struct Staged<'a, T> {
    /// The rows and some slack behind them.
    pub(crate) values: &'a [T],
    lay: &'a Lay,
}

impl<T: Element> Staged<'_, T> {
    pub(crate) fn channels(&self) -> usize {
        self.lay.channels
    }

    /// Distance between rows.
    pub(crate) fn row_len(&self) -> usize {
        self.lay.row_len()
    }

    /// Place of the first channel of a pixel, which may lie on the border.
    ///
    /// # Panics
    /// If it is not among the rows and columns laid out.
    pub(crate) fn place(&self, image: usize, y: isize, x: isize) -> usize {
        let Lay { rows, cols, channels, .. } = self.lay;
        assert!(rows.contains(&y) && cols.contains(&x), "({y}, {x}) in {:?}", self.lay);
        let (y, x) = ((y - rows.start).cast_unsigned(), (x - cols.start).cast_unsigned());
        image * self.lay.image_len() + y * self.row_len() + x * channels
    }
}

trait LenOf {
    fn len_of(&self) -> usize;
}

impl LenOf for Range<isize> {
    fn len_of(&self) -> usize {
        usize::try_from(self.end - self.start).unwrap_or(0)
    }
}
