//! The text of a problem file, with the pictures that it names put into it.

use std::path::Path;

use toml::{Table, Value};

use crate::error::{DataError, FormatError};
use crate::formats::bytes::Bytes;
use crate::formats::picture::decode::decode;

/// A problem file is held in memory.
const MAX_TEXT: u64 = 16 << 20;

/// Reads the text of a `problem.toml`. A region whose shape is `{ picture = "plate.png" }` becomes
/// the cells that are dark in that picture, one for each element of the grid; its path is relative
/// to the file, and it is stretched over the domain. So the text says everything by itself.
///
/// # Errors
///
/// [`FormatError::NotFound`], and whatever else keeps the file or a picture from being read. A text
/// that is no problem is returned as it is.
pub fn read_problem(path: &Path) -> Result<String, DataError> {
    if !path.exists() {
        return Err(FormatError::NotFound { path: path.into() }.into());
    }
    let text = Bytes::open(path)?.read_text(MAX_TEXT)?;
    let Ok(mut table) = toml::from_str::<Table>(&text) else { return Ok(text) };
    let grid = table.get("grid").and_then(|grid| {
        let side = |name: &str| usize::try_from(grid.get(name)?.as_integer()?).ok();
        Some((side("nely")?, side("nelx")?))
    });
    let (Some(grid), Some(Value::Array(regions))) = (grid, table.get_mut("passive")) else {
        return Ok(text);
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut named = false;
    for region in regions {
        let shape = region.get_mut("shape").and_then(Value::as_table_mut);
        let Some(shape) = shape.filter(|shape| shape.len() == 1) else { continue };
        let Some(Value::String(name)) = shape.get("picture") else { continue };
        let rows = rows(&folder.join(name), grid)?.into_iter().map(Value::String);
        let cells = Table::from_iter([("rows".to_owned(), Value::Array(rows.collect()))]);
        *shape = Table::from_iter([("cells".to_owned(), Value::Table(cells))]);
        named = true;
    }
    // A text without pictures keeps its lines, which errors refer to.
    Ok(if named { toml::to_string(&table).unwrap_or(text) } else { text })
}

/// A picture at the centers of the elements of a grid: `#` where it is dark, `.` elsewhere.
fn rows(path: &Path, (nely, nelx): (usize, usize)) -> Result<Vec<String>, DataError> {
    let picture = decode(path, 0)?;
    let ((height, width), colors) = (picture.size, picture.colors());
    let pixel = |center: usize, n: usize, pixels: usize| {
        ((2 * center + 1) * pixels / (2 * n)).min(pixels - 1)
    };
    let cell = |row: usize, column: usize| {
        let [r, g, b] = colors[pixel(row, nely, height) * width + pixel(column, nelx, width)];
        if u16::from(r) + u16::from(g) + u16::from(b) < 3 * 128 { '#' } else { '.' }
    };
    Ok((0..nely).map(|row| (0..nelx).map(|column| cell(row, column)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma};

    use super::*;

    #[test]
    fn a_picture_becomes_cells_and_other_texts_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part.toml");
        // Dark in the upper right quarter, at another resolution than the grid.
        let plate =
            ImageBuffer::from_fn(40, 20, |x, y| Luma([if x < 20 || 10 <= y { 255_u8 } else { 0 }]));
        plate.save(folder.path().join("plate.png")).unwrap();
        let text = |shape: &str| {
            format!(
                "# a plate\ngrid = {{ nelx = 8, nely = 4 }}\npassive = [{{ kind = \"outside\", shape = {shape} }}]\n"
            )
        };
        std::fs::write(&path, text("{ picture = \"plate.png\" }")).unwrap();
        let read: Table = toml::from_str(&read_problem(&path).unwrap()).unwrap();
        let rows = read["passive"][0]["shape"]["cells"]["rows"].as_array().unwrap();
        let rows: Vec<&str> = rows.iter().map(|row| row.as_str().unwrap()).collect();
        assert_eq!(rows, ["....####", "....####", "........", "........"]);

        let plain = text("{ circle = { center = [0.5, 0.5], radius = 0.1 } }");
        std::fs::write(&path, &plain).unwrap();
        assert_eq!(read_problem(&path).unwrap(), plain);
        std::fs::write(&path, text("{ picture = \"nowhere.png\" }")).unwrap();
        let error = read_problem(&path).unwrap_err().to_string();
        assert!(error.contains("nowhere.png"), "{error}");
    }
}
