//! Bands of one color along two opposite sides of pictures: paper beside plots of another aspect
//! ratio, or parts of designs.

use vae_base::{Note, Remedy};

use crate::foreign::choices::Margins;
use crate::foreign::plot::{CLEAR, FAINT};
use crate::formats::picture::pixels::Picture;

/// The bands of one picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bands {
    /// Their widths at the top, right, bottom and left; 0 where the outermost pixels differ.
    widths: [usize; 4],
    /// The color of the outermost pixel of each.
    colors: [[u8; 3]; 4],
    /// Levels by which colors may differ.
    tolerance: u8,
}

/// Narrower strips of one color are not taken for bands.
const NARROWEST: usize = 2;

/// Looks at the outermost rows and columns of a picture; `None` if it has one color throughout.
pub(crate) fn look(picture: &Picture) -> Option<Bands> {
    let ((height, width), colors) = (picture.size, picture.colors());
    let tolerance = if picture.lossy { CLEAR } else { FAINT };
    let row = |row: usize| (0..width).map(move |column| row * width + column);
    let column = |column: usize| (0..height).map(move |row| row * width + column);
    let band = |first: usize, of_one: &dyn Fn(usize) -> bool, lines: usize| {
        ((0..lines).take_while(|line| of_one(*line)).count(), colors[first])
    };
    let is = |place: usize, first: usize| are_alike(colors[place], colors[first], tolerance);
    let last = height * width - 1;
    let sides = [
        band(0, &|i| row(i).all(|place| is(place, 0)), height),
        band(last, &|i| column(width - 1 - i).all(|place| is(place, last)), width),
        band(last, &|i| row(height - 1 - i).all(|place| is(place, last)), height),
        band(0, &|i| column(i).all(|place| is(place, 0)), width),
    ];
    let bands =
        Bands { widths: sides.map(|side| side.0), colors: sides.map(|side| side.1), tolerance };
    (bands.widths[0] < height).then_some(bands)
}

/// A warning of bands that all of several pictures have at two opposite sides, equally wide and of
/// one color.
pub(crate) fn warning((height, width): (usize, usize), pictures: &[Bands]) -> Option<Note> {
    let (first, others) = pictures.split_first()?;
    if others.is_empty() {
        return None;
    }
    let pair = |before: usize, behind: usize| {
        let of_one = pictures.iter().all(|bands| {
            [before, behind]
                .iter()
                .all(|side| are_alike(bands.colors[*side], first.colors[before], bands.tolerance))
        });
        let least =
            |side: usize| pictures.iter().map(|bands| bands.widths[side]).min().unwrap_or(0);
        let (a, b) = (least(before), least(behind));
        (of_one && NARROWEST <= a.min(b) && a.abs_diff(b) <= 1).then_some((a, b))
    };
    let (words, margins) = match (pair(0, 2), pair(3, 1)) {
        (Some((top, bottom)), None) => (
            format!("{top} rows at the top and {bottom} at the bottom"),
            Margins { top, bottom, ..Margins::default() },
        ),
        (None, Some((left, right))) => (
            format!("{left} columns at the left and {right} at the right"),
            Margins { right, left, ..Margins::default() },
        ),
        _ => return None,
    };
    let n = pictures.len();
    Some(
        Note::new(format!(
            "warning: {words} have one color in all {n} pictures of {height} x {width}, and are \
             kept as parts of the designs"
        ))
        .or(Remedy::set("crop", margins.to_string(), "cuts them off")),
    )
}

fn are_alike(a: [u8; 3], b: [u8; 3], tolerance: u8) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::picture::pixels::Pixels;

    /// A picture of 12 x 20 pixels with bands at its top and bottom.
    fn bands(top: usize, bottom: usize, inside: usize) -> Option<Bands> {
        let (height, width) = (12, 20);
        let level = |place: usize| {
            let (row, column) = (place / width, place % width);
            let is_band = row < top || height - bottom <= row;
            if is_band || (row + column) % 4 < inside { 255 } else { 0 }
        };
        let pixels = Pixels::Bytes((0..height * width).map(level).collect());
        look(&Picture { size: (height, width), pixels, lossy: false, turned: false })
    }

    #[test]
    fn equal_bands_at_opposite_sides_are_warned_about() {
        let all = |of: &[(usize, usize)]| -> Option<String> {
            let all: Vec<Bands> = of.iter().map(|of| bands(of.0, of.1, 2).unwrap()).collect();
            warning((12, 20), &all).map(|note| format!("{note} {:?}", note.remedies))
        };
        let text = all(&[(3, 3), (4, 3)]).unwrap();
        assert!(text.contains("3 rows at the top and 3 at the bottom"), "{text}");
        assert!(text.contains("3,0,3,0"), "{text}");
        assert_eq!(all(&[(3, 3)]), None, "a single design may well have them");
        assert_eq!(all(&[(3, 3), (0, 3)]), None);
        assert_eq!(all(&[(3, 0), (3, 0)]), None, "at one side");
        assert_eq!(all(&[(1, 1), (1, 1)]), None, "a pixel");
        assert!(bands(3, 3, 4).is_none(), "of one color throughout");
    }
}
