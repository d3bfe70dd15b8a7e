//! Tables of text with a header: `results.csv`.

use std::io::Read;

use crate::error::FormatError;

/// What is known about each design beside its conditions: one row per design, columns by name.
///
/// Cells are kept as text, since a table may hold names beside numbers.
///
/// # Examples
///
/// ```
/// use vae_data::Table;
///
/// let mut results = Table::new(&["compliance", "source"]);
/// results.push(&["12.5", "start 3"]);
/// assert_eq!(results.numbers("compliance", "results.csv")?, Some(vec![12.5]));
/// assert_eq!(results.numbers("mass", "results.csv")?, None);
/// # Ok::<(), vae_data::FormatError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    cells: Vec<String>,
}

impl Table {
    /// A table of no rows.
    ///
    /// # Panics
    ///
    /// If there are no columns.
    #[must_use]
    #[track_caller]
    pub fn new(columns: &[&str]) -> Self {
        assert!(!columns.is_empty(), "a table needs a column");
        Self { columns: columns.iter().map(ToString::to_string).collect(), cells: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// If it has more or fewer cells than there are columns.
    #[track_caller]
    pub fn push<S: ToString>(&mut self, row: &[S]) {
        assert_eq!(row.len(), self.columns.len(), "a row has one cell per column");
        self.cells.extend(row.iter().map(ToString::to_string));
    }

    /// Names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.cells.len() / self.columns.len().max(1)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows, from the first.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[String]> {
        self.cells.chunks(self.columns.len().max(1))
    }

    /// The cells of a column; `None` if there is no such column.
    pub fn column(&self, name: &str) -> Option<impl Iterator<Item = &str>> {
        let position = self.columns.iter().position(|column| column == name)?;
        Some(self.rows().map(move |row| row[position].as_str()))
    }

    /// The cells of a column as numbers, an empty cell as NaN; `None` if there is no such column.
    /// `file` is named in the error.
    ///
    /// # Errors
    ///
    /// [`FormatError::Cell`] for a cell that is not a number.
    pub fn numbers(&self, name: &str, file: &str) -> Result<Option<Vec<f64>>, FormatError> {
        let Some(cells) = self.column(name) else { return Ok(None) };
        let number = |(row, text): (usize, &str)| {
            let text = text.trim();
            if text.is_empty() {
                return Ok(f64::NAN);
            }
            text.parse().map_err(|_| FormatError::Cell {
                file: file.into(),
                column: name.into(),
                row,
                text: text.chars().take(40).collect(),
            })
        };
        cells.enumerate().map(number).collect::<Result<_, _>>().map(Some)
    }

    /// Reads text with a header line, separated by whatever separates the names in it: commas,
    /// semicolons or tabulators.
    pub(crate) fn read_any(text: &str, file: &str) -> Result<Self, FormatError> {
        let text = text.trim_start_matches('\u{feff}');
        let header = text.lines().next().unwrap_or_default();
        let separator = [',', ';', '\t'].into_iter().max_by_key(|c| header.matches(*c).count());
        Self::read_separated(text.as_bytes(), file, separator.map_or(b',', |c| c as u8))
    }

    /// Reads comma-separated text with a header line.
    pub(crate) fn read(text: impl Read, file: &str) -> Result<Self, FormatError> {
        Self::read_separated(text, file, b',')
    }

    fn read_separated(text: impl Read, file: &str, separator: u8) -> Result<Self, FormatError> {
        let fail = |source| FormatError::Table { file: file.into(), source };
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text);
        let columns = reader.headers().map_err(fail)?.iter().map(str::to_owned).collect();
        let mut cells = Vec::new();
        for row in reader.records() {
            cells.extend(row.map_err(fail)?.iter().map(str::to_owned));
        }
        Ok(Self { columns, cells })
    }

    /// The table as comma-separated text; `file` is named in the error.
    ///
    /// # Errors
    ///
    /// [`FormatError::Table`], which happens only if memory runs out.
    pub fn to_csv(&self, file: &str) -> Result<Vec<u8>, FormatError> {
        let fail = |source| FormatError::Table { file: file.into(), source };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).map_err(fail)?;
        for row in self.rows() {
            writer.write_record(row).map_err(fail)?;
        }
        writer.into_inner().map_err(|error| FormatError::io("writing", file, error.into_error()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reading_inverts_writing(rows in prop::collection::vec(prop::array::uniform2("[ -~\n]{0,12}"), 0..8)) {
            let mut table = Table::new(&["a", "b, c"]);
            for row in &rows {
                table.push(row);
            }
            let text = table.to_csv("t.csv").unwrap();
            prop_assert_eq!(Table::read(&text[..], "t.csv").unwrap(), table);
        }

        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(table) = Table::read(&bytes[..], "t.csv") {
                prop_assert!(table.rows().all(|row| row.len() == table.columns().len()));
            }
        }
    }

    #[test]
    fn numbers_are_read_and_others_named() {
        let table =
            Table::read(&b"compliance,source\n1.5,a\n,b\nnan,c\nx,d\n"[..], "r.csv").unwrap();
        let error = table.numbers("compliance", "r.csv").unwrap_err();
        assert_eq!(
            error.to_string(),
            "r.csv: column \"compliance\" of row 3 is \"x\", which is not a number"
        );
        assert_eq!(table.column("source").unwrap().collect::<String>(), "abcd");
    }

    #[test]
    fn a_short_row_is_named_by_line() {
        let error = Table::read(&b"a,b\n1,2\n3\n"[..], "r.csv").unwrap_err();
        let reason = std::error::Error::source(&error).unwrap().to_string();
        assert!(reason.contains("line: 3"), "{reason}");
    }
}
