//! One design in a text file: a matrix, or a table of elements that are binned to a grid.

use std::collections::{BTreeSet, HashSet};

use vae_base::Note;

use crate::error::{DataError, ReadingError};
use crate::foreign::facts::Facts;
use crate::foreign::layout::{Axis, Layout};
use crate::foreign::points::{self, Columns};
use crate::foreign::reading::Reading;
use crate::foreign::setting::Setting;
use crate::foreign::{axes, pivot};
use crate::formats::text::{Matrix, Sheet, not_a_number, wrong};
use crate::set::size::Size;

/// Reads one design: a matrix of numbers, a line per row from the top; or, if its columns are those
/// of one or a grid is given, a table of elements.
pub(crate) fn design(
    text: &str,
    file: &str,
    reading: &Reading,
    facts: Facts,
    notes: &mut Vec<Note>,
) -> Result<Matrix, DataError> {
    let sheet = Sheet::read(text, file)?;
    if matches!(reading.layout, Setting::Given(Layout::Axes(_))) {
        return Ok(sheet.matrix()?);
    }
    let mut columns = points::columns(&sheet, &reading.array, notes);
    if reading.grid.given().is_some() && !matches!(columns, Ok(Some(_))) && sheet.header.is_empty()
    {
        columns = Ok(Some(Columns { x: 0, y: 1, density: 2, down: false }));
    }
    if let Some(columns) = columns? {
        let points = points(&sheet, columns)?;
        return binned(points, file, reading.grid, columns.down, notes);
    }
    let matrix = sheet.matrix()?;
    one_design(&matrix, file)?;
    if let Some(matrix) = pivot::upright(&sheet, &matrix, notes) {
        return Ok(matrix);
    }
    let (height, width) = matrix.0;
    let words = ["the lines of each file are", "the numbers along them"];
    let [lines, _] = axes::of_one([height, width], reading, facts, words, notes);
    Ok(if lines == Axis::Row { matrix } else { pivot::transposed(&matrix) })
}

/// The elements of a table as [x, y, density].
fn points(sheet: &Sheet<'_>, columns: Columns) -> Result<Vec<[f64; 3]>, DataError> {
    let Columns { x, y, density, .. } = columns;
    let mut points = Vec::new();
    for (line, text) in &sheet.lines {
        let all = sheet.dialect.cells(text);
        let mut point = [0.0; 3];
        for (value, column) in point.iter_mut().zip([x, y, density]) {
            let cell = all
                .get(column)
                .ok_or_else(|| wrong(sheet.file, *line, "an element needs x, y and a density"))?;
            *value =
                sheet.dialect.number(cell).ok_or_else(|| not_a_number(sheet.file, *line, cell))?;
        }
        if !(point[0].is_finite() && point[1].is_finite()) {
            return Err(wrong(sheet.file, *line, "the place of an element is not finite").into());
        }
        points.push(point);
    }
    Ok(points)
}

/// Refuses a matrix whose rows, or columns, are as different from each other as designs are, while
/// its columns, or rows, are not.
fn one_design(((height, width), values): &Matrix, file: &str) -> Result<(), ReadingError> {
    /// Shorter sides are not those of flat vectors, or too few of them.
    const LEAST: usize = 8;
    /// Neighbors differ at least by this share of what cells far apart do ...
    const UNRELATED: f64 = 0.6;
    /// ... and this many times as much as across.
    const CLEARLY: f64 = 1.5;
    let (height, width) = (*height, *width);
    if height < LEAST || width < LEAST {
        return Ok(());
    }
    // Mean difference between neighbors along an axis, as a share of that of cells far apart.
    let difference = |n: usize, step: usize, across: usize, stride: usize| {
        let at = |lag: usize| {
            let starts = (0..n - lag).flat_map(|i| (0..across).map(move |j| i * step + j * stride));
            let sum: f64 =
                starts.map(|at| f64::from((values[at + lag * step] - values[at]).abs())).sum();
            sum / ((n - lag) * across) as f64
        };
        let far = f64::midpoint(at(n.div_ceil(3)), at(n / 2));
        if 0.0 < far { at(1) / far } else { 0.0 }
    };
    let down = difference(height, width, width, 1);
    let along = difference(width, 1, height, width);
    let unlike = |a: f64, b: f64| UNRELATED <= a && CLEARLY * b <= a;
    if unlike(down, along) || unlike(along, down) {
        let (n, cells) = if along < down { (height, width) } else { (width, height) };
        return Err(ReadingError::FlatDesigns { file: file.into(), n, cells });
    }
    Ok(())
}

/// Bins elements to a grid. y points up: the first row holds the largest y, unless it counts down.
fn binned(
    points: Vec<[f64; 3]>,
    file: &str,
    grid: Setting<Size>,
    down: bool,
    notes: &mut Vec<Note>,
) -> Result<Matrix, DataError> {
    let mut places = HashSet::new();
    let first_twice =
        points.iter().position(|[x, y, _]| !places.insert((x.to_bits(), y.to_bits())));
    if let (Some(element), None) = (first_twice, grid.given()) {
        let [x, y, _] = points[element];
        return Err(ReadingError::SamePlace { file: file.into(), element, place: [x, y] }.into());
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
        let from_top = if down { ys.bin(y, height) } else { height - 1 - ys.bin(y, height) };
        let cell = from_top * width + xs.bin(x, width);
        sums[cell] += density;
        counts[cell] += 1;
    }
    let empty = counts.iter().filter(|n| **n == 0).count();
    let void = match empty {
        0 => String::new(),
        _ => format!("; {empty} cells without an element are void"),
    };
    let way = if down { "rows counted from the top" } else { "y pointing up" };
    notes.push(Note::new(format!("element tables are binned to {height} x {width}, {way}{void}")));
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
        let reading = Reading { grid: grid.parse().unwrap(), ..Reading::default() };
        design(text, "a.csv", &reading, Facts::default(), &mut Vec::new())
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

    #[test]
    fn cells_without_an_element_are_counted_as_void() {
        let said = |text: &str| {
            let mut notes = Vec::new();
            design(text, "a.csv", &Reading::default(), Facts::default(), &mut notes).unwrap();
            notes.iter().map(|note| note.found.clone()).collect::<Vec<_>>().join("; ")
        };
        let table = "x,y,density\n0.5,0.5,1\n1.5,0.5,1\n0.5,1.5,1\n1.5,1.5,1\n0.5,2.5,1\n";
        let text = said(table);
        assert!(text.ends_with("y pointing up; 1 cells without an element are void"), "{text}");
        let text = said(&format!("{table}1.5,2.5,1\n"));
        assert!(text.ends_with("y pointing up") && !text.contains("void"), "{text}");
    }
}
