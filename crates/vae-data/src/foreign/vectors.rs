//! Text files of flat vectors, brought into rows as a layout states.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::error::{DataError, FormatError};
use crate::foreign::layout::Layout;
use crate::formats::text::{cells as cells_of, number, numbered, read_row, wrong};

/// No line is longer than this.
const MAX_LINE: usize = 64 << 20;

/// Reads flat vectors, one per line; or one vector with a number per line. They come out row by row
/// from the top.
pub(crate) fn vectors(text: &str, file: &str, layout: Layout) -> Result<Vec<f32>, DataError> {
    let cells = layout.cells();
    let (mut values, mut lines) = (Vec::new(), 0);
    for (line, row) in numbered(text) {
        if line == 1 && row.split([',', ';', '\t', ' ']).all(|cell| number(cell.trim()).is_none()) {
            continue;
        }
        read_row(row, 0, file, line, &mut values)?;
        lines += 1;
    }
    // One vector per line, or one number per line.
    if values.is_empty()
        || !(values.len() == lines * cells || (lines == cells && values.len() == cells))
    {
        return Err(layout.error(file, vec![lines, values.len() / lines.max(1)]).into());
    }
    Ok(values.chunks_exact(cells).flat_map(|vector| layout.in_rows(vector)).collect())
}

/// Streams a text file of flat vectors, one per line.
pub(crate) fn for_each_vector(
    path: &Path,
    layout: Layout,
    mut each: impl FnMut(&[f32]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let file = path.display().to_string();
    let fail = |source| FormatError::io_path("reading", path, source);
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(fail)?);
    let cells = layout.cells();
    let (mut text, mut values, mut line) = (String::new(), Vec::new(), 0);
    loop {
        text.clear();
        line += 1;
        let mut bounded = std::io::Read::take(&mut reader, MAX_LINE as u64 + 1);
        let n = bounded.read_line(&mut text).map_err(fail)?;
        if n == 0 {
            break;
        }
        if MAX_LINE < n {
            return Err(wrong(&file, line, "the line is too long").into());
        }
        for (_, row) in numbered(&text) {
            let header = line == 1 && cells_of(row).all(|cell| number(cell).is_none());
            if !header {
                read_row(row, 0, &file, line, &mut values)?;
            }
        }
        // One number per line makes one vector; otherwise each line is one.
        let whole = values.len() % cells == 0;
        if whole && !values.is_empty() {
            for vector in values.chunks_exact(cells) {
                each(&layout.in_rows(vector))?;
            }
            values.clear();
        } else if 1 < values.len() && cells_of(text.trim()).nth(1).is_some() {
            return Err(layout.error(&file, vec![1, values.len()]).into());
        }
    }
    if values.is_empty() { Ok(()) } else { Err(layout.error(&file, vec![values.len()]).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ReadingError;

    #[test]
    fn vectors_are_laid_out() {
        let layout = "columns:3x2".parse().unwrap();
        let expected = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0];
        assert_eq!(vectors("1,2,3,4,5,6\n", "a", layout).unwrap(), expected);
        assert_eq!(vectors("1\n2\n3\n4\n5\n6\n", "a", layout).unwrap(), expected);
        assert_eq!(
            vectors("1 2 3 4 5 6\n1 2 3 4 5 6\n", "a", layout).unwrap(),
            [expected, expected].concat()
        );
        for text in ["1,2,3\n4,5,6\n", "1,2,3,4,5\n", ""] {
            assert!(
                matches!(
                    vectors(text, "a", layout),
                    Err(DataError::Reading(ReadingError::Layout { .. }))
                ),
                "{text:?}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        for (text, good) in
            [("1,2,3,4,5,6\n1,2,3,4,5,6\n", 2), ("1\n2\n3\n4\n5\n6", 1), ("1,2,3\n4,5,6\n", 0)]
        {
            std::fs::write(&path, text).unwrap();
            let mut found = Vec::new();
            let read = for_each_vector(&path, layout, |vector| {
                found.extend_from_slice(vector);
                Ok(())
            });
            assert_eq!(read.is_ok(), 0 < good, "{text:?}");
            if 0 < good {
                assert_eq!(found, expected.repeat(good));
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_vectors_or_an_error(
            text in "[0-9a-y.,;# \n\t-]{0,60}",
            layout in proptest::prop_oneof![
                proptest::prelude::Just("rows:2x2"),
                proptest::prelude::Just("columns:1x3"),
            ],
        ) {
            let _ = vectors(&text, "a", layout.parse().unwrap());
        }
    }
}
