//! A bar beside a plot that says which value has which color.

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::drawing::canvas::{Anchor, Area, Canvas, LABEL, SMALL};
use crate::drawing::color::{SOFT_INK, viridis};

/// Width of the bar itself, in pixels.
pub(crate) const BAR_WIDTH: f32 = 24.0;
/// Gap between the plot and the bar, in pixels.
pub(crate) const BAR_GAP: f32 = 30.0;

/// Height of a bar below a sheet with its ticks and name, in pixels.
pub(crate) const FLAT_BAR_HEIGHT: f32 = 84.0;

/// Colors and values in a flat bar at the bottom of `area`, from left to right, below its name.
pub(crate) fn flat_color_bar(canvas: &mut Canvas, area: Area, name: &str, axis: &Axis) {
    let (left, width) = (area.left as i32, (area.right - area.left) as i32);
    let tick_base = area.bottom - 2.0;
    let bottom = (tick_base - SMALL.cap_height() - 10.0) as i32;
    let top = bottom - 16;
    canvas.text(name, area.left, top as f32 - 9.0, Anchor::Start, LABEL);
    for column in 0..width {
        let color = viridis((f64::from(column) + 0.5) / f64::from(width));
        canvas.fill(left + column, top, 1, bottom - top, color);
    }
    canvas.frame(left, top, width, bottom - top, SOFT_INK);
    for (value, label) in &axis.ticks {
        let x = area.left + (area.right - area.left) * axis.position(*value) as f32;
        canvas.fill(x.round() as i32, bottom, 1, 6, SOFT_INK);
        let half = SMALL.width(label) / 2.0;
        canvas.text(label, x.max(area.left + half), tick_base, Anchor::Middle, SMALL);
    }
}

/// Colors and values beside a plot, from the low end to the high end of an axis.
pub(crate) fn color_bar(canvas: &mut Canvas, area: Area, name: &str, axis: &Axis) {
    let left = area.right + BAR_GAP;
    let (top, height) = (area.top as i32, (area.bottom - area.top) as i32);
    for row in 0..height {
        let color = viridis(1.0 - (f64::from(row) + 0.5) / f64::from(height));
        canvas.fill(left as i32, top + row, BAR_WIDTH as i32, 1, color);
    }
    canvas.frame(left as i32, top, BAR_WIDTH as i32, height, SOFT_INK);
    let right = left + BAR_WIDTH;
    for (value, label) in &axis.ticks {
        let y = area.bottom - (area.bottom - area.top) * axis.position(*value) as f32;
        canvas.fill(right as i32, y.round() as i32, 6, 1, SOFT_INK);
        canvas.text(
            label,
            right + 11.0,
            y.round() + SMALL.cap_height() / 2.0,
            Anchor::Start,
            SMALL,
        );
    }
    let baseline = right + Chart::left_margin(axis, true) - LABEL.size * 0.25;
    canvas.text_upward(name, baseline, f32::midpoint(area.top, area.bottom), Anchor::Middle, LABEL);
}
