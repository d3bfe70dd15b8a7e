//! Designs in rows and columns: prior samples by condition, sweeps of a latent square, contact
//! sheets.

use std::path::Path;

use ndarray::ArrayView3;

use crate::drawing::canvas::Canvas;
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::figures::checks::{check, check_labels};
use crate::sheets::marks::Marks;
use crate::sheets::sheet::{Row, Sheet, caption_width, check_marks, tiles};
use crate::sheets::zoom::columns_for;

/// Designs in rows and columns, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// Densities, (N, H, W), row by row; the last row may be short.
    pub designs: ArrayView3<'a, f32>,
    /// How many designs make a row; `None` fills a page.
    pub columns: Option<usize>,
    /// Labels left of the rows, one for each, or empty.
    pub row_labels: &'a [String],
    /// Labels above the columns, one for each, or empty.
    pub column_labels: &'a [String],
    /// What the row labels say, written along the left side; may be empty.
    pub row_axis: &'a str,
    /// What the column labels say, written above them; may be empty.
    pub column_axis: &'a str,
    /// A text below each design; N of them, or empty.
    pub captions: &'a [String],
    /// What holds and loads each design, drawn with the dimensions of its grid, which may be
    /// coarser than the picture; N of them, or empty.
    pub marks: &'a [Option<Marks>],
}

impl<'a> Grid<'a> {
    /// A contact sheet: designs without title, labels and captions, which can be set afterwards.
    #[expect(clippy::needless_pass_by_value, reason = "a view is a reference already")]
    pub fn new(designs: ArrayView3<'a, f32>) -> Self {
        Self {
            title: "",
            designs,
            columns: None,
            row_labels: &[],
            column_labels: &[],
            row_axis: "",
            column_axis: "",
            captions: &[],
            marks: &[],
        }
    }
}

/// Writes a PNG file with designs in rows and columns.
///
/// Material is black, void is white; values outside [0, 1] are drawn as the nearer end. Every pixel
/// of a design becomes a square of whole pixels; designs beyond 700 pixels, or in rows beyond 4000,
/// are reduced by averaging. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`], [`ReportError::NotFinite`]; [`ReportError::Zero`] for no columns;
/// [`ReportError::Count`] for labels or captions that are neither complete nor absent;
/// [`ReportError::TooLarge`]; [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::Array3;
/// use vae_report::{Grid, grid};
/// let folder = tempfile::tempdir()?;
/// let material = |(n, y, x)| if (x * n + y) % 9 < 4 { 1.0 } else { 0.0 };
/// let designs = Array3::from_shape_fn((6, 20, 60), material);
/// let rows = ["0.3".to_owned(), "0.5".to_owned()];
/// let figure = Grid {
///     title: "Prior samples",
///     columns: Some(3),
///     row_labels: &rows,
///     row_axis: "volume fraction",
///     ..Grid::new(designs.view())
/// };
/// grid(&figure, &folder.path().join("samples.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn grid(figure: &Grid<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

pub(crate) fn draw(figure: &Grid<'_>) -> Result<Canvas, ReportError> {
    check("designs", &figure.designs)?;
    let (count, height, width) = figure.designs.dim();
    let columns = figure
        .columns
        .unwrap_or_else(|| columns_for(count, (height, width), caption_width(figure.captions)));
    if columns == 0 {
        return Err(ReportError::Zero { what: "the number of columns" });
    }
    check_labels("row labels", figure.row_labels, count.div_ceil(columns))?;
    check_labels("column labels", figure.column_labels, columns)?;
    check_labels("captions", figure.captions, count)?;
    check_marks(figure.marks, count)?;
    let row = |start: usize| {
        let end = count.min(start + columns);
        Row {
            label: figure.row_labels.get(start / columns).map_or("", String::as_str),
            tiles: tiles(&figure.designs, figure.marks, start..end),
            captions: figure.captions.get(start..end).unwrap_or_default(),
            joined: false,
        }
    };
    Sheet {
        title: figure.title,
        columns,
        rows: (0..count).step_by(columns).map(row).collect(),
        column_labels: figure.column_labels,
        row_axis: figure.row_axis,
        column_axis: figure.column_axis,
        colors: None,
    }
    .draw()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, s};

    use super::*;
    use crate::drawing::color::{Color, WHITE};

    #[test]
    fn designs_lie_row_by_row_and_the_last_row_may_be_short() {
        // Five designs in two rows of three; only the fifth has material.
        let mut designs = Array3::zeros((5, 34, 34));
        designs.slice_mut(s![4, .., ..]).fill(1.0);
        let canvas = draw(&Grid { columns: Some(3), ..Grid::new(designs.view()) }).unwrap();
        // Margin 28, frame 1, ten pixels for each of 34, frame 1, gap 14; between rows 18.
        assert_eq!(
            (canvas.width(), canvas.height()),
            (28 * 2 + 3 * 342 + 2 * 14, 28 * 2 + 2 * 342 + 18)
        );
        let (left, top) = (28 + 342 + 14 + 1, 28 + 342 + 18 + 1);
        for (x, y) in ndarray::indices((canvas.width(), canvas.height()))
            .into_iter()
            .map(|(x, y)| (x as i32, y as i32))
        {
            let black = (left..left + 340).contains(&x) && (top..top + 340).contains(&y);
            assert_eq!(canvas.pixel(x, y) == Some(Color(0, 0, 0)), black, "at ({x}, {y})");
        }
        let sixth = (left + 342 + 14 + 100, top + 100);
        assert_eq!(canvas.pixel(sixth.0, sixth.1), Some(WHITE), "nothing where no design is");
    }

    #[test]
    fn labels_are_complete_or_absent() {
        let designs = Array3::zeros((5, 4, 4));
        let base = Grid { columns: Some(3), ..Grid::new(designs.view()) };
        let labels: Vec<String> = (0..5).map(|i| i.to_string()).collect();
        let refused = |figure: Grid<'_>| draw(&figure).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            refused(Grid { row_labels: &labels[..3], ..base }),
            "3 row labels, but 2 are needed"
        );
        assert_eq!(
            refused(Grid { column_labels: &labels[..2], ..base }),
            "2 column labels, but 3 are needed"
        );
        assert_eq!(
            refused(Grid { captions: &labels[..4], ..base }),
            "4 captions, but 5 are needed"
        );
        assert_eq!(
            refused(Grid { columns: Some(0), ..base }),
            "the number of columns must be at least 1"
        );
        let whole = Grid {
            row_labels: &labels[..2],
            column_labels: &labels[..3],
            captions: &labels,
            ..base
        };
        assert!(draw(&whole).is_ok());
    }
}
