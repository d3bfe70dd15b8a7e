//! A task before it is solved: domain, regions, supports and loads.

use std::path::Path;

use ndarray::ArrayView2;

use crate::drawing::canvas::{Anchor, Area, Canvas, Heading, LABEL, MARGIN, SMALL};
use crate::drawing::color::{Color, FRAME, WHITE};
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::sheets::marks::{Marks, Sizes};

/// A task on its grid of H × W elements and (H + 1) × (W + 1) nodes, row 0 on top.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// What may be in each element, (H, W).
    pub ground: ArrayView2<'a, Ground>,
    /// What holds and loads the domain.
    pub marks: &'a Marks,
}

/// What may be in an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Material or void.
    Free,
    /// Material that stays.
    Solid,
    /// A hole that stays.
    Void,
    /// Not part of the domain.
    Outside,
}

/// Longer side of the domain, in pixels, at most.
const SIDE: usize = 900;
/// Room around the domain, for arrows and the names of the axes.
const ROOM: f32 = 130.0;
/// Length of the arrow of the largest force.
const ARROW: f32 = 90.0;
/// Arrows of one load case at most.
const MOST_ARROWS: usize = 25;
const FREE: Color = Color(232, 232, 232);
const SOLID: Color = Color(90, 90, 90);
const OUTSIDE: Color = Color(250, 240, 225);

/// Writes a PNG file with the sketch of a task.
///
/// Free elements are light grey, those that stay solid dark grey, holes white, and what lies
/// outside the domain is tinted. Ticks count elements, from the upper left corner. Arrows begin or
/// end at the nodes that they load, and the largest force of all has the longest; of many loaded
/// nodes a few have one. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`]; [`ReportError::Count`] if nodes and elements do not fit;
/// [`ReportError::TooLarge`]; [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::{Array2, Array3};
/// use vae_report::{Ground, Marks, Task, task};
/// let folder = tempfile::tempdir()?;
/// let ground = Array2::from_elem((20, 60), Ground::Free);
/// let held = Array3::from_shape_fn((21, 61, 2), |(_, column, _)| column == 0);
/// let mut forces = Array3::zeros((21, 61, 2));
/// forces[(10, 60, 1)] = -1.0;
/// let sprung = Array3::from_elem((21, 61, 2), false);
/// let marks = Marks { held, sprung, forces: vec![forces] };
/// let figure = Task { title: "cantilever", ground: ground.view(), marks: &marks };
/// task(&figure, &folder.path().join("task.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn task(figure: &Task<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

fn draw(figure: &Task<'_>) -> Result<Canvas, ReportError> {
    check(figure)?;
    let (rows, columns) = figure.ground.dim();
    let scale = (SIDE / rows.max(columns)).max(1);
    let (width, height) = ((columns * scale) as f32, (rows * scale) as f32);
    let total = width + 2.0 * ROOM;
    let heading = Heading::new(figure.title, total);
    let (left, top) = (ROOM, heading.bottom() + ROOM);
    let area = Area { left, top, right: left + width, bottom: top + height };
    let captions = SMALL.wrap(&caption(figure), total - 2.0 * MARGIN, 6);
    let first = area.bottom + ROOM + SMALL.cap_height();
    let bottom = first + SMALL.line_height() * (captions.len().max(1) - 1) as f32;
    let mut canvas = Canvas::new(total, bottom + MARGIN)?;
    heading.draw(&mut canvas);
    elements(&mut canvas, figure, area, scale);
    axes(&mut canvas, area, (rows, columns), scale);
    let support = (scale as f32).clamp(5.0, 12.0);
    let sizes = Sizes { support, arrow: ARROW, pen: 3.0, most_arrows: MOST_ARROWS };
    figure.marks.draw(&mut canvas, area, sizes);
    canvas.lines(&captions, MARGIN, first, Anchor::Start, SMALL);
    Ok(canvas)
}

fn elements(canvas: &mut Canvas, figure: &Task<'_>, area: Area, scale: usize) {
    let size = scale as i32;
    let (left, top) = (area.left as i32, area.top as i32);
    for ((row, column), ground) in figure.ground.indexed_iter() {
        let color = match ground {
            Ground::Free => FREE,
            Ground::Solid => SOLID,
            Ground::Void => WHITE,
            Ground::Outside => OUTSIDE,
        };
        canvas.fill(left + column as i32 * size, top + row as i32 * size, size, size, color);
    }
    let (width, height) = (area.right - area.left, area.bottom - area.top);
    canvas.frame(left - 1, top - 1, width as i32 + 2, height as i32 + 2, FRAME);
}

/// Names and ends of the axes, on the sides where y is counted from.
fn axes(canvas: &mut Canvas, area: Area, (rows, columns): (usize, usize), scale: usize) {
    let above = area.top - ROOM + 30.0;
    for column in [0, columns / 2, columns] {
        let x = area.left + (column * scale) as f32;
        canvas.text(&column.to_string(), x, above + 24.0, Anchor::Middle, SMALL);
    }
    canvas.text(
        "column, x from 0 at the left to 1",
        f32::midpoint(area.left, area.right),
        above,
        Anchor::Middle,
        LABEL,
    );
    let beside = area.left - ROOM + 62.0;
    for row in [0, rows / 2, rows] {
        let y = area.top + (row * scale) as f32 + SMALL.cap_height() / 2.0;
        canvas.text(&row.to_string(), beside, y, Anchor::End, SMALL);
    }
    let middle = f32::midpoint(area.top, area.bottom);
    canvas.text_upward(
        "row, y from 0 at the top to 1",
        beside - 42.0,
        middle,
        Anchor::Middle,
        LABEL,
    );
}

/// What the signs mean, as far as they are there.
fn caption(figure: &Task<'_>) -> String {
    let mut parts = vec![
        "Squares: held. Upright bars: held to the left and right only. Flat bars: held up and down only."
            .to_owned(),
    ];
    if figure.marks.sprung.iter().any(|&sprung| sprung) {
        parts.push("Rings: springs.".into());
    }
    parts.push(match figure.marks.forces.len() {
        0 => "No loads.".into(),
        1 => "Arrows: forces.".into(),
        n => format!("Arrows: forces of {n} load cases, each in its color."),
    });
    let is_there = |kind| figure.ground.iter().any(|&ground| ground == kind);
    for (kind, text) in [
        (Ground::Solid, "Dark grey: material that stays."),
        (Ground::Void, "White: a hole that stays."),
        (Ground::Outside, "Tinted: not part of the domain."),
    ] {
        parts.extend(is_there(kind).then(|| text.to_owned()));
    }
    parts.join(" ")
}

fn check(figure: &Task<'_>) -> Result<(), ReportError> {
    if figure.ground.is_empty() {
        return Err(ReportError::Empty { what: "elements" });
    }
    figure.marks.check_on(figure.ground.dim())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};

    use super::*;
    use crate::drawing::canvas::Heading;
    use crate::drawing::color::{BLUE, VERMILION};

    #[test]
    fn elements_supports_and_forces_are_where_they_belong() {
        let mut ground = Array2::from_elem((3, 9), Ground::Free);
        ground[(0, 8)] = Ground::Solid;
        let held = Array3::from_shape_fn((4, 10, 2), |(_, column, _)| column == 0);
        let mut forces = Array3::zeros((4, 10, 2));
        forces[(3, 9, 1)] = -2.0;
        let sprung = Array3::from_elem((4, 10, 2), false);
        let marks = Marks { held, sprung, forces: vec![forces] };
        let figure = Task { title: "", ground: ground.view(), marks: &marks };
        let canvas = draw(&figure).unwrap();
        let (left, top) = (ROOM as i32, (Heading::new("", 0.0).bottom() + ROOM) as i32);
        let at = |x: i32, y: i32| canvas.pixel(left + x, top + y);
        assert_eq!(at(850, 50), Some(SOLID));
        assert_eq!(at(450, 150), Some(FREE));
        assert_eq!(at(-3, 100), Some(BLUE));
        // The force points down from the lower right corner.
        assert_eq!(at(900, 345), Some(VERMILION));
        assert_eq!(at(900, 255), Some(FRAME));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let ground = Array2::from_elem((3, 9), Ground::Free);
        let held = Array3::from_elem((3, 9, 2), true);
        let marks = Marks { held: held.clone(), sprung: held, forces: Vec::new() };
        let figure = Task { title: "", ground: ground.view(), marks: &marks };
        assert!(matches!(draw(&figure), Err(ReportError::Count { expected: 80, got: 54, .. })));
    }

    #[test]
    fn the_caption_names_what_is_there_and_nothing_else() {
        let mut ground = Array2::from_elem((2, 2), Ground::Free);
        let nodes = Array3::from_elem((3, 3, 2), false);
        let said = |ground: &Array2<Ground>, forces: &[Array3<f64>]| {
            let (held, sprung, forces) = (nodes.clone(), nodes.clone(), forces.to_vec());
            let marks = Marks { held, sprung, forces };
            caption(&Task { title: "", ground: ground.view(), marks: &marks })
        };
        let plain = said(&ground, &[]);
        assert!(plain.contains("No loads") && !plain.contains("hole"), "{plain}");
        ground[(0, 0)] = Ground::Void;
        let more = said(&ground, &[Array3::zeros((3, 3, 2)), Array3::zeros((3, 3, 2))]);
        assert!(more.contains("2 load cases") && more.contains("hole"), "{more}");
        assert!(!more.contains("Rings"), "{more}");
    }
}
