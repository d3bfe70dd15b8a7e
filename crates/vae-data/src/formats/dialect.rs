//! How the cells of a text are separated, and how its numbers are written.

use std::borrow::Cow;

/// Lines that are looked at to find out how cells are separated.
const SAMPLE: usize = 50;

/// What may separate cells, besides blanks; the first of those that fit equally well is taken.
pub(crate) const SEPARATORS: [char; 4] = ['\t', ';', ',', '|'];

/// How the cells of a text are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// What separates cells; `None` for blanks.
    pub(crate) separator: Option<char>,
    /// Whether numbers have a decimal comma.
    pub(crate) decimal_comma: bool,
}

impl Dialect {
    /// The dialect of lines, a few of which may be titles.
    pub(crate) fn of(lines: &[(usize, &str)]) -> Self {
        let titles = if lines.len() < 5 { 0 } else { 3 };
        let sample: Vec<&str> =
            lines[titles..].iter().take(SAMPLE).map(|(_, line)| *line).collect();
        // Share of cells that are numbers; the only cell of a line counts as no number.
        let share = |separator: Option<char>| {
            let dialect = Self { separator, decimal_comma: separator != Some(',') };
            let (mut numbers, mut all) = (0_u32, 0_u32);
            for line in &sample {
                let cells = dialect.cells(line);
                let is_number = |cell: &&Cow<'_, str>| {
                    let comma = dialect.decimal_comma && cell.contains(',');
                    cell.is_empty() || number(cell, comma).is_some()
                };
                all += cells.len() as u32;
                if 1 < cells.len() {
                    numbers += cells.iter().filter(is_number).count() as u32;
                }
            }
            f64::from(numbers) / f64::from(all.max(1))
        };
        let (mut separator, mut most) = (None, 0.0);
        for candidate in SEPARATORS.into_iter().map(Some).chain([None]) {
            let share = share(candidate);
            if most < share {
                (separator, most) = (candidate, share);
            }
        }
        let with_comma = |(_, line): &(usize, &str)| {
            line.as_bytes().windows(2).any(|pair| pair[0] == b',' && pair[1].is_ascii_digit())
        };
        Self { separator, decimal_comma: separator != Some(',') && lines.iter().any(with_comma) }
    }

    /// The cells of a line without their quotes, but for an empty one behind the last separator.
    pub(crate) fn cells<'a>(self, line: &'a str) -> Vec<Cow<'a, str>> {
        let Some(separator) = self.separator else {
            return line.split_whitespace().map(|cell| unquoted(cell).into()).collect();
        };
        let mut cells: Vec<Cow<'a, str>> = if line.contains('"') {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .delimiter(separator as u8)
                .from_reader(line.as_bytes());
            let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
            record.iter().map(|cell| cell.trim().to_owned().into()).collect()
        } else {
            line.split(separator).map(|cell| unquoted(cell).into()).collect()
        };
        if 1 < cells.len() && cells.last().is_some_and(|cell| cell.is_empty()) {
            cells.pop();
        }
        cells
    }

    /// A cell as a number.
    pub(crate) fn number(self, cell: &str) -> Option<f64> {
        number(cell, self.decimal_comma)
    }
}

fn unquoted(cell: &str) -> &str {
    cell.trim().trim_matches('"').trim()
}

/// A cell as a number, with a decimal comma or a decimal point; Fortran's exponents have a D. `None`
/// of a cell with both marks, of which one may be for thousands.
fn number(cell: &str, comma: bool) -> Option<f64> {
    let first = cell.trim_start_matches(['+', '-']).chars().next()?;
    if !(first.is_ascii_digit() || matches!(first, '.' | ',')) {
        // As masks are written.
        if let Some(is_true) = truth(cell) {
            return Some(f64::from(u8::from(is_true)));
        }
        // Not numbers are numbers to the computer, if nothing else is in their way.
        return cell.parse().ok().filter(|value: &f64| !value.is_finite());
    }
    let cell = match (comma, cell.contains(','), cell.contains('.')) {
        (true, true, false) => Cow::from(cell.replacen(',', ".", 1)),
        (true, false, true) | (_, true, _) => return None,
        _ => Cow::from(cell),
    };
    cell.parse().ok().or_else(|| cell.replace(['D', 'd'], "e").parse().ok())
}

/// A cell that says whether there is material, as programs write it.
fn truth(cell: &str) -> Option<bool> {
    match cell {
        "True" | "TRUE" | "true" => Some(true),
        "False" | "FALSE" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_two_marks_is_none() {
        assert_eq!(number("1,5", true), Some(1.5));
        assert_eq!(number("1.5", false), Some(1.5));
        for (cell, comma) in [("1.234,5", true), ("1,234.5", false), ("1.5", true), ("1,5", false)]
        {
            assert_eq!(number(cell, comma), None, "{cell}");
        }
        assert!(number("nan", false).is_some_and(f64::is_nan));
        assert_eq!(number("infinite", false), None);
    }
}
