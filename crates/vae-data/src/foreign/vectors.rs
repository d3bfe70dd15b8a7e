//! Text files of flat vectors, brought into rows as a layout states.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use crate::error::{DataError, FormatError};
use crate::foreign::layout::Flat;
use crate::foreign::points::numbered_densities;
use crate::formats::encoding::decoded;
use crate::formats::text::{Sheet, not_a_number, wrong};

/// No line is longer than this.
const MAX_LINE: usize = 64 << 20;

/// Reads flat vectors: one per line, one per column, or one with a number per line. They come out
/// row by row from the top. Of a table of numbered elements, their densities are taken.
pub(crate) fn vectors(text: &str, file: &str, layout: Flat) -> Result<Vec<f32>, DataError> {
    let sheet = Sheet::read(text, file)?;
    let cells = layout.cells();
    let ((height, width), values) = match numbered_densities(&sheet) {
        Some((number, density)) => {
            let values = by_number(&sheet, number, density)?;
            ((values.len(), 1), values)
        }
        None => sheet.matrix()?,
    };
    let vectors: Vec<f32> = if width == cells || (width == 1 && height == cells) {
        values
    } else if height == cells {
        (0..width).flat_map(|column| values[column..].iter().step_by(width).copied()).collect()
    } else if let Some(others) = beside_cells(&sheet, cells) {
        let why = format!(
            "beside {cells} densities stand the columns {}; take them out, and give them as a table \
             of conditions",
            others.join(", ")
        );
        return Err(wrong(file, 1, &why).into());
    } else {
        return Err(layout.error(file, vec![height, width]).into());
    };
    Ok(vectors.chunks_exact(cells).flat_map(|vector| layout.in_rows(vector)).collect())
}

/// The names of the columns that stand beside as many numbered ones as a design has cells.
fn beside_cells(sheet: &Sheet<'_>, cells: usize) -> Option<Vec<String>> {
    let stem = |name: &String| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let last = stem(sheet.header.last()?);
    let (of_cells, others): (Vec<&String>, Vec<&String>) =
        sheet.header.iter().partition(|name| name.len() != last.len() && stem(name) == last);
    (of_cells.len() == cells && !others.is_empty())
        .then(|| others.into_iter().map(|name| name.trim().to_owned()).collect())
}

/// The densities of elements in the order of their numbers.
fn by_number(
    sheet: &Sheet<'_>,
    number: Option<usize>,
    density: usize,
) -> Result<Vec<f32>, FormatError> {
    let mut elements = Vec::with_capacity(sheet.lines.len());
    for (line, text) in &sheet.lines {
        let cells = sheet.dialect.cells(text);
        let cell = |column: usize| {
            let cell = cells.get(column).map_or("", |cell| cell);
            sheet.dialect.number(cell).ok_or_else(|| not_a_number(sheet.file, *line, cell))
        };
        elements.push((number.map_or(Ok(0.0), cell)?, cell(density)? as f32));
    }
    elements.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(elements.into_iter().map(|(_, density)| density).collect())
}

/// Streams a text file of flat vectors, one per line.
pub(crate) fn for_each_vector(
    path: &Path,
    layout: Flat,
    mut each: impl FnMut(&[f32]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let file = path.display().to_string();
    let fail = |source| FormatError::io_path("reading", path, source);
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(fail)?);
    // The first lines say how the others are written.
    let mut head = Vec::new();
    reader.by_ref().take(2 * MAX_LINE as u64).read_until(b'\n', &mut head).map_err(fail)?;
    let more = head.len().max(1 << 16);
    reader.by_ref().take(more as u64).read_to_end(&mut head).map_err(fail)?;
    let whole = head.iter().rposition(|byte| *byte == b'\n').map_or(head.len(), |at| at + 1);
    let rest = head.split_off(whole);
    let head = decoded(head);
    let sheet = Sheet::read(&head, &file)?;
    let skipped = sheet.index_cells();
    let mut line = head.lines().count();
    let mut vector = Vec::new();
    let mut take = |values: &mut Vec<f32>, line: usize| {
        if values.len() != layout.cells() {
            let found = values.len();
            let cells = layout.cells();
            let why = format!("{found} numbers where the layout {layout} asks for {cells}");
            return Err(DataError::from(wrong(&file, line, &why)));
        }
        let done = each(&layout.in_rows(values));
        values.clear();
        done
    };
    for (line, text) in &sheet.lines {
        sheet.row((*line, text), skipped, &mut vector)?;
        take(&mut vector, *line)?;
    }
    let mut reader = std::io::Cursor::new(rest).chain(reader);
    let mut text = String::new();
    loop {
        text.clear();
        line += 1;
        let n = reader.by_ref().take(MAX_LINE as u64 + 1).read_line(&mut text).map_err(fail)?;
        if n == 0 {
            return Ok(());
        }
        if MAX_LINE < n {
            return Err(wrong(&file, line, "the line is too long").into());
        }
        let trimmed = text.trim();
        if !trimmed.is_empty() && !trimmed.starts_with(['#', '%']) {
            sheet.row((line, trimmed), skipped, &mut vector)?;
            take(&mut vector, line)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ReadingError;

    #[test]
    fn vectors_are_laid_out() {
        let layout = Flat { columns: true, nelx: 3, nely: 2 };
        let expected = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0];
        for (text, n) in [
            ("1,2,3,4,5,6\n", 1),
            ("1\n2\n3\n4\n5\n6\n", 1),
            ("1 2 3 4 5 6\n1 2 3 4 5 6\n", 2),
            ("0;1;2;3;4;5\n1,0;2,0;3,0;4,0;5,0;6,0\n", 1),
            ("1 1 1\n2 2 2\n3 3 3\n4 4 4\n5 5 5\n6 6 6\n", 3),
            ("element,rho\n2,2\n1,1\n3,3\n4,4\n6,6\n5,5\n", 1),
            (",0\n0,1\n1,2\n2,3\n3,4\n4,5\n5,6\n", 1),
        ] {
            assert_eq!(vectors(text, "a", layout).unwrap(), expected.repeat(n), "{text:?}");
        }
        for text in ["1,2,3\n4,5,6\n", "1,2,3,4,5\n"] {
            assert!(
                matches!(
                    vectors(text, "a", layout),
                    Err(DataError::Reading(ReadingError::Layout { .. }))
                ),
                "{text:?}"
            );
        }
        assert!(vectors("", "a", layout).is_err());
    }

    #[test]
    fn long_files_are_streamed() {
        let layout = Flat { columns: true, nelx: 3, nely: 2 };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let n = 20_000; // more than is looked at first
        for (header, line) in
            [("", "1,2,3,4,5,6\n"), ("a\tb\tc\td\te\tf\n", "1,0\t2,0\t3,0\t4,0\t5,0\t6,0\n")]
        {
            std::fs::write(&path, format!("{header}{}", line.repeat(n))).unwrap();
            let mut found = 0;
            for_each_vector(&path, layout, |vector| {
                assert_eq!(vector, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
                found += 1;
                Ok(())
            })
            .unwrap();
            assert_eq!(found, n);
            std::fs::write(&path, format!("{header}{}1\n", line.repeat(n))).unwrap();
            let error = for_each_vector(&path, layout, |_| Ok(())).unwrap_err().to_string();
            let last = n + 1 + header.lines().count();
            assert!(error.contains(&format!("line {last}: 1 numbers")), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_vectors_or_an_error(text in "[0-9a-y.,;# \n\t-]{0,60}", columns: bool) {
            let (nelx, nely) = if columns { (1, 3) } else { (2, 2) };
            let _ = vectors(&text, "a", Flat { columns, nelx, nely });
        }
    }
}
