//! Designs in rows and columns, with labels: what the figures of pairs, grids and strips have in common.

use ndarray::{ArrayView2, ArrayView3, Axis, s};

use crate::canvas::{Anchor, Canvas, HEADING, Heading, LABEL, MARGIN, SMALL};
use crate::color::{FRAME, grey};
use crate::error::ReportError;

/// A figure made of designs.
pub(crate) struct Sheet<'a> {
    pub(crate) title: &'a str,
    /// How many designs fit into a row.
    pub(crate) columns: usize,
    pub(crate) rows: Vec<Row<'a>>,
    /// One for each column, or none.
    pub(crate) column_labels: &'a [String],
    /// What the row labels count; may be empty.
    pub(crate) row_axis: &'a str,
    /// What the column labels count; may be empty.
    pub(crate) column_axis: &'a str,
}

/// One row of designs.
pub(crate) struct Row<'a> {
    pub(crate) label: &'a str,
    pub(crate) designs: ArrayView3<'a, f32>,
    /// One for each design, or none.
    pub(crate) captions: &'a [String],
    /// Whether the next row belongs to this one: then it follows closely.
    pub(crate) joined: bool,
}

/// No sheet is wider than this, as far as its designs at their own size allow.
const WIDTH: usize = 1800;
/// A sheet that chooses its own number of columns is about this wide.
const USUAL_WIDTH: usize = 1500;
/// A design is enlarged to at least this width in such a sheet,
const LEAST_CELL: usize = 170;
/// and in no sheet beyond this width and height.
const MOST_CELL: usize = 340;
/// Designs are shown at their own size up to this width of a sheet, and reduced only beyond it.
const WIDTH_AT_OWN_SIZE: usize = 4000;
/// Between two columns, and between two rows that do not belong together.
const GAP: usize = 14;
/// Between a design and its reconstruction.
const JOINED_GAP: usize = 5;
/// The title has at least this much room.
const LEAST_WIDTH: f32 = 420.0;
const MOST_LINES: usize = 3;
const ROW_LABEL_WIDTH: f32 = 240.0;

/// How many columns a sheet of `count` designs gets if nobody says.
pub(crate) fn columns_for(count: usize, (height, width): (usize, usize)) -> usize {
    let scale = LEAST_CELL.div_ceil(width).min((MOST_CELL / height).max(1));
    let most = (USUAL_WIDTH / (width * scale + GAP)).clamp(1, count.max(1));
    // As few rows as that allows, filled evenly.
    count.max(1).div_ceil(count.max(1).div_ceil(most))
}

/// Whether so many designs stay well visible in a single row.
pub(crate) fn fits_one_row(count: usize, width: usize) -> bool {
    let room = (WIDTH / count.max(1)).saturating_sub(GAP);
    (1..=room).contains(&width) && LEAST_CELL <= room / width * width
}

/// Refuses arrays without designs, designs without pixels, and values that are no numbers.
pub(crate) fn check(what: &'static str, designs: ArrayView3<'_, f32>) -> Result<(), ReportError> {
    if designs.is_empty() {
        return Err(ReportError::Empty { what });
    }
    match designs.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((design, row, column), &value)) => {
            Err(ReportError::NotFinite { what, position: vec![design, row, column], value })
        }
        None => Ok(()),
    }
}

/// Refuses a list of labels that is neither empty nor complete.
pub(crate) fn check_labels(
    what: &'static str,
    labels: &[String],
    expected: usize,
) -> Result<(), ReportError> {
    if labels.is_empty() || labels.len() == expected {
        Ok(())
    } else {
        Err(ReportError::Count { what, expected, got: labels.len() })
    }
}

impl Sheet<'_> {
    /// Draws the sheet.
    pub(crate) fn draw(&self) -> Result<Canvas, ReportError> {
        let zooms: Vec<Zoom> =
            self.rows.iter().map(|row| Zoom::fit(row.shape(), self.columns)).collect();
        let sizes: Vec<(usize, usize)> =
            zooms.iter().zip(&self.rows).map(|(zoom, row)| zoom.size(row.shape())).collect();
        let cell_width = sizes.iter().map(|size| size.1).max().unwrap_or(0) as f32;
        let pitch = cell_width + GAP as f32;
        let caption_width = cell_width + GAP as f32 / 2.0;

        // Left to right: the axis of the rows, their labels, the columns.
        let row_labels: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| LABEL.wrap(row.label, ROW_LABEL_WIDTH, MOST_LINES))
            .collect();
        let label_width =
            row_labels.iter().flatten().map(|line| LABEL.width(line)).fold(0.0, f32::max).ceil();
        let axis_width = if self.row_axis.is_empty() { 0.0 } else { HEADING.line_height() + 4.0 };
        let left =
            MARGIN + axis_width + if label_width == 0.0 { 0.0 } else { label_width + GAP as f32 };
        let content = pitch * self.columns as f32 - GAP as f32;
        let width = (left + content + MARGIN).max(LEAST_WIDTH);

        // Top to bottom: title, axis of the columns, their labels, the rows with their captions.
        let heading = Heading::new(self.title, width);
        let column_labels: Vec<Vec<String>> = self
            .column_labels
            .iter()
            .map(|label| LABEL.wrap(label, caption_width, MOST_LINES))
            .collect();
        let most_lines =
            |texts: &[Vec<String>]| texts.iter().map(Vec::len).max().unwrap_or(0) as f32;
        let below_title = heading.bottom();
        let axis_height =
            if self.column_axis.is_empty() { 0.0 } else { HEADING.line_height() + 4.0 };
        let labels_height = block(most_lines(&column_labels), LABEL.line_height(), 4.0);
        let top = below_title + axis_height + labels_height;
        let captions: Vec<Vec<Vec<String>>> = (self.rows.iter())
            .map(|row| {
                row.captions
                    .iter()
                    .map(|text| SMALL.wrap(text, caption_width, MOST_LINES))
                    .collect()
            })
            .collect();
        let mut tops = Vec::new();
        let mut y = top;
        for (row, (size, captions)) in self.rows.iter().zip(sizes.iter().zip(&captions)) {
            tops.push(y);
            y += size.0 as f32 + block(most_lines(captions), SMALL.line_height(), 4.0);
            y += if row.joined { JOINED_GAP } else { GAP + 4 } as f32;
        }
        let bottom = y - (GAP + 4) as f32;
        let mut canvas = Canvas::new(width, bottom + MARGIN)?;

        heading.draw(&mut canvas);
        let middle = left + content / 2.0;
        canvas.text(
            self.column_axis,
            middle,
            below_title + HEADING.cap_height(),
            Anchor::Middle,
            HEADING,
        );
        let axis_x = MARGIN + HEADING.cap_height();
        canvas.text_upward(
            self.row_axis,
            axis_x,
            f32::midpoint(top, bottom),
            Anchor::Middle,
            HEADING,
        );
        let column_middle = |column: usize| left + pitch * column as f32 + cell_width / 2.0;
        for (column, label) in column_labels.iter().enumerate() {
            // Labels of one line stand close above their column even where another label has two.
            let first =
                top - block(label.len() as f32, LABEL.line_height(), 4.0) + LABEL.cap_height();
            canvas.lines(label, column_middle(column), first, Anchor::Middle, LABEL);
        }
        for (index, row) in self.rows.iter().enumerate() {
            let (y, (height, width), label) = (tops[index], sizes[index], &row_labels[index]);
            let text_height =
                LABEL.cap_height() + LABEL.line_height() * (label.len().max(1) - 1) as f32;
            let baseline = y + (height as f32 - text_height) / 2.0 + LABEL.cap_height();
            canvas.lines(label, left - GAP as f32, baseline, Anchor::End, LABEL);
            for (column, design) in row.designs.axis_iter(Axis(0)).enumerate() {
                let x = column_middle(column) - width as f32 / 2.0;
                zooms[index].draw(&mut canvas, design, x.round() as i32, y.round() as i32);
                if let Some(caption) = captions[index].get(column) {
                    let first = y + height as f32 + 8.0 + SMALL.cap_height();
                    canvas.lines(caption, column_middle(column), first, Anchor::Middle, SMALL);
                }
            }
        }
        Ok(canvas)
    }
}

impl Row<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.designs.len_of(Axis(1)), self.designs.len_of(Axis(2)))
    }
}

/// How one pixel of a design is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zoom {
    /// As a square of so many pixels.
    In(usize),
    /// Averaged with its neighbors over squares of so many pixels a side.
    Out(usize),
}

impl Zoom {
    fn fit((height, width): (usize, usize), columns: usize) -> Self {
        let room = (WIDTH / columns.max(1)).saturating_sub(GAP);
        let scale = (room.min(MOST_CELL) / width).min(MOST_CELL / height);
        let own = columns * (width + GAP);
        if 0 < scale {
            Self::In(scale)
        } else if own <= WIDTH_AT_OWN_SIZE {
            Self::In(1)
        } else {
            Self::Out(
                (2..width)
                    .find(|by| columns * (width.div_ceil(*by) + GAP) <= WIDTH_AT_OWN_SIZE)
                    .unwrap_or(width),
            )
        }
    }

    /// Height and width on the canvas, with the frame.
    fn size(self, (height, width): (usize, usize)) -> (usize, usize) {
        match self {
            Self::In(by) => (height * by + 2, width * by + 2),
            Self::Out(by) => (height.div_ceil(by) + 2, width.div_ceil(by) + 2),
        }
    }

    /// Draws a design with a frame of one pixel around it; (left, top) is the corner of the frame.
    fn draw(self, canvas: &mut Canvas, design: ArrayView2<'_, f32>, left: i32, top: i32) {
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
                    let square = design.slice(s![
                        row * by..end(row, design.nrows()),
                        column * by..end(column, design.ncols())
                    ]);
                    let (x, y) = (left + 1 + column as i32, top + 1 + row as i32);
                    canvas.set(x, y, grey(square.mean().unwrap_or(0.0)));
                }
            }
        }
    }
}

/// The height of so many lines and the gap after them; nothing for none.
fn block(lines: f32, line_height: f32, gap: f32) -> f32 {
    if lines == 0.0 { 0.0 } else { lines * line_height + gap }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;
    use crate::color::{Color, WHITE};

    #[test]
    fn designs_are_enlarged_by_whole_factors_and_reduced_only_when_they_must_be() {
        assert_eq!(Zoom::fit((48, 96), 8), Zoom::In(2));
        assert_eq!(Zoom::fit((20, 60), 4), Zoom::In(5));
        assert_eq!(Zoom::fit((126, 349), 4), Zoom::In(1));
        assert_eq!(Zoom::fit((126, 349), 10), Zoom::In(1));
        assert_eq!(Zoom::fit((126, 349), 20), Zoom::Out(2));
        assert_eq!(Zoom::fit((2000, 10), 1), Zoom::In(1));
    }

    #[test]
    fn sheets_choose_even_rows() {
        assert_eq!(columns_for(1, (48, 96)), 1);
        assert_eq!(columns_for(8, (48, 96)), 4);
        assert_eq!(columns_for(16, (48, 96)), 6);
        assert_eq!(columns_for(100, (28, 28)), 8);
        assert_eq!(columns_for(3, (1000, 3000)), 1);
        assert!(
            fits_one_row(8, 96)
                && fits_one_row(1, 500)
                && !fits_one_row(10, 96)
                && !fits_one_row(8, 120)
        );
    }

    #[test]
    fn every_pixel_becomes_a_square_inside_the_frame() {
        let mut canvas = Canvas::new(20.0, 20.0).unwrap();
        Zoom::In(3).draw(&mut canvas, array![[1.0, 0.0, 0.5]].view(), 4, 5);
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
        Zoom::Out(2).draw(
            &mut canvas,
            array![[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.4, 0.4, 0.2]].view(),
            0,
            0,
        );
        assert_eq!(canvas.pixel(1, 1), Some(grey(0.5)));
        assert_eq!(canvas.pixel(2, 1), Some(grey(1.0)));
        assert_eq!(canvas.pixel(1, 2), Some(grey(0.4)));
        assert_eq!(canvas.pixel(2, 2), Some(grey(0.2)));
        assert_eq!(canvas.pixel(3, 3), Some(FRAME));
    }

    #[test]
    fn values_that_are_no_numbers_are_named() {
        let mut designs = Array3::<f32>::zeros((2, 3, 4));
        assert!(check("designs", designs.view()).is_ok());
        designs[[1, 2, 3]] = f32::NAN;
        let error = check("designs", designs.view()).unwrap_err();
        assert_eq!(error.to_string(), "designs: the value at [1, 2, 3] is NaN");
        let none = Array3::<f32>::zeros((0, 3, 4));
        assert!(matches!(
            check("designs", none.view()),
            Err(ReportError::Empty { what: "designs" })
        ));
    }
}
