//! The levels of a sample of pictures: which are the ends from dark to light, and what they show.

use vae_base::{Note, Remedy};

use crate::error::ReadingError;
use crate::foreign::pieces::{are_lines, largest_shares};
use crate::foreign::polarity::Evidence;
use crate::foreign::scale::Seen;
use crate::formats::picture::pixels::{Picture, Pixels};
use crate::set::value_range::ValueRange;

/// The levels of a sample of pictures, and what values there are.
#[derive(Debug, Default)]
pub(crate) struct Shades {
    seen: Seen,
    pictures: Vec<(Vec<f32>, usize)>,
}

/// Levels of 8 bits.
const LEVELS: usize = 256;
/// Share of the pixels beyond the dark and the light end.
const BEYOND: f64 = 0.01;
/// Levels around an end that belong to it.
const AROUND: usize = 16;
/// Share of the pixels at an end, if pictures reach from it to the other.
const AT_END: f64 = 0.05;
/// Ends that are this close to 0 and 255 are these.
const FULL: usize = 8;

/// The level that stands for white.
pub(crate) fn unit(picture: &Picture) -> f32 {
    match picture.pixels {
        Pixels::Bytes(_) | Pixels::Colors(_) => 255.0,
        Pixels::Words(_) => 65535.0,
        Pixels::Floats(_) => 1.0,
    }
}

/// Whether white is that of 8 bits.
pub(crate) fn is_byte(unit: f32) -> bool {
    unit.to_bits() == 255_f32.to_bits()
}

impl Shades {
    /// Adds the levels of a picture.
    pub(crate) fn add(&mut self, levels: Vec<f32>, width: usize) {
        self.seen.add(&levels);
        self.pictures.push((levels, width));
    }

    /// The levels of the dark and the light end, as void and solid, and what is to be said of them.
    ///
    /// # Errors
    ///
    /// [`ReadingError::Values`] if they cannot be told.
    pub(crate) fn ends(
        &self,
        unit: f32,
        file: &str,
    ) -> Result<(ValueRange, Option<Note>), ReadingError> {
        let full = ValueRange { void: 0.0, solid: unit };
        if is_byte(unit)
            && let Some((low, high)) = self.pale_ends()
        {
            let note = Note::new(format!(
                "the levels {low} and {high} of 0 to 255 are taken as the ends of the shades"
            ))
            .or(Remedy::set("range", "VOID:SOLID", "says otherwise"));
            return Ok((ValueRange { void: low as f32, solid: high as f32 }, Some(note)));
        }
        if let Some((range, note)) = self.seen.range(unit, file)? {
            return Ok((range, Some(note)));
        }
        let (min, max) = (self.seen.min, self.seen.max);
        if min < -0.001 * unit || 1.001 * unit < max {
            return Err(ReadingError::Values { file: file.into(), min, max });
        }
        Ok((full, None))
    }

    /// The ends of grey pictures that reach neither black nor white, if many pixels show each. (Two
    /// values only are not pale: they are void and solid anyway.)
    fn pale_ends(&self) -> Option<(usize, usize)> {
        let (mut counts, mut total) = ([0_u64; LEVELS], 0_u64);
        for level in self.pictures.iter().flat_map(|(levels, _)| levels) {
            counts[(level.round() as usize).min(LEVELS - 1)] += 1;
            total += 1;
        }
        let beyond = (BEYOND * total as f64) as u64;
        let sum = |levels: std::ops::RangeInclusive<usize>| {
            levels.map(|level| counts[level]).sum::<u64>()
        };
        let low = (0..LEVELS).find(|level| beyond < sum(0..=*level))?;
        let high = (0..LEVELS).rev().find(|level| beyond < sum(*level..=LEVELS - 1))?;
        let is_full = low <= FULL && LEVELS - 1 - FULL <= high;
        if is_full || high < low + 3 * AROUND || self.seen.is_two() {
            return None;
        }
        let many = |levels: std::ops::RangeInclusive<usize>| {
            let n = sum(levels.clone()) as f64;
            let most = levels.max_by_key(|level| counts[*level])?;
            (AT_END * total as f64 <= n).then_some(most)
        };
        Some((many(low..=low + AROUND)?, many(high - AROUND..=high)?))
    }

    /// Checks that the pictures show filled areas, dark at one end and light at the other.
    ///
    /// # Errors
    ///
    /// [`ReadingError::Lines`] if most of them show lines only.
    pub(crate) fn check_filled(&self, ends: ValueRange, file: &str) -> Result<(), ReadingError> {
        let is_drawn_in_lines = |(levels, width): &&(Vec<f32>, usize)| {
            let dark: Vec<bool> = levels.iter().map(|level| ends.density(*level) < 0.5).collect();
            are_lines(&dark, *width)
        };
        let n = self.pictures.iter().filter(is_drawn_in_lines).count();
        if self.pictures.len() < 2 * n {
            return Err(ReadingError::Lines { file: file.into() });
        }
        Ok(())
    }

    /// Adds to the evidence what the pictures show, dark at one end and light at the other.
    pub(crate) fn evidence(&self, ends: ValueRange, mut evidence: Evidence) -> Evidence {
        let mut border = (0.0, 0.0);
        for (levels, width) in &self.pictures {
            let dark: Vec<f32> =
                levels.iter().map(|level| 1.0 - ends.density(*level).clamp(0.0, 1.0)).collect();
            let sum: f64 = dark.iter().map(|dark| f64::from(*dark)).sum();
            evidence.darkness.push(sum / dark.len() as f64);
            let last = dark.len() - width;
            for (place, dark) in dark.iter().enumerate() {
                let column = place % width;
                if place < *width || last <= place || column == 0 || column + 1 == *width {
                    border = (border.0 + f64::from(*dark), border.1 + 1.0);
                }
            }
            let is_dark: Vec<bool> = dark.iter().map(|dark| 0.5 <= *dark).collect();
            evidence.pieces.extend(largest_shares(&is_dark, *width));
        }
        evidence.border = border.0 / f64::max(border.1, 1.0);
        evidence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pale_pictures_are_said_to_be_and_others_are_not() {
        let ends = |dark: u8, light: u8| {
            let mut shades = Shades::default();
            let levels = (0..300).map(|i| match i % 3 {
                0 => f32::from(dark),
                1 => f32::from(light),
                _ => 128.0,
            });
            shades.add(levels.collect(), 30);
            let (range, note) = shades.ends(255.0, "a.png").unwrap();
            (range.to_string(), note.map(|note| note.found))
        };
        let words = "the levels 40 and 210 of 0 to 255 are taken as the ends of the shades";
        assert_eq!(ends(40, 210), ("40:210".to_owned(), Some(words.to_owned())));
        assert_eq!(ends(0, 255), ("0:255".to_owned(), None));
    }
}
