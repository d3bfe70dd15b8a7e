//! The contact sheet of a data set, with supports and loads where they are known.

use std::path::Path;

use ndarray::{Array2, Array3};
use topo_data::problem_of;
use vae_base::spread;
use vae_data::{Cut, DataSet};
use vae_report::{Grid, Marks, grid, number};

use super::marks::marks;
use crate::error::{Result, StudyError};
use crate::run::stored_one;

/// Designs on a sheet.
const SHOWN: usize = 30;
/// Designs beside a picture are enlarged to about this longer side, in pixels.
const SIDE: usize = 160;
/// Shade of the line around what was taken of a picture, between void and material.
const LINE: f32 = 0.45;

/// Draws evenly spaced designs of a set with their numbers; returns how many.
///
/// # Errors
/// If a problem cannot be read or the picture cannot be drawn.
pub fn draw_contact_sheet(data: &DataSet, out: &Path) -> Result<usize> {
    let mut shown = Vec::new();
    for index in spread(data.len(), SHOWN) {
        // Designs with values that are not densities are listed in words.
        if let Ok(picture) = stored_one(data, index) {
            shown.push((index, picture, problem_of(data, index)?));
        }
    }
    if shown.is_empty() {
        return Ok(0);
    }
    let mut sheet: Vec<Array2<f32>> =
        shown.iter().map(|(_, picture, _)| enlarged(picture, data.cut().is_some())).collect();
    let problems = shown.iter().map(|(.., problem)| problem.as_ref());
    let mut marked: Vec<Option<Marks>> =
        problems.map(|problem| problem.and_then(|problem| marks(problem).ok())).collect();
    let condition = data.condition_info().first();
    let caption = |index: usize| match condition {
        Some(_) => format!("{index}: {}", number(f64::from(data.conditions()[[index, 0]]), 3)),
        None => index.to_string(),
    };
    let mut captions: Vec<String> = shown.iter().map(|&(index, ..)| caption(index)).collect();
    let n = sheet.len();
    if let Some(cut) = data.cut() {
        sheet.push(outlined(cut, sheet[0].dim()));
        captions.push("what was cut off 0".into());
        marked.push(None);
    }
    let mut designs = Array3::zeros((sheet.len(), sheet[0].nrows(), sheet[0].ncols()));
    for (mut place, design) in designs.outer_iter_mut().zip(&sheet) {
        place.assign(design);
    }
    let below = condition.map_or(String::new(), |info| format!(", number: {}", info.name));
    let title = format!("{}: {n} of {} designs{below}", data.name(), data.len());
    let figure =
        Grid { title: &title, captions: &captions, marks: &marked, ..Grid::new(designs.view()) };
    grid(&figure, out).map_err(StudyError::drawing(out))?;
    Ok(n)
}

/// A design as it is, or large enough that a picture of the same size shows something.
fn enlarged(design: &Array2<f32>, is_beside_picture: bool) -> Array2<f32> {
    let (height, width) = design.dim();
    let zoom = if is_beside_picture { (SIDE / height.max(width)).max(1) } else { 1 };
    Array2::from_shape_fn((height * zoom, width * zoom), |(row, column)| {
        design[[row / zoom, column / zoom]]
    })
}

/// A picture as it was stored, as large as a tile allows, with a line around what was taken of it.
fn outlined(cut: &Cut, (height, width): (usize, usize)) -> Array2<f32> {
    let (h, w) = cut.picture.dim();
    let scale = f64::min(height as f64 / h as f64, width as f64 / w as f64);
    let to = |place: usize| (place as f64 * scale).round() as usize;
    let (start, end) = ((to(cut.start.0), to(cut.start.1)), (to(cut.end.0), to(cut.end.1)));
    Array2::from_shape_fn((height, width), |(row, column)| {
        let place = ((row as f64 / scale) as usize, (column as f64 / scale) as usize);
        let Some(lightness) = cut.picture.get(place) else { return 0.0 };
        let on = |at: usize, start: usize, end: usize| at + 1 == start || at == end;
        let within = |at: usize, start: usize, end: usize| start <= at + 1 && at <= end;
        let is_line = (on(row, start.0, end.0) && within(column, start.1, end.1))
            || (on(column, start.1, end.1) && within(row, start.0, end.0));
        if is_line { LINE } else { 1.0 - lightness }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_surrounds_what_was_taken_of_a_picture() {
        let picture = Array2::ones((6, 8));
        let cut = Cut { picture, start: (2, 3), end: (4, 6) };
        let tile = outlined(&cut, (6, 16));
        let line: Vec<(usize, usize)> = tile
            .indexed_iter()
            .filter(|(_, value)| value.to_bits() == LINE.to_bits())
            .map(|(place, _)| place)
            .collect();
        let expected = (1..=4).flat_map(|row| (2..=6).map(move |column| (row, column)));
        let inside =
            |(row, column): &(usize, usize)| (2..4).contains(row) && (3..6).contains(column);
        assert_eq!(line, expected.filter(|place| !inside(place)).collect::<Vec<_>>());
        // White paper is drawn white, and so is the rest of the tile.
        assert!(tile[[0, 0]].max(tile[[0, 15]]) <= 0.0);
    }
}
