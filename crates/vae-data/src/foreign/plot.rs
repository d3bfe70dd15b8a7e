//! The plot inside a picture: the area that axes or another background set off from the paper.

use crate::foreign::choices::Margins;
use crate::foreign::color_map::light;
use crate::formats::picture::pixels::Picture;

/// A pixel that differs from the paper by more than this many levels is drawn.
pub(crate) const FAINT: u8 = 10;
/// The same if the compression changes colors, and for lines, which are smoothed at their sides.
pub(crate) const CLEAR: u8 = 40;
/// Share of the outermost pixels that show the paper, where there is paper around a plot. The rest
/// may be texts that touch the edge.
const MOSTLY: f64 = 0.85;
/// Share of the height and width of a picture that a plot covers at least.
const LEAST: f64 = 0.15;
/// Edges that are compared with each other at most, on each side.
const MOST_EDGES: usize = 24;
/// Lines around a plot are not wider than this.
const WIDEST_LINE: usize = 12;
/// Figures with texts have this many rows and columns at least ...
const FIGURE: usize = 64;
/// ... and this many times the width of their lines.
const THIN: usize = 32;
/// Levels by which the tone of a line may vary.
const ONE_TONE: f32 = 60.0;

/// What is drawn on a picture, and what is paper.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    size: (usize, usize),
    /// Color of the paper.
    pub(crate) paper: [u8; 3],
    /// Whether all of the outermost pixels show the paper.
    pub(crate) surrounds: bool,
    drawn: Vec<bool>,
    /// Drawn pixels in the rectangle above and left of each corner.
    sums: Vec<u32>,
}

/// An area of a picture with straight edges, all of them drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    /// What lies outside of it, and of the line around it.
    pub(crate) margins: Margins,
    /// Width of the line around it; 0 if there is none.
    pub(crate) line: usize,
    /// What the width of the line says.
    pub(crate) stroke: Stroke,
    /// Whether its colors set it off from the paper, which shows nowhere inside.
    pub(crate) is_set_off: bool,
    /// Whether its pixels are in color and the paper is grey.
    pub(crate) is_colored: bool,
    /// Whether anything is drawn outside, such as ticks, titles and color bars. Pictures that are
    /// too small for texts, and frames as thick as bars of a design, have none.
    pub(crate) has_marks: bool,
    /// Number of other areas of at least half its size beside it.
    pub(crate) twins: usize,
    /// Sides (top, right, bottom, left) at which the picture ends before the line does.
    clipped: [bool; 4],
}

/// What the width of the line around an area says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stroke {
    /// It is thin beside the picture, as lines around plots are, or there is none.
    Thin,
    /// It is as wide as parts of a design.
    Wide,
    /// Where it ends cannot be told from a border of the design that lies beside it.
    Endless,
}

/// A straight run of drawn pixels with paper on one side: its row or column, and from where to
/// where (exclusive) it goes.
#[derive(Clone, Copy, Debug)]
struct Edge {
    at: usize,
    from: usize,
    to: usize,
}

/// Rows and columns of a rectangle, the ends exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rectangle {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

impl Drawing {
    /// Tells paper from what is drawn, which differs from it by more than `tolerance`; `None` if the
    /// outermost pixels do not look like paper.
    pub(crate) fn of(picture: &Picture, colors: &[[u8; 3]], tolerance: u8) -> Option<Self> {
        let ring = ring(picture.size);
        let mut counts = std::collections::BTreeMap::<[u8; 3], usize>::new();
        for place in &ring {
            *counts.entry(colors[*place].map(|level| level >> 3)).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, n)| *n)?.0;
        let of_most: Vec<[u8; 3]> = ring
            .iter()
            .map(|place| colors[*place])
            .filter(|color| color.map(|level| level >> 3) == most)
            .collect();
        let mean = |channel: usize| {
            let sum: u64 = of_most.iter().map(|color| u64::from(color[channel])).sum();
            (sum / of_most.len() as u64) as u8
        };
        let paper = [mean(0), mean(1), mean(2)];
        let drawing = Self::on(paper, picture, colors, tolerance);
        let on_ring = ring.iter().filter(|place| drawing.drawn[**place]).count();
        let is_paper = on_ring as f64 <= (1.0 - MOSTLY) * ring.len() as f64;
        is_paper.then_some(Self { surrounds: on_ring == 0, ..drawing })
    }

    /// Whether paper shows between these margins, on more pixels than strays.
    pub(crate) fn shows_paper(&self, margins: Margins) -> bool {
        let (height, width) = self.size;
        let Margins { top, right, bottom, left } = margins;
        let inner = Rectangle { top, bottom: height - bottom, left, right: width - right };
        let n = inner.height() * inner.width();
        n / 500 < n - self.count(inner) as usize
    }

    /// What is drawn on paper of a known color, which need not surround it.
    pub(crate) fn on(paper: [u8; 3], picture: &Picture, colors: &[[u8; 3]], tolerance: u8) -> Self {
        let (height, width) = picture.size;
        let is_drawn = |color: &[u8; 3]| {
            color.iter().zip(paper).any(|(level, paper)| tolerance < level.abs_diff(paper))
        };
        let drawn: Vec<bool> = colors.iter().map(is_drawn).collect();
        let mut sums = vec![0; (height + 1) * (width + 1)];
        for row in 0..height {
            let mut along = 0;
            for column in 0..width {
                along += u32::from(drawn[row * width + column]);
                sums[(row + 1) * (width + 1) + column + 1] =
                    sums[row * (width + 1) + column + 1] + along;
            }
        }
        Self { size: picture.size, paper, surrounds: false, drawn, sums }
    }

    /// The smallest margins around everything that is drawn; `None` if nothing is.
    pub(crate) fn margins(&self) -> Option<Margins> {
        let (rows, columns) = self.occupied();
        let first = |all: &[bool]| all.iter().position(|drawn| *drawn);
        let last = |all: &[bool]| all.iter().rev().position(|drawn| *drawn);
        Some(Margins {
            top: first(&rows)?,
            right: last(&columns)?,
            bottom: last(&rows)?,
            left: first(&columns)?,
        })
    }

    /// Which rows and which columns have something drawn in them.
    pub(crate) fn occupied(&self) -> (Vec<bool>, Vec<bool>) {
        let (height, width) = self.size;
        let row =
            |row| 0 < self.count(Rectangle { top: row, bottom: row + 1, left: 0, right: width });
        let column = |column| {
            0 < self.count(Rectangle { top: 0, bottom: height, left: column, right: column + 1 })
        };
        ((0..height).map(row).collect(), (0..width).map(column).collect())
    }

    /// The largest area whose four edges are drawn throughout.
    pub(crate) fn area(&self, colors: &[[u8; 3]]) -> Option<Area> {
        self.area_clipped(colors, [false; 4])
    }

    /// The area of a plot that the picture cuts off at one or two sides, as it does if nothing is
    /// left around a plot: its other sides are lines, and one of them has ticks.
    pub(crate) fn clipped_area(&self, colors: &[[u8; 3]]) -> Option<Area> {
        let with = |sides: &[usize]| {
            let clipped = [0, 1, 2, 3].map(|side| sides.contains(&side));
            let area = self.area_clipped(colors, clipped)?;
            (0 < area.line && area.has_marks && self.has_ticks(&area)).then_some(area)
        };
        let ways: [&[usize]; 6] = [&[1], &[0], &[2], &[3], &[0, 1], &[1, 2]];
        ways.into_iter().find_map(with)
    }

    /// The largest area whose edges are drawn throughout, or lie at the end of the picture where
    /// it is clipped.
    fn area_clipped(&self, colors: &[[u8; 3]], clipped: [bool; 4]) -> Option<Area> {
        let (height, width) = self.size;
        let least = |n: usize| ((n as f64 * LEAST).ceil() as usize).max(4);
        let edges = |side: usize, along_rows: bool, behind: bool| {
            let (lines, to) = if along_rows { (height, width) } else { (width, height) };
            let end = Edge { at: if behind { lines - 1 } else { 0 }, from: 0, to };
            if clipped[side] { vec![end] } else { self.edges(along_rows, behind) }
        };
        let (tops, bottoms) = (edges(0, true, false), edges(2, true, true));
        let (lefts, rights) = (edges(3, false, false), edges(1, false, true));
        let mut found: Vec<(usize, Rectangle)> = Vec::new();
        for (left, right) in pairs(&lefts, &rights) {
            let (from, to) = (left.from.max(right.from), left.to.min(right.to));
            for (top, bottom) in pairs(&tops, &bottoms) {
                let area = Rectangle {
                    top: top.at,
                    bottom: bottom.at + 1,
                    left: left.at,
                    right: right.at + 1,
                };
                let fits = from <= area.top
                    && area.bottom <= to
                    && top.from.max(bottom.from) <= area.left
                    && area.right <= top.to.min(bottom.to)
                    && least(height) <= area.height()
                    && least(width) <= area.width();
                if fits {
                    found.push((area.height() * area.width(), area));
                }
            }
        }
        found.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        let (largest, outer) = *found.first()?;
        let is_twin =
            |(size, area): &&(usize, Rectangle)| largest <= 2 * size && area.is_apart_from(&outer);
        let twins = found.iter().filter(is_twin).count();
        let line = self.line(&outer, colors, clipped);
        let inner = outer.without(line, clipped);
        let stroke = match line {
            1.. if line == widest_line(&outer) => Stroke::Endless,
            _ if THIN * line <= height.min(width) => Stroke::Thin,
            _ => Stroke::Wide,
        };
        let n = inner.height() * inner.width();
        let inside = self.count(inner) as usize;
        Some(Area {
            margins: Margins {
                top: inner.top,
                right: width - inner.right,
                bottom: height - inner.bottom,
                left: inner.left,
            },
            line,
            stroke,
            is_colored: is_grey(self.paper) && 10 * grey_inside(&inner, width, colors) <= n,
            is_set_off: n - inside <= n / 500 && has_two_tones(&inner, width, colors),
            has_marks: self.count(outer) < self.sums[self.sums.len() - 1]
                && FIGURE.max(THIN * line) <= height.min(width),
            twins,
            clipped,
        })
    }

    /// Whether ticks stand outside of an area, at its left or below it: at least two short runs of
    /// drawn pixels beside the line around it, among paper.
    fn has_ticks(&self, area: &Area) -> bool {
        let ((height, width), line) = (self.size, area.line);
        let Margins { top, right, bottom, left } = area.margins;
        let beside = 2.max(line);
        let drawn = |row: usize, column: usize| self.drawn[row * width + column];
        let below = height - bottom + line + beside - 1;
        let before = left.checked_sub(line + beside);
        let under: Vec<bool> = if below < height {
            (left..width - right).map(|column| drawn(below, column)).collect()
        } else {
            Vec::new()
        };
        let at_left: Vec<bool> = before
            .map(|column| (top..height - bottom).map(|row| drawn(row, column)).collect())
            .unwrap_or_default();
        [under, at_left].iter().any(|beside| {
            let runs: Vec<&[bool]> = beside.chunk_by(|a, b| a == b).filter(|run| run[0]).collect();
            let are_short = runs.iter().all(|run| run.len() <= 2 * line + 2);
            2 <= runs.len() && are_short
        })
    }

    /// Number of drawn pixels in a rectangle.
    fn count(&self, area: Rectangle) -> u32 {
        let at = |row: usize, column: usize| self.sums[row * (self.size.1 + 1) + column];
        at(area.bottom, area.right) + at(area.top, area.left)
            - at(area.top, area.right)
            - at(area.bottom, area.left)
    }

    /// Long runs of drawn pixels along rows (or down columns) with paper before (or behind) them,
    /// the longest ones. Ticks may interrupt the paper.
    fn edges(&self, along_rows: bool, behind: bool) -> Vec<Edge> {
        let (height, width) = self.size;
        let (lines, length) = if along_rows { (height, width) } else { (width, height) };
        let is_drawn = |line: usize, place: usize| {
            let (row, column) = if along_rows { (line, place) } else { (place, line) };
            self.drawn[row * width + column]
        };
        let least = ((length as f64 * LEAST).ceil() as usize).max(4);
        let mut edges = Vec::new();
        for line in 0..lines {
            let beside = if behind { line.checked_add(1) } else { line.checked_sub(1) };
            let beside = beside.filter(|beside| *beside < lines);
            let mut from = 0;
            while from < length {
                if !is_drawn(line, from) {
                    from += 1;
                    continue;
                }
                let to = (from..length).find(|place| !is_drawn(line, *place)).unwrap_or(length);
                let drawn_beside = beside.map_or(0, |beside| {
                    (from..to).filter(|place| is_drawn(beside, *place)).count()
                });
                if least <= to - from && 10 * drawn_beside <= to - from {
                    edges.push(Edge { at: line, from, to });
                }
                from = to;
            }
        }
        edges.sort_by_key(|edge| std::cmp::Reverse(edge.to - edge.from));
        edges.truncate(MOST_EDGES);
        edges
    }

    /// Width of the line around an area: rows and columns of one grey tone along all four edges,
    /// as wide as the narrowest of them. An edge at which the picture is clipped has no line.
    fn line(&self, area: &Rectangle, colors: &[[u8; 3]], clipped: [bool; 4]) -> usize {
        let width = self.size.1;
        let widest = widest_line(area);
        // The ends of a row lie on the lines at the sides.
        let across = area.left + widest..area.right - widest;
        let down = area.top + widest..area.bottom - widest;
        let row = |row: usize| tone(across.clone().map(|column| colors[row * width + column]));
        let column = |column: usize| tone(down.clone().map(|row| colors[row * width + column]));
        let paper = light(self.paper.map(f32::from));
        let sides: [Vec<Option<f32>>; 4] = [
            (0..widest).map(|i| row(area.top + i)).collect(),
            (0..widest).map(|i| column(area.right - 1 - i)).collect(),
            (0..widest).map(|i| row(area.bottom - 1 - i)).collect(),
            (0..widest).map(|i| column(area.left + i)).collect(),
        ];
        let lined = sides.iter().zip(clipped).filter(|(_, clipped)| !clipped);
        lined.map(|(side, _)| width_of_line(side, paper)).min().unwrap_or(0)
    }
}

/// Rows and columns at the sides of an area that a line around it may have.
fn widest_line(area: &Rectangle) -> usize {
    WIDEST_LINE.min(area.height().min(area.width()) / 4)
}

/// The tone of pixels, if they are all of one and grey.
fn tone(pixels: impl Iterator<Item = [u8; 3]>) -> Option<f32> {
    let (mut least, mut most, mut sum, mut n) = (f32::MAX, f32::MIN, 0.0, 0.0);
    for pixel in pixels {
        let pixel = pixel.map(f32::from);
        least = pixel.into_iter().fold(least, f32::min);
        most = pixel.into_iter().fold(most, f32::max);
        (sum, n) = (sum + light(pixel), n + 1.0);
    }
    (most - least < ONE_TONE).then_some(sum / n)
}

/// How many rows of these tones, from the outermost inward, are a line on paper: they may grow
/// away from the tone of the paper first, and then stay what they are.
fn width_of_line(tones: &[Option<f32>], paper: f32) -> usize {
    let away = |tone: &f32| (tone - paper).abs();
    let outer = tones.iter().take(3).map_while(|tone| *tone);
    let Some(line) = outer.max_by(|a, b| away(a).total_cmp(&away(b))) else { return 0 };
    let mut reached = false;
    let is_line = |tone: &&Option<f32>| {
        let Some(tone) = tone else { return false };
        let same = (tone - line).abs() < ONE_TONE;
        reached |= same;
        same || !reached
    };
    tones.iter().take_while(is_line).count()
}

impl Area {
    /// The same area with a narrower line around it.
    pub(crate) fn with_line(self, line: usize) -> Self {
        let more = self.clipped.map(|clipped| if clipped { 0 } else { self.line - line });
        let Margins { top, right, bottom, left } = self.margins;
        let (top, right) = (top - more[0], right - more[1]);
        let (bottom, left) = (bottom - more[2], left - more[3]);
        Self { margins: Margins { top, right, bottom, left }, line, ..self }
    }
}

impl Rectangle {
    fn height(&self) -> usize {
        self.bottom - self.top
    }

    fn width(&self) -> usize {
        self.right - self.left
    }

    /// What is inside of the line around it; it has none at clipped sides.
    fn without(self, line: usize, clipped: [bool; 4]) -> Self {
        let [top, right, bottom, left] = clipped.map(|clipped| if clipped { 0 } else { line });
        Self {
            top: self.top + top,
            bottom: self.bottom - bottom,
            left: self.left + left,
            right: self.right - right,
        }
    }

    fn is_apart_from(&self, other: &Self) -> bool {
        self.bottom <= other.top
            || other.bottom <= self.top
            || self.right <= other.left
            || other.right <= self.left
    }
}

fn is_grey([r, g, b]: [u8; 3]) -> bool {
    r.max(g).max(b) - r.min(g).min(b) < 24
}

/// Number of grey pixels in an area.
fn grey_inside(area: &Rectangle, width: usize, colors: &[[u8; 3]]) -> usize {
    let row = |row: usize| &colors[row * width + area.left..row * width + area.right];
    (area.top..area.bottom).flat_map(row).filter(|color| is_grey(**color)).count()
}

/// Positions of the outermost pixels.
fn ring((height, width): (usize, usize)) -> Vec<usize> {
    let rows = [0, height - 1].into_iter().flat_map(|row| (0..width).map(move |x| row * width + x));
    let sides = (0..height).flat_map(|row| [row * width, row * width + width - 1]);
    rows.chain(sides).collect()
}

/// Every pair of an edge before and one behind it.
fn pairs<'a>(before: &'a [Edge], behind: &'a [Edge]) -> impl Iterator<Item = (&'a Edge, &'a Edge)> {
    before.iter().flat_map(|a| behind.iter().filter(move |b| a.at < b.at).map(move |b| (a, b)))
}

/// Whether an area shows void and material: two tones, each on 1 % of the pixels, far apart.
fn has_two_tones(area: &Rectangle, width: usize, colors: &[[u8; 3]]) -> bool {
    let mut counts = std::collections::BTreeMap::<[u8; 3], usize>::new();
    for row in area.top..area.bottom {
        for color in &colors[row * width + area.left..row * width + area.right] {
            *counts.entry(color.map(|level| level >> 5)).or_default() += 1;
        }
    }
    let n = area.height() * area.width();
    let often: Vec<[u8; 3]> =
        counts.into_iter().filter(|(_, count)| n <= 100 * count).map(|(color, _)| color).collect();
    often.iter().any(|a| often.iter().any(|b| a.iter().zip(b).any(|(a, b)| 2 <= a.abs_diff(*b))))
}
