//! Supports, loads and dimensions of a design: over it and around it.

use ndarray::Array3;

use crate::drawing::canvas::{Anchor, Area, Canvas, Pen};
use crate::drawing::color::{BLUE, Color, SOFT_INK, VERMILION, WHITE};
use crate::drawing::font::Style;
use crate::error::ReportError;

/// What holds and loads a design of H × W elements, on its (H + 1) × (W + 1) nodes, row 0 on top.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// Whether a node is held, (H + 1, W + 1, 2), components (x, y).
    pub held: Array3<bool>,
    /// Whether a spring joins a node to the ground, same shape.
    pub sprung: Array3<bool>,
    /// Forces of each load case, same shape, y **up**.
    pub forces: Vec<Array3<f64>>,
}

/// How large marks are drawn, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sizes {
    /// Side of the square of a held node.
    pub(crate) support: f32,
    /// Length of the arrow of the largest force.
    pub(crate) arrow: f32,
    /// Width of the shaft of an arrow.
    pub(crate) pen: f32,
    /// Arrows of one load case at most.
    pub(crate) most_arrows: usize,
}

/// Pixels beyond each side of a design.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Room {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

/// A force below this share of the largest has no arrow.
const LEAST: f64 = 0.02;
/// One color for each load case; more cases begin again.
const CASES: [Color; 4] = [VERMILION, Color(0, 158, 115), Color(204, 121, 167), Color(230, 159, 0)];
/// Numbers at dimension lines.
const NUMBER: Style = Style { size: 15.0, bold: false, color: SOFT_INK };
/// From what is drawn beside a design to its dimension line.
const DIMENSION_GAP: f32 = 10.0;
/// From a dimension line to the next thing beyond it.
const DIMENSION_ROOM: f32 = 18.0;

impl Sizes {
    /// Those that suit a design of this longer side on a sheet.
    pub(crate) fn on_sheet(side: f32) -> Self {
        Self {
            support: (side / 24.0).clamp(5.0, 9.0),
            arrow: (0.16 * side).clamp(16.0, 48.0),
            pen: (side / 100.0).clamp(1.5, 3.0),
            most_arrows: 9,
        }
    }
}

impl Marks {
    /// Elements of their grid, (H, W).
    pub(crate) fn elements(&self) -> (usize, usize) {
        let (rows, columns, _) = self.held.dim();
        (rows.saturating_sub(1), columns.saturating_sub(1))
    }

    /// Refuses marks that are not all those of one grid.
    pub(crate) fn check(&self) -> Result<(), ReportError> {
        self.check_on(self.elements())
    }

    /// Refuses marks that are not those of H × W elements.
    pub(crate) fn check_on(&self, (rows, columns): (usize, usize)) -> Result<(), ReportError> {
        let nodes = (rows + 1, columns + 1, 2);
        let dims = [self.held.dim(), self.sprung.dim()];
        let mut dims = dims.into_iter().chain(self.forces.iter().map(Array3::dim));
        match dims.find(|dim| *dim != nodes) {
            Some(found) => Err(ReportError::Count {
                what: "values at nodes",
                expected: nodes.0 * nodes.1 * nodes.2,
                got: found.0 * found.1 * found.2,
            }),
            None => Ok(()),
        }
    }

    /// How far marks reach beyond a design that fills `area`.
    pub(crate) fn room(&self, area: Area, sizes: Sizes) -> Room {
        let mut room = Room::default();
        let mut reach = |x: f32, y: f32, by: f32| {
            room.left = room.left.max(area.left - x + by);
            room.top = room.top.max(area.top - y + by);
            room.right = room.right.max(x - area.right + by);
            room.bottom = room.bottom.max(y - area.bottom + by);
        };
        for Support { x, y, across, down, sprung } in self.supports(area, sizes.support) {
            let ring = if sprung { sizes.support + 2.0 } else { 0.0 };
            reach(x, y, (across / 2.0).max(down / 2.0).max(ring));
        }
        for Arrow { tail, tip, .. } in self.arrows(area, sizes) {
            reach(tail.0, tail.1, sizes.pen + 1.0);
            reach(tip.0, tip.1, sizes.pen + 1.0);
        }
        room
    }

    /// Draws supports and loads of a design that fills `area`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, area: Area, sizes: Sizes) {
        for Support { x, y, across, down, sprung } in self.supports(area, sizes.support) {
            let corner = |center: f32, side: f32| (center - side / 2.0).round() as i32;
            canvas.fill(
                corner(x, across),
                corner(y, down),
                across.round() as i32,
                down.round() as i32,
                BLUE,
            );
            if sprung {
                let pen = Pen { color: BLUE, width: 2.0, dashed: false };
                canvas.circle(x, y, sizes.support, pen, canvas.area());
            }
        }
        for arrow in self.arrows(area, sizes) {
            arrow.draw(canvas, sizes.pen);
        }
    }

    /// A square where a node is held, an upright bar where it cannot move to the left and right, a
    /// flat one where it cannot move up and down; on a side of the domain they stand outside.
    fn supports(&self, area: Area, size: f32) -> Vec<Support> {
        let (rows, columns, _) = self.held.dim();
        let away = |index: usize, count: usize, thick: f32| match index {
            0 => -thick / 2.0,
            last if last + 1 == count => thick / 2.0,
            _ => 0.0,
        };
        let thin = (size / 3.0).max(2.0);
        let mut found = Vec::new();
        for (row, column) in ndarray::indices((rows, columns)) {
            let (x, y) = place(area, (rows, columns), (row, column));
            let held = [0, 1].map(|axis| self.held[(row, column, axis)]);
            let sprung = [0, 1].iter().any(|&axis| self.sprung[(row, column, axis)]);
            let (across, down) = match held {
                [true, true] => (size, size),
                [true, false] => (thin, 2.0 * size),
                [false, true] => (2.0 * size, thin),
                [false, false] if sprung => (0.0, 0.0),
                [false, false] => continue,
            };
            // At a corner a mark stands in line with those of its side.
            let neighbor = if row == 0 { 1.min(rows - 1) } else { row - 1 };
            let upright = (0..2).any(|axis| self.held[(neighbor, column, axis)]);
            let (beside, above) = (away(column, columns, across), away(row, rows, down));
            let (beside, above) = match (beside == 0.0 || above == 0.0, upright) {
                (true, _) => (beside, above),
                (false, true) => (beside, 0.0),
                (false, false) => (0.0, above),
            };
            let (x, y) = (x + beside, y + above);
            found.push(Support { x, y, across, down, sprung });
        }
        found
    }

    /// The arrows of all load cases; evenly spaced ones where a case loads many nodes.
    fn arrows(&self, area: Area, sizes: Sizes) -> Vec<Arrow> {
        let size = |force: [f64; 2]| force[0].hypot(force[1]);
        let nodes = || self.forces.iter().flat_map(|case| case.rows());
        let largest = nodes().map(|row| size([row[0], row[1]])).fold(0.0, f64::max);
        let mut arrows = Vec::new();
        for (case, forces) in self.forces.iter().enumerate() {
            let (rows, columns, _) = forces.dim();
            let loaded: Vec<_> = (ndarray::indices((rows, columns)).into_iter())
                .map(|(row, column)| {
                    ((row, column), [0, 1].map(|axis| forces[(row, column, axis)]))
                })
                .filter(|(_, force)| LEAST * largest < size(*force))
                .collect();
            let shown = loaded.len().min(sizes.most_arrows);
            for index in 0..shown {
                let (node, force) = loaded[index * (loaded.len() - 1) / (shown - 1).max(1)];
                let (x, y) = place(area, (rows, columns), node);
                let toward =
                    [force[0], -force[1]].map(|part| (part / largest) as f32 * sizes.arrow);
                let (ahead, behind) =
                    ((x + toward[0], y + toward[1]), (x - toward[0], y - toward[1]));
                // A push comes from outside, a pull leads there.
                let color = CASES[case % CASES.len()];
                arrows.push(if outside(area, ahead) + 0.5 < outside(area, behind) {
                    Arrow { tail: behind, tip: (x, y), node: (x, y), color }
                } else {
                    Arrow { tail: (x, y), tip: ahead, node: (x, y), color }
                });
            }
        }
        arrows
    }
}

/// A mark of a support around its middle.
struct Support {
    x: f32,
    y: f32,
    across: f32,
    down: f32,
    sprung: bool,
}

struct Arrow {
    tail: (f32, f32),
    tip: (f32, f32),
    node: (f32, f32),
    color: Color,
}

impl Arrow {
    /// Draws it with a white rim, so that it is seen on material too.
    fn draw(&self, canvas: &mut Canvas, width: f32) {
        let everywhere = canvas.area();
        let (dx, dy) = (self.tip.0 - self.tail.0, self.tip.1 - self.tail.1);
        let head = (4.0 * width).min(dx.hypot(dy) / 2.0);
        let back = dy.atan2(dx);
        let wing = |turn: f32| {
            (self.tip.0 + head * (back + turn).cos(), self.tip.1 + head * (back + turn).sin())
        };
        let head = [wing(2.7), self.tip, wing(-2.7)];
        for (color, width) in [(WHITE, 2.2 * width), (self.color, width)] {
            let pen = Pen { color, width, dashed: false };
            canvas.curve(&[self.tail, self.tip], pen, everywhere);
            canvas.curve(&head, pen, everywhere);
        }
        canvas.disc(self.node.0, self.node.1, 1.1 * width, self.color, 1.0);
    }
}

/// Dimension lines of a design of H × W elements: how wide and high it is, in elements.
pub(crate) struct Dimensions {
    texts: [String; 2],
}

impl Dimensions {
    pub(crate) fn new((rows, columns): (usize, usize)) -> Self {
        Self { texts: [columns.to_string(), rows.to_string()] }
    }

    /// The room with the lines: the width stands below, the height on the side where less is drawn.
    pub(crate) fn around(&self, room: Room) -> Room {
        let beside = DIMENSION_GAP + 6.0 + NUMBER.width(&self.texts[1]);
        let below = room.bottom + DIMENSION_GAP + DIMENSION_ROOM;
        if room.left < room.right {
            Room { left: room.left + beside, bottom: below, ..room }
        } else {
            Room { right: room.right + beside, bottom: below, ..room }
        }
    }

    /// Draws the lines beyond what reaches `room` beside a design that fills `area`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, area: Area, room: Room) {
        let (left, right) = (area.left.round() as i32, area.right.round() as i32);
        let (top, bottom) = (area.top.round() as i32, area.bottom.round() as i32);
        let y = (area.bottom + room.bottom + DIMENSION_GAP).round() as i32;
        canvas.fill(left, y, right - left, 1, SOFT_INK);
        for end in [left, right - 1] {
            canvas.fill(end, y - 4, 1, 9, SOFT_INK);
        }
        let baseline = y as f32 + NUMBER.cap_height() / 2.0;
        let middle = f32::midpoint(area.left, area.right);
        canvas.text_on_white(&self.texts[0], middle, baseline, Anchor::Middle, NUMBER);
        let toward_left = room.left < room.right;
        let x = if toward_left {
            area.left - room.left - DIMENSION_GAP
        } else {
            area.right + room.right + DIMENSION_GAP
        };
        let x = x.round() as i32;
        canvas.fill(x, top, 1, bottom - top, SOFT_INK);
        for end in [top, bottom - 1] {
            canvas.fill(x - 4, end, 9, 1, SOFT_INK);
        }
        let (beside, anchor) = if toward_left { (-6.0, Anchor::End) } else { (6.0, Anchor::Start) };
        let y = f32::midpoint(area.top, area.bottom) + NUMBER.cap_height() / 2.0;
        canvas.text(&self.texts[1], x as f32 + beside, y, anchor, NUMBER);
    }
}

impl Room {
    /// Room for both.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Whole pixels.
    pub(crate) fn ceil(self) -> Self {
        let Self { left, top, right, bottom } = self;
        Self { left: left.ceil(), top: top.ceil(), right: right.ceil(), bottom: bottom.ceil() }
    }
}

/// Where a node lies.
fn place(area: Area, (rows, columns): (usize, usize), (row, column): (usize, usize)) -> (f32, f32) {
    let share = |index: usize, count: usize| index as f32 / (count - 1).max(1) as f32;
    (
        area.left + (area.right - area.left) * share(column, columns),
        area.top + (area.bottom - area.top) * share(row, rows),
    )
}

/// How far a point lies outside an area; 0 inside.
fn outside(area: Area, (x, y): (f32, f32)) -> f32 {
    (area.left - x).max(x - area.right).max(area.top - y).max(y - area.bottom).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area { left: 100.0, top: 100.0, right: 190.0, bottom: 130.0 };
    const SIZES: Sizes = Sizes { support: 6.0, arrow: 40.0, pen: 2.0, most_arrows: 5 };

    fn free() -> Marks {
        let nothing = Array3::from_elem((4, 10, 2), false);
        Marks { held: nothing.clone(), sprung: nothing, forces: Vec::new() }
    }

    fn loaded(node: (usize, usize), force: [f64; 2]) -> Marks {
        let mut forces = Array3::zeros((4, 10, 2));
        (forces[(node.0, node.1, 0)], forces[(node.0, node.1, 1)]) = (force[0], force[1]);
        Marks { forces: vec![forces], ..free() }
    }

    #[test]
    fn a_push_comes_from_outside_and_a_pull_leads_there() {
        let arrow = |marks: Marks| {
            let found = marks.arrows(AREA, SIZES);
            (found[0].tail, found[0].tip)
        };
        assert_eq!(arrow(loaded((0, 3), [0.0, -2.0])), ((130.0, 60.0), (130.0, 100.0)));
        assert_eq!(arrow(loaded((3, 3), [0.0, -2.0])), ((130.0, 130.0), (130.0, 170.0)));
        assert_eq!(arrow(loaded((0, 9), [1.0, 0.0])), ((190.0, 100.0), (230.0, 100.0)));
        assert_eq!(arrow(loaded((0, 9), [-1.0, 0.0])), ((230.0, 100.0), (190.0, 100.0)));
    }

    #[test]
    fn marks_have_the_room_that_they_say() {
        let mut marks = loaded((0, 3), [0.0, -2.0]);
        marks.held.slice_mut(ndarray::s![.., 0, ..]).fill(true);
        let room = marks.room(AREA, SIZES);
        assert_eq!(room, Room { left: 6.0, top: 43.0, right: 0.0, bottom: 3.0 });
        let mut canvas = Canvas::new(300.0, 240.0).unwrap();
        marks.draw(&mut canvas, AREA, SIZES);
        let inked: Vec<(i32, i32)> = ndarray::indices((300, 240))
            .into_iter()
            .map(|(x, y)| (x as i32, y as i32))
            .filter(|&(x, y)| canvas.pixel(x, y) != Some(WHITE))
            .collect();
        let (least, most) = (inked.iter().map(|p| p.0).min(), inked.iter().map(|p| p.1).min());
        assert_eq!((least, most), (Some(94), Some(59)));
        assert!(inked.iter().all(|&(x, y)| x < 190 && y < 133));
    }

    #[test]
    fn many_loaded_nodes_have_a_few_arrows_with_the_first_and_the_last() {
        let forces =
            Array3::from_shape_fn(
                (4, 10, 2),
                |(row, _, axis)| {
                    if row == 0 && axis == 1 { -1.0 } else { 0.0 }
                },
            );
        let marks = Marks { forces: vec![forces], ..free() };
        let found = marks.arrows(AREA, SIZES);
        let tips: Vec<f32> = found.iter().map(|arrow| arrow.tip.0).collect();
        assert_eq!(tips, [100.0, 120.0, 140.0, 160.0, 190.0]);
    }

    #[test]
    fn the_height_stands_where_less_is_drawn() {
        let lines = Dimensions::new((20, 60));
        let room = Room { left: 6.0, ..Room::default() };
        let around = lines.around(room);
        assert!(around.left <= 6.0 && 20.0 < around.right && 20.0 < around.bottom);
        let around = lines.around(Room { right: 40.0, ..room });
        assert!(20.0 < around.left && around.right <= 40.0);
    }

    #[test]
    fn marks_of_another_grid_are_refused() {
        assert!(free().check_on((3, 9)).is_ok() && free().check().is_ok());
        let bent = Marks { sprung: Array3::from_elem((4, 9, 2), false), ..free() };
        assert!(matches!(bent.check(), Err(ReportError::Count { expected: 80, got: 72, .. })));
        assert!(matches!(
            free().check_on((3, 8)),
            Err(ReportError::Count { expected: 72, got: 80, .. })
        ));
    }
}
