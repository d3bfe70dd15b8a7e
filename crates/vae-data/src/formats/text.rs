//! Designs in text files: a matrix, flat vectors, or a table of elements.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::DataError;
use crate::foreign::reading::{Layout, Setting, Size};

/// Names that columns of element tables have.
const X: [&str; 4] = ["x", "xc", "x_center", "cx"];
const Y: [&str; 4] = ["y", "yc", "y_center", "cy"];
const DENSITY: [&str; 8] = ["density", "densities", "rho", "xphys", "x_phys", "dens", "value", "d"];

/// No line is longer than this.
const MAX_LINE: usize = 64 << 20;

/// Reads one design: a matrix of numbers, a line per row from the top; or, if a header names x, y
/// and a density, a table of elements.
pub(crate) fn design(
    text: &str,
    file: &str,
    grid: Setting<Size>,
    notes: &mut Vec<String>,
) -> Result<((usize, usize), Vec<f32>), DataError> {
    let mut lines = numbered(text);
    let Some((line, first)) = lines.next() else {
        return Err(wrong(file, 1, "the file holds no numbers"));
    };
    let header: Vec<String> = cells(first).map(str::to_lowercase).collect();
    let place = |names: &[&str]| header.iter().position(|cell| names.contains(&cell.as_str()));
    if let (Some(x), Some(y), Some(density)) = (place(&X), place(&Y), place(&DENSITY)) {
        return elements(lines, file, [x, y, density], grid, notes);
    }
    if grid.given().is_some() {
        return elements(numbered(text), file, [0, 1, 2], grid, notes);
    }
    // A header of names, or the one that pandas writes: numbers of columns after an empty cell.
    let has_index = header.first().is_some_and(String::is_empty);
    let has_header = has_index || header.iter().all(|cell| number(cell).is_none());
    let (mut values, mut width, mut height) = (Vec::new(), None, 0);
    let rows = (!has_header).then_some((line, first)).into_iter().chain(lines);
    for (line, row) in rows {
        let before = values.len();
        read_row(row, usize::from(has_index), file, line, &mut values)?;
        let found = values.len() - before;
        let expected = *width.get_or_insert(found);
        if found != expected || found == 0 {
            return Err(wrong(
                file,
                line,
                &format!("{found} numbers where the rows above have {expected}"),
            ));
        }
        height += 1;
    }
    match width {
        Some(width) => Ok(((height, width), values)),
        None => Err(wrong(file, line, "nothing follows the header")),
    }
}

/// Reads flat vectors, one per line; or one vector with a number per line. They come out row by row
/// from the top.
pub(crate) fn vectors(text: &str, file: &str, layout: Layout) -> Result<Vec<f32>, DataError> {
    let cells = layout.nelx * layout.nely;
    let (mut values, mut lines) = (Vec::new(), 0);
    for (line, row) in numbered(text) {
        if line == 1 && row.split([',', ';', '\t', ' ']).all(|cell| number(cell.trim()).is_none()) {
            continue;
        }
        read_row(row, 0, file, line, &mut values)?;
        lines += 1;
    }
    // One vector per line, or one number per line.
    if values.is_empty()
        || !(values.len() == lines * cells || (lines == cells && values.len() == cells))
    {
        return Err(DataError::Layout {
            file: file.into(),
            shape: vec![lines, values.len() / lines.max(1)],
            layout,
        });
    }
    Ok(values.chunks_exact(cells).flat_map(|vector| laid_out(vector, layout)).collect())
}

/// Streams a text file of flat vectors, one per line.
pub(crate) fn for_each_vector(
    path: &Path,
    layout: Layout,
    mut each: impl FnMut(&[f32]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let file = path.display().to_string();
    let fail = |source| DataError::io_path("reading", path, source);
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(fail)?);
    let cells = layout.nelx * layout.nely;
    let (mut text, mut values, mut line) = (String::new(), Vec::new(), 0);
    loop {
        text.clear();
        line += 1;
        let mut bounded = std::io::Read::take(&mut reader, MAX_LINE as u64 + 1);
        let n = bounded.read_line(&mut text).map_err(fail)?;
        if n == 0 {
            break;
        }
        if MAX_LINE < n {
            return Err(wrong(&file, line, "the line is too long"));
        }
        for (_, row) in numbered(&text) {
            let header = line == 1 && self::cells(row).all(|cell| number(cell).is_none());
            if !header {
                read_row(row, 0, &file, line, &mut values)?;
            }
        }
        // One number per line makes one vector; otherwise each line is one.
        let whole = values.len() % cells == 0;
        if whole && !values.is_empty() {
            for vector in values.chunks_exact(cells) {
                each(&laid_out(vector, layout))?;
            }
            values.clear();
        } else if 1 < values.len() && self::cells(text.trim()).nth(1).is_some() {
            return Err(DataError::Layout { file, shape: vec![1, values.len()], layout });
        }
    }
    if values.is_empty() {
        Ok(())
    } else {
        Err(DataError::Layout { file, shape: vec![values.len()], layout })
    }
}

/// A flat vector row by row from the top.
fn laid_out(vector: &[f32], layout: Layout) -> Vec<f32> {
    if !layout.columns {
        return vector.to_vec();
    }
    let rows = (0..layout.nely).flat_map(|row| vector[row..].iter().step_by(layout.nely));
    rows.copied().collect()
}

/// Bins elements (x, y, density) to a grid. y points up: the first row holds the largest y.
fn elements<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    file: &str,
    columns: [usize; 3],
    grid: Setting<Size>,
    notes: &mut Vec<String>,
) -> Result<((usize, usize), Vec<f32>), DataError> {
    let (mut points, mut row) = (Vec::new(), Vec::new());
    for (line, text) in lines {
        row.clear();
        let all: Vec<&str> = cells(text).collect();
        for column in columns {
            let cell = all
                .get(column)
                .ok_or_else(|| wrong(file, line, "an element needs x, y and a density"))?;
            let value = number(cell)
                .ok_or_else(|| wrong(file, line, &format!("{cell:?} is not a number")))?;
            row.push(value);
        }
        if !(row[0].is_finite() && row[1].is_finite()) {
            return Err(wrong(file, line, "the place of an element is not finite"));
        }
        points.push([row[0], row[1], row[2]]);
    }
    if points.is_empty() {
        return Err(wrong(file, 1, "the table holds no elements"));
    }
    let (xs, ys) = (Along::new(&points, 0), Along::new(&points, 1));
    let (height, width) = match grid {
        Setting::Given(size) => (size.height, size.width),
        Setting::Auto | Setting::None => (ys.distinct, xs.distinct),
    };
    if 2 * points.len() < height.saturating_mul(width) {
        let n = points.len();
        let why = format!(
            "{n} elements leave most of a grid of {height} x {width} empty; give --grid ROWSxCOLUMNS to bin them"
        );
        return Err(wrong(file, 1, &why));
    }
    let (mut sums, mut counts) = (vec![0.0; height * width], vec![0_u32; height * width]);
    for [x, y, density] in points {
        let cell = (height - 1 - ys.bin(y, height)) * width + xs.bin(x, width);
        sums[cell] += density;
        counts[cell] += 1;
    }
    let empty = counts.iter().filter(|n| **n == 0).count();
    notes.push(format!(
        "element tables are binned to {height} x {width}, y pointing up{}",
        if empty == 0 {
            String::new()
        } else {
            format!("; {empty} cells without an element are void")
        }
    ));
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
        // Places that differ by rounding are one.
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

/// The lines that hold something, with their numbers.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim_start_matches('\u{feff}').trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', '%']))
}

/// The cells of a line: separated by semicolons, else by commas, else by blanks.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    let separator = [';', ','].into_iter().find(|separator| line.contains(*separator));
    let (by_mark, by_blank) = match separator {
        Some(separator) => (Some(line.split(separator)), None),
        None => (None, Some(line.split_whitespace())),
    };
    by_mark
        .into_iter()
        .flatten()
        .chain(by_blank.into_iter().flatten())
        .map(|cell| cell.trim().trim_matches('"'))
}

/// A number with a decimal point, or a decimal comma.
fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().or_else(|| cell.replacen(',', ".", 1).parse().ok())
}

fn read_row(
    row: &str,
    skip: usize,
    file: &str,
    line: usize,
    values: &mut Vec<f32>,
) -> Result<(), DataError> {
    let mut cells = cells(row).skip(skip).peekable();
    while let Some(cell) = cells.next() {
        if cell.is_empty() && cells.peek().is_none() {
            break; // a comma at the end of the line
        }
        let value = number(cell).ok_or_else(|| {
            let cell: String = cell.chars().take(40).collect();
            wrong(file, line, &format!("{cell:?} is not a number"))
        })?;
        values.push(value as f32);
    }
    Ok(())
}

fn wrong(file: &str, line: usize, why: &str) -> DataError {
    DataError::Text { file: file.into(), line, why: why.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, grid: &str) -> Result<((usize, usize), Vec<f32>), DataError> {
        design(text, "a.csv", grid.parse().unwrap(), &mut Vec::new())
    }

    #[test]
    fn matrices_are_read_however_they_are_separated() {
        let expected = ((2, 3), vec![0.0, 0.5, 1.0, 1.0, 0.25, 0.0]);
        for text in [
            "0,0.5,1\n1,0.25,0\n",
            "0 0.5  1\r\n1 0.25 0",
            "# densities\n0\t0.5\t1\n\n1\t0.25\t0\n",
            "0,0;0,5;1\n1;0,25;0\n",
            ",0,1,2\n0,0,0.5,1\n1,1,0.25,0\n",
            "a,b,c\n0,0.5,1,\n1,0.25,0,\n",
            "\u{feff}\"0\",\"0.5\",\"1\"\n1,0.25,0",
        ] {
            assert_eq!(read(text, "auto").unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, words) in [
            ("0,1\n0\n", "line 2: 1 numbers where the rows above have 2"),
            ("0,1\n0,x\n", "line 2: \"x\" is not a number"),
            ("", "no numbers"),
            ("# nothing\n", "no numbers"),
            ("a,b\n", "nothing follows"),
        ] {
            let error = read(text, "auto").unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }

    #[test]
    fn element_tables_are_binned_with_y_up() {
        // Two columns, three rows; density = x + 10 y at the centers.
        let table = "id,x,y,density\n1,0.5,0.5,1\n2,1.5,0.5,2\n3,0.5,1.5,3\n4,1.5,1.5,4\n5,0.5,2.5,5\n6,1.5,2.5,6\n";
        assert_eq!(read(table, "auto").unwrap(), ((3, 2), vec![5.0, 6.0, 3.0, 4.0, 1.0, 2.0]));
        assert_eq!(read(table, "1x2").unwrap(), ((1, 2), vec![3.0, 4.0]));
        assert_eq!(read("0 0 1\n1 0 2\n", "1x2").unwrap(), ((1, 2), vec![1.0, 2.0]));
        assert!(read(table, "30x30").unwrap_err().to_string().contains("--grid"));
        assert!(read("x,y,rho\n0,nan,1\n", "auto").is_err());
        assert!(read("x,y,rho\n0,1\n", "auto").is_err());
    }

    #[test]
    fn vectors_are_laid_out() {
        let layout = "columns:3x2".parse().unwrap();
        let expected = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0];
        assert_eq!(vectors("1,2,3,4,5,6\n", "a", layout).unwrap(), expected);
        assert_eq!(vectors("1\n2\n3\n4\n5\n6\n", "a", layout).unwrap(), expected);
        assert_eq!(
            vectors("1 2 3 4 5 6\n1 2 3 4 5 6\n", "a", layout).unwrap(),
            [expected, expected].concat()
        );
        for text in ["1,2,3\n4,5,6\n", "1,2,3,4,5\n", ""] {
            assert!(
                matches!(vectors(text, "a", layout), Err(DataError::Layout { .. })),
                "{text:?}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        for (text, good) in
            [("1,2,3,4,5,6\n1,2,3,4,5,6\n", 2), ("1\n2\n3\n4\n5\n6", 1), ("1,2,3\n4,5,6\n", 0)]
        {
            std::fs::write(&path, text).unwrap();
            let mut found = Vec::new();
            let read = for_each_vector(&path, layout, |vector| {
                found.extend_from_slice(vector);
                Ok(())
            });
            assert_eq!(read.is_ok(), 0 < good, "{text:?}");
            if 0 < good {
                assert_eq!(found, expected.repeat(good));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_design_or_an_error(text in "[0-9a-y.,;# \n\t-]{0,60}", layout in prop_oneof![Just("rows:2x2"), Just("columns:1x3")]) {
            for grid in ["auto", "2x2"] {
                if let Ok((size, values)) = read(&text, grid) {
                    prop_assert_eq!(size.0 * size.1, values.len());
                }
            }
            let _ = vectors(&text, "a", layout.parse().unwrap());
        }
    }
}
