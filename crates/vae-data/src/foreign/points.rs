//! Tables of elements or points: which columns are the place of an element and its density.

use vae_base::{Note, Remedy};

use crate::error::{DataError, ReadingError};
use crate::foreign::setting::Setting;
use crate::formats::text::Sheet;

/// Names of a coordinate, without marks and in lower case; `@` is the axis.
const PLACES: [&str; 12] = [
    "@",
    "@c",
    "c@",
    "@center",
    "center@",
    "@centroid",
    "centroid@",
    "@coord",
    "coord@",
    "@coordinate",
    "coordinate@",
    "pos@",
];
/// Names of coordinates that are numbered; `@` is 0, 1 or 2.
const NUMBERED: [&str; 6] =
    ["points@", "point@", "coordinates@", "cellcenters@", "centers@", "coord@"];
/// Names of the row from the top and of the column from the left.
const ROWS: [&str; 5] = ["row", "rows", "rowindex", "irow", "ely"];
const COLUMNS: [&str; 7] = ["column", "columns", "col", "columnindex", "colindex", "icol", "elx"];
/// Names of a density.
const DENSITIES: [&str; 16] = [
    "density",
    "densities",
    "rho",
    "rhos",
    "xphys",
    "dens",
    "value",
    "values",
    "d",
    "material",
    "dichte",
    "pseudodensity",
    "elementdensity",
    "physicaldensity",
    "relativedensity",
    "materialdensity",
];
/// Names of numbers that tell elements apart.
const IDENTIFIERS: [&str; 18] = [
    "id",
    "element",
    "elementid",
    "elementlabel",
    "elementnumber",
    "el",
    "elem",
    "elid",
    "label",
    "node",
    "nodelabel",
    "nodeid",
    "pointid",
    "cellid",
    "design",
    "sample",
    "case",
    "run",
];
/// A table is wide if it has more columns than this; narrow ones are looked at more closely.
const NARROW: usize = 8;
/// A narrow table of this many times as many rows as columns is no design.
const LONG: usize = 8;

/// The columns of a table of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) density: usize,
    /// Whether y counts rows from the top.
    pub(crate) down: bool,
}

/// The columns of a table of elements, or none if the table is a matrix of densities. `asked` is
/// the name of the column of densities.
pub(crate) fn columns(
    sheet: &Sheet<'_>,
    asked: &Setting<String>,
    notes: &mut Vec<Note>,
) -> Result<Option<Columns>, DataError> {
    let names: Vec<String> = sheet.header.iter().map(|name| plain(name)).collect();
    let width = sheet.dialect.cells(sheet.lines[0].1).len();
    let named = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
    let axis = |axis: usize| named_axis(&names, axis);
    let refuse = |why: &str| Err(refused(sheet, why));
    if let (Some(y), Some(x)) = (named(&ROWS), named(&COLUMNS)) {
        let density = density(sheet, &names, &[x, y], asked, notes)?;
        return Ok(Some(Columns { x, y, density, down: true }));
    }
    let places: Vec<usize> = [0, 1, 2].into_iter().filter_map(axis).collect();
    if 2 <= places.len() {
        let varied: Vec<usize> =
            places.iter().copied().filter(|column| varies(sheet, *column)).collect();
        // For one row or column of elements the first two that are named.
        let ((&[x, y], _) | ([] | [_], &[x, y, ..])) = (&varied[..], &places[..]) else {
            return refuse("the elements lie in three dimensions");
        };
        let density = density(sheet, &names, &places, asked, notes)?;
        return Ok(Some(Columns { x, y, density, down: false }));
    }
    if names.iter().any(|name| known(name)) && width <= NARROW {
        return refuse("it has no coordinates of its elements");
    }
    if NARROW < width || sheet.lines.len() < LONG * width {
        return Ok(None);
    }
    if width < 2 {
        return refuse("a single column does not tell rows from columns");
    }
    // Without names: two columns of places that fill a grid, and one of densities.
    let Some((x, y)) = grid(sheet, width) else {
        return refuse("it is too long and narrow for a design");
    };
    if [x, y].into_iter().all(|column| counts(sheet, column)) {
        return refuse("its places count from 0 or 1, which may be x and y or row and column");
    }
    let density = density(sheet, &[], &[x, y], &Setting::Auto, notes)?;
    notes.push(
        Note::new(format!(
            "columns {}, {} and {} (from 1) of a table without names are taken as x, y and density",
            x + 1,
            y + 1,
            density + 1
        ))
        .or(Remedy::set("layout", "hw", "takes the table as a matrix of densities")),
    );
    Ok(Some(Columns { x, y, density, down: false }))
}

/// The column of densities of a table of elements without places, and that of their numbers.
pub(crate) fn numbered_densities(sheet: &Sheet<'_>) -> Option<(Option<usize>, usize)> {
    let names: Vec<String> = sheet.header.iter().map(|name| plain(name)).collect();
    let position = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
    Some((position(&IDENTIFIERS), position(&DENSITIES)?))
}

/// Whether a name is that of a density or of the number of an element.
fn known(name: &str) -> bool {
    DENSITIES.contains(&name) || IDENTIFIERS.contains(&name)
}

/// A name in lower case without units and marks: `Points:0` is `points0`, `X [mm]` is `x`.
pub(crate) fn plain(name: &str) -> String {
    let name = name.split(['[', '(']).next().unwrap_or_default().to_lowercase();
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The column of the coordinate along an axis.
fn named_axis(names: &[String], axis: usize) -> Option<usize> {
    let letter = ["x", "y", "z"][axis];
    let is_place = |name: &String| PLACES.iter().any(|place| place.replace('@', letter) == *name);
    let numbered = |name: &String, from: usize| {
        let digit = (axis + from).to_string();
        NUMBERED.iter().any(|place| place.replace('@', &digit) == *name)
    };
    let place = names.iter().position(is_place);
    // ParaView counts from 0, Abaqus from 1: COORD1, COOR1.
    let from = usize::from(!names.iter().any(|name| name.ends_with('0')));
    place
        .or_else(|| names.iter().position(|name| numbered(name, from)))
        .or_else(|| names.iter().position(|name| *name == format!("coor{}", axis + 1)))
}

/// The column of densities: the one asked for, one of a known name, or the only other one whose
/// values can be densities.
fn density(
    sheet: &Sheet<'_>,
    names: &[String],
    places: &[usize],
    asked: &Setting<String>,
    notes: &mut Vec<Note>,
) -> Result<usize, DataError> {
    if let Some(asked) = asked.given() {
        let found = sheet.header.iter().position(|name| name.trim() == asked);
        return found.ok_or_else(|| refused(sheet, &format!("it has no column {asked:?}")));
    }
    let named: Vec<usize> =
        (0..names.len()).filter(|i| DENSITIES.contains(&names[*i].as_str())).collect();
    if let [density] = named[..] {
        let like = |name: &String| {
            DENSITIES.iter().any(|known| 2 < known.len() && name.contains(known))
                && !names[density].eq(name)
        };
        let others: Vec<&str> = (0..names.len())
            .filter(|column| like(&names[*column]) && varies(sheet, *column))
            .map(|column| sheet.header[column].trim())
            .collect();
        if let Some(other) = others.first() {
            notes.push(
                Note::new(format!(
                    "the column {:?} is taken as the density, and not {}",
                    sheet.header[density].trim(),
                    others.join(", ")
                ))
                .or(Remedy::set("array", *other, "takes that one")),
            );
        }
        return Ok(density);
    }
    let width = sheet.dialect.cells(sheet.lines[0].1).len();
    let can_be = |column: &usize| {
        !places.contains(column)
            && names.get(*column).is_none_or(|name| !IDENTIFIERS.contains(&name.as_str()))
            && varies(sheet, *column)
            && sheet.column(*column).is_some_and(|values| values.iter().copied().all(is_density))
    };
    let others: Vec<usize> =
        if named.is_empty() { (0..width).filter(can_be).collect() } else { named };
    match (&others[..], sheet.header.get(others.first().copied().unwrap_or(0))) {
        (&[density], Some(name)) => {
            notes.push(Note::new(format!("the column {name:?} is taken as the density")));
            Ok(density)
        }
        (&[density], None) => Ok(density),
        ([], _) => Err(refused(sheet, &none_fits(sheet, places))),
        _ => Err(refused(sheet, "several of its columns can be the density")),
    }
}

/// Whether a number lies between 0 and 1, up to rounding.
fn is_density(value: f64) -> bool {
    (-1e-6..=1.0 + 1e-6).contains(&value)
}

/// Why no column can be a density: one with gaps would be one without them.
fn none_fits(sheet: &Sheet<'_>, places: &[usize]) -> String {
    let with_gaps =
        (0..sheet.header.len()).filter(|column| !places.contains(column)).find_map(|column| {
            let values = sheet.column(column)?;
            let gaps = values.iter().filter(|value| !value.is_finite()).count();
            let fits = values.iter().copied().filter(|value| value.is_finite()).all(is_density);
            (0 < gaps && gaps < values.len() && fits).then_some((column, gaps))
        });
    match with_gaps {
        Some((column, gaps)) => format!(
            "{gaps} cells of its column {:?} are no numbers; leave their lines out, and these \
             elements are void",
            sheet.header[column].trim()
        ),
        None => "none of its columns can be a density of 0 to 1".into(),
    }
}

/// Whether a column has more than one value, beyond rounding.
fn varies(sheet: &Sheet<'_>, column: usize) -> bool {
    sheet.column(column).is_none_or(|values| {
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        let most = values.iter().copied().fold(f64::MIN, f64::max);
        1e-9 * least.abs().max(most.abs()) < most - least
    })
}

/// Whether the different values of a column are whole numbers that count from 0 or from 1.
fn counts(sheet: &Sheet<'_>, column: usize) -> bool {
    let Some(mut values) = sheet.column(column) else { return false };
    values.sort_by(f64::total_cmp);
    values.dedup();
    let from = |first: usize| {
        values.iter().enumerate().all(|(i, value)| (value - (first + i) as f64).abs() < 1e-9)
    };
    from(0) || from(1)
}

/// The first two columns whose values, in pairs, fill a regular grid once.
fn grid(sheet: &Sheet<'_>, width: usize) -> Option<(usize, usize)> {
    let columns: Vec<Option<Vec<u64>>> = (0..width)
        .map(|column| Some(sheet.column(column)?.iter().map(|value| value.to_bits()).collect()))
        .collect();
    let distinct = |values: &[u64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        sorted.len()
    };
    let pairs = (0..width).flat_map(|a| (a + 1..width).map(move |b| (a, b)));
    pairs.into_iter().find(|(a, b)| {
        let (Some(a), Some(b)) = (&columns[*a], &columns[*b]) else { return false };
        let mut both: Vec<(u64, u64)> = a.iter().copied().zip(b.iter().copied()).collect();
        both.sort_unstable();
        both.dedup();
        let (n_a, n_b) = (distinct(a), distinct(b));
        1 < n_a && 1 < n_b && both.len() == a.len() && n_a * n_b == a.len()
    })
}

/// The error of a table whose columns do not say what they are.
fn refused(sheet: &Sheet<'_>, why: &str) -> DataError {
    let columns = if sheet.header.is_empty() {
        match sheet.dialect.cells(sheet.lines[0].1).len() {
            1 => vec!["1 (without a name)".into()],
            n => vec![format!("1 to {n} (without names)")],
        }
    } else {
        let name = |name: &String| if name.is_empty() { "\"\"".into() } else { name.clone() };
        sheet.header.iter().map(name).collect()
    };
    ReadingError::Columns {
        file: sheet.file.into(),
        rows: sheet.lines.len(),
        columns,
        why: why.into(),
    }
    .into()
}
