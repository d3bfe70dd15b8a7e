//! One design in a text file: a matrix, or a table of elements that are binned to a grid.

use std::collections::BTreeSet;

use vae_base::Note;

use crate::error::{DataError, ReadingError};
use crate::foreign::setting::Setting;
use crate::formats::text::{Matrix, cells, matrix, number, numbered, wrong};
use crate::set::size::Size;

/// Names that columns of element tables have.
const X: [&str; 4] = ["x", "xc", "x_center", "cx"];
const Y: [&str; 4] = ["y", "yc", "y_center", "cy"];
const DENSITY: [&str; 8] = ["density", "densities", "rho", "xphys", "x_phys", "dens", "value", "d"];

/// Reads one design: a matrix of numbers, a line per row from the top; or, if a header names x, y
/// and a density or a grid is given, a table of elements.
pub(crate) fn design(
    text: &str,
    file: &str,
    grid: Setting<Size>,
    notes: &mut Vec<Note>,
) -> Result<Matrix, DataError> {
    let mut lines = numbered(text);
    let header: Vec<String> = match lines.next() {
        Some((_, first)) => cells(first).map(str::to_lowercase).collect(),
        None => Vec::new(),
    };
    let place = |names: &[&str]| header.iter().position(|cell| names.contains(&cell.as_str()));
    if let (Some(x), Some(y), Some(density)) = (place(&X), place(&Y), place(&DENSITY)) {
        let points = points(lines, file, [x, y, density])?;
        return binned(points, file, grid, notes);
    }
    if grid.given().is_some() && !header.is_empty() {
        let points = points(numbered(text), file, [0, 1, 2])?;
        return binned(points, file, grid, notes);
    }
    Ok(matrix(text, file)?)
}

/// The elements of a table as [x, y, density].
fn points<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    file: &str,
    columns: [usize; 3],
) -> Result<Vec<[f64; 3]>, DataError> {
    let mut points = Vec::new();
    for (line, text) in lines {
        let all: Vec<&str> = cells(text).collect();
        let mut point = [0.0; 3];
        for (value, column) in point.iter_mut().zip(columns) {
            let cell = all
                .get(column)
                .ok_or_else(|| wrong(file, line, "an element needs x, y and a density"))?;
            *value = number(cell)
                .ok_or_else(|| wrong(file, line, &format!("{cell:?} is not a number")))?;
        }
        if !(point[0].is_finite() && point[1].is_finite()) {
            return Err(wrong(file, line, "the place of an element is not finite").into());
        }
        points.push(point);
    }
    Ok(points)
}

/// Bins elements to a grid. y points up: the first row holds the largest y.
fn binned(
    points: Vec<[f64; 3]>,
    file: &str,
    grid: Setting<Size>,
    notes: &mut Vec<Note>,
) -> Result<Matrix, DataError> {
    if points.is_empty() {
        return Err(wrong(file, 1, "the table holds no elements").into());
    }
    let (xs, ys) = (Along::new(&points, 0), Along::new(&points, 1));
    let (height, width) = match grid {
        Setting::Given(size) => (size.height, size.width),
        Setting::Auto | Setting::None => (ys.distinct, xs.distinct),
    };
    if 2 * points.len() < height.saturating_mul(width) {
        return Err(ReadingError::SparseGrid {
            file: file.into(),
            elements: points.len(),
            grid: (height, width),
        }
        .into());
    }
    let (mut sums, mut counts) = (vec![0.0; height * width], vec![0_u32; height * width]);
    for [x, y, density] in points {
        let cell = (height - 1 - ys.bin(y, height)) * width + xs.bin(x, width);
        sums[cell] += density;
        counts[cell] += 1;
    }
    let empty = counts.iter().filter(|n| **n == 0).count();
    let void = match empty {
        0 => String::new(),
        _ => format!("; {empty} cells without an element are void"),
    };
    notes.push(Note::new(format!(
        "element tables are binned to {height} x {width}, y pointing up{void}"
    )));
    let values =
        sums.into_iter().zip(counts).map(|(sum, n)| (sum / f64::from(n.max(1))) as f32).collect();
    Ok(((height, width), values))
}

/// The places of elements along one axis.
struct Along {
    distinct: usize,
    /// Where the domain begins and how long it is: half a spacing beyond the outermost centers.
    start: f64,
    length: f64,
}

impl Along {
    fn new(points: &[[f64; 3]], axis: usize) -> Self {
        let (min, max) = points.iter().fold((f64::MAX, f64::MIN), |(min, max), point| {
            (min.min(point[axis]), max.max(point[axis]))
        });
        // Places that differ only by rounding are the same place.
        let step = (max - min) * 1e-5;
        let place =
            |value: f64| if step == 0.0 { 0 } else { ((value - min) / step).round() as u64 };
        let distinct = points.iter().map(|point| place(point[axis])).collect::<BTreeSet<_>>().len();
        let spacing = if 1 < distinct { (max - min) / (distinct - 1) as f64 } else { 1.0 };
        Self { distinct, start: min - spacing / 2.0, length: max - min + spacing }
    }

    fn bin(&self, value: f64, n: usize) -> usize {
        (((value - self.start) / self.length * n as f64) as usize).min(n - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vae_base::Remedy;

    use super::*;

    fn read(text: &str, grid: &str) -> Result<Matrix, DataError> {
        design(text, "a.csv", grid.parse().unwrap(), &mut Vec::new())
    }

    #[test]
    fn element_tables_are_binned_with_y_up() {
        // Two columns, three rows; density = x + 10 y at the centers.
        let table = "id,x,y,density\n1,0.5,0.5,1\n2,1.5,0.5,2\n3,0.5,1.5,3\n4,1.5,1.5,4\n5,0.5,2.5,5\n6,1.5,2.5,6\n";
        assert_eq!(read(table, "auto").unwrap(), ((3, 2), vec![5.0, 6.0, 3.0, 4.0, 1.0, 2.0]));
        assert_eq!(read(table, "1x2").unwrap(), ((1, 2), vec![3.0, 4.0]));
        assert_eq!(read("0 0 1\n1 0 2\n", "1x2").unwrap(), ((1, 2), vec![1.0, 2.0]));
        let error = read(table, "30x30").unwrap_err();
        assert!(error.to_string().contains("leave most of a grid of 30 x 30 empty"), "{error}");
        assert!(matches!(&error.remedies()[..], [Remedy::Set { setting: "grid", .. }]));
        assert!(read("x,y,rho\n0,nan,1\n", "auto").is_err());
        assert!(read("x,y,rho\n0,1\n", "auto").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_design_or_an_error(text in "[0-9a-y.,;# \n\t-]{0,60}") {
            for grid in ["auto", "2x2"] {
                if let Ok((size, values)) = read(&text, grid) {
                    prop_assert_eq!(size.0 * size.1, values.len());
                }
            }
        }
    }
}
