//! Designs as an engineer would show them: smooth, with their task, above a quantity in their
//! material.

use std::path::Path;

use ndarray::ArrayView2;

use crate::charts::axis::Axis;
use crate::drawing::canvas::Canvas;
use crate::drawing::png::save;
use crate::error::ReportError;
use crate::figures::checks::check_design;
use crate::sheets::marks::Marks;
use crate::sheets::sheet::{Row, Sheet, caption_width};
use crate::sheets::tile::{Rings, Tile};
use crate::sheets::zoom::columns_for;

/// Designs of one size with their tasks and a quantity.
#[derive(Debug, Clone, Copy)]
pub struct Cards<'a> {
    /// The heading of the figure; may be empty.
    pub title: &'a str,
    /// The designs.
    pub cards: &'a [Card<'a>],
    /// Name of the quantity, with its unit if it has one.
    pub quantity: &'a str,
    /// The value that the last color stands for; `None` for the one that 99 % of the material of
    /// all designs stay below.
    pub high: Option<f64>,
}

/// A design, its task, and a quantity in its material.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    /// Densities, (H, W), row 0 on top.
    pub design: ArrayView2<'a, f32>,
    /// Its outline, drawn in place of the elements; `None` draws these.
    pub outline: Option<&'a Rings>,
    /// What holds and loads it.
    pub marks: Option<&'a Marks>,
    /// A quantity, (H, W), drawn where there is material; `None` leaves its picture out.
    pub values: Option<ArrayView2<'a, f64>>,
    /// A text below it.
    pub caption: &'a str,
}

/// Share of the material over whose values the colors are spread; what lies above, at points of
/// load and at corners, has the last color.
const RANGE: f64 = 0.99;

/// Writes a PNG file with designs in black above their quantity in colors, with a bar that says
/// which value has which color.
///
/// Supports, loads and dimensions in elements are drawn on the black designs. Colors run from 0.
/// The file is written beside `out` and renamed.
///
/// # Errors
/// [`ReportError::Empty`], [`ReportError::NotFinite`]; [`ReportError::Shape`] for designs or
/// quantities of different sizes; [`ReportError::Count`] for marks that are not of one grid;
/// [`ReportError::TooLarge`]; [`ReportError::Write`].
///
/// # Examples
/// ```
/// use ndarray::Array2;
/// use vae_report::{Card, Cards, cards};
/// let folder = tempfile::tempdir()?;
/// let design = Array2::from_shape_fn((20, 60), |(row, _)| if row < 8 { 1.0 } else { 0.0 });
/// let stress = design.mapv(|density| 2.0 * f64::from(density));
/// let outline = vec![vec![[0.0, 12.0], [60.0, 12.0], [60.0, 20.0], [0.0, 20.0]]];
/// let card = Card {
///     design: design.view(),
///     outline: Some(&outline),
///     marks: None,
///     values: Some(stress.view()),
///     caption: "a bar",
/// };
/// let figure = Cards { title: "", cards: &[card], quantity: "stress", high: None };
/// cards(&figure, &folder.path().join("bar.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cards(figure: &Cards<'_>, out: &Path) -> Result<(), ReportError> {
    save(&draw(figure)?, out)
}

impl Cards<'_> {
    /// The value that the last color stands for, as [`cards()`] takes it; `None` without material
    /// that has values.
    pub fn highest(&self) -> Option<f64> {
        let of_card = |card: &Card<'_>| {
            let values = card.values.into_iter().flatten();
            let dense = values.zip(card.design).filter(|(_, density)| 0.5 < **density);
            dense.map(|(value, _)| *value).collect::<Vec<f64>>()
        };
        let mut values: Vec<f64> = self.cards.iter().flat_map(of_card).collect();
        values.sort_by(f64::total_cmp);
        let last = (values.len().saturating_sub(1) as f64 * RANGE).round() as usize;
        self.high.or(values.get(last).copied()).filter(|high| 0.0 < *high)
    }
}

fn draw(figure: &Cards<'_>) -> Result<Canvas, ReportError> {
    check(figure)?;
    let axis = figure.highest().map(|high| Axis::linear(0.0, high, 6));
    let captions: Vec<String> = figure.cards.iter().map(|card| card.caption.to_owned()).collect();
    let count = figure.cards.len();
    let dim = figure.cards[0].design.dim();
    let columns = columns_for(count, dim, caption_width(&captions));
    let mut rows = Vec::new();
    for start in (0..count).step_by(columns) {
        let range = start..count.min(start + columns);
        let row = |tiles, captions| Row { label: "", tiles, captions, joined: false };
        let cards = &figure.cards[range.clone()];
        let designs = cards.iter().map(black_tile).collect();
        match &axis {
            Some(axis) => {
                rows.push(Row { joined: true, ..row(designs, &[][..]) });
                let colored = cards.iter().map(|card| colored_tile(card, axis)).collect();
                rows.push(row(colored, &captions[range]));
            }
            None => rows.push(row(designs, &captions[range])),
        }
    }
    Sheet {
        title: figure.title,
        columns,
        rows,
        column_labels: &[],
        row_axis: "",
        column_axis: "",
        colors: axis.as_ref().map(|axis| (figure.quantity, axis)),
    }
    .draw()
}

/// The design in black, with its task.
fn black_tile<'a>(card: &'a Card<'_>) -> Tile<'a> {
    Tile { rings: card.outline, marks: card.marks, ..Tile::plain(card.design.view()) }
}

/// The quantity in the material.
fn colored_tile<'a>(card: &'a Card<'_>, axis: &'a Axis) -> Tile<'a> {
    let values = card.values.as_ref().map(|values| (values.view(), axis));
    Tile { rings: card.outline, values, ..Tile::plain(card.design.view()) }
}

fn check(figure: &Cards<'_>) -> Result<(), ReportError> {
    let Some(first) = figure.cards.first() else {
        return Err(ReportError::Empty { what: "designs" });
    };
    let expected = first.design.dim();
    for card in figure.cards {
        check_design("designs", &card.design)?;
        let dims = card.values.iter().map(ArrayView2::dim).chain([card.design.dim()]);
        if let Some(got) = dims.into_iter().find(|dim| *dim != expected) {
            return Err(ReportError::Shape { what: "designs and quantities", expected, got });
        }
        card.marks.map_or(Ok(()), Marks::check)?;
        let bad = card.values.and_then(|values| {
            let found = values.indexed_iter().find(|(_, value)| !value.is_finite());
            found.map(|((row, column), &value)| (vec![row, column], value as f32))
        });
        if let Some((position, value)) = bad {
            return Err(ReportError::NotFinite { what: "values", position, value });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::drawing::canvas::MARGIN;
    use crate::drawing::color::{Color, WHITE, viridis};

    fn card(design: &Array2<f32>) -> Card<'_> {
        Card { design: design.view(), outline: None, marks: None, values: None, caption: "" }
    }

    fn refused<'a>(cards: &'a [Card<'a>]) -> ReportError {
        draw(&Cards { title: "", cards, quantity: "", high: None }).err().unwrap()
    }

    #[test]
    fn the_design_stands_above_its_quantity() {
        let mut design = Array2::<f32>::zeros((10, 20));
        design.slice_mut(ndarray::s![.., ..10]).fill(1.0);
        let values = Array2::from_elem((10, 20), 3.0);
        let one = Card { values: Some(values.view()), ..card(&design) };
        let figure = Cards { title: "", cards: &[one], quantity: "q", high: Some(6.0) };
        let canvas = draw(&figure).unwrap();
        // An element has 28 pixels.
        let at = |x: i32, y: i32| canvas.pixel(MARGIN as i32 + x, MARGIN as i32 + y);
        assert_eq!((at(20, 20), at(300, 20)), (Some(Color(0, 0, 0)), Some(WHITE)));
        assert_eq!((at(20, 320), at(300, 320)), (Some(viridis(0.5)), Some(WHITE)));
    }

    #[test]
    fn the_last_color_is_that_of_nearly_all_of_the_material() {
        let design = Array2::<f32>::ones((10, 20));
        let mut values = Array2::from_elem((10, 20), 1.0);
        values[(0, 0)] = 50.0;
        let one = Card { values: Some(values.view()), ..card(&design) };
        let figure = Cards { title: "", cards: &[one], quantity: "q", high: None };
        assert_eq!(figure.highest(), Some(1.0));
        let bare = Cards { cards: &[card(&design)], ..figure };
        assert_eq!(bare.highest(), None);
        assert!(draw(&bare).unwrap().height() < draw(&figure).unwrap().height());
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let (design, other) = (Array2::<f32>::ones((10, 20)), Array2::<f32>::ones((10, 10)));
        assert!(matches!(refused(&[]), ReportError::Empty { .. }));
        assert!(matches!(refused(&[card(&design), card(&other)]), ReportError::Shape { .. }));
        let values = Array2::from_elem((10, 20), f64::NAN);
        let broken = Card { values: Some(values.view()), ..card(&design) };
        assert!(matches!(refused(&[broken]), ReportError::NotFinite { .. }));
    }
}
