//! Two costs of designs against each other, with the front that no design improves on.

use std::path::Path;

use crate::charts::axis::Axis;
use crate::charts::chart::Chart;
use crate::drawing::canvas::{Anchor, Area, Canvas, Heading, MARGIN, Pen, SMALL};
use crate::drawing::color::{BLUE, Color, FRAME, INK, SOFT_INK, VERMILION, WHITE};
use crate::drawing::font::Style;
use crate::drawing::png::save;
use crate::error::ReportError;

/// Two costs of designs: of both, less is better.
#[derive(Debug, Clone, Copy)]
pub struct Tradeoff<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// Names of the costs, with their units if they have some: across, and up.
    pub names: [&'a str; 2],
    /// Designs that were rejected.
    pub rejected: &'a [[f64; 2]],
    /// Designs that were accepted, but not chosen.
    pub accepted: &'a [[f64; 2]],
    /// Designs that were chosen, numbered from 1.
    pub chosen: &'a [[f64; 2]],
    /// Designs to compare with, by name.
    pub known: &'a [(String, [f64; 2])],
}

const PLOT: [f32; 2] = [860.0, 560.0];
/// Room beyond the designs that decide the ranges, as a share of their spread.
const BEYOND: f64 = 0.12;
/// Rejected designs are shown up to this many spreads beyond the others.
const FAR: f64 = 0.6;
const NUMBER: Style = Style { size: 17.0, bold: true, color: INK };

/// Writes a PNG file with one point for each design, and a line along those that no other accepted
/// or known design beats in both costs (the Pareto front).
///
/// The ranges are those of the accepted, chosen and known designs; rejected ones far outside are
/// counted in the caption. The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`] if nothing but rejected designs is given; [`ReportError::NotFinite`];
/// [`ReportError::Write`].
///
/// # Examples
/// ```
/// use vae_report::{Tradeoff, tradeoff};
/// let folder = tempfile::tempdir()?;
/// let figure = Tradeoff {
///     title: "Proposals",
///     names: ["compliance", "largest stress"],
///     rejected: &[[250.0, 3.0]],
///     accepted: &[[215.0, 2.6]],
///     chosen: &[[210.0, 2.5], [220.0, 2.1]],
///     known: &[("SIMP optimum".to_owned(), [208.0, 2.4])],
/// };
/// tradeoff(&figure, &folder.path().join("tradeoff.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tradeoff(figure: &Tradeoff<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

impl Tradeoff<'_> {
    /// The designs that count: all but the rejected ones.
    fn counting(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        let known = self.known.iter().map(|(_, point)| *point);
        self.accepted.iter().chain(self.chosen).copied().chain(known)
    }

    /// The designs that no other beats in both costs, from left to right.
    fn front(&self) -> Vec<[f64; 2]> {
        let mut points: Vec<[f64; 2]> = self.counting().collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        let mut front: Vec<[f64; 2]> = Vec::new();
        for point in points {
            if front.last().is_none_or(|last| point[1] < last[1]) {
                front.push(point);
            }
        }
        front
    }

    /// Ends of the range of a cost.
    fn range(&self, cost: usize) -> (f64, f64) {
        let ends = |points: &mut dyn Iterator<Item = f64>| {
            points.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        };
        let (low, high) = ends(&mut self.counting().map(|point| point[cost]));
        let spread = (high - low).max(0.02 * high.abs()).max(f64::MIN_POSITIVE);
        let near = |value: &f64| low - FAR * spread <= *value && *value <= high + FAR * spread;
        let rejected = self.rejected.iter().map(|point| point[cost]).filter(near);
        let (low, high) = ends(&mut rejected.chain([low, high]));
        let room = BEYOND * (high - low).max(spread);
        (low - room, high + room)
    }
}

fn draw(figure: &Tradeoff<'_>) -> Result<Canvas, ReportError> {
    check(figure)?;
    let [(left_end, right_end), (low, high)] = [0, 1].map(|cost| figure.range(cost));
    let x = Chart::horizontal(left_end, right_end, PLOT[0], 8);
    let y = Axis::linear(low, high, 6);
    let left = MARGIN + Chart::left_margin(&y, true);
    let width = left + PLOT[0] + MARGIN;
    let heading = Heading::new(figure.title, width);
    let top = heading.bottom();
    let area = Area { left, top, right: left + PLOT[0], bottom: top + PLOT[1] };
    let chart = Chart { area, x, y };
    let inside = |point: &[f64; 2]| {
        (left_end..=right_end).contains(&point[0]) && (low..=high).contains(&point[1])
    };
    let outside = figure.rejected.iter().filter(|point| !inside(point)).count();
    let captions = SMALL.wrap(&caption(figure, outside), width - 2.0 * MARGIN, 6);
    let first = area.bottom + Chart::bottom_margin(true) + 14.0 + SMALL.cap_height();
    let bottom = first + SMALL.line_height() * (captions.len().max(1) - 1) as f32 + MARGIN;
    let mut canvas = Canvas::new(width, bottom)?;
    heading.draw(&mut canvas);
    chart.draw(&mut canvas, figure.names[0], figure.names[1]);
    let place = |point: &[f64; 2]| chart.place(point[0], point[1]);
    for point in figure.rejected.iter().filter(|point| inside(point)) {
        dot(&mut canvas, place(point), 4.0, FRAME);
    }
    front(&mut canvas, &chart, &figure.front());
    for point in figure.accepted {
        dot(&mut canvas, place(point), 5.5, Color(150, 200, 230));
    }
    for point in figure.chosen {
        dot(&mut canvas, place(point), 7.0, BLUE);
    }
    for (_, point) in figure.known {
        square(&mut canvas, place(point));
    }
    let mut labels =
        Labels { area, taken: figure.counting().map(|point| around(place(&point))).collect() };
    for (name, point) in figure.known {
        labels.write(&mut canvas, name, place(point), Style { bold: false, ..NUMBER });
    }
    for (index, point) in figure.chosen.iter().enumerate() {
        labels.write(&mut canvas, &(index + 1).to_string(), place(point), NUMBER);
    }
    canvas.lines(&captions, MARGIN, first, Anchor::Start, SMALL);
    Ok(canvas)
}

fn dot(canvas: &mut Canvas, (x, y): (f32, f32), radius: f32, color: Color) {
    canvas.disc(x, y, radius, color, 1.0);
}

/// A design to compare with.
fn square(canvas: &mut Canvas, (x, y): (f32, f32)) {
    let (left, top) = (x.round() as i32 - 8, y.round() as i32 - 8);
    canvas.fill(left - 1, top - 1, 18, 18, WHITE);
    canvas.fill(left, top, 16, 16, VERMILION);
}

/// Steps from point to point: what lies right of and above them is beaten.
fn front(canvas: &mut Canvas, chart: &Chart, points: &[[f64; 2]]) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let mut line = vec![chart.place(first[0], chart.y.high)];
    for pair in points.windows(2) {
        line.push(chart.place(pair[0][0], pair[0][1]));
        line.push(chart.place(pair[1][0], pair[0][1]));
    }
    line.push(chart.place(last[0], last[1]));
    line.push(chart.place(chart.x.high, last[1]));
    canvas.curve(&line, Pen { color: SOFT_INK, width: 2.0, dashed: false }, chart.area);
}

/// What a point covers.
fn around((x, y): (f32, f32)) -> Area {
    Area { left: x - 8.0, top: y - 8.0, right: x + 8.0, bottom: y + 8.0 }
}

/// Words beside points, where they cover neither points nor words.
struct Labels {
    area: Area,
    taken: Vec<Area>,
}

impl Labels {
    fn write(&mut self, canvas: &mut Canvas, text: &str, (x, y): (f32, f32), style: Style) {
        let (width, height) = (style.width(text), style.cap_height());
        let at = |(left, base): (f32, f32)| Area {
            left: left - 2.0,
            top: base - height - 2.0,
            right: left + width + 2.0,
            bottom: base + 2.0,
        };
        let mut places = Vec::new();
        for gap in [12.0_f32, 26.0, 42.0] {
            let (right, left) = (x + gap, x - gap - width);
            let (above, below) = (y - gap, y + gap + height);
            let (middle, level) = (x - width / 2.0, y + height / 2.0);
            let diagonal = 0.7 * gap;
            places.extend([
                (x + diagonal, y - diagonal),
                (right, level),
                (middle, above),
                (left, level),
                (middle, below),
                (x + diagonal, y + diagonal + height),
                (x - diagonal - width, y - diagonal),
                (x - diagonal - width, y + diagonal + height),
            ]);
        }
        let overlap = |a: &Area, b: &Area| {
            let across = (a.right.min(b.right) - a.left.max(b.left)).max(0.0);
            across * (a.bottom.min(b.bottom) - a.top.max(b.top)).max(0.0)
        };
        let cost = |place: &(f32, f32)| {
            let own = at(*place);
            let outside = own.left < self.area.left
                || own.right > self.area.right
                || own.top < self.area.top
                || own.bottom > self.area.bottom;
            let covered: f32 = self.taken.iter().map(|other| overlap(&own, other)).sum();
            covered + if outside { 1e4 } else { 0.0 }
        };
        let best = places.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        if let Some(&(left, base)) = best {
            let place = at((left, base));
            // A label that had to move away is joined to its point.
            let (middle, level) = (f32::midpoint(place.left, place.right), base - height / 2.0);
            if 30.0 < (middle - x).hypot(level - y) - width / 2.0 {
                let pen = Pen { color: SOFT_INK, width: 1.0, dashed: false };
                canvas.curve(&[(x, y), (middle, level)], pen, self.area);
            }
            canvas.text_on_white(text, left, base, Anchor::Start, style);
            self.taken.push(place);
        }
    }
}

/// What the marks mean, as far as they are there.
fn caption(figure: &Tradeoff<'_>, outside: usize) -> String {
    let mut parts = vec!["Blue, with numbers: the proposals.".to_owned()];
    if !figure.accepted.is_empty() {
        parts.push("Light blue: accepted, but not chosen.".to_owned());
    }
    if outside < figure.rejected.len() {
        parts.push("Grey: rejected.".to_owned());
    }
    if !figure.known.is_empty() {
        parts.push("Squares: what is known.".to_owned());
    }
    let none =
        if figure.rejected.is_empty() { "no design" } else { "no design but a rejected one" };
    parts.push(format!("Line: {none} is better in both (Pareto front)."));
    if 0 < outside {
        let are = if outside == 1 { "design lies" } else { "designs lie" };
        parts.push(format!("{outside} rejected {are} outside."));
    }
    parts.join(" ")
}

fn check(figure: &Tradeoff<'_>) -> Result<(), ReportError> {
    if figure.counting().next().is_none() {
        return Err(ReportError::Empty { what: "designs" });
    }
    let all = figure.counting().chain(figure.rejected.iter().copied()).enumerate();
    for (index, point) in all {
        if let Some(cost) = point.iter().position(|value| !value.is_finite()) {
            let position = vec![index, cost];
            return Err(ReportError::NotFinite {
                what: "costs",
                position,
                value: point[cost] as f32,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure<'a>(chosen: &'a [[f64; 2]], rejected: &'a [[f64; 2]]) -> Tradeoff<'a> {
        let (accepted, known) = (&[][..], &[][..]);
        Tradeoff { title: "", names: ["a", "b"], rejected, accepted, chosen, known }
    }

    #[test]
    fn the_front_has_what_nothing_beats_in_both() {
        let chosen = [[3.0, 1.0], [1.0, 3.0], [2.0, 2.0], [2.5, 2.5], [1.0, 4.0], [4.0, 1.0]];
        assert_eq!(figure(&chosen, &[]).front(), [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]);
        let known = [("one".to_owned(), [0.5, 0.5])];
        assert_eq!(Tradeoff { known: &known, ..figure(&chosen, &[]) }.front(), [[0.5, 0.5]]);
    }

    #[test]
    fn far_designs_do_not_squeeze_the_others() {
        let chosen = [[1.0, 1.0], [2.0, 3.0]];
        let rejected = [[2.5, 2.0], [1e7, 2.0]];
        let figure = figure(&chosen, &rejected);
        let (low, high) = figure.range(0);
        assert!(0.5 < low && low < 1.0 && 2.5 < high && high < 3.0, "{low}..{high}");
        assert!(caption(&figure, 1).contains("1 rejected design lies outside"));
        assert!(draw(&figure).is_ok());
    }

    #[test]
    fn points_of_one_value_have_a_range() {
        let (low, high) = figure(&[[0.4, 1.0]], &[]).range(0);
        assert!(low < 0.4 && 0.4 < high);
    }

    #[test]
    fn nothing_and_no_numbers_are_refused() {
        let refused = |chosen: &[[f64; 2]]| draw(&figure(chosen, &[[1.0, 1.0]])).err().unwrap();
        assert!(matches!(refused(&[]), ReportError::Empty { .. }));
        assert!(matches!(refused(&[[1.0, f64::NAN]]), ReportError::NotFinite { .. }));
    }

    #[test]
    fn the_caption_names_what_is_there_and_nothing_else() {
        let chosen = [[1.0, 2.0]];
        let said = caption(&figure(&chosen, &[]), 0);
        for words in ["ejected", "Light blue", "Squares", "outside"] {
            assert!(!said.contains(words), "{words:?} in {said}");
        }
        assert!(said.contains("Line: no design is better in both"), "{said}");
        let (accepted, known) = ([[2.0, 3.0]], [("one".to_owned(), [0.5, 0.5])]);
        let said =
            caption(&Tradeoff { accepted: &accepted, known: &known, ..figure(&chosen, &[]) }, 0);
        assert!(said.contains("Light blue: accepted") && said.contains("Squares: what is known"));
        let rejected = [[1.0, 9.0], [1.0, 8.0]];
        let said = caption(&figure(&chosen, &rejected), 0);
        assert!(said.contains("Grey: rejected.") && !said.contains("outside"), "{said}");
        // A rejected design may lie below the line.
        assert!(said.contains("Line: no design but a rejected one is better in both"), "{said}");
        let said = caption(&figure(&chosen, &rejected), 2);
        assert!(
            !said.contains("Grey") && said.contains("2 rejected designs lie outside."),
            "{said}"
        );
    }
}
