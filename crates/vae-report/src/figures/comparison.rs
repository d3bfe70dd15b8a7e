//! Designs above their reconstructions.

use std::path::Path;

use ndarray::{ArrayView3, Axis};

use crate::drawing::canvas::Canvas;
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::figures::checks::{check, check_labels};
use crate::sheets::marks::Marks;
use crate::sheets::sheet::{Row, Sheet, caption_width, check_marks, tiles};
use crate::sheets::tile::Tile;
use crate::sheets::zoom::columns_for;

/// Designs and, below each, what a model made of it.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// Densities, (N, H, W).
    pub originals: ArrayView3<'a, f32>,
    /// Densities of the same shape.
    pub reconstructions: ArrayView3<'a, f32>,
    /// A text below each pair, such as `IoU 0.93`; N of them, or empty.
    pub captions: &'a [String],
    /// What holds and loads each pair; N of them, or empty.
    pub marks: &'a [Option<Marks>],
}

/// Several versions of the same designs below each other: the original, the model's reconstruction,
/// a control's, …
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// The versions, from top to bottom, all of N designs.
    pub versions: &'a [Version<'a>],
}

/// One row of a [`Comparison`].
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    /// What this version is, written beside its row.
    pub name: &'a str,
    /// Densities, (N, H, W); H and W may differ between versions (a picture beside its resized
    /// copy).
    pub designs: ArrayView3<'a, f32>,
    /// A text below each design; N of them, or empty.
    pub captions: &'a [String],
    /// What holds and loads each design; N of them, or empty.
    pub marks: &'a [Option<Marks>],
}

/// Writes a PNG file with originals above their reconstructions, as many pairs beside each other as
/// fit.
///
/// Material is black, void is white; values outside [0, 1] (a Gaussian mean can be) are drawn as
/// the nearer end. Every pixel of a design becomes a square of whole pixels. The file is written
/// beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`], [`ReportError::NotFinite`]; [`ReportError::Shape`] and
/// [`ReportError::Count`] if originals, reconstructions and captions do not match;
/// [`ReportError::TooLarge`]; [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::Array3;
/// use vae_report::{Pairs, pairs};
/// let folder = tempfile::tempdir()?;
/// let material = |(n, y, x)| if (x * n + y) % 9 < 4 { 1.0 } else { 0.0 };
/// let designs = Array3::from_shape_fn((6, 20, 60), material);
/// let blurred = designs.mapv(|x: f32| 0.1 + 0.8 * x);
/// let captions: Vec<String> = (0..6).map(|n| format!("IoU 0.9{n}")).collect();
/// let figure = Pairs {
///     title: "Test designs",
///     originals: designs.view(),
///     reconstructions: blurred.view(),
///     captions: &captions,
///     marks: &[],
/// };
/// pairs(&figure, &folder.path().join("pairs.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pairs(figure: &Pairs<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw_pairs(figure)?, out)
}

/// Writes a PNG file with several versions of the same designs below each other, each row with its
/// name.
///
/// Drawn like [`pairs`]; versions may differ in height and width.
///
/// # Errors
/// As [`pairs`], [`ReportError::Shape`] excepted.
pub fn comparison(figure: &Comparison<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

fn draw_pairs(figure: &Pairs<'_>) -> Result<Canvas, ReportError> {
    let (expected, got) = (figure.originals.dim(), figure.reconstructions.dim());
    if expected.0 == got.0 && expected != got {
        let (expected, got) = ((expected.1, expected.2), (got.1, got.2));
        return Err(ReportError::Shape { what: "reconstructions", expected, got });
    }
    let versions = [
        Version { name: "original", designs: figure.originals, captions: &[], marks: figure.marks },
        Version {
            name: "reconstruction",
            designs: figure.reconstructions,
            captions: figure.captions,
            marks: figure.marks,
        },
    ];
    draw(&Comparison { title: figure.title, versions: &versions })
}

fn draw(figure: &Comparison<'_>) -> Result<Canvas, ReportError> {
    let Some(first) = figure.versions.first() else {
        return Err(ReportError::Empty { what: "designs" });
    };
    let count = first.designs.len_of(Axis(0));
    for version in figure.versions {
        check("designs", &version.designs)?;
        let got = version.designs.len_of(Axis(0));
        if got != count {
            return Err(ReportError::Count { what: "designs in a row", expected: count, got });
        }
        check_labels("captions", version.captions, count)?;
        check_marks(version.marks, count)?;
    }
    let (_, height, width) = first.designs.dim();
    let least_width =
        figure.versions.iter().map(|version| caption_width(version.captions)).fold(0.0, f32::max);
    let columns = columns_for(count, (height, width), least_width);
    let mut rows = Vec::new();
    for start in (0..count).step_by(columns) {
        let end = count.min(start + columns);
        for (index, version) in figure.versions.iter().enumerate() {
            rows.push(Row {
                label: version.name,
                tiles: tiles(&version.designs, version.marks, start..end)
                    .into_iter()
                    .map(|tile| Tile { has_dimensions: index == 0, ..tile })
                    .collect(),
                captions: version.captions.get(start..end).unwrap_or_default(),
                joined: index + 1 < figure.versions.len(),
            });
        }
    }
    Sheet {
        title: figure.title,
        columns,
        rows,
        column_labels: &[],
        row_axis: "",
        column_axis: "",
        colors: None,
    }
    .draw()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, s};

    use super::*;
    use crate::drawing::color::Color;

    #[test]
    fn originals_stand_above_reconstructions() {
        let mut originals = Array3::zeros((2, 10, 20));
        originals.slice_mut(s![.., .., ..10]).fill(1.0);
        let reconstructions = Array3::from_elem((2, 10, 20), 0.6);
        let figure = Pairs {
            title: "",
            originals: originals.view(),
            reconstructions: reconstructions.view(),
            captions: &["a".into(), "b".into()],
            marks: &[],
        };
        let canvas = draw_pairs(&figure).unwrap();
        let x = canvas.width() as i32 - 28 - 1 - 310;
        let column: Vec<Color> =
            (0..canvas.height() as i32).filter_map(|y| canvas.pixel(x, y)).collect();
        let black = column.iter().position(|color| *color == Color(0, 0, 0)).unwrap();
        let grey = column.iter().position(|color| *color == Color(102, 102, 102)).unwrap();
        assert_eq!(column[black - 1], crate::drawing::color::FRAME);
        assert_eq!(grey - black, 280 + 2 + 5, "ten rows at 28 pixels, two frames, the gap");
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let (a, b, c) =
            (Array3::zeros((2, 3, 4)), Array3::zeros((2, 4, 3)), Array3::zeros((3, 3, 4)));
        let check =
            |originals: &Array3<f32>, reconstructions: &Array3<f32>, captions: &[String]| {
                let (originals, reconstructions) = (originals.view(), reconstructions.view());
                draw_pairs(&Pairs { title: "", originals, reconstructions, captions, marks: &[] })
                    .map(|_| ())
                    .unwrap_err()
            };
        assert!(matches!(
            check(&a, &b, &[]),
            ReportError::Shape { expected: (3, 4), got: (4, 3), .. }
        ));
        assert!(matches!(check(&a, &c, &[]), ReportError::Count { expected: 2, got: 3, .. }));
        assert!(matches!(
            check(&a, &a, &["one".into()]),
            ReportError::Count { expected: 2, got: 1, .. }
        ));
        let empty = Array3::zeros((0, 3, 4));
        assert!(matches!(check(&empty, &empty, &[]), ReportError::Empty { .. }));
        let infinite = Array3::from_elem((2, 3, 4), f32::INFINITY);
        assert!(matches!(check(&a, &infinite, &[]), ReportError::NotFinite { .. }));
    }
}
