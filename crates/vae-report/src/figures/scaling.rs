//! How a cost grows with a size.

use std::path::Path;

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::drawing::canvas::{Anchor, Area, Canvas, MARGIN, Pen, SMALL, TITLE};
use crate::drawing::color::{BLUE, Color, INK, VERMILION};
use crate::drawing::font::Style;
use crate::drawing::png::save;
use crate::error::ReportError;

/// Measured costs over sizes, both positive.
#[derive(Debug, Clone, Copy)]
pub struct Scaling<'a> {
    /// The heading of the figure.
    pub title: &'a str,
    /// What the sizes are.
    pub size: &'a str,
    /// What the costs are, with the unit.
    pub cost: &'a str,
    /// At most four lines: name, and points (size, cost) from small to large.
    pub lines: &'a [(&'a str, Vec<(f64, f64)>)],
}

const PLOT: (f32, f32) = (860.0, 520.0);
const COLORS: [Color; 4] = [BLUE, VERMILION, Color(0, 158, 115), Color(204, 121, 167)];

/// Writes a PNG file with lines over two logarithmic axes, each named at its end: a straight line
/// is a power law. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`] without points, [`ReportError::NotFinite`] for one that a logarithmic
/// axis cannot show, [`ReportError::Count`] for more than four lines, [`ReportError::Write`].
///
/// # Examples
/// ```
/// use vae_report::{Scaling, scaling};
/// let folder = tempfile::tempdir()?;
/// let lines = [("direct", vec![(1e3, 0.9), (1e4, 28.0)]), ("multigrid", vec![(1e3, 0.2), (1e4, 2.1)])];
/// let figure = Scaling { title: "Time", size: "elements", cost: "ms", lines: &lines };
/// scaling(&figure, &folder.path().join("scaling.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scaling(figure: &Scaling<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

fn draw(figure: &Scaling<'_>) -> Result<Canvas, ReportError> {
    let points = || figure.lines.iter().flat_map(|(_, points)| points);
    if points().next().is_none() {
        return Err(ReportError::Empty { what: "points" });
    }
    if COLORS.len() < figure.lines.len() {
        let (expected, got) = (COLORS.len(), figure.lines.len());
        return Err(ReportError::Count { what: "lines", expected, got });
    }
    for (index, &(size, cost)) in points().enumerate() {
        if let Some(value) = [size, cost].into_iter().find(|v| !(v.is_finite() && 0.0 < *v)) {
            let position = vec![index];
            return Err(ReportError::NotFinite { what: "points", position, value: value as f32 });
        }
    }
    let range = |of: fn(&(f64, f64)) -> f64| {
        let values = points().map(of);
        values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)))
    };
    let ((x0, x1), (y0, y1)) = (range(|point| point.0), range(|point| point.1));
    let x = Axis::logarithmic(x0 / 1.3, x1 * 1.3);
    let y = Axis::logarithmic(y0 / 1.4, y1 * 1.4);
    let names = figure.lines.iter().map(|(name, _)| SMALL.width(name)).fold(0.0, f32::max);
    let left = (MARGIN + Chart::left_margin(&y, true)).round();
    let top = (MARGIN + TITLE.line_height() + 14.0).round();
    let area = Area { left, top, right: left + PLOT.0, bottom: top + PLOT.1 };
    let width = area.right + 14.0 + names.ceil() + MARGIN;
    let mut canvas = Canvas::new(width, area.bottom + Chart::bottom_margin(true) + MARGIN)?;
    canvas.text(figure.title, MARGIN, MARGIN + TITLE.cap_height(), Anchor::Start, TITLE);
    let chart = Chart { area, x, y };
    chart.draw(&mut canvas, figure.size, figure.cost);
    for ((name, points), color) in figure.lines.iter().zip(COLORS) {
        let line: Vec<_> = points.iter().map(|&(x, y)| (x, Some(y))).collect();
        chart.curve(&mut canvas, &line, Pen { color, width: 2.6, dashed: false });
        for &(x, y) in points {
            chart.mark(&mut canvas, x, y, color);
        }
        if let Some(&(x, y)) = points.last() {
            let (x, y) = chart.place(x, y);
            let style = Style { color: INK, ..SMALL };
            canvas.text_on_white(
                name,
                x + 12.0,
                y + SMALL.cap_height() / 2.0,
                Anchor::Start,
                style,
            );
        }
    }
    Ok(canvas)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(lines: &[(&str, Vec<(f64, f64)>)]) -> Result<Canvas, ReportError> {
        draw(&Scaling { title: "t", size: "n", cost: "ms", lines })
    }

    #[test]
    fn every_line_is_drawn_in_its_color() {
        let canvas = drawn(&[
            ("a", vec![(1.0, 1.0), (100.0, 10.0)]),
            ("b", vec![(1.0, 2.0), (100.0, 200.0)]),
        ])
        .unwrap();
        for color in [BLUE, VERMILION] {
            let Color(r, g, b) = color;
            assert!(canvas.rgb().filter(|pixel| *pixel == [r, g, b]).count() > 500, "{color:?}");
        }
    }

    #[test]
    fn what_a_logarithm_cannot_show_is_refused() {
        assert!(matches!(drawn(&[]), Err(ReportError::Empty { .. })));
        assert!(matches!(drawn(&[("a", vec![(1.0, 0.0)])]), Err(ReportError::NotFinite { .. })));
        let five = vec![("a", vec![(1.0, 1.0)]); 5];
        assert!(matches!(drawn(&five), Err(ReportError::Count { got: 5, .. })));
    }
}
