//! Designs in rows and columns, with labels: what the figures of pairs, grids and strips have in
//! common.

use ndarray::{ArrayView3, Axis as Dimension};

use crate::charts::axis::Axis;
use crate::charts::color_bar::{FLAT_BAR_HEIGHT, flat_color_bar};
use crate::drawing::canvas::{Anchor, Area, Canvas, HEADING, Heading, LABEL, MARGIN, SMALL};
use crate::drawing::font::Style;
use crate::error::ReportError;
use crate::sheets::marks::{Marks, Room};
use crate::sheets::tile::Tile;
use crate::sheets::zoom::{GAP, Zoom};

/// A figure made of designs.
pub(crate) struct Sheet<'a> {
    pub(crate) title: &'a str,
    /// How many designs fit into a row.
    pub(crate) columns: usize,
    pub(crate) rows: Vec<Row<'a>>,
    /// One for each column, or empty.
    pub(crate) column_labels: &'a [String],
    /// What the row labels count; may be empty.
    pub(crate) row_axis: &'a str,
    /// What the column labels count; may be empty.
    pub(crate) column_axis: &'a str,
    /// What colors mean, below all rows; `None` for designs in black.
    pub(crate) colors: Option<(&'a str, &'a Axis)>,
}

/// One row of designs.
pub(crate) struct Row<'a> {
    pub(crate) label: &'a str,
    /// Designs of one size, at least one.
    pub(crate) tiles: Vec<Tile<'a>>,
    /// One for each design, or empty.
    pub(crate) captions: &'a [String],
    /// Whether the next row belongs to this one: then it follows closely.
    pub(crate) joined: bool,
}

/// Between two rows.
const ROW_GAP: f32 = 18.0;
/// Between a design and its reconstruction.
const JOINED_GAP: f32 = 5.0;
/// Between a design and the words beside, above or below it.
const WORD_GAP: f32 = 8.0;
/// The title has at least this much room.
const LEAST_WIDTH: f32 = 420.0;
/// Captions and labels may widen the columns of small designs up to this.
const CAPTION_WIDTH: f32 = 160.0;
const ROW_LABEL_WIDTH: f32 = 240.0;
const MOST_LINES: usize = 3;
/// Captions are not cut unless they are longer than any that we write.
const MOST_CAPTION_LINES: usize = 16;
/// The bar of colors is not wider than this.
const BAR: f32 = 620.0;

/// The width that columns need for captions to be read.
pub(crate) fn caption_width(captions: &[String]) -> f32 {
    let lines: Vec<String> =
        captions.iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
    widest(SMALL, &lines).min(CAPTION_WIDTH)
}

/// The designs of a row, each with its marks if there are any.
pub(crate) fn tiles<'a>(
    designs: &ArrayView3<'a, f32>,
    marks: &'a [Option<Marks>],
    range: std::ops::Range<usize>,
) -> Vec<Tile<'a>> {
    let tile = |index: usize| Tile {
        marks: marks.get(index).and_then(Option::as_ref),
        ..Tile::plain((*designs).index_axis_move(Dimension(0), index))
    };
    range.map(tile).collect()
}

/// Refuses marks that are neither complete nor absent, or not of one grid.
pub(crate) fn check_marks(marks: &[Option<Marks>], count: usize) -> Result<(), ReportError> {
    if !marks.is_empty() && marks.len() != count {
        return Err(ReportError::Count { what: "marks", expected: count, got: marks.len() });
    }
    marks.iter().flatten().try_for_each(Marks::check)
}

impl Sheet<'_> {
    /// Draws the sheet.
    pub(crate) fn draw(&self) -> Result<Canvas, ReportError> {
        let zooms = self.zooms();
        let sizes: Vec<(usize, usize)> =
            zooms.iter().zip(&self.rows).map(|(zoom, row)| zoom.size(row.shape())).collect();
        let (marks, rooms) = self.rooms(&zooms);
        let beside = rooms.iter().copied().fold(Room::default(), Room::max);
        let sides = beside.left + beside.right;
        let column_width = self.column_width(&sizes, sides);
        let pitch = column_width + GAP as f32;
        let content = pitch * self.columns as f32 - GAP as f32;
        let text_width = column_width + GAP as f32 / 2.0;
        let column_labels: Vec<Vec<String>> = self
            .column_labels
            .iter()
            .map(|label| LABEL.wrap(label, text_width, MOST_LINES))
            .collect();
        let row_labels: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| LABEL.wrap(row.label, ROW_LABEL_WIDTH, MOST_LINES))
            .collect();
        let captions: Vec<Vec<Vec<String>>> = (self.rows.iter())
            .map(|row| {
                row.captions
                    .iter()
                    .map(|text| SMALL.wrap(text, text_width, MOST_CAPTION_LINES))
                    .collect()
            })
            .collect();

        // Where each row begins below the first, and where the last ends.
        let mut offsets = Vec::new();
        let mut depth = 0.0;
        for (index, row) in self.rows.iter().enumerate() {
            depth += rooms[index].top;
            offsets.push(depth);
            let text =
                rooms[index].bottom + block(most_lines(&captions[index]), SMALL, WORD_GAP / 2.0);
            let label = LABEL.line_height() * row_labels[index].len() as f32;
            depth += (sizes[index].0 as f32 + text).max(label)
                + if row.joined { JOINED_GAP } else { ROW_GAP };
        }
        let depth = depth - ROW_GAP;

        // Left to right: the axis of the rows, their labels, the columns. Top to bottom: title,
        // axis of the columns, their labels, rows.
        let row_axis = HEADING.wrap(self.row_axis, depth, MOST_LINES);
        let column_axis = HEADING.wrap(self.column_axis, content, MOST_LINES);
        let label_width = row_labels.iter().map(|lines| widest(LABEL, lines)).fold(0.0, f32::max);
        let labels = if label_width == 0.0 { 0.0 } else { label_width + GAP as f32 };
        let left = MARGIN + block(row_axis.len(), HEADING, WORD_GAP / 2.0) + labels;
        let width = (left + content + MARGIN).max(LEAST_WIDTH);
        let heading = Heading::new(self.title, width);
        let axis_top = heading.bottom();
        let labels_height = block(most_lines(&column_labels), LABEL, WORD_GAP / 2.0);
        let top = axis_top + block(column_axis.len(), HEADING, WORD_GAP / 2.0) + labels_height;
        let bar = if self.colors.is_some() { FLAT_BAR_HEIGHT } else { 0.0 };
        let mut canvas = Canvas::new(width, top + depth + bar + MARGIN)?;

        heading.draw(&mut canvas);
        let axis_y = axis_top + HEADING.cap_height();
        canvas.lines(&column_axis, left + content / 2.0, axis_y, Anchor::Middle, HEADING);
        for (index, line) in row_axis.iter().enumerate() {
            let x = MARGIN + HEADING.cap_height() + HEADING.line_height() * index as f32;
            canvas.text_upward(line, x, top + depth / 2.0, Anchor::Middle, HEADING);
        }
        let middle = |column: usize| left + pitch * column as f32 + column_width / 2.0;
        for (column, label) in column_labels.iter().enumerate() {
            // A label of one line stands close above its column even where another has two.
            let first = top - block(label.len(), LABEL, WORD_GAP / 2.0) + LABEL.cap_height();
            canvas.lines(label, middle(column), first, Anchor::Middle, LABEL);
        }
        for (index, row) in self.rows.iter().enumerate() {
            let (y, (height, width), label) =
                (top + offsets[index], sizes[index], &row_labels[index]);
            let text_height =
                LABEL.cap_height() + LABEL.line_height() * (label.len().max(1) - 1) as f32;
            let baseline = y + ((height as f32 - text_height) / 2.0).max(0.0) + LABEL.cap_height();
            canvas.lines(label, left - GAP as f32, baseline, Anchor::End, LABEL);
            for (column, tile) in row.tiles.iter().enumerate() {
                // The design and what stands beside it are centered together.
                let x = middle(column) - f32::midpoint(width as f32, sides) + beside.left;
                let place = (x.round() as i32, y.round() as i32);
                tile.draw(&mut canvas, zooms[index], place, marks);
                if let Some(caption) = captions[index].get(column) {
                    let first =
                        y + height as f32 + rooms[index].bottom + WORD_GAP + SMALL.cap_height();
                    canvas.lines(caption, middle(column), first, Anchor::Middle, SMALL);
                }
            }
        }
        if let Some((name, axis)) = self.colors {
            let (top, wide) = (top + depth, content.min(BAR));
            let area = Area { left, top, right: left + wide, bottom: top + FLAT_BAR_HEIGHT };
            flat_color_bar(&mut canvas, area, name, axis);
        }
        Ok(canvas)
    }

    /// How large the designs of each row are, so that they stay within the sheet with their marks.
    fn zooms(&self) -> Vec<Zoom> {
        let fit = |row: &Row<'_>, beside| Zoom::fit(row.shape(), self.columns, beside);
        let first: Vec<Zoom> = self.rows.iter().map(|row| fit(row, 0)).collect();
        let room = self.rooms(&first).1.into_iter().fold(Room::default(), Room::max);
        self.rows.iter().map(|row| fit(row, (room.left + room.right) as usize)).collect()
    }

    /// How far supports and loads reach beyond any design, and the room around the designs of each
    /// row, with dimension lines.
    fn rooms(&self, zooms: &[Zoom]) -> (Room, Vec<Room>) {
        let rows = || self.rows.iter().zip(zooms);
        let tiles = rows().flat_map(|(row, zoom)| row.tiles.iter().map(|tile| (tile, *zoom)));
        let each = tiles.map(|(tile, zoom)| tile.marks_room(zoom));
        let marks = each.fold(Room::default(), Room::max);
        let of_row = |(row, zoom): (&Row<'_>, &Zoom)| {
            let marked = row.tiles.iter().filter(|tile| tile.marks.is_some());
            let each = marked.map(|tile| tile.room(*zoom, marks));
            each.fold(Room::default(), Room::max)
        };
        (marks, rows().map(of_row).collect())
    }

    /// The width of the widest design with what stands at its sides, or more if labels or captions
    /// need it.
    fn column_width(&self, sizes: &[(usize, usize)], sides: f32) -> f32 {
        let designs = sizes.iter().map(|size| size.1).max().unwrap_or(0) as f32 + sides;
        let captions = self.rows.iter().map(|row| caption_width(row.captions)).fold(0.0, f32::max);
        designs.max(captions).max(widest(LABEL, self.column_labels).min(CAPTION_WIDTH)).ceil()
    }
}

impl Row<'_> {
    fn shape(&self) -> (usize, usize) {
        self.tiles.first().map_or((1, 1), |tile| tile.design.dim())
    }
}

fn widest(style: Style, texts: &[String]) -> f32 {
    texts.iter().map(|text| style.width(text)).fold(0.0, f32::max).ceil()
}

fn most_lines(texts: &[Vec<String>]) -> usize {
    texts.iter().map(Vec::len).max().unwrap_or(0)
}

/// The height of `lines` lines and of the gap after them; 0 without lines.
fn block(lines: usize, style: Style, gap: f32) -> f32 {
    if lines == 0 { 0.0 } else { lines as f32 * style.line_height() + gap }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    #[test]
    fn captions_widen_the_columns_of_small_designs() {
        let designs = Array3::<f32>::zeros((3, 200, 8));
        let captions: Vec<String> = ["0.1", "compliance 12.3", "c"].map(String::from).to_vec();
        let width = |captions: &[String]| {
            let tiles = tiles(&designs.view(), &[], 0..3);
            let row = Row { label: "", tiles, captions, joined: false };
            let sheet = Sheet {
                title: "",
                columns: 3,
                rows: vec![row],
                column_labels: &[],
                row_axis: "",
                column_axis: "",
                colors: None,
            };
            sheet.draw().unwrap().width()
        };
        assert_eq!(width(&[]), LEAST_WIDTH as usize);
        assert!((3.0 * SMALL.width("compliance 12.3")) < width(&captions) as f32 - 2.0 * MARGIN);
    }
}
