//! A chart: two axes around a plot area, and the mapping of values to pixels in it.

use crate::charts::axis::Axis;
use crate::drawing::canvas::{Anchor, Area, Canvas, LABEL, Pen, SMALL};
use crate::drawing::color::{Color, GRID, INK, SOFT_INK};
use crate::drawing::font::Style;

/// Two axes around a plot area.
pub(crate) struct Chart {
    pub(crate) area: Area,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

/// From the tick labels to the name of an axis.
const GAP: f32 = 8.0;
const TICK: f32 = 6.0;
/// Points beyond this many pixels are drawn there: their slope looks the same, and strokes stay
/// fast.
const FAR: f32 = 1e5;

impl Chart {
    /// The width that tick labels and name of a vertical axis need left of the plot area.
    pub(crate) fn left_margin(y: &Axis, named: bool) -> f32 {
        let labels = y.ticks.iter().map(|(_, label)| SMALL.width(label)).fold(0.0, f32::max);
        TICK + 5.0 + labels.ceil() + if named { GAP + LABEL.line_height() } else { 0.0 }
    }

    /// A horizontal axis of `width` pixels, with as many ticks as their labels leave room for.
    pub(crate) fn horizontal(low: f64, high: f64, width: f32, most: usize) -> Axis {
        let room = |axis: &Axis| {
            let labels =
                axis.ticks.iter().map(|(_, label)| SMALL.width(label) + 24.0).fold(0.0, f32::max);
            labels * axis.ticks.len() as f32
        };
        let axes = (2..=most).rev().map(|count| Axis::linear(low, high, count));
        axes.into_iter()
            .find(|axis| room(axis) <= width)
            .unwrap_or_else(|| Axis::linear(low, high, 1))
    }

    /// The height that tick labels and name of a horizontal axis need below the plot area.
    pub(crate) fn bottom_margin(named: bool) -> f32 {
        TICK + 5.0 + SMALL.cap_height() + if named { GAP + LABEL.line_height() } else { 4.0 }
    }

    /// Where a point lies on the canvas.
    pub(crate) fn place(&self, x: f64, y: f64) -> (f32, f32) {
        let Area { left, top, right, bottom } = self.area;
        (
            left + (right - left) * self.x.position(x) as f32,
            bottom - (bottom - top) * self.y.position(y) as f32,
        )
    }

    /// Grid lines, axes, ticks, their labels, and the names of the axes (an empty name is left
    /// out).
    pub(crate) fn draw(&self, canvas: &mut Canvas, x_name: &str, y_name: &str) {
        let Area { left, top, right, bottom } = self.area;
        let (width, height) = ((right - left) as i32, (bottom - top) as i32);
        for (value, label) in &self.x.ticks {
            let x = self.place(*value, self.y.low).0.round();
            canvas.fill(x as i32, top as i32, 1, height, GRID);
            canvas.fill(x as i32, bottom as i32, 1, TICK as i32, SOFT_INK);
            canvas.text(label, x, bottom + TICK + 5.0 + SMALL.cap_height(), Anchor::Middle, SMALL);
        }
        for (value, label) in &self.y.ticks {
            let y = self.place(self.x.low, *value).1.round();
            canvas.fill(left as i32, y as i32, width, 1, GRID);
            canvas.fill((left - TICK) as i32, y as i32, TICK as i32, 1, SOFT_INK);
            canvas.text(label, left - TICK - 5.0, y + SMALL.cap_height() / 2.0, Anchor::End, SMALL);
        }
        canvas.fill(left as i32, top as i32, 1, height + 1, SOFT_INK);
        canvas.fill(left as i32, bottom as i32, width + 1, 1, SOFT_INK);
        let named_below = bottom + Self::bottom_margin(true) - LABEL.size * 0.25;
        canvas.text(x_name, f32::midpoint(left, right), named_below, Anchor::Middle, LABEL);
        let named_left = left - Self::left_margin(&self.y, true) + LABEL.size;
        canvas.text_upward(y_name, named_left, f32::midpoint(top, bottom), Anchor::Middle, LABEL);
    }

    /// A curve through the points that are there; a gap where one is missing.
    pub(crate) fn curve(&self, canvas: &mut Canvas, points: &[(f64, Option<f64>)], pen: Pen) {
        let room = pen.width;
        let Area { left, top, right, bottom } = self.area;
        let clip =
            Area { left: left - room, top: top - room, right: right + room, bottom: bottom + room };
        for piece in points.split(|(_, y)| y.is_none()) {
            let mut places: Vec<(f32, f32)> = piece
                .iter()
                .filter_map(|&(x, y)| y.map(|y| self.place(x, y)))
                .map(|(x, y)| (x, y.clamp(-FAR, FAR)))
                .collect();
            thin(&mut places);
            match places.as_slice() {
                [(x, y)] if (top..=bottom).contains(y) => {
                    canvas.disc(*x, *y, pen.width * 1.5, pen.color, 1.0);
                }
                _ => canvas.curve(&places, pen, clip),
            }
        }
    }

    /// A round mark at a point.
    pub(crate) fn mark(&self, canvas: &mut Canvas, x: f64, y: f64, color: Color) {
        let (x, y) = self.place(x, y);
        canvas.disc(x, y, 5.5, color, 1.0);
    }

    /// A remark in the corner of the plot area where it covers the least of the curves through
    /// `points` (a step back to the left begins a new curve).
    pub(crate) fn remark(&self, canvas: &mut Canvas, text: &str, points: &[(f64, f64)]) {
        if text.is_empty() {
            return;
        }
        let Area { left, top, right, bottom } = self.area;
        let (width, height) = (SMALL.width(text) + 20.0, SMALL.size + 20.0);
        let places: Vec<(f32, f32)> = points.iter().map(|&(x, y)| self.place(x, y)).collect();
        let hidden = |&(right_side, low): &(bool, bool)| {
            let across = if right_side { right - width..=right } else { left..=left + width };
            let down = if low { bottom - height..=bottom } else { top..=top + height };
            let covers = |x: f32, y: f32| across.contains(&x) && down.contains(&y);
            let between = |pair: &[(f32, f32)]| {
                let (a, b) = (pair[0], pair[1]);
                let at = |i: u8| f32::from(i) / 32.0;
                (0..32)
                    .filter(|&i| covers(a.0 + (b.0 - a.0) * at(i), a.1 + (b.1 - a.1) * at(i)))
                    .count()
            };
            places.windows(2).filter(|pair| pair[0].0 <= pair[1].0).map(between).sum::<usize>()
        };
        let corners = [(true, true), (true, false), (false, true), (false, false)];
        let (right_side, low) = corners.into_iter().min_by_key(hidden).unwrap_or((true, true));
        let (x, anchor) =
            if right_side { (right - 10.0, Anchor::End) } else { (left + 10.0, Anchor::Start) };
        let y = if low { bottom - 14.0 } else { top + 10.0 + SMALL.cap_height() };
        canvas.text_on_white(text, x, y, anchor, SMALL);
    }

    /// Words in the middle of a plot area that has nothing to show.
    pub(crate) fn vacant(canvas: &mut Canvas, area: Area, text: &str) {
        let (width, height) = ((area.right - area.left) as i32, (area.bottom - area.top) as i32);
        canvas.frame(area.left as i32, area.top as i32, width, height, GRID);
        let (x, y) = (f32::midpoint(area.left, area.right), f32::midpoint(area.top, area.bottom));
        canvas.text(text, x, y + SMALL.cap_height() / 2.0, Anchor::Middle, SMALL);
    }
}

/// A legend in one line that ends at `right`: for each entry a piece of the pen and a name.
pub(crate) fn legend(canvas: &mut Canvas, right: f32, baseline: f32, entries: &[(&str, Pen)]) {
    const SAMPLE: f32 = 36.0;
    let style = Style { color: INK, ..SMALL };
    let y = baseline - SMALL.cap_height() / 2.0;
    let mut right = right;
    for (name, pen) in entries.iter().rev() {
        canvas.text(name, right, baseline, Anchor::End, style);
        let end = right - style.width(name).ceil() - 8.0;
        let clip = Area { left: end - SAMPLE, top: y - 6.0, right: end, bottom: y + 6.0 };
        canvas.curve(&[(end - SAMPLE, y), (end, y)], *pen, clip);
        right = end - SAMPLE - 22.0;
    }
}

/// Keeps at most four points a pixel column: the first, the lowest, the highest and the last, in
/// their order. What is drawn stays the same, and a record of a million steps costs no more than
/// one of a thousand.
fn thin(places: &mut Vec<(f32, f32)>) {
    let mut kept = Vec::with_capacity(places.len().min(8192));
    for column in places.chunk_by(|a, b| a.0.floor() as i32 == b.0.floor() as i32) {
        let extreme = |better: fn(f32, f32) -> bool| {
            (1..column.len())
                .fold(0, |best, i| if better(column[i].1, column[best].1) { i } else { best })
        };
        let mut chosen = [0, extreme(|a, b| a < b), extreme(|a, b| b < a), column.len() - 1];
        chosen.sort_unstable();
        for (order, &index) in chosen.iter().enumerate() {
            if order == 0 || chosen[order - 1] != index {
                kept.push(column[index]);
            }
        }
    }
    *places = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::canvas::Canvas;
    use crate::drawing::color::{BLUE, WHITE};

    fn chart() -> Chart {
        let area = Area { left: 100.0, top: 10.0, right: 300.0, bottom: 110.0 };
        Chart { area, x: Axis::linear(0.0, 10.0, 5), y: Axis::linear(-1.0, 1.0, 4) }
    }

    #[test]
    fn corners_of_the_ranges_are_corners_of_the_area() {
        assert_eq!(chart().place(0.0, -1.0), (100.0, 110.0));
        assert_eq!(chart().place(10.0, 1.0), (300.0, 10.0));
    }

    #[test]
    fn a_curve_is_interrupted_where_a_value_is_missing() {
        let mut canvas = Canvas::new(320.0, 160.0).unwrap();
        let pen = Pen { color: BLUE, width: 3.0, dashed: false };
        let points: Vec<_> = (0..=10).map(|i| (f64::from(i), (i != 5).then_some(0.0))).collect();
        chart().curve(&mut canvas, &points, pen);
        assert_eq!(canvas.pixel(150, 60), Some(BLUE));
        assert_eq!(canvas.pixel(250, 60), Some(BLUE));
        assert_eq!(canvas.pixel(200, 60), Some(WHITE));
    }

    #[test]
    fn thinning_keeps_the_envelope() {
        let mut places: Vec<(f32, f32)> =
            (0..10_000_u16).map(|i| (f32::from(i) / 1000.0, f32::from(i * 37 % 1009))).collect();
        let whole = places.clone();
        thin(&mut places);
        assert!(places.len() <= 40);
        for column in 0..10_u16 {
            let range = |points: &[(f32, f32)]| {
                let ys = points
                    .iter()
                    .filter(|place| place.0.floor() as u16 == column)
                    .map(|place| place.1);
                ys.fold((f32::MAX, f32::MIN), |(low, high), y| (low.min(y), high.max(y)))
            };
            assert_eq!(range(&places), range(&whole));
        }
    }
}
