//! Numbers in text files, a line per row: how cells are separated, what is a header, and matrices.

use std::borrow::Cow;

use crate::error::FormatError;
use crate::formats::dialect::Dialect;
use crate::formats::header::{are_units, counts, names, steps};

/// A matrix of numbers: rows from the top, (rows, columns) and its values row by row.
pub(crate) type Matrix = ((usize, usize), Vec<f32>);

/// The lines of a text file of numbers, with the names of their columns.
#[derive(Debug)]
pub(crate) struct Sheet<'a> {
    pub(crate) file: &'a str,
    pub(crate) dialect: Dialect,
    /// Names of the columns; empty if there are none.
    pub(crate) header: Vec<String>,
    /// The lines below the header that hold something, with their numbers from 1.
    pub(crate) lines: Vec<(usize, &'a str)>,
    /// Whether the first cell of each line counts the lines, as pandas writes it.
    pub(crate) has_index: bool,
}

/// Whether commas separate the cells of lines and stand inside of their numbers as well: `0,075`
/// and `0,5` then have cells such as 075, which no program writes as a number.
fn has_two_meanings_of_commas(lines: &[(usize, &str)]) -> bool {
    let is_padded = |cell: &str| {
        let digits = cell.trim();
        1 < digits.len() && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let even = |(_, line): &&(usize, &str)| line.split(',').count().is_multiple_of(2);
    lines.iter().all(|(_, line)| !line.contains('.'))
        && lines.iter().filter(even).count() == lines.len()
        && lines.iter().any(|(_, line)| line.split(',').skip(1).step_by(2).any(is_padded))
}

/// The number of blocks that blank lines or comments divide numbers into, if these have equally
/// many lines, and more than one; 1 otherwise.
fn blocks(lines: &[(usize, &str)]) -> usize {
    let runs: Vec<usize> = lines.chunk_by(|a, b| a.0 + 1 == b.0).map(<[_]>::len).collect();
    let first = runs.first().copied().unwrap_or(0);
    if 1 < first && runs.iter().all(|n| *n == first) { runs.len() } else { 1 }
}

impl<'a> Sheet<'a> {
    /// Takes a text apart.
    ///
    /// Comments begin with # or % (or ** in input files of finite-element programs); the last one
    /// before the numbers is the header if it has as many names as there are columns.
    pub(crate) fn read(text: &'a str, file: &'a str) -> Result<Self, FormatError> {
        let mut comment = None;
        let mut lines = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}');
            let trimmed = line.trim();
            if trimmed.starts_with(['#', '%']) || trimmed.starts_with("**") {
                if lines.is_empty() {
                    comment = Some(trimmed.trim_start_matches(['#', '%', '*']).trim());
                }
            } else if !trimmed.is_empty() && !trimmed.chars().all(|c| "-=+| \t".contains(c)) {
                // A tabulator at the beginning is an empty cell.
                lines.push((i + 1, line.trim_end().trim_start_matches(' ')));
            }
        }
        if lines.is_empty() {
            return Err(wrong(file, 1, "the file holds no numbers"));
        }
        // Titles above the numbers: lines without a single one.
        let dialect = Dialect::of(&lines);
        let is_title = |line: &str| {
            line.contains(char::is_alphabetic)
                && dialect.cells(line).iter().all(|cell| dialect.number(cell).is_none())
        };
        let n_titles = lines.iter().take_while(|(_, line)| is_title(line)).count();
        if n_titles == lines.len() && 1 < lines.len() {
            let cells = dialect.cells(lines[1].1);
            let cell = cells.iter().find(|cell| !cell.is_empty()).cloned().unwrap_or_default();
            return Err(not_a_number(file, lines[1].0, &cell));
        }
        let width = lines.get(n_titles).map_or(0, |(_, line)| dialect.cells(line).len());
        let titles: Vec<(usize, &str)> = lines.drain(..n_titles).collect();
        let mut has_index = false;
        let mut header = Vec::new();
        for title in comment.into_iter().chain(titles.iter().map(|(_, title)| *title)).rev() {
            let above = names(title, dialect, width);
            // Units may stand between the names and the numbers.
            if header.is_empty() || (are_units(&header) && !above.is_empty()) {
                header = above;
            }
        }
        if let (true, Some((line, title)), Some(_)) =
            (header.is_empty() && 0 < width, titles.last(), dialect.separator)
        {
            let names = dialect.cells(title);
            // R writes no name above the column that counts.
            let rows = lines.iter().filter_map(|(_, line)| dialect.cells(line).into_iter().next());
            if names.len() + 1 == width && counts(&rows.collect::<Vec<_>>()) {
                header = std::iter::once(String::new())
                    .chain(names.into_iter().map(Cow::into_owned))
                    .collect();
            } else if 1 < names.len() {
                let why = format!("{} names where the rows have {width} cells", names.len());
                return Err(wrong(file, *line, &why));
            }
        }
        if header.is_empty()
            && let Some((_, first)) = lines.first()
        {
            let cells = dialect.cells(first);
            let second = lines.get(1).map(|(_, line)| dialect.cells(line));
            // pandas writes the numbers of the columns: alone, or after the name of the rows.
            let numbered = counts(&cells) && second.is_none_or(|cells| !counts(&cells));
            let is_even = || {
                let places = cells[1..].iter().map(|cell| dialect.number(cell));
                places.collect::<Option<Vec<f64>>>().and_then(|all| steps(&all)).is_some()
            };
            has_index = 1 < cells.len()
                && (cells[0].is_empty()
                    || (dialect.number(&cells[0]).is_none() && (counts(&cells[1..]) || is_even())));
            if (numbered || has_index) && 1 < lines.len() {
                header = cells.iter().map(|cell| cell.trim().to_owned()).collect();
                lines.remove(0);
            }
        } else if 1 < header.len() {
            has_index =
                header[0].is_empty() || (counts(&header[1..]) && header[0].parse::<f64>().is_err());
        }
        let Some((first, _)) = lines.first() else {
            return Err(wrong(file, 1, "nothing follows the header"));
        };
        if let [only] = &dialect.cells(lines[0].1)[..]
            && dialect.number(only).is_none()
        {
            return Err(not_a_number(file, *first, only));
        }
        if dialect.separator == Some(',') && has_two_meanings_of_commas(&lines) {
            let why = "commas separate numbers and seem to stand inside of them; write decimal \
                       points, or separate numbers by semicolons";
            return Err(wrong(file, *first, why));
        }
        let n = blocks(&lines);
        if 1 < n {
            let why = format!(
                "blank lines or comments divide the numbers into {n} blocks of equal size; give \
                 each design a file of its own"
            );
            return Err(wrong(file, *first, &why));
        }
        let mut sheet = Self { file, dialect, header, lines, has_index };
        sheet.has_index |= sheet.header.is_empty() && sheet.first_column_counts();
        Ok(sheet)
    }

    /// Whether the first column counts the lines, and the second does not.
    fn first_column_counts(&self) -> bool {
        let column = |column: usize| {
            let cell = |(_, line): &(usize, &str)| {
                self.dialect.cells(line).get(column).map(ToString::to_string)
            };
            self.lines.iter().map(|line| cell(line).unwrap_or_default()).collect::<Vec<_>>()
        };
        3 < self.lines.len() && counts(&column(0)) && {
            let second = column(1);
            second.iter().all(|cell| !cell.is_empty()) && !counts(&second)
        }
    }

    /// The numbers of line `line`, without the first `skipped` cells.
    pub(crate) fn row(
        &self,
        (line, text): (usize, &str),
        skipped: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), FormatError> {
        for cell in self.dialect.cells(text).iter().skip(skipped) {
            let value =
                self.dialect.number(cell).ok_or_else(|| not_a_number(self.file, line, cell))?;
            values.push(value as f32);
        }
        Ok(())
    }

    /// The numbers of a column; `None` if a cell is none.
    pub(crate) fn column(&self, column: usize) -> Option<Vec<f64>> {
        let cell = |(_, line): &(usize, &str)| {
            self.dialect.cells(line).get(column).and_then(|cell| self.dialect.number(cell))
        };
        self.lines.iter().map(cell).collect()
    }

    /// The number of cells that count the lines: one or none.
    pub(crate) fn index_cells(&self) -> usize {
        usize::from(self.has_index || self.first_column_counts())
    }

    /// The numbers, a line per row from the top, without a column that counts the lines.
    pub(crate) fn matrix(&self) -> Result<Matrix, FormatError> {
        let skipped = self.index_cells();
        let (mut values, mut width) = (Vec::new(), None);
        for (line, text) in &self.lines {
            let before = values.len();
            self.row((*line, text), skipped, &mut values)?;
            let found = values.len() - before;
            let expected = *width.get_or_insert(found);
            if found != expected || found == 0 {
                let why = format!("{found} numbers where the rows above have {expected}");
                return Err(wrong(self.file, *line, &why));
            }
        }
        Ok(((self.lines.len(), width.unwrap_or(0)), values))
    }
}

/// The error of one line.
pub(crate) fn wrong(file: &str, line: usize, why: &str) -> FormatError {
    FormatError::Text { file: file.into(), line, why: why.into() }
}

/// The error of a cell that is no number.
pub(crate) fn not_a_number(file: &str, line: usize, cell: &str) -> FormatError {
    let has = |mark: char| cell.contains(mark) && cell.contains(|c: char| c.is_ascii_digit());
    let why = match () {
        () if cell.is_empty() => {
            return wrong(file, line, "a cell is empty where a number is expected");
        }
        () if has('%') => "; write 0.4 instead of 40 %",
        () if has(',') && has('.') => "; write numbers without marks for thousands",
        () if has('.') && cell.parse::<f64>().is_ok() => {
            " with a decimal comma, as others in the file have; write all with the same mark, and \
             without marks for thousands"
        }
        () if has('[') => "; numpy.savetxt writes arrays without brackets",
        () => "",
    };
    let cell: String = cell.chars().take(40).collect();
    wrong(file, line, &format!("{cell:?} is not a number{why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(text: &str) -> Result<Matrix, FormatError> {
        Sheet::read(text, "a.csv")?.matrix()
    }

    #[test]
    fn matrices_are_read_however_they_are_separated() {
        let expected = ((2, 3), vec![0.0, 0.5, 1.0, 1.0, 0.25, 0.0]);
        for text in [
            "0,0.5,1\n1,0.25,0\n",
            "0 0.5  1\r\n1 0.25 0",
            "# densities\n0\t0.5\t1\n\n1\t0.25\t0\n",
            "0,0;0,5;1\n1;0,25;0\n",
            "0,0\t0,5\t1,0\n1\t0,25\t0\n",
            "0,0 0,5 1,0\n1 0,25 0\n",
            "0.0, 0.5, 1\n1, 0.25, 0\n",
            "0|0.5|1\n1|0.25|0\n",
            ",0,1,2\n0,0,0.5,1\n1,1,0.25,0\n",
            "row,0,1,2\n0,0,0.5,1\n1,1,0.25,0\n",
            "0,1,2\n0,0.5,1\n1,0.25,0\n",
            "\t0\t1\t2\n0\t0,0\t0,5\t1\n1\t1\t0,25\t0\n",
            "a,b,c\n0,0.5,1,\n1,0.25,0,\n",
            "made by a program\na b c\n-----\n0 0.5 1\n1 0.25 0\n",
            "\u{feff}\"0\",\"0.5\",\"1\"\n1,0.25,0",
            "0.0D+00 5.0D-01 1.0d0\n1.0 2.5E-1 0",
        ] {
            assert_eq!(matrix(text).unwrap(), expected, "{text:?}");
        }
        // Without a header, a first column that counts is none of the design.
        let counted = "0,0,0.5\n1,1,0.25\n2,0,0\n3,1,1\n";
        assert_eq!(matrix(counted).unwrap().0, (4, 2));
    }

    #[test]
    fn a_header_is_found_above_the_numbers_or_in_a_comment() {
        for text in [
            "x y rho\n0 0 1\n0 1 2\n",
            "# x y rho\n0 0 1\n0 1 2\n",
            "# made by us\n# x, y, rho\n0 0 1\n0 1 2\n",
            "x\ty\trho\n0\t0\t1\n",
            "** nodes\nx,y,rho\n0,0,1\n",
        ] {
            let sheet = Sheet::read(text, "a.csv").unwrap();
            assert_eq!(sheet.header, ["x", "y", "rho"], "{text:?}");
        }
        let report = "Element Label       COORD1     S Mises\n 1   0.5   2.5\n 2   1.5   2.5\n";
        let sheet = Sheet::read(report, "a.rpt").unwrap();
        assert_eq!(sheet.header, ["Element Label", "COORD1", "S Mises"]);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, words) in [
            ("0,1\n0\n", "line 2: 1 numbers where the rows above have 2"),
            ("0,1\n0,x\n", "line 2: \"x\" is not a number"),
            ("", "no numbers"),
            ("# nothing\n", "no numbers"),
            ("a,b\n", "nothing follows"),
            ("a,b\nc,d\n", "is not a number"),
        ] {
            let error = matrix(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_matrix_or_an_error(text in "[0-9a-d.,;|\"# \n\t-]{0,60}") {
            if let Ok(((height, width), values)) = matrix(&text) {
                proptest::prop_assert_eq!(height * width, values.len());
            }
        }
    }
}
