//! Tables of densities whose lines and columns carry coordinates, as pandas pivots them.

use vae_base::{Note, Remedy};

use crate::foreign::layout::Flat;
use crate::foreign::points::plain;
use crate::formats::header::{counts, steps};
use crate::formats::text::{Matrix, Sheet};

/// The design of a table whose first column is called x or y: y points up. `None` if it is called
/// otherwise; if it then grows downward like a coordinate, a note says so.
pub(crate) fn upright(sheet: &Sheet<'_>, matrix: &Matrix, notes: &mut Vec<Note>) -> Option<Matrix> {
    if sheet.index_cells() == 0 {
        return None;
    }
    let name = plain(sheet.header.first()?);
    let down = steps(&sheet.column(0)?)?;
    let across: Option<Vec<f64>> =
        sheet.header[1..].iter().map(|name| sheet.dialect.number(name)).collect();
    let across = across.and_then(|all| steps(&all));
    let (design, lines, grows) = match name.as_str() {
        "y" => (matrix.clone(), "rows", 0.0 < down),
        "x" => (transposed(matrix), "columns", 0.0 < across?),
        _ => {
            let cells: Vec<String> = sheet.column(0)?.iter().map(f64::to_string).collect();
            if name.is_empty() && 0.0 < down && !counts(&cells) {
                let note = "warning: the first column grows downward; if it is y, the designs lie \
                            upside down";
                notes.push(Note::new(note).or(Remedy::set("turn", "mirror-y", "turns them")));
            }
            return None;
        }
    };
    notes.push(
        Note::new(format!("the first column is {name}: lines are {lines}, and y points up"))
            .or(Remedy::set("layout", "hw", "takes lines as rows from the top")),
    );
    Some(if grows { upside_down(&design) } else { design })
}

fn upside_down((size, values): &Matrix) -> Matrix {
    (*size, values.chunks_exact(size.1.max(1)).rev().flatten().copied().collect())
}

/// A matrix whose lines are columns.
pub(crate) fn transposed(((height, width), values): &Matrix) -> Matrix {
    let flat = Flat { columns: true, nelx: *height, nely: *width };
    ((*width, *height), flat.in_rows(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_column_is_a_coordinate_only_if_it_grows_like_one() {
        let said = |text: &str| {
            let sheet = Sheet::read(text, "a.csv").unwrap();
            let mut notes = Vec::new();
            upright(&sheet, &sheet.matrix().unwrap(), &mut notes);
            notes.iter().map(|note| note.found.clone()).collect::<Vec<_>>().join("; ")
        };
        let table = |name: &str, rows: [f64; 3]| {
            let [a, b, c] = rows;
            format!("{name},0.5,1.5,2.5\n{a},0,1,1\n{b},1,0,1\n{c},1,1,0\n")
        };
        let down = "warning: the first column grows downward";
        assert!(said(&table("", [0.5, 1.5, 2.5])).starts_with(down));
        assert_eq!(said(&table("", [2.5, 1.5, 0.5])), "", "it falls");
        assert_eq!(said(&table("", [0.0, 1.0, 2.0])), "", "it counts");
        let y = "the first column is y: lines are rows, and y points up";
        assert_eq!(said(&table("y", [0.5, 1.5, 2.5])), y);
        let x = "the first column is x: lines are columns, and y points up";
        assert_eq!(said(&table("x", [0.5, 1.5, 2.5])), x);
    }
}
