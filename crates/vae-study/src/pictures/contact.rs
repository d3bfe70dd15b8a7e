//! The contact sheet of a data set, with supports and loads where they are known.

use std::path::Path;

use ndarray::{Array2, Array3, s};
use topo_data::problem_of;
use topo_simp::{Place, Problem, Side};
use vae_data::{Cut, DataSet};
use vae_report::{Grid, grid, number};

use crate::error::{Result, StudyError};
use crate::run::{spread, stored_one};

/// Designs on a sheet.
const SHOWN: usize = 30;
/// Designs smaller than this are enlarged before marks are drawn, in pixels of the longer side.
const SIDE: usize = 160;
/// Shade of the marks of supports, between void and material.
const SUPPORT: f32 = 0.45;

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
    // Marks need a margin, so either all designs have them or none has.
    let marks = shown.iter().all(|(.., problem)| problem.is_some());
    let mut sheet: Vec<Array2<f32>> = shown
        .iter()
        .map(|(_, picture, problem)| match problem {
            Some(problem) if marks => marked(picture, problem),
            _ => picture.clone(),
        })
        .collect();
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
    }
    let mut designs = Array3::zeros((sheet.len(), sheet[0].nrows(), sheet[0].ncols()));
    for (mut place, design) in designs.outer_iter_mut().zip(&sheet) {
        place.assign(design);
    }
    let below = condition.map_or(String::new(), |info| format!(", number: {}", info.name));
    let title = format!("{}: {n} of {} designs{below}", data.name(), data.len());
    let figure = Grid { title: &title, captions: &captions, ..Grid::new(designs.view()) };
    grid(&figure, out).map_err(StudyError::drawing(out))?;
    Ok(n)
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
        if is_line { SUPPORT } else { 1.0 - lightness }
    })
}

/// A design in a margin, with squares at its supports and arrows for its loads.
fn marked(design: &Array2<f32>, problem: &Problem) -> Array2<f32> {
    let (height, width) = design.dim();
    let zoom = (SIDE / height.max(width)).max(1);
    let (h, w) = (height * zoom, width * zoom);
    let margin = h.max(w) / 7;
    let mut picture = Array2::zeros((h + 2 * margin, w + 2 * margin));
    picture
        .slice_mut(s![margin..margin + h, margin..margin + w])
        .assign(&Array2::from_shape_fn((h, w), |(row, column)| {
            design[[row / zoom, column / zoom]]
        }));
    let at = |[x, y]: [f64; 2]| (margin as f64 + x * w as f64, margin as f64 + y * h as f64);
    let radius = (margin as f64 / 8.0).max(1.0);
    for support in &problem.supports {
        for point in points(&support.at, problem) {
            let (x, y) = at(point);
            // Outside the design, where a support on a side stands.
            let away = |relative: f64| {
                if relative <= 0.0 {
                    -1.0
                } else if 1.0 <= relative {
                    1.0
                } else {
                    0.0
                }
            };
            let (x, y) = (x + away(point[0]) * radius * 1.5, y + away(point[1]) * radius * 1.5);
            square(&mut picture, (x, y), radius, SUPPORT);
        }
    }
    let strongest = problem
        .load_cases
        .iter()
        .flat_map(|case| &case.loads)
        .map(|load| load.force[0].hypot(load.force[1]))
        .fold(0.0, f64::max);
    for load in problem.load_cases.iter().flat_map(|case| &case.loads) {
        let all = points(&load.at, problem);
        let Some(point) = all.get(all.len() / 2) else { continue };
        if 0.0 < strongest {
            let length = 0.8 * margin as f64 / strongest;
            // Picture rows grow downward, forces upward.
            arrow(
                &mut picture,
                at(*point),
                (load.force[0] * length, -load.force[1] * length),
                radius / 2.0,
            );
        }
    }
    picture
}

/// Some points of a place, in relative coordinates.
fn points(place: &Place, problem: &Problem) -> Vec<[f64; 2]> {
    const STEPS: usize = 9;
    let side = |side: &Side, from: f64, to: f64| {
        let along = (0..STEPS).map(|i| from + (to - from) * i as f64 / (STEPS - 1) as f64);
        along
            .map(|t| match side {
                Side::Left => [0.0, t],
                Side::Right => [1.0, t],
                Side::Top => [t, 0.0],
                Side::Bottom => [t, 1.0],
            })
            .collect()
    };
    match place {
        Place::Point(point) => vec![*point],
        Place::Node([column, row]) => {
            vec![[
                *column as f64 / problem.grid.nelx as f64,
                *row as f64 / problem.grid.nely as f64,
            ]]
        }
        Place::Edge(edge) => side(edge, 0.0, 1.0),
        Place::Segment { side: edge, from, to } => side(edge, *from, *to),
        Place::Area { min, max } => {
            let corner = |x: f64, y: f64| [x, y];
            vec![
                corner(min[0], min[1]),
                corner(max[0], min[1]),
                corner(min[0], max[1]),
                corner(max[0], max[1]),
            ]
        }
    }
}

fn square(picture: &mut Array2<f32>, (x, y): (f64, f64), radius: f64, shade: f32) {
    let (h, w) = picture.dim();
    let clamp = |value: f64, n: usize| (value.round().max(0.0) as usize).min(n);
    let (rows, columns) =
        (clamp(y - radius, h)..clamp(y + radius, h), clamp(x - radius, w)..clamp(x + radius, w));
    picture.slice_mut(s![rows, columns]).fill(shade);
}

/// A shaft that ends at a place, and a head there.
fn arrow(picture: &mut Array2<f32>, (x, y): (f64, f64), (dx, dy): (f64, f64), thickness: f64) {
    let length = dx.hypot(dy);
    let steps = (length * 2.0).ceil().max(1.0) as usize;
    for step in 0..=steps {
        // From the tail to the tip; the last third widens into the head and narrows to the tip.
        let t = step as f64 / steps as f64;
        let from_tip = (1.0 - t) * length;
        let head = length / 3.0;
        let radius =
            if from_tip < head { thickness.max(1.0) * 3.0 * from_tip / head } else { thickness };
        square(picture, (x - (1.0 - t) * dx, y - (1.0 - t) * dy), radius.max(0.6), 1.0);
    }
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
            .filter(|(_, value)| value.to_bits() == SUPPORT.to_bits())
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
