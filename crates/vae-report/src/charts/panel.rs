//! One chart of the training curves: its curves, its vertical range, and how it is drawn.

use crate::charts::axis::Axis;
use crate::charts::chart::{Chart, legend};
use crate::drawing::canvas::{Anchor, Area, Canvas, HEADING, Pen, SMALL};
use crate::drawing::color::{Color, INK};
use crate::drawing::font::Style;

/// One chart of the figure. An empty `unit` is left out.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) curves: Vec<Curve>,
    pub(crate) vertical: Vertical,
    pub(crate) mark: Option<Mark>,
}

/// A point that stands out, and words about it.
pub(crate) struct Mark {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) color: Color,
    pub(crate) words: String,
}

/// A curve over optimizer steps, with a gap where a value is missing.
pub(crate) struct Curve {
    pub(crate) name: Name,
    pub(crate) points: Vec<(f64, Option<f64>)>,
    pub(crate) pen: Pen,
}

/// Where the name of a curve stands.
pub(crate) enum Name {
    /// Stands in the legend.
    Legend(&'static str),
    /// Stands at the end of the curve.
    AtEnd(String),
    /// The only curve of its panel.
    None,
}

/// How the vertical axis is chosen.
#[derive(Clone, Copy)]
pub(crate) enum Vertical {
    /// Whatever range the values have.
    Free,
    /// The same, with zero on the axis.
    FromZero,
    /// Logarithmic where all values are positive.
    Logarithmic,
}

/// A beginning is cut off only if at least this many values follow it.
const LEAST_SETTLED: usize = 10;

impl Panel {
    pub(crate) fn new(title: &'static str, unit: &'static str, curves: Vec<Curve>) -> Self {
        Self { title, unit, curves, vertical: Vertical::Free, mark: None }
    }

    /// The vertical axis; `None` if there is no value.
    pub(crate) fn vertical_axis(&self, end: f64) -> Option<Axis> {
        let (low, high) = self.range(end)?;
        Some(match self.vertical {
            Vertical::Logarithmic if 0.0 < low => Axis::logarithmic(low / 1.2, high * 1.2),
            Vertical::FromZero if 0.0 <= low => Axis::linear(0.0, high * 1.06, 4),
            _ => {
                let room = 0.06 * (high - low);
                Axis::linear(low - room, high + room, 4)
            }
        })
    }

    /// The range of the values, without a steep beginning that would flatten the rest.
    fn range(&self, end: f64) -> Option<(f64, f64)> {
        let (low, high, _) = self.range_from(0.0)?;
        if matches!(self.vertical, Vertical::Logarithmic) {
            return Some((low, high));
        }
        let Some((settled_low, settled_high, count)) = self.range_from(0.15 * end) else {
            return Some((low, high));
        };
        let width = settled_high - settled_low;
        if count < LEAST_SETTLED || width <= 0.0 || high - low <= 4.0 * width {
            return Some((low, high));
        }
        Some((low.max(settled_low - 0.5 * width), high.min(settled_high + 0.5 * width)))
    }

    /// The range of the values from a step on, and how many they are.
    fn range_from(&self, step: f64) -> Option<(f64, f64, usize)> {
        let points = self.curves.iter().flat_map(|curve| &curve.points).filter(|(x, _)| step <= *x);
        points.filter_map(|(_, y)| *y).fold(None, |range, y| match range {
            None => Some((y, y, 1)),
            Some((low, high, count)) => Some((y.min(low), y.max(high), count + 1)),
        })
    }

    pub(crate) fn right_margin(&self) -> f32 {
        let labels = self.curves.iter().filter_map(|curve| match &curve.name {
            Name::AtEnd(name) => Some(SMALL.width(name).ceil() + 10.0),
            _ => None,
        });
        labels.fold(4.0, f32::max)
    }

    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas,
        area: Area,
        x: Axis,
        y: Option<Axis>,
        x_name: &str,
    ) {
        let baseline = area.top - 14.0;
        let Some(y) = y else {
            canvas.text(self.title, area.left, baseline, Anchor::Start, HEADING);
            Chart::vacant(canvas, area, "no values recorded");
            return;
        };
        let chart = Chart { area, x, y };
        chart.draw(canvas, x_name, self.unit);
        canvas.text(self.title, area.left, baseline, Anchor::Start, HEADING);
        let entries: Vec<(&str, Pen)> = (self.curves.iter())
            .filter_map(|curve| {
                if let Name::Legend(name) = curve.name { Some((name, curve.pen)) } else { None }
            })
            .collect();
        legend(canvas, area.right, baseline, &entries);
        for curve in &self.curves {
            chart.curve(canvas, &curve.points, curve.pen);
        }
        self.label_ends(canvas, &chart);
        let mut remarks = Vec::new();
        if let Some(mark) = &self.mark {
            chart.mark(canvas, mark.x, mark.y, mark.color);
            remarks.push(mark.words.as_str());
        }
        let values = self.curves.iter().flat_map(|curve| &curve.points).filter_map(|(_, y)| *y);
        if values.into_iter().any(|value| value < chart.y.low || chart.y.high < value) {
            remarks.push("beginning off scale");
        }
        let points: Vec<(f64, f64)> = self
            .curves
            .iter()
            .flat_map(|curve| &curve.points)
            .filter_map(|&(x, y)| Some((x, y?)))
            .collect();
        chart.remark(canvas, &remarks.join("; "), &points);
    }

    /// Names at the ends of curves, the topmost first, as far as they do not overlap.
    fn label_ends(&self, canvas: &mut Canvas, chart: &Chart) {
        let mut ends: Vec<(f32, f32, &str)> = (self.curves.iter())
            .filter_map(|curve| {
                let Name::AtEnd(name) = &curve.name else { return None };
                let (x, y) = curve.points.iter().rev().find_map(|&(x, y)| Some((x, y?)))?;
                let (x, y) = chart.place(x, y);
                Some((y, x, name.as_str()))
            })
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let style = Style { color: INK, ..SMALL };
        let mut free = f32::MIN;
        for (y, x, name) in ends {
            if free <= y && y <= chart.area.bottom {
                canvas.text(name, x + 8.0, y + SMALL.cap_height() / 2.0, Anchor::Start, style);
                free = y + SMALL.size;
            }
        }
    }
}
