//! Tables of text with a header: `results.csv`.

use std::io::Read;

use crate::error::FormatError;
use crate::formats::text::{Sheet, wrong};

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

    /// Reads text separated by commas, semicolons, tabulators, bars or blanks, its names in the
    /// first line or in a comment; without names, columns are called `condition_0` and so on. A
    /// first column without a name that counts the rows is left out. Numbers get a decimal point.
    pub(crate) fn read_any(text: &str, file: &str) -> Result<Self, FormatError> {
        let sheet = Sheet::read(text, file)?;
        let skipped = usize::from(sheet.has_index);
        let width = match sheet.header.len() {
            0 => sheet.lines.first().map_or(0, |(_, line)| sheet.dialect.cells(line).len()),
            width => width,
        };
        let unnamed = |i| format!("condition_{i}");
        let columns: Vec<String> = match sheet.header.get(skipped..) {
            Some(names) if !sheet.header.is_empty() => names.to_vec(),
            _ => (0..width.saturating_sub(skipped)).map(unnamed).collect(),
        };
        let mut cells = Vec::new();
        for (line, text) in &sheet.lines {
            let mut row = sheet.dialect.cells(text);
            if width < row.len() {
                let why = format!("{} cells where there are {width} columns", row.len());
                return Err(wrong(file, *line, &why));
            }
            row.resize(width, "".into());
            for cell in &row[skipped..] {
                let plain = cell.parse::<f64>().is_ok();
                let number = sheet.dialect.number(cell).filter(|_| !plain);
                cells.push(number.map_or_else(|| cell.to_string(), |number| number.to_string()));
            }
        }
        Ok(Self { columns, cells })
    }

    /// Reads text with a header line, separated by whichever of comma, semicolon and tabulator is
    /// most frequent in that line; cells may be empty, and numbers get a decimal point. `file` is
    /// named in the error.
    ///
    /// # Errors
    ///
    /// [`FormatError::Table`] names the line that is no row.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = vae_data::Table::read_separated("name;volume\nleft;0,4\nright;\n", "tasks.csv")?;
    /// assert_eq!(table.rows().collect::<Vec<_>>(), [["left", "0.4"], ["right", ""]]);
    /// # Ok::<(), vae_data::FormatError>(())
    /// ```
    pub fn read_separated(text: &str, file: &str) -> Result<Self, FormatError> {
        let text = text.trim_start_matches('\u{feff}');
        let header = text.lines().next().unwrap_or_default();
        let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
        let separator = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
        let mut table = Self::separated(text.as_bytes(), separator, file)?;
        if separator != b',' {
            for cell in &mut table.cells {
                let point = cell.replacen(',', ".", 1);
                if cell.contains(',') && point.trim().parse::<f64>().is_ok() {
                    *cell = point;
                }
            }
        }
        Ok(table)
    }

    /// Reads comma-separated text with a header line.
    pub(crate) fn read(text: impl Read, file: &str) -> Result<Self, FormatError> {
        Self::separated(text, b',', file)
    }

    fn separated(text: impl Read, separator: u8, file: &str) -> Result<Self, FormatError> {
        let fail = |source| FormatError::Table { file: file.into(), source };
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text);
        let columns = reader.headers().map_err(fail)?.iter().map(str::to_owned).collect();
        let mut cells = Vec::new();
        for row in reader.records() {
            cells.extend(row.map_err(fail)?.iter().map(str::to_owned));
        }
        Ok(Self { columns, cells })
    }

    /// The table for a spreadsheet, which takes a cell that begins with `=`, `+`, `-` or `@` for a
    /// formula: such cells are marked as text by an apostrophe, numbers aside.
    #[must_use]
    pub fn for_spreadsheets(&self) -> Self {
        let as_text = |cell: &String| {
            // Blanks before a formula do not keep a program from reading it.
            let formula = cell.trim_start().starts_with(['=', '+', '-', '@']);
            if formula && cell.trim().parse::<f64>().is_err() {
                format!("'{cell}")
            } else {
                cell.clone()
            }
        };
        let marked = |cells: &[String]| cells.iter().map(as_text).collect();
        Self { columns: marked(&self.columns), cells: marked(&self.cells) }
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

    #[test]
    fn a_formula_is_text_in_a_spreadsheet_and_a_number_stays() {
        let mut table = Table::new(&["=1+1", "b"]);
        for cells in [["=cmd", "-1.5e-3"], ["@a", "+2"], [" +a", "a=b"], ["-", "-inf"]] {
            table.push(&cells);
        }
        let text = table.for_spreadsheets().to_csv("t.csv").unwrap();
        let expected = "'=1+1,b\n'=cmd,-1.5e-3\n'@a,+2\n' +a,a=b\n'-,-inf\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

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
    fn tables_are_read_however_they_are_separated() {
        let mut expected = Table::new(&["volume", "load"]);
        expected.push(&["0.5", "3"]);
        expected.push(&["0.25", "4"]);
        for text in [
            "volume,load\n0.5,3\n0.25,4\n",
            "volume;load\n0,5;3\n0,25;4\n",
            "\u{feff}volume\tload\r\n0,5\t3\r\n0,25\t4\r\n",
            "# volume load\n0.5 3\n0.25 4\n",
            ",volume,load\n0,0.5,3\n1,0.25,4\n",
            "\"volume\" \"load\"\n0.5 3\n0.25 4\n",
        ] {
            assert_eq!(Table::read_any(text, "t").unwrap(), expected, "{text:?}");
        }
        let unnamed = Table::read_any("0.5,3\n0.25,4\n", "t").unwrap();
        assert_eq!(unnamed.columns(), ["condition_0", "condition_1"]);
        assert_eq!(unnamed.len(), 2);
        assert!(Table::read_any("a,b\n1,2,3\n", "t").is_err());
    }

    #[test]
    fn a_short_row_is_named_by_line() {
        let error = Table::read(&b"a,b\n1,2\n3\n"[..], "r.csv").unwrap_err();
        let reason = std::error::Error::source(&error).unwrap().to_string();
        assert!(reason.contains("line: 3"), "{reason}");
    }
}
