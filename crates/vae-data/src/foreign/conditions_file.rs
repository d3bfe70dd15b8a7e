//! Conditions from a table beside the designs.

use std::collections::HashMap;
use std::path::Path;

use vae_base::Note;

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::listing::{natural, stem};
use crate::formats::bytes::Bytes;
use crate::formats::table::Table;
use crate::formats::text::decoded;
use crate::set::checks::{check_condition_count, check_count};
use crate::set::opening::Opening;

/// What is given instead of a table if no conditions are wanted.
pub(crate) const NONE: &str = "none";
/// Columns that name the file of a design.
const FILE_COLUMNS: [&str; 8] =
    ["file", "filename", "file_name", "image", "picture", "path", "name", "design"];
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
    let table = Table::read_any(&decoded(bytes.read_all(MAX_TABLE)?), &label)?;
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

/// The row of each design, and the column that names files.
fn rows(
    set: &mut Opening,
    table: &Table,
    label: &str,
) -> Result<(Vec<usize>, Option<usize>), DataError> {
    let n = set.len();
    let file_column = table
        .columns()
        .iter()
        .position(|name| FILE_COLUMNS.contains(&name.trim().to_lowercase().as_str()));
    if let Some(column) = file_column.filter(|_| !set.names.is_empty()) {
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (row, cells) in table.rows().enumerate() {
            let cell = cells[column].trim().trim_start_matches("./");
            if let Some(before) = known.insert(cell, row) {
                let (above, below) = (before + 2, row + 2);
                let why = format!("{cell} is on line {above} already");
                return Err(FormatError::Text { file: label.into(), line: below, why }.into());
            }
        }
        let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let row = |name: &String| {
            let names = [name.clone(), base(name), stem(name).to_owned(), base(stem(name))];
            names.iter().find_map(|name| known.get(name.as_str()).copied()).ok_or_else(|| {
                ReadingError::MissingRow { file: label.into(), design: name.clone() }
            })
        };
        return Ok((set.names.iter().map(row).collect::<Result<_, ReadingError>>()?, file_column));
    }
    if table.len() < n {
        let design = match set.names.get(table.len()) {
            Some(name) => format!("{name}, design {}", table.len()),
            None => format!("design {}: {} rows for {n} designs", table.len(), table.len()),
        };
        return Err(ReadingError::MissingRow { file: label.into(), design }.into());
    }
    check_count(label, "rows of conditions", table.len(), n)?;
    if !set.names.is_empty() {
        let mut order = set.names.clone();
        order.sort_by(|a, b| natural(a, b));
        let by_letters = order.windows(2).all(|pair| pair[0] <= pair[1]);
        let how = if by_letters {
            ""
        } else {
            " (by number: a2 before a10; a column `file` leaves no doubt)"
        };
        set.note(Note::new(format!("rows of {label} belong to files in their order{how}")));
    }
    Ok(((0..n).collect(), None))
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

/// Whether a column is what programs write before the others to count the rows.
#[expect(clippy::float_cmp, reason = "counts are whole")]
fn is_row_number(name: &str, values: &[f32]) -> bool {
    let counts = values.iter().enumerate().all(|(i, value)| *value == i as f32)
        || values.iter().enumerate().all(|(i, value)| *value == i as f32 + 1.0);
    counts
        && (name.is_empty()
            || ["unnamed: 0", "index", "id", "row"].contains(&name.to_lowercase().as_str()))
}
