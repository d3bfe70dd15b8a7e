//! Which row of a table of conditions belongs to which design.

use std::collections::HashMap;

use vae_base::Note;

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::listing::{base, natural, plain, stem};
use crate::formats::table::Table;
use crate::set::checks::check_count;
use crate::set::opening::Opening;

/// Columns that name the file of a design.
const FILE_COLUMNS: [&str; 8] =
    ["file", "filename", "file_name", "image", "picture", "path", "name", "design"];
/// Columns that programs write before the others to count the rows.
const COUNTERS: [&str; 5] = ["", "unnamed0", "index", "id", "row"];
/// Columns that number designs, without marks and in lower case.
const NUMBERS: [&str; 14] = [
    "", "unnamed0", "index", "id", "row", "no", "nr", "number", "design", "designid", "sample",
    "sampleid", "case", "caseid",
];

/// The row of each design, and the column that names files.
///
/// Rows belong to designs by a column of file names, if designs have files: the one that is called
/// so, or else the first column in which one of the names stands. Otherwise they belong to designs
/// by their order.
///
/// # Errors
///
/// [`ReadingError::MissingRow`] for a design without a row, and [`ReadingError::RowOrder`] if a
/// column numbers the designs in another order than that of the rows.
pub(crate) fn rows(
    set: &mut Opening,
    table: &Table,
    label: &str,
) -> Result<(Vec<usize>, Option<usize>), DataError> {
    let n = set.len();
    if let Some(column) = file_column(&set.names, table) {
        let known = Files::of(table, column, label)?;
        let row = |name: &String| {
            known.row(name).ok_or_else(|| {
                let first = table.rows().next().map_or("", |cells| cells[column].trim());
                let design = format!(
                    "{name}: the column {:?} begins with {first:?}",
                    table.columns()[column]
                );
                ReadingError::MissingRow { file: label.into(), design }
            })
        };
        let rows = set.names.iter().map(row).collect::<Result<_, ReadingError>>()?;
        return Ok((rows, Some(column)));
    }
    if table.len() < n {
        let design = match set.names.get(table.len()) {
            Some(name) => format!("{name}, design {}", table.len()),
            None => format!("design {}: {} rows for {n} designs", table.len(), table.len()),
        };
        return Err(ReadingError::MissingRow { file: label.into(), design }.into());
    }
    check_count(label, "rows of conditions", table.len(), n)?;
    if let Some(column) = out_of_order(table) {
        return Err(ReadingError::RowOrder { file: label.into(), column }.into());
    }
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

/// Whether a column is what programs write before the others to count the rows.
#[expect(clippy::float_cmp, reason = "counts are whole")]
pub(crate) fn is_row_number(name: &str, values: &[f32]) -> bool {
    let counts = values.iter().enumerate().all(|(i, value)| *value == i as f32)
        || values.iter().enumerate().all(|(i, value)| *value == i as f32 + 1.0);
    counts && COUNTERS.contains(&plain_name(name).as_str())
}

/// Whether a column is called as those are that number designs.
fn is_called_number(name: &str) -> bool {
    NUMBERS.contains(&plain_name(name).as_str())
}

/// A name in lower case, letters and digits only.
fn plain_name(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The column that names files: by its own name, or because it holds the name of one of them.
fn file_column(names: &[String], table: &Table) -> Option<usize> {
    if names.is_empty() {
        return None;
    }
    let is_called = |name: &String| FILE_COLUMNS.contains(&name.trim().to_lowercase().as_str());
    let holds_number =
        |column: usize| table.rows().all(|cells| cells[column].trim().parse::<f64>().is_ok());
    let holds_name = |column: &usize| {
        Files::of(table, *column, "").is_ok_and(|known| {
            !holds_number(*column) && names.iter().any(|name| known.row(name).is_some())
        })
    };
    let called = table.columns().iter().position(is_called);
    // A column `design` of numbers counts them.
    let called = called.filter(|column| {
        !holds_number(*column) || table.columns()[*column].trim().to_lowercase() != "design"
    });
    called.or_else(|| (0..table.columns().len()).find(holds_name))
}

/// The name of a column that numbers the designs from 0 or 1, but in another order than the rows.
fn out_of_order(table: &Table) -> Option<String> {
    let is_out_of_order = |column: usize| {
        let cells = table.rows().map(|cells| cells[column].trim().parse::<usize>().ok());
        let Some(numbers) = cells.collect::<Option<Vec<_>>>() else { return false };
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        let counts = |first: usize| sorted.iter().enumerate().all(|(i, value)| *value == i + first);
        numbers != sorted && (counts(0) || counts(1))
    };
    let columns = table.columns();
    let found = (0..columns.len())
        .find(|column| is_called_number(&columns[*column]) && is_out_of_order(*column))?;
    Some(columns[found].trim().to_owned())
}

/// The rows of a table by the files that they name.
struct Files {
    /// By the name as it is written.
    exact: HashMap<String, usize>,
    /// By its last part, without extension and in lower case; `None` if several rows
    /// have the same.
    plain: HashMap<String, Option<usize>>,
}

impl Files {
    fn of(table: &Table, column: usize, label: &str) -> Result<Self, FormatError> {
        let mut files = Self { exact: HashMap::new(), plain: HashMap::new() };
        for (row, cells) in table.rows().enumerate() {
            // Windows separates folders by the other stroke.
            let cell = cells[column].trim().replace('\\', "/");
            let cell = cell.trim_start_matches("./");
            files.plain.entry(plain(cell)).and_modify(|known| *known = None).or_insert(Some(row));
            if let Some(before) = files.exact.insert(cell.into(), row) {
                let (above, below) = (before + 2, row + 2);
                let why = format!("{cell} is on line {above} already");
                return Err(FormatError::Text { file: label.into(), line: below, why });
            }
        }
        Ok(files)
    }

    /// The row of a file, with or without folder and extension, and whatever its case.
    fn row(&self, name: &str) -> Option<usize> {
        let names = [name, base(name), stem(name), base(stem(name))];
        let exact = names.iter().find_map(|name| self.exact.get(*name).copied());
        exact.or_else(|| self.plain.get(&plain(name)).copied().flatten())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::set::details::Details;

    #[test]
    fn files_in_an_order_that_letters_do_not_give_are_said_to_be_by_number() {
        let said = |names: [&str; 2]| {
            let designs = Array3::from_elem((2, 1, 2), 0.5);
            let mut set = Opening::new("x", designs, Details::default()).unwrap();
            set.names = names.map(str::to_owned).to_vec();
            let mut table = Table::new(&["load"]);
            for cell in ["1.5", "2.5"] {
                table.push(&[cell]);
            }
            rows(&mut set, &table, "loads.csv").unwrap();
            set.parts.notes[0].found.clone()
        };
        let plain = "rows of loads.csv belong to files in their order";
        assert_eq!(said(["a1.npy", "a2.npy"]), plain);
        let by_number =
            format!("{plain} (by number: a2 before a10; a column `file` leaves no doubt)");
        assert_eq!(said(["a2.npy", "a10.npy"]), by_number);
    }
}
