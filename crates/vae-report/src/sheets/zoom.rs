//! How large a design is drawn: every pixel a square of whole pixels.

use ndarray::{ArrayView2, s};

use crate::drawing::canvas::Canvas;
use crate::drawing::color::{FRAME, grey};

/// Largest width of a sheet, unless its designs at their own size need more.
const WIDTH: usize = 1800;
/// A sheet that chooses its own number of columns is about this wide.
const USUAL_WIDTH: usize = 1500;
/// Largest width and height to which a design is enlarged on a sheet of many columns, and on one of
/// a single column.
const MOST_SIDE: [usize; 2] = [340, 560];
/// Largest number of pixels to which a design is enlarged, over the square of that side.
const MOST_FILLED: f64 = 0.5;
/// Largest width and height of a design that is shown at its own size.
const OWN_SIDE: usize = 700;
/// Largest width of a sheet of designs at their own size; beyond it they are reduced.
const WIDTH_AT_OWN_SIZE: usize = 4000;
/// Share of the places of a sheet, of its designs, that may stay empty.
const MOST_EMPTY: f64 = 0.1;
/// Gap between two columns.
pub(crate) const GAP: usize = 14;

/// How one pixel of a design is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zoom {
    /// As a square with sides of this many pixels.
    In(usize),
    /// Averaged with its neighbors over squares with sides of this many pixels.
    Out(usize),
}

/// The number of columns of a sheet of `count` designs if the caller does not choose it. Columns
/// are at least `least_width` wide, so that captions can be read.
pub(crate) fn columns_for(
    count: usize,
    (height, width): (usize, usize),
    least_width: f32,
) -> usize {
    // The more designs, the smaller: this is the side of a square of the same area.
    let side = match count {
        0..=24 => 120.0,
        25..=60 => 90.0,
        _ => 64.0,
    };
    let wanted = (side / ((height * width) as f64).sqrt()).ceil() as usize;
    let scale = wanted.min(most_scale((height, width), count)).max(1);
    let column = (width * scale).min(OWN_SIDE).max(least_width as usize) + GAP;
    let count = count.max(1);
    let most = (USUAL_WIDTH / column).clamp(1, count);
    // As few rows as leave hardly a place empty, at most twice as many as there must be.
    let empty = |columns: usize| (columns - 1 - (count - 1) % columns) as f64 / count as f64;
    let choices = || (most / 2 + 1..=most).rev();
    let full = choices().find(|&columns| empty(columns) <= MOST_EMPTY);
    let fullest = || choices().min_by(|&a, &b| empty(a).total_cmp(&empty(b)));
    full.or_else(fullest).unwrap_or(most)
}

/// Whether `count` designs stay well visible in a single row.
pub(crate) fn fits_one_row(count: usize, (height, width): (usize, usize)) -> bool {
    let room = (WIDTH / count.max(1)).saturating_sub(GAP);
    let scale = (room / width).min(most_scale((height, width), count).max(1));
    0 < scale && 170 <= scale * width.max(height)
}

/// The largest enlargement of a design on a sheet of so many columns; 0 if it is too large as it
/// is.
fn most_scale((height, width): (usize, usize), columns: usize) -> usize {
    let side = (USUAL_WIDTH / columns.max(1)).clamp(MOST_SIDE[0], MOST_SIDE[1]);
    let pixels = (MOST_FILLED * (side * side) as f64) as usize;
    (side / height).min(side / width).min((pixels / (height * width)).isqrt())
}

impl Zoom {
    /// The largest size at which `columns` designs stay within a sheet.
    ///
    /// `beside` is the room that marks take beside each.
    pub(crate) fn fit((height, width): (usize, usize), columns: usize, beside: usize) -> Self {
        let room = (WIDTH / columns.max(1)).saturating_sub(GAP + beside);
        let scale = (room / width).min(most_scale((height, width), columns));
        if 0 < scale {
            return Self::In(scale);
        }
        let room = (WIDTH_AT_OWN_SIZE / columns.max(1)).saturating_sub(GAP + beside);
        match width.div_ceil(room.clamp(1, OWN_SIDE)).max(height.div_ceil(OWN_SIDE)) {
            1 => Self::In(1),
            by => Self::Out(by),
        }
    }

    /// The largest size within a box of (height, width) pixels.
    pub(crate) fn within((height, width): (usize, usize), room: (usize, usize)) -> Self {
        match (room.0 / height.max(1)).min(room.1 / width.max(1)) {
            0 => Self::Out(height.div_ceil(room.0).max(width.div_ceil(room.1))),
            by => Self::In(by),
        }
    }

    /// Pixels of the canvas for one of the design.
    pub(crate) fn scale(self) -> f32 {
        match self {
            Self::In(by) => by as f32,
            Self::Out(by) => 1.0 / by as f32,
        }
    }

    /// Height and width on the canvas, with the frame.
    pub(crate) fn size(self, (height, width): (usize, usize)) -> (usize, usize) {
        match self {
            Self::In(by) => (height * by + 2, width * by + 2),
            Self::Out(by) => (height.div_ceil(by) + 2, width.div_ceil(by) + 2),
        }
    }

    /// Draws a design with a frame of one pixel around it; (left, top) is the corner of the frame.
    pub(crate) fn draw(
        self,
        canvas: &mut Canvas,
        design: &ArrayView2<'_, f32>,
        left: i32,
        top: i32,
    ) {
        let (height, width) = self.size(design.dim());
        canvas.frame(left, top, width as i32, height as i32, FRAME);
        match self {
            Self::In(by) => {
                let by = by as i32;
                for ((row, column), &density) in design.indexed_iter() {
                    let (x, y) = (left + 1 + column as i32 * by, top + 1 + row as i32 * by);
                    canvas.fill(x, y, by, by, grey(density));
                }
            }
            Self::Out(by) => {
                for (row, column) in ndarray::indices((height - 2, width - 2)) {
                    let end = |start: usize, size: usize| (start * by + by).min(size);
                    let (last_row, last_column) =
                        (end(row, design.nrows()), end(column, design.ncols()));
                    let square = design.slice(s![row * by..last_row, column * by..last_column]);
                    let (x, y) = (left + 1 + column as i32, top + 1 + row as i32);
                    canvas.set(x, y, grey(square.mean().unwrap_or(0.0)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::drawing::color::{Color, WHITE};

    #[test]
    fn designs_are_enlarged_by_whole_factors_and_reduced_only_when_they_must_be() {
        assert_eq!(Zoom::fit((48, 96), 8, 0), Zoom::In(2));
        assert_eq!(Zoom::fit((20, 60), 4, 0), Zoom::In(6));
        assert_eq!(Zoom::fit((126, 349), 4, 0), Zoom::In(1));
        assert_eq!(Zoom::fit((126, 349), 10, 0), Zoom::In(1));
        assert_eq!(Zoom::fit((126, 349), 20, 0), Zoom::Out(2));
        assert_eq!(Zoom::fit((2000, 10), 1, 0), Zoom::Out(3));
        assert_eq!(Zoom::fit((1, 1), 5000, 0), Zoom::In(1));
        assert_eq!(Zoom::fit((500, 1500), 1, 0), Zoom::Out(3));
    }

    #[test]
    fn sheets_choose_even_rows() {
        assert_eq!(columns_for(1, (48, 96), 0.0), 1);
        assert_eq!(columns_for(8, (48, 96), 0.0), 4);
        assert_eq!(columns_for(16, (48, 96), 0.0), 4);
        assert_eq!(columns_for(12, (128, 128), 0.0), 6);
        assert_eq!(columns_for(100, (28, 28), 0.0), 15);
        assert_eq!(columns_for(100, (28, 28), 150.0), 9);
        assert_eq!(columns_for(11, (48, 96), 300.0), 4);
        assert_eq!(columns_for(3, (1000, 3000), 0.0), 2);
    }

    #[test]
    fn a_path_stays_in_one_row_while_it_can_be_seen() {
        assert!(
            fits_one_row(8, (48, 96)) && fits_one_row(1, (100, 500)) && fits_one_row(8, (28, 28))
        );
        assert!(
            !fits_one_row(10, (48, 96))
                && !fits_one_row(8, (60, 120))
                && !fits_one_row(0, (2000, 2000))
        );
    }

    #[test]
    fn every_pixel_becomes_a_square_inside_the_frame() {
        let mut canvas = Canvas::new(20.0, 20.0).unwrap();
        Zoom::In(3).draw(&mut canvas, &array![[1.0, 0.0, 0.5]].view(), 4, 5);
        for (x, y) in ndarray::indices((20, 20)).into_iter().map(|(x, y)| (x as i32, y as i32)) {
            let expected = match (x, y) {
                (5..=7, 6..=8) => Color(0, 0, 0),
                (8..=10, 6..=8) => WHITE,
                (11..=13, 6..=8) => Color(128, 128, 128),
                (4..=14, 5..=9) => FRAME,
                _ => WHITE,
            };
            assert_eq!(canvas.pixel(x, y), Some(expected), "at ({x}, {y})");
        }
    }

    #[test]
    fn a_reduced_design_keeps_its_mean() {
        let mut canvas = Canvas::new(10.0, 10.0).unwrap();
        let design = array![[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.4, 0.4, 0.2]];
        Zoom::Out(2).draw(&mut canvas, &design.view(), 0, 0);
        assert_eq!(canvas.pixel(1, 1), Some(grey(0.5)));
        assert_eq!(canvas.pixel(2, 1), Some(grey(1.0)));
        assert_eq!(canvas.pixel(1, 2), Some(grey(0.4)));
        assert_eq!(canvas.pixel(2, 2), Some(grey(0.2)));
        assert_eq!(canvas.pixel(3, 3), Some(FRAME));
    }
}
