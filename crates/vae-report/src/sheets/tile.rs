//! One design on a sheet: its pixels or its outline, a quantity in its material, and its marks.

use ndarray::ArrayView2;

use crate::charts::axis::Axis;
use crate::drawing::canvas::{Area, Canvas};
use crate::drawing::color::{Color, FRAME, WHITE, viridis};
use crate::sheets::marks::{Dimensions, Marks, Room, Sizes};
use crate::sheets::zoom::Zoom;

/// Closed curves around the material of a design, in elements, x to the right and y **up** from the
/// lower left corner; what lies inside an odd number of them is material.
pub type Rings = Vec<Vec<[f64; 2]>>;

/// A design on a sheet.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    pub(crate) design: ArrayView2<'a, f32>,
    /// Drawn in place of the pixels; `None` draws these.
    pub(crate) rings: Option<&'a Rings>,
    /// A quantity whose colors take the place of black, over an axis.
    pub(crate) values: Option<(ArrayView2<'a, f64>, &'a Axis)>,
    pub(crate) marks: Option<&'a Marks>,
    /// Whether dimension lines belong to the marks.
    pub(crate) has_dimensions: bool,
}

/// A design narrower or lower than this, in pixels, has no dimension lines.
const LEAST_SIDE: usize = 56;

impl<'a> Tile<'a> {
    /// The pixels of a design, and nothing else.
    pub(crate) fn plain(design: ArrayView2<'a, f32>) -> Self {
        Self { design, rings: None, values: None, marks: None, has_dimensions: true }
    }

    /// The frame around a design whose frame begins at (left, top), without that line itself.
    fn area(&self, zoom: Zoom, left: f32, top: f32) -> Area {
        let (height, width) = zoom.size(self.design.dim());
        let (left, top) = (left + 1.0, top + 1.0);
        Area { left, top, right: left + width as f32 - 2.0, bottom: top + height as f32 - 2.0 }
    }

    fn sizes(area: Area) -> Sizes {
        Sizes::on_sheet((area.right - area.left).max(area.bottom - area.top))
    }

    fn dimensions(&self, zoom: Zoom) -> Option<Dimensions> {
        let (height, width) = zoom.size(self.design.dim());
        let is_large = LEAST_SIDE <= height && 2 * LEAST_SIDE <= width;
        self.marks
            .filter(|_| is_large && self.has_dimensions)
            .map(|marks| Dimensions::new(marks.elements()))
    }

    /// How far supports and loads reach beyond the design, without dimension lines.
    pub(crate) fn marks_room(&self, zoom: Zoom) -> Room {
        let area = self.area(zoom, 0.0, 0.0);
        let room = self.marks.map(|marks| marks.room(area, Self::sizes(area)));
        room.unwrap_or_default().ceil()
    }

    /// The room with dimension lines beyond `marks`.
    pub(crate) fn room(&self, zoom: Zoom, marks: Room) -> Room {
        self.dimensions(zoom).map_or(marks, |lines| lines.around(marks)).ceil()
    }

    /// Draws the design; (left, top) is the corner of its frame, and `marks` the room of all marks
    /// of the sheet, beyond which dimension lines stand.
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas,
        zoom: Zoom,
        (left, top): (i32, i32),
        marks: Room,
    ) {
        let area = self.area(zoom, left as f32, top as f32);
        if self.rings.is_none() && self.values.is_none() {
            zoom.draw(canvas, &self.design, left, top);
        } else {
            self.fill(canvas, zoom, area);
            let (height, width) = zoom.size(self.design.dim());
            canvas.frame(left, top, width as i32, height as i32, FRAME);
        }
        if let Some(lines) = self.dimensions(zoom) {
            lines.draw(canvas, area, marks);
        }
        if let Some(marks) = self.marks {
            marks.draw(canvas, area, Self::sizes(area));
        }
    }

    /// The material in black or in the colors of its values.
    fn fill(&self, canvas: &mut Canvas, zoom: Zoom, area: Area) {
        let (rows, columns) = self.design.dim();
        // Rows and columns from the upper left corner.
        let element = |x: f32, y: f32| {
            let share = |at: f32, low: f32, high: f32| f64::from((at - low) / (high - low));
            (
                rows as f64 * share(y, area.top, area.bottom),
                columns as f64 * share(x, area.left, area.right),
            )
        };
        let color = |x: f32, y: f32| match self.values {
            Some((values, axis)) => viridis(axis.position(self.value(values, element(x, y)))),
            None => Color(0, 0, 0),
        };
        if let Some(rings) = self.rings {
            let scale = zoom.scale();
            let points = |ring: &Vec<[f64; 2]>| {
                ring.iter()
                    .map(|&[x, y]| (area.left + x as f32 * scale, area.bottom - y as f32 * scale))
                    .collect::<Vec<_>>()
            };
            let rings: Vec<Vec<(f32, f32)>> = rings.iter().map(points).collect();
            canvas.paint_inside(&rings, area, color);
            return;
        }
        for y in area.top as i32..area.bottom as i32 {
            for x in area.left as i32..area.right as i32 {
                let middle = (x as f32 + 0.5, y as f32 + 0.5);
                let (row, column) = element(middle.0, middle.1);
                let place = (index(row, rows), index(column, columns));
                let is_material = 0.5 < self.design[place];
                canvas.set(x, y, if is_material { color(middle.0, middle.1) } else { WHITE });
            }
        }
    }

    /// The value at a place, interpolated between the centers of elements of material; where a
    /// smooth outline reaches beyond these, the largest value of the material that touches.
    fn value(&self, values: ArrayView2<'_, f64>, (row, column): (f64, f64)) -> f64 {
        let (rows, columns) = self.design.dim();
        let is_material = |at: (usize, usize)| 0.5 < self.design[at];
        let near = |place: f64, count: usize| {
            let from_first = place - 0.5;
            let share = from_first - from_first.floor();
            let last = from_first.floor() + 1.0;
            [(index(from_first.floor(), count), 1.0 - share), (index(last, count), share)]
        };
        let (mut sum, mut weights) = (0.0, 0.0);
        for (i, down) in near(row, rows) {
            for (j, across) in near(column, columns) {
                if is_material((i, j)) {
                    sum += down * across * values[(i, j)];
                    weights += down * across;
                }
            }
        }
        if 1e-3 < weights {
            return sum / weights;
        }
        let (row, column) = (index(row, rows), index(column, columns));
        let around = |at: usize, count: usize| at.saturating_sub(1)..(at + 2).min(count);
        let near = around(row, rows).flat_map(|r| around(column, columns).map(move |c| (r, c)));
        near.filter(|&at| is_material(at)).map(|at| values[at]).fold(0.0, f64::max)
    }
}

/// The element at a place, counted from 0; the nearest one outside.
fn index(place: f64, count: usize) -> usize {
    (place.max(0.0) as usize).min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    const ROOM: Room = Room { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };

    #[test]
    fn an_outline_counts_upward_and_has_holes() {
        let design = ndarray::Array2::<f32>::ones((4, 6));
        let square = |x: f64, y: f64, side: f64| {
            vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
        };
        let rings = vec![square(0.0, 0.0, 3.0), square(1.0, 1.0, 1.0)];
        let tile = Tile { rings: Some(&rings), ..Tile::plain(design.view()) };
        let mut canvas = Canvas::new(80.0, 60.0).unwrap();
        tile.draw(&mut canvas, Zoom::In(10), (4, 4), ROOM);
        let at = |x: f32, up: f32| {
            canvas.pixel((5.0 + 10.0 * x) as i32, (5.0 + 10.0 * (4.0 - up)) as i32)
        };
        let black = Some(Color(0, 0, 0));
        assert_eq!((at(0.5, 0.5), at(2.5, 2.5)), (black, black));
        assert_eq!(
            (at(1.5, 1.5), at(4.5, 0.5), at(0.5, 3.5)),
            (Some(WHITE), Some(WHITE), Some(WHITE))
        );
    }

    #[test]
    fn values_color_the_material_and_what_a_smooth_outline_adds() {
        let design = array![[1.0_f32, 0.0, 0.0]];
        let values = array![[2.0, 9.0, 9.0]];
        let axis = Axis::linear(0.0, 4.0, 2);
        let tile = Tile { values: Some((values.view(), &axis)), ..Tile::plain(design.view()) };
        let value = |design: &ndarray::Array2<f32>, row: f64, column: f64| {
            Tile::plain(design.view()).value(values.view(), (row, column))
        };
        assert!((value(&design, 0.5, 1.5) - 2.0).abs() < 1e-12);
        let solid = array![[1.0_f32, 1.0, 0.0]];
        assert!((value(&solid, 0.5, 0.75) - 3.75).abs() < 1e-12);
        assert!((value(&solid, 0.5, 0.25) - 2.0).abs() < 1e-12);
        let mut canvas = Canvas::new(60.0, 30.0).unwrap();
        tile.draw(&mut canvas, Zoom::In(10), (4, 4), ROOM);
        assert_eq!(canvas.pixel(9, 9), Some(viridis(0.5)));
        assert_eq!(canvas.pixel(19, 9), Some(WHITE));
    }
}
