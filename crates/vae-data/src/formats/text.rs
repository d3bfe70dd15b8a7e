//! Numbers in text files, a line per row.

use crate::error::FormatError;

/// A matrix of numbers: rows from the top, (rows, columns) and its values row by row.
pub(crate) type Matrix = ((usize, usize), Vec<f32>);

/// Reads a matrix of numbers, a line per row from the top, with or without a header of names or the
/// header and row numbers that pandas writes.
pub(crate) fn matrix(text: &str, file: &str) -> Result<Matrix, FormatError> {
    let mut lines = numbered(text);
    let Some((line, first)) = lines.next() else {
        return Err(wrong(file, 1, "the file holds no numbers"));
    };
    let header: Vec<&str> = cells(first).collect();
    // pandas writes the numbers of the columns after an empty cell.
    let has_index = header.first().is_some_and(|cell| cell.is_empty());
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

/// The lines that hold something, with their numbers.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim_start_matches('\u{feff}').trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', '%']))
}

/// The cells of a line: separated by semicolons, else by commas, else by blanks.
pub(crate) fn cells(line: &str) -> impl Iterator<Item = &str> {
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
pub(crate) fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().or_else(|| cell.replacen(',', ".", 1).parse().ok())
}

/// Appends the numbers of a line to `values`, without its first `skip` cells.
pub(crate) fn read_row(
    row: &str,
    skip: usize,
    file: &str,
    line: usize,
    values: &mut Vec<f32>,
) -> Result<(), FormatError> {
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

/// The error of one line.
pub(crate) fn wrong(file: &str, line: usize, why: &str) -> FormatError {
    FormatError::Text { file: file.into(), line, why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(matrix(text, "a.csv").unwrap(), expected, "{text:?}");
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
            let error = matrix(text, "a.csv").unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
