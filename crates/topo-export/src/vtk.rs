//! Fields of a design for `ParaView` and other programs that read VTK.

use std::fmt::Write as _;

use ndarray::{ArrayView2, ArrayView3};

use crate::error::ExportError;

/// A design on a grid of squares, with what is known about its elements and nodes.
#[derive(Debug, Clone, Copy)]
pub struct Vtk<'a> {
    /// The first line of the file; line breaks become spaces.
    pub title: &'a str,
    /// Side of an element.
    pub cell_size: f64,
    /// Quantities of the elements by name, (H, W) each, row 0 on top.
    pub cells: &'a [(String, ArrayView2<'a, f64>)],
    /// Vectors (x, y up) of the nodes by name, (H + 1, W + 1, 2) each, row 0 on top.
    pub points: &'a [(String, ArrayView3<'a, f64>)],
}

/// A legacy VTK file, as text: one structured grid with cell data and point data, y up, the lower
/// left corner at the origin.
///
/// Names may hold letters, digits and `_`; anything else becomes `_`.
///
/// # Errors
/// [`ExportError::NoFields`] without any cell data; [`ExportError::Shape`] if shapes do not fit;
/// [`ExportError::NotFinite`].
///
/// # Examples
/// ```
/// use ndarray::Array2;
/// use topo_export::{Vtk, vtk};
///
/// let density = Array2::ones((2, 3));
/// let cells = [("density".to_owned(), density.view())];
/// let text = vtk(&Vtk { title: "A plate", cell_size: 1.0, cells: &cells, points: &[] })?;
/// assert!(text.starts_with("# vtk DataFile"));
/// # Ok::<(), topo_export::ExportError>(())
/// ```
///
/// # References
/// "VTK File Formats", legacy format, version 3.0: `STRUCTURED_POINTS`.
pub fn vtk(fields: &Vtk<'_>) -> Result<String, ExportError> {
    let Some((_, first)) = fields.cells.first() else {
        return Err(ExportError::NoFields);
    };
    let (rows, columns) = first.dim();
    if rows == 0 || columns == 0 {
        return Err(ExportError::NoFields);
    }
    let title: String = fields.title.split_whitespace().collect::<Vec<_>>().join(" ");
    // The first 255 bytes of the title count.
    let title: String = title.chars().filter(char::is_ascii).take(250).collect();
    let size = fields.cell_size;
    let mut text = format!(
        "# vtk DataFile Version 3.0\n{title}\nASCII\nDATASET STRUCTURED_POINTS\nDIMENSIONS {} {} 1\nORIGIN 0 0 0\nSPACING {size} {size} {size}\n",
        columns + 1,
        rows + 1
    );
    let _ = writeln!(text, "CELL_DATA {}", rows * columns);
    for (name, values) in fields.cells {
        check(name, &[rows, columns], values.shape())?;
        let _ = writeln!(text, "SCALARS {} double 1\nLOOKUP_TABLE default", word(name));
        // VTK counts rows upward.
        for row in (0..rows).rev() {
            for column in 0..columns {
                let value = finite(name, values[(row, column)], [row, column])?;
                let _ = writeln!(text, "{value}");
            }
        }
    }
    if !fields.points.is_empty() {
        let _ = writeln!(text, "POINT_DATA {}", (rows + 1) * (columns + 1));
    }
    for (name, vectors) in fields.points {
        check(name, &[rows + 1, columns + 1, 2], vectors.shape())?;
        let _ = writeln!(text, "VECTORS {} double", word(name));
        for row in (0..=rows).rev() {
            for column in 0..=columns {
                let x = finite(name, vectors[(row, column, 0)], [row, column])?;
                let y = finite(name, vectors[(row, column, 1)], [row, column])?;
                let _ = writeln!(text, "{x} {y} 0");
            }
        }
    }
    Ok(text)
}

fn check(field: &str, expected: &[usize], got: &[usize]) -> Result<(), ExportError> {
    if expected == got {
        return Ok(());
    }
    Err(ExportError::Shape { field: field.into(), expected: expected.into(), got: got.into() })
}

/// A number that VTK can read: the shortest decimal that reads back as the same number.
fn finite(field: &str, value: f64, position: [usize; 2]) -> Result<f64, ExportError> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(ExportError::NotFinite { field: field.into(), position, value })
}

fn word(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_file_by_hand() {
        let density = array![[1.0, 0.5]];
        let displacement =
            ndarray::Array3::from_shape_fn((2, 3, 2), |(r, c, k)| (100 * r + 10 * c + k) as f64);
        let cells = [("von Mises".to_owned(), density.view())];
        let points = [("u".to_owned(), displacement.view())];
        let fields = Vtk { title: "two\ncells", cell_size: 0.5, cells: &cells, points: &points };
        let expected = "# vtk DataFile Version 3.0\ntwo cells\nASCII\nDATASET STRUCTURED_POINTS\nDIMENSIONS 3 2 1\nORIGIN 0 0 0\n\
            SPACING 0.5 0.5 0.5\nCELL_DATA 2\nSCALARS von_Mises double 1\nLOOKUP_TABLE default\n1\n0.5\nPOINT_DATA 6\nVECTORS u double\n\
            100 101 0\n110 111 0\n120 121 0\n0 1 0\n10 11 0\n20 21 0\n";
        assert_eq!(vtk(&fields).unwrap(), expected);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (small, large) = (Array2::zeros((2, 2)), Array2::zeros((2, 3)));
        let cells = [("a".to_owned(), small.view()), ("b".to_owned(), large.view())];
        let fields = Vtk { title: "", cell_size: 1.0, cells: &cells, points: &[] };
        assert!(matches!(vtk(&fields), Err(ExportError::Shape { .. })));
        assert!(matches!(vtk(&Vtk { cells: &[], ..fields }), Err(ExportError::NoFields)));
        let infinite = array![[f64::INFINITY]];
        let cells = [("a".to_owned(), infinite.view())];
        assert!(matches!(
            vtk(&Vtk { cells: &cells, ..fields }),
            Err(ExportError::NotFinite { .. })
        ));
    }
}
