//! A quantity over the elements of a design: stress, energy, displacement.

use std::path::Path;

use ndarray::ArrayView2;

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::charts::color_bar::{BAR_GAP, BAR_WIDTH, color_bar};
use crate::drawing::canvas::{Anchor, Area, Canvas, Heading, MARGIN, SMALL};
use crate::drawing::color::{FRAME, WHITE, mix, viridis};
use crate::drawing::numerals::number;
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::sheets::marks::{Dimensions, Marks, Room, Sizes};

/// A quantity over the elements of a design.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// Name of the quantity, with its unit if it has one, written beside the color bar.
    pub name: &'a str,
    /// Its values, (H, W), row 0 on top.
    pub values: ArrayView2<'a, f64>,
    /// The design, same shape: where there is little material, colors fade to white.
    pub design: ArrayView2<'a, f32>,
    /// What holds and loads the design; `None` leaves it out.
    pub marks: Option<&'a Marks>,
}

/// Approximate longer side of the picture of a design, in pixels.
const SIDE: usize = 900;
/// Share of the material over whose values the colors are spread. The highest values, at points of
/// load and at corners, all get the last color.
const RANGE: f64 = 0.99;

/// Writes a PNG file with a quantity in colors over the elements of a design.
///
/// Colors run from 0, or the least value if that is negative, to the value that 99 % of the
/// material stay below; what lies above has the last color, and the caption names the largest
/// value. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`], [`ReportError::NotFinite`]; [`ReportError::Count`] if the design has
/// another number of elements; [`ReportError::TooLarge`]; [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::Array2;
/// use vae_report::{Field, field};
/// let folder = tempfile::tempdir()?;
/// let values = Array2::from_shape_fn((20, 60), |(i, j)| (i * j) as f64);
/// let design = Array2::ones((20, 60));
/// let (values, design) = (values.view(), design.view());
/// let figure = Field { title: "A bar", name: "stress", values, design, marks: None };
/// field(&figure, &folder.path().join("stress.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn field(figure: &Field<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

fn draw(figure: &Field<'_>) -> Result<Canvas, ReportError> {
    check(figure)?;
    let (rows, columns) = figure.values.dim();
    let (low, high) = range(figure);
    let axis = Axis::linear(low, high, 6);
    let scale = (SIDE / rows.max(columns)).max(1);
    let (height, width) = (rows * scale, columns * scale);
    let room = room(figure, (height as f32, width as f32));
    let total = MARGIN
        + room.left
        + width as f32
        + room.right
        + BAR_GAP
        + BAR_WIDTH
        + Chart::left_margin(&axis, true)
        + MARGIN;
    let heading = Heading::new(figure.title, total);
    let (left, top) = (MARGIN + room.left, heading.bottom() + room.top);
    let area = Area { left, top, right: left + width as f32, bottom: top + height as f32 };
    // A flat design leaves the color bar room for its ticks and name.
    let bottom = (area.bottom + room.bottom).max(top + 360.0);
    let bar = Area { right: area.right + room.right, bottom, ..area };
    let captions = SMALL.wrap(&caption(figure, high), total - 2.0 * MARGIN, 4);
    let first = bar.bottom + 22.0 + SMALL.cap_height();
    let text_bottom = first + SMALL.line_height() * (captions.len().max(1) - 1) as f32;
    let mut canvas = Canvas::new(total, text_bottom + MARGIN)?;
    heading.draw(&mut canvas);
    for ((row, column), &value) in figure.values.indexed_iter() {
        let density = figure.design[(row, column)].clamp(0.0, 1.0);
        let color = mix(WHITE, viridis(axis.position(value)), density);
        let (x, y) = (left as i32 + (column * scale) as i32, top as i32 + (row * scale) as i32);
        canvas.fill(x, y, scale as i32, scale as i32, color);
    }
    canvas.frame(left as i32 - 1, top as i32 - 1, width as i32 + 2, height as i32 + 2, FRAME);
    if let Some(marks) = figure.marks {
        let sizes = Sizes::on_sheet(SIDE as f32);
        Dimensions::new(marks.elements()).draw(&mut canvas, area, marks.room(area, sizes));
        marks.draw(&mut canvas, area, sizes);
    }
    color_bar(&mut canvas, bar, figure.name, &axis);
    canvas.lines(&captions, MARGIN, first, Anchor::Start, SMALL);
    Ok(canvas)
}

/// What is drawn beside the design, with the dimensions.
fn room(figure: &Field<'_>, (height, width): (f32, f32)) -> Room {
    let area = Area { left: 0.0, top: 0.0, right: width, bottom: height };
    let around = |marks: &Marks| {
        let room = marks.room(area, Sizes::on_sheet(SIDE as f32));
        Dimensions::new(marks.elements()).around(room).ceil()
    };
    figure.marks.map(around).unwrap_or_default()
}

/// What the colors cannot show: how high the values go beyond them.
fn caption(figure: &Field<'_>, high: f64) -> String {
    let largest = material(figure).into_iter().fold(high, f64::max);
    let beyond =
        if high < largest { "; 99 % of the material lies within the color bar" } else { "" };
    format!("White: void. Largest value in the material: {}{beyond}.", number(largest, 4))
}

fn check(figure: &Field<'_>) -> Result<(), ReportError> {
    if figure.values.is_empty() {
        return Err(ReportError::Empty { what: "elements" });
    }
    if figure.design.dim() != figure.values.dim() {
        let (expected, got) = (figure.values.len(), figure.design.len());
        return Err(ReportError::Count { what: "elements of the design", expected, got });
    }
    figure.marks.map_or(Ok(()), Marks::check)?;
    match figure.values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(ReportError::NotFinite {
            what: "values",
            position: vec![row, column],
            value: value as f32,
        }),
        None => Ok(()),
    }
}

/// The values where there is material; all values if the design has no material.
fn material(figure: &Field<'_>) -> Vec<f64> {
    let dense = figure.values.iter().zip(figure.design).filter(|(_, density)| 0.5 < **density);
    let values: Vec<f64> = dense.map(|(value, _)| *value).collect();
    if values.is_empty() { figure.values.iter().copied().collect() } else { values }
}

/// The ends of the color bar.
fn range(figure: &Field<'_>) -> (f64, f64) {
    let mut values = material(figure);
    values.sort_by(f64::total_cmp);
    let last = values[((values.len() - 1) as f64 * RANGE).round() as usize];
    (values[0].min(0.0), last)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_highest_value_is_lightest_and_void_is_white() {
        let values = array![[0.0, 1.0], [2.0, 2.0]];
        let design = array![[1.0_f32, 1.0], [1.0, 0.0]];
        let (values, design) = (values.view(), design.view());
        let figure = Field { title: "", name: "q", values, design, marks: None };
        let canvas = draw(&figure).unwrap();
        let at = |row: i32, column: i32| {
            canvas.pixel(MARGIN as i32 + 450 * column + 200, MARGIN as i32 + 450 * row + 200)
        };
        assert_eq!(at(0, 0), Some(viridis(0.0)));
        assert_eq!(at(0, 1), Some(viridis(0.5)));
        assert_eq!(at(1, 0), Some(viridis(1.0)));
        assert_eq!(at(1, 1), Some(WHITE));
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let values = array![[0.0, f64::NAN]];
        let refused = |design: Array2<f32>| {
            let (values, design) = (values.view(), design.view());
            let figure = Field { title: "", name: "q", values, design, marks: None };
            draw(&figure).err().unwrap()
        };
        assert!(matches!(refused(Array2::ones((1, 3))), ReportError::Count { .. }));
        assert!(matches!(refused(Array2::ones((1, 2))), ReportError::NotFinite { .. }));
    }

    #[test]
    fn values_are_said_to_go_beyond_the_colors_only_if_they_do() {
        let (design, values) = (Array2::ones((1, 2)), Array2::from_elem((1, 2), 4.0));
        let (design, values) = (design.view(), values.view());
        let figure = Field { title: "", name: "", values, design, marks: None };
        let beyond = "; 99 % of the material lies within the color bar";
        let said = caption(&figure, 3.0);
        assert!(
            said.contains("Largest value in the material: 4") && said.contains(beyond),
            "{said}"
        );
        let said = caption(&figure, 4.0);
        assert!(
            said.contains("Largest value in the material: 4.") && !said.contains(beyond),
            "{said}"
        );
    }
}
