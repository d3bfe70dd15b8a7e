//! Conditions from a table beside the designs.

use std::path::Path;

use ndarray::ArrayD;
use vae_base::Note;

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::row_order::{is_row_number, rows};
use crate::foreign::unread;
use crate::formats::bytes::Bytes;
use crate::formats::encoding::decoded;
use crate::formats::npy;
use crate::formats::table::Table;
use crate::set::checks::check_condition_count;
use crate::set::opening::Opening;

/// What is given instead of a table if no conditions are wanted.
pub(crate) const NONE: &str = "none";
/// Columns that are results, not conditions.
const RESULTS: [&str; 4] = ["compliance", "iterations", "greyness", "source"];
/// No table is larger.
const MAX_TABLE: u64 = 1 << 30;

/// Adds the columns of a table to the conditions of a set, and those that are results to its
/// results.
///
/// Rows belong to designs by a column of file names (with or without folder and extension), if
/// there is one and designs have files; otherwise by their order.
pub(crate) fn join(set: &mut Opening, path: &Path) -> Result<(), DataError> {
    let label = path.display().to_string();
    if !path.exists() {
        return Err(FormatError::NotFound { path: path.into() }.into());
    }
    let bytes = Bytes::open(path)?;
    let mut begin = [0; 6];
    let is_array = bytes.read_exact_at(&mut begin, 0).is_ok() && begin.starts_with(b"\x93NUMPY");
    if let (false, Some(error)) = (is_array, unread::of(path, &bytes)) {
        return Err(error.into());
    }
    let table = if is_array {
        of_array(&bytes, path, set.len())?
    } else {
        Table::read_any(&decoded(bytes.read_all(MAX_TABLE)?), &label)?
    };
    let (rows, file_column) = rows(set, &table, &label)?;
    let mut results = Vec::new();
    let (mut ignored, mut conditions) = (Vec::new(), Vec::new());
    for (position, column) in table.columns().iter().enumerate() {
        let name = column.trim();
        if Some(position) == file_column {
            continue;
        }
        if RESULTS.contains(&name) {
            results.push((name, position));
            continue;
        }
        match numbers(&table, position, &rows, &label)? {
            Some(values) if is_row_number(name, &values) => {}
            Some(values) => conditions.push((name.to_owned(), String::new(), values)),
            None => ignored.push(name),
        }
    }
    if conditions.is_empty() && results.is_empty() {
        let columns = table.columns().to_vec();
        return Err(ReadingError::NoConditions { file: label, columns }.into());
    }
    check_condition_count(&label, conditions.len())?;
    set.put_conditions(conditions)?;
    if !results.is_empty() {
        let mut kept = Table::new(&results.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        let all: Vec<&[String]> = table.rows().collect();
        for row in &rows {
            kept.push(
                &results
                    .iter()
                    .map(|(_, position)| all[*row][*position].trim())
                    .collect::<Vec<_>>(),
            );
        }
        set.parts.results = Some(kept);
    }
    if !ignored.is_empty() {
        set.note(Note::new(format!("columns of text are ignored: {}", ignored.join(", "))));
    }
    set.parts.members.push(("conditions.csv", bytes));
    Ok(())
}

/// An array as a table: (designs, columns), or one number per design.
fn of_array(bytes: &Bytes, path: &Path, n: usize) -> Result<Table, DataError> {
    let values: ArrayD<f64> = npy::read_bytes(bytes, "conditions")?;
    let label = path.display().to_string();
    let width = match *values.shape() {
        [_] => 1,
        [_, width] if 0 < width => width,
        _ => {
            let (shape, expected) = (values.shape().to_vec(), format!("({n}, conditions)"));
            return Err(FormatError::Shape { file: label, shape, expected }.into());
        }
    };
    check_condition_count(&label, width)?;
    // A single column is called as its file is.
    let names: Vec<String> = match width {
        1 => vec![path.file_stem().unwrap_or_default().to_string_lossy().into_owned()],
        _ => (0..width).map(|column| format!("condition_{column}")).collect(),
    };
    let mut table = Table::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let values: Vec<f64> = values.iter().copied().collect();
    for row in values.chunks_exact(width) {
        table.push(row);
    }
    Ok(table)
}

/// A column as numbers, in the order of the designs; `None` if it holds text, or nothing.
fn numbers(
    table: &Table,
    position: usize,
    rows: &[usize],
    label: &str,
) -> Result<Option<Vec<f32>>, FormatError> {
    let all: Vec<&str> = table.rows().map(|row| row[position].trim()).collect();
    let number = |text: &str| match text.to_lowercase().as_str() {
        "true" | "yes" => Some(1.0),
        "false" | "no" => Some(0.0),
        _ => text.parse::<f32>().ok().filter(|value| value.is_finite()),
    };
    let is_text = |text: &&str| number(text).is_none() && !is_meant_as_number(text);
    if all.iter().all(is_text) {
        return Ok(None);
    }
    let value = |row: &usize| {
        number(all[*row]).ok_or_else(|| FormatError::Cell {
            file: label.into(),
            column: table.columns()[position].clone(),
            row: *row,
            text: all[*row].chars().take(40).collect(),
        })
    };
    rows.iter().map(value).collect::<Result<_, _>>().map(Some)
}

/// Whether a cell that cannot be read as a number is meant as one: digits with marks, and a unit of
/// a few letters at most.
fn is_meant_as_number(cell: &str) -> bool {
    let digits = cell.trim_start_matches(['+', '-', '.', ',']);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit() || "., '+-".contains(c));
    let number = &digits[..digits.len() - unit.len()];
    // A point before letters is that of a file name.
    unit.chars().count() <= 4 && (unit.is_empty() || !number.ends_with('.'))
}
