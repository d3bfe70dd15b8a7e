//! A path through designs, frame by frame.

use std::path::Path;

use ndarray::{ArrayView3, Axis};

use crate::drawing::png::save;
use crate::error::ReportError;
use crate::figures::checks::check_labels;
use crate::figures::grid::{Grid, draw};
use crate::sheets::marks::Marks;
use crate::sheets::zoom::fits_one_row;

/// An interpolation or a traversal: designs in the order of a path.
#[derive(Debug, Clone, Copy)]
pub struct Strip<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// Densities, (N, H, W), from the start of the path to its end.
    pub designs: ArrayView3<'a, f32>,
    /// A text below each design, such as the share of the way; N of them, or empty.
    pub labels: &'a [String],
    /// What holds and loads each design; N of them, or empty.
    pub marks: &'a [Option<Marks>],
}

/// Writes a PNG file with the designs of a path, read like a text: from left to right, then the
/// next row.
///
/// A path stays in one row as long as each design keeps at least 170 pixels of width. Drawn like
/// [`grid`](crate::grid()).
///
/// # Errors
/// [`ReportError::Empty`], [`ReportError::NotFinite`], [`ReportError::Count`] for labels that are
/// neither complete nor absent, [`ReportError::TooLarge`], [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::Array3;
/// use vae_report::{Strip, strip};
/// let folder = tempfile::tempdir()?;
/// let material = |(n, y, _)| if y < 4 + 3 * n { 1.0 } else { 0.0 };
/// let designs = Array3::from_shape_fn((5, 20, 60), material);
/// let labels: Vec<String> = (0..5).map(|n| format!("{}", 0.25 * n as f64)).collect();
/// let (title, marks) = ("From thin to thick", &[]);
/// let figure = Strip { title, designs: designs.view(), labels: &labels, marks };
/// strip(&figure, &folder.path().join("strip.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn strip(figure: &Strip<'_>, out: &Path) -> Result<(), ReportError> {
    check_labels("labels", figure.labels, figure.designs.len_of(Axis(0)))?;
    let (count, height, width) = figure.designs.dim();
    let columns = fits_one_row(count, (height, width)).then_some(count);
    let sheet = Grid {
        title: figure.title,
        columns,
        captions: figure.labels,
        marks: figure.marks,
        ..Grid::new(figure.designs)
    };
    save(&draw(&sheet)?, out)
}
