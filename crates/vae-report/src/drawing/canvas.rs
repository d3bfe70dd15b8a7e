//! A white sheet of pixels, and what is drawn on it: rectangles, curves, discs and text.

use tiny_skia::{
    FillRule, LineCap, LineJoin, Mask, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};

use crate::drawing::color::{Color, INK, SOFT_INK, WHITE, mix};
use crate::drawing::font::Style;
use crate::error::ReportError;

/// The heading of a figure.
pub(crate) const TITLE: Style = Style { size: 25.0, bold: true, color: INK };
/// The heading of a panel, a row or a column.
pub(crate) const HEADING: Style = Style { size: 20.0, bold: true, color: INK };
/// Axis names and legends.
pub(crate) const LABEL: Style = Style { size: 19.0, bold: false, color: INK };
/// Tick labels and captions.
pub(crate) const SMALL: Style = Style { size: 18.0, bold: false, color: SOFT_INK };

/// The white border around every figure.
pub(crate) const MARGIN: f32 = 28.0;

/// More pixels than this are an error rather than a file that no viewer opens.
const MOST_PIXELS: usize = 100_000_000;

/// A rectangle in pixels, y down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

/// The heading of a figure, broken to its width.
pub(crate) struct Heading(Vec<String>);

impl Heading {
    pub(crate) fn new(text: &str, figure_width: f32) -> Self {
        Self(TITLE.wrap(text, figure_width - 2.0 * MARGIN, 3))
    }

    /// Where the figure begins: below the heading, or at the margin if there is none.
    pub(crate) fn bottom(&self) -> f32 {
        if self.0.is_empty() {
            MARGIN
        } else {
            MARGIN + TITLE.line_height() * self.0.len() as f32 + 8.0
        }
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas) {
        canvas.lines(&self.0, MARGIN, MARGIN + TITLE.cap_height(), Anchor::Start, TITLE);
    }
}

/// Where a text stands relative to the given point of its baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pen {
    pub(crate) color: Color,
    pub(crate) width: f32,
    pub(crate) dashed: bool,
}

/// The pixels of a figure.
pub(crate) struct Canvas {
    pixels: Pixmap,
}

impl Canvas {
    /// A white canvas. The size is rounded up to whole pixels.
    pub(crate) fn new(width: f32, height: f32) -> Result<Self, ReportError> {
        let (width, height) = (width.ceil() as usize, height.ceil() as usize);
        let too_large = ReportError::TooLarge { width, height };
        if width.checked_mul(height).is_none_or(|pixels| MOST_PIXELS < pixels) {
            return Err(too_large);
        }
        let Some(mut pixels) = Pixmap::new(width as u32, height as u32) else {
            return Err(too_large);
        };
        pixels.fill(tiny_skia::Color::WHITE);
        Ok(Self { pixels })
    }

    pub(crate) fn width(&self) -> usize {
        self.pixels.width() as usize
    }

    pub(crate) fn height(&self) -> usize {
        self.pixels.height() as usize
    }

    /// The whole canvas, to clip nothing.
    pub(crate) fn area(&self) -> Area {
        Area { left: 0.0, top: 0.0, right: self.width() as f32, bottom: self.height() as f32 }
    }

    /// The color of a pixel; `None` outside.
    pub(crate) fn pixel(&self, x: i32, y: i32) -> Option<Color> {
        let (x, y) = (u32::try_from(x).ok()?, u32::try_from(y).ok()?);
        // tiny-skia would go on in the next row.
        let pixel = self.pixels.pixel(x, y).filter(|_| x < self.pixels.width())?;
        Some(Color(pixel.red(), pixel.green(), pixel.blue()))
    }

    /// Red, green and blue of every pixel, row by row.
    pub(crate) fn rgb(&self) -> impl Iterator<Item = [u8; 3]> + '_ {
        self.pixels.pixels().iter().map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
    }

    /// Sets one pixel; outside the canvas nothing happens.
    pub(crate) fn set(&mut self, x: i32, y: i32, color: Color) {
        let (width, height) = (self.width() as i32, self.height() as i32);
        if (0..width).contains(&x) && (0..height).contains(&y) {
            let pixel = tiny_skia::ColorU8::from_rgba(color.0, color.1, color.2, 255).premultiply();
            self.pixels.pixels_mut()[(y * width + x) as usize] = pixel;
        }
    }

    /// Fills whole pixels.
    pub(crate) fn fill(&mut self, left: i32, top: i32, width: i32, height: i32, color: Color) {
        let (right, bottom) = (left.saturating_add(width), top.saturating_add(height));
        for y in top.max(0)..bottom.min(self.height() as i32) {
            for x in left.max(0)..right.min(self.width() as i32) {
                self.set(x, y, color);
            }
        }
    }

    /// A frame of whole pixels just inside the rectangle.
    pub(crate) fn frame(&mut self, left: i32, top: i32, width: i32, height: i32, color: Color) {
        self.fill(left, top, width, 1, color);
        self.fill(left, top + height - 1, width, 1, color);
        self.fill(left, top, 1, height, color);
        self.fill(left + width - 1, top, 1, height, color);
    }

    /// A smooth line through points, cut off at the borders of `clip`.
    pub(crate) fn curve(&mut self, points: &[(f32, f32)], pen: Pen, clip: Area) {
        let mut path = PathBuilder::new();
        for (index, &(x, y)) in points.iter().enumerate() {
            if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let Some(path) = path.finish() else { return };
        let stroke = Stroke {
            width: pen.width,
            line_cap: if pen.dashed { LineCap::Butt } else { LineCap::Round },
            line_join: LineJoin::Round,
            dash: if pen.dashed { StrokeDash::new(vec![9.0, 5.0], 0.0) } else { None },
            ..Stroke::default()
        };
        let mask = self.mask(clip);
        self.pixels.stroke_path(
            &path,
            &paint(pen.color, 1.0),
            &stroke,
            Transform::identity(),
            mask.as_ref(),
        );
    }

    /// Fills what lies inside an odd number of closed curves, as far as it lies in `clip`, with the
    /// color of each place.
    pub(crate) fn paint_inside(
        &mut self,
        rings: &[Vec<(f32, f32)>],
        clip: Area,
        color: impl Fn(f32, f32) -> Color,
    ) {
        let mut path = PathBuilder::new();
        for ring in rings {
            for (index, &(x, y)) in ring.iter().enumerate() {
                if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
            }
            path.close();
        }
        let (left, top) = (clip.left.floor(), clip.top.floor());
        let (width, height) =
            ((clip.right - left).ceil() as u32, (clip.bottom - top).ceil() as u32);
        let (Some(path), Some(mut mask)) = (path.finish(), Mask::new(width, height)) else {
            return;
        };
        let shift = Transform::from_translate(-left, -top);
        mask.fill_path(&path, FillRule::EvenOdd, true, shift);
        for (index, &coverage) in mask.data().iter().enumerate().filter(|(_, part)| 0 < **part) {
            let (x, y) = (index % width as usize, index / width as usize);
            let (x, y) = (left as i32 + x as i32, top as i32 + y as i32);
            let color = color(x as f32 + 0.5, y as f32 + 0.5);
            self.blend(x, y, color, f32::from(coverage) / 255.0);
        }
    }

    /// A filled circle with a thin darker rim, `opacity` of it over what is there.
    pub(crate) fn disc(&mut self, x: f32, y: f32, radius: f32, color: Color, opacity: f32) {
        let Some(path) = PathBuilder::from_circle(x, y, radius) else { return };
        self.pixels.fill_path(
            &path,
            &paint(color, opacity),
            FillRule::Winding,
            Transform::identity(),
            None,
        );
        let rim = Stroke { width: 0.8, ..Stroke::default() };
        self.pixels.stroke_path(
            &path,
            &paint(mix(color, INK, 0.45), opacity),
            &rim,
            Transform::identity(),
            None,
        );
    }

    /// The outline of a circle, cut off at the borders of `clip`.
    pub(crate) fn circle(&mut self, x: f32, y: f32, radius: f32, pen: Pen, clip: Area) {
        let turn = |step: u16| f32::from(step) / 180.0 * std::f32::consts::PI;
        let points: Vec<_> = (0..=360)
            .map(|step| (x + radius * turn(step).cos(), y + radius * turn(step).sin()))
            .collect();
        self.curve(&points, pen, clip);
    }

    /// One line of text on the baseline through (x, y).
    pub(crate) fn text(&mut self, text: &str, x: f32, y: f32, anchor: Anchor, style: Style) {
        let (left, baseline) = ((x - shift(text, anchor, style)).round() as i32, y.round() as i32);
        style.for_each_pixel(text, |dx, dy, coverage| {
            self.blend(left + dx, baseline + dy, style.color, coverage);
        });
    }

    /// Lines of text below each other, the first on the baseline through (x, y).
    pub(crate) fn lines(&mut self, texts: &[String], x: f32, y: f32, anchor: Anchor, style: Style) {
        for (index, text) in texts.iter().enumerate() {
            self.text(text, x, y + style.line_height() * index as f32, anchor, style);
        }
    }

    /// One line of text that reads upward, on the vertical baseline through (x, y).
    pub(crate) fn text_upward(&mut self, text: &str, x: f32, y: f32, anchor: Anchor, style: Style) {
        let (baseline, start) = (x.round() as i32, (y + shift(text, anchor, style)).round() as i32);
        style.for_each_pixel(text, |dx, dy, coverage| {
            self.blend(baseline + dy, start - dx, style.color, coverage);
        });
    }

    /// Text on white, so that it reads over curves.
    pub(crate) fn text_on_white(
        &mut self,
        text: &str,
        x: f32,
        y: f32,
        anchor: Anchor,
        style: Style,
    ) {
        let left = x - shift(text, anchor, style);
        let (width, height) = (style.width(text) + 8.0, style.size * 1.25);
        self.fill((left - 4.0) as i32, (y - style.size) as i32, width as i32, height as i32, WHITE);
        self.text(text, x, y, anchor, style);
    }

    fn blend(&mut self, x: i32, y: i32, color: Color, coverage: f32) {
        if let Some(under) = self.pixel(x, y) {
            self.set(x, y, mix(under, color, coverage));
        }
    }

    fn mask(&self, clip: Area) -> Option<Mask> {
        let rectangle = tiny_skia::Rect::from_ltrb(clip.left, clip.top, clip.right, clip.bottom)?;
        let mut mask = Mask::new(self.pixels.width(), self.pixels.height())?;
        mask.fill_path(
            &PathBuilder::from_rect(rectangle),
            FillRule::Winding,
            false,
            Transform::identity(),
        );
        Some(mask)
    }
}

/// How far the start of the text lies before its anchor.
fn shift(text: &str, anchor: Anchor, style: Style) -> f32 {
    match anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => style.width(text) / 2.0,
        Anchor::End => style.width(text),
    }
}

fn paint(color: Color, opacity: f32) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(color.0, color.1, color.2, (opacity * 255.0).round() as u8);
    paint
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::color::BLUE;

    #[test]
    fn curves_stay_inside_their_clip() {
        let mut canvas = Canvas::new(40.0, 30.0).unwrap();
        let clip = Area { left: 10.0, top: 5.0, right: 30.0, bottom: 25.0 };
        let pen = Pen { color: BLUE, width: 4.0, dashed: false };
        canvas.curve(&[(-20.0, 15.0), (60.0, 15.0)], pen, clip);
        assert_eq!(canvas.pixel(20, 15), Some(BLUE));
        assert_eq!(canvas.pixel(9, 15), Some(WHITE));
        assert_eq!(canvas.pixel(30, 15), Some(WHITE));
        assert_eq!(canvas.pixel(20, 25), Some(WHITE));
    }

    #[test]
    fn drawing_outside_is_harmless() {
        let mut canvas = Canvas::new(10.0, 10.0).unwrap();
        canvas.fill(-5, -5, 8, 8, BLUE);
        canvas.text("far away", 5.0, 500.0, Anchor::Middle, TITLE);
        canvas.text("cut off", -3.0, 29.0, Anchor::Start, TITLE);
        assert_eq!(canvas.pixel(0, 0), Some(BLUE));
        assert_eq!(canvas.pixel(10, 3), None);
        assert_eq!(canvas.pixel(9, 0), Some(WHITE));
    }

    #[test]
    fn upward_text_is_the_same_text_turned() {
        let (mut flat, mut upward) =
            (Canvas::new(60.0, 60.0).unwrap(), Canvas::new(60.0, 60.0).unwrap());
        flat.text("IoU", 10.0, 30.0, Anchor::Start, LABEL);
        upward.text_upward("IoU", 30.0, 49.0, Anchor::Start, LABEL);
        for (x, y) in (0..60).flat_map(|x| (0..60).map(move |y| (x, y))) {
            assert_eq!(flat.pixel(x, y), upward.pixel(y, 59 - x), "at ({x}, {y})");
        }
    }

    #[test]
    fn absurd_sizes_are_refused() {
        assert!(matches!(
            Canvas::new(1e6, 1e6),
            Err(ReportError::TooLarge { width: 1_000_000, height: 1_000_000 })
        ));
        assert!(matches!(Canvas::new(0.0, 10.0), Err(ReportError::TooLarge { width: 0, .. })));
    }
}
