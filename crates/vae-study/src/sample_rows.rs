//! Conditions that differ from row to row of a sheet of new designs.

use std::path::Path;

use vae_base::files::read_text;
use vae_data::{DataError, Table};

use crate::error::{Result, StudyError};

/// Largest size of a table, in bytes.
const MOST_TEXT: u64 = 16 << 20;
/// Lines of a table, at most.
const MOST_LINES: usize = 10_000;

/// Values of conditions for each row of a sheet of designs, at least one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The conditions.
    names: Vec<String>,
    /// Their values in each row; `None` for one that the row leaves as it is.
    values: Vec<Vec<Option<f32>>>,
}

impl Rows {
    /// `NAME=V1,V2,...`, the values of one condition, or the path of a table: [`Rows::read`].
    ///
    /// # Errors
    /// [`StudyError::Rows`] for a value that is no number; as [`Rows::read`].
    pub fn stated(text: &str) -> Result<Self> {
        let path = Path::new(text);
        match text.split_once('=') {
            Some((name, values)) if !path.is_file() => {
                let series = Self::series(name, values);
                series.map_err(|why| StudyError::Rows { path: path.to_owned(), why })
            }
            _ => Self::read(path),
        }
    }

    fn series(name: &str, values: &str) -> std::result::Result<Self, String> {
        let number = |text: &str| match text.trim().parse() {
            Ok(value) => Ok(vec![Some(value)]),
            Err(_) => Err(format!("{text:?} is not a number")),
        };
        let values = values.split(',').map(number).collect::<std::result::Result<_, _>>()?;
        Ok(Self { names: vec![name.to_owned()], values })
    }

    /// Reads a table of conditions, separated by commas, semicolons or tabulators: a column for
    /// each condition, and a line for each row. An empty cell leaves the condition as it is.
    ///
    /// # Errors
    /// [`StudyError::Rows`] for a table without lines, or with too many, and for a cell that is no
    /// number.
    pub fn read(path: &Path) -> Result<Self> {
        let io = |source| StudyError::Io { action: "read", path: path.into(), source };
        let text = read_text(path, MOST_TEXT).map_err(io)?;
        let table = Table::read_separated(&text, &path.display().to_string());
        let table = table.map_err(DataError::from)?;
        let wrong = |why: String| StudyError::Rows { path: path.to_owned(), why };
        let names = table.columns().to_vec();
        let cell = |line: usize, (name, cell): (&String, &String)| match cell.trim() {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| wrong(format!("line {}: {name} {text:?} is not a number", line + 1))),
        };
        let row = |(line, cells): (usize, &[String])| {
            names.iter().zip(cells).map(|both| cell(line, both)).collect::<Result<Vec<_>>>()
        };
        if !(1..=MOST_LINES).contains(&table.len()) {
            let why = format!("it has {} lines; from 1 to {MOST_LINES} are taken", table.len());
            return Err(wrong(why));
        }
        let values = table.rows().enumerate().map(row).collect::<Result<_>>()?;
        Ok(Self { names, values })
    }

    /// Names of the conditions.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The conditions that each row sets, with their values.
    pub(crate) fn each(&self) -> impl Iterator<Item = Vec<(String, f32)>> {
        let set = |(name, value): (&String, &Option<f32>)| Some((name.clone(), (*value)?));
        self.values.iter().map(move |row| self.names.iter().zip(row).filter_map(set).collect())
    }

    /// Whether a column of the sheet is one draw, seen under the values of a single condition;
    /// otherwise each design is a draw of its own.
    pub(crate) fn share_draws(&self) -> bool {
        self.names.len() == 1
    }

    /// What the labels of the rows say.
    pub(crate) fn title(&self) -> String {
        self.names.join(", ")
    }

    /// A label for each row.
    pub(crate) fn labels(&self) -> Vec<String> {
        let label = |value: &Option<f32>| value.map_or_else(String::new, |value| value.to_string());
        self.values.iter().map(|row| row.iter().map(label).collect::<Vec<_>>().join(", ")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rows> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conditions.csv");
        std::fs::write(&path, text).unwrap();
        Rows::read(&path)
    }

    #[test]
    fn a_line_sets_its_conditions_and_an_empty_cell_none() {
        let rows = read("load_x;volume\n0,25;0,3\n;0.4\n").unwrap();
        let set: Vec<_> = rows.each().collect();
        let named = |name: &str, value| (name.to_owned(), value);
        assert_eq!(set[0], [named("load_x", 0.25), named("volume", 0.3)]);
        assert_eq!(set[1], [named("volume", 0.4)]);
        assert_eq!(rows.labels(), ["0.25, 0.3", ", 0.4"]);
        assert!(!rows.share_draws());
    }

    #[test]
    fn one_condition_is_a_series() {
        let rows = Rows::stated("volume=0.3, 0.4").unwrap();
        assert_eq!(
            (rows.labels(), rows.title()),
            (vec!["0.3".into(), "0.4".into()], "volume".into())
        );
        assert!(rows.share_draws());
        assert_eq!(rows, read("volume\n0.3\n0.4\n").unwrap());
        assert!(
            Rows::stated("volume=0.3,much").unwrap_err().to_string().contains("\"much\" is not")
        );
        assert!(Rows::stated("volume").is_err(), "no such file");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let said = |text| read(text).unwrap_err().to_string();
        assert!(said("volume,load_x\n0.3,0.5\n0.4,top\n").contains("line 2: load_x \"top\""));
        assert!(said("volume\n").contains("0 lines"));
    }
}
