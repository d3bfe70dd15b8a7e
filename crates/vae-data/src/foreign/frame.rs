//! A frame of one tone around pictures, as plotting programs leave it.

use vae_base::{Note, Remedy};

use crate::foreign::choices::Margins;
use crate::foreign::setting::Setting;
use crate::formats::picture::Grey;

/// What a frame is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    White,
    Black,
}

/// A frame that surrounds every picture of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) tone: Tone,
    pub(crate) margins: Margins,
}

/// Levels this close to white or black count as such: JPEG leaves ripples beside an edge.
const TOLERANCE: u8 = 40;

/// Widths of the strips along the four sides that show one tone. A picture of that tone throughout
/// has nothing inside.
pub(crate) fn margins(picture: &Grey, tone: Tone) -> Margins {
    let (height, width) = picture.size;
    let is_frame = |level: u8| match tone {
        Tone::White => 255 - TOLERANCE <= level,
        Tone::Black => level <= TOLERANCE,
    };
    let row = |row: usize| {
        picture.levels[row * width..(row + 1) * width].iter().all(|level| is_frame(*level))
    };
    let top = (0..height).take_while(|i| row(*i)).count();
    let bottom = (top..height).rev().take_while(|i| row(*i)).count();
    // Columns are looked at between the strips above and below only.
    let column = |column: usize| {
        (top..height - bottom).all(|row| is_frame(picture.levels[row * width + column]))
    };
    let left = (0..width).take_while(|i| column(*i)).count();
    let right = (left..width).rev().take_while(|i| column(*i)).count();
    Margins { top, right, bottom, left }
}

/// The frame that all pictures of one size share, each given by its margins of white and of black.
///
/// A frame is at least 2 pixels wide on every side, and nowhere more than 2 pixels wider than twice
/// its narrowest side: void that happens to surround some designs is not a frame.
pub(crate) fn shared<'a>(
    size: (usize, usize),
    pictures: impl Iterator<Item = &'a [Margins; 2]> + Clone,
) -> Option<Frame> {
    [Tone::White, Tone::Black].into_iter().enumerate().find_map(|(i, tone)| {
        // Pictures of one tone throughout have no frame.
        let narrowest = pictures
            .clone()
            .map(|margins| margins[i])
            .filter(|margins| margins.inside(size).is_some())
            .reduce(|a, b| Margins {
                top: a.top.min(b.top),
                right: a.right.min(b.right),
                bottom: a.bottom.min(b.bottom),
                left: a.left.min(b.left),
            })?;
        let Margins { top, right, bottom, left } = narrowest;
        let sides = [top, right, bottom, left];
        let (least, most) = (sides.into_iter().min()?, sides.into_iter().max()?);
        (2 <= least && most <= 2 * least + 2).then_some(Frame { tone, margins: narrowest })
    })
}

impl Frame {
    /// The note that says what was done about it.
    pub(crate) fn note(
        &self,
        (height, width): (usize, usize),
        n: usize,
        crop: Setting<Margins>,
    ) -> Note {
        let tone = if self.tone == Tone::White { "white" } else { "black" };
        let found = format!(
            "a {tone} frame of {} pixels (top,right,bottom,left) around all {n} pictures of \
             {height} x {width}",
            self.margins
        );
        match crop {
            Setting::Auto => {
                Note::new(format!("{found} is cut off")).or(Remedy::set("crop", "none", "keeps it"))
            }
            Setting::None => {
                Note::new(format!("{found} is kept, as if it were part of the design"))
                    .or(Remedy::set("crop", "auto", "cuts it off"))
            }
            Setting::Given(_) => {
                Note::new(format!("{found} was found; the margins asked for are cut off instead"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(rows: &[&[u8]]) -> Grey {
        Grey { size: (rows.len(), rows[0].len()), levels: rows.concat() }
    }

    fn m(top: usize, right: usize, bottom: usize, left: usize) -> Margins {
        Margins { top, right, bottom, left }
    }

    #[test]
    fn margins_are_counted_from_each_side() {
        let found = picture(&[&[255; 5], &[255, 250, 0, 255, 255], &[255; 5], &[220; 5]]);
        assert_eq!(margins(&found, Tone::White), m(1, 2, 2, 2));
        assert_eq!(margins(&found, Tone::Black), m(0, 0, 0, 0));
        let blank = picture(&[&[255; 3], &[255; 3]]);
        assert!(margins(&blank, Tone::White).inside((2, 3)).is_none());
    }

    #[test]
    fn a_frame_is_what_all_pictures_share() {
        let none = m(0, 0, 0, 0);
        let frame = |white: &[Margins]| {
            let all: Vec<[Margins; 2]> = white.iter().map(|white| [*white, none]).collect();
            shared((50, 80), all.iter()).map(|frame| frame.margins)
        };
        assert_eq!(frame(&[m(7, 9, 7, 7), m(20, 7, 8, 7)]), Some(m(7, 7, 7, 7)));
        // One side touches; a wide void above all designs; blank pictures do not count.
        assert_eq!(frame(&[m(7, 7, 7, 7), m(7, 7, 0, 7)]), None);
        assert_eq!(frame(&[m(30, 7, 7, 7)]), None);
        assert_eq!(frame(&[m(3, 3, 3, 3), m(50, 80, 0, 0)]), Some(m(3, 3, 3, 3)));
        assert_eq!(frame(&[]), None);
    }
}
