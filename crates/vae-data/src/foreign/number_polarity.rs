//! Whether the larger number of arrays and tables is material: what is stated, and what the designs
//! show.

use vae_base::{Note, Remedy};

use crate::error::{DataError, ReadingError};
use crate::foreign::pieces::largest_shares;
use crate::foreign::polarity::{CLEARLY, Evidence, Values, decide, is_volume, shares};
use crate::foreign::setting::Setting;
use crate::set::opening::Opening;
use crate::set::problems::ProblemSource;
use crate::set::value_range::ValueRange;

/// A stated volume is contradicted if the median design is further from it.
pub(crate) const OFF: f64 = 0.05;
/// Designs that are looked at.
pub(crate) const SAMPLE: usize = 256;

/// Holds designs against their stated volume fractions and, if these do not decide, against how
/// they hang together, and notes which number is material; with a warning if that is uncertain, or
/// if the designs look as if material and void were exchanged.
///
/// A set that describes itself says by its format that 1 is material; it is only warned about. Where
/// a problem is stated it may decide, so a doubt is kept apart from the notes.
///
/// # Errors
///
/// [`ReadingError::Polarity`] if a stated volume fraction is off by more than 0.05 at the median
/// and fits the inverted designs.
pub(crate) fn check(set: &mut Opening, ends: ValueRange) -> Result<(), DataError> {
    let (evidence, sample) = look(set)?;
    if fits_volumes(set, ends, &evidence, &sample)? {
        return Ok(());
    }
    let found = decide(&evidence, Setting::Auto);
    let ValueRange { void, solid } = ends;
    let note = if found.is_weak {
        let but = if found.white_is_material { "" } else { "although " };
        let reason = found.reason;
        format!("warning: it is a guess that {solid} is material and {void} void: {but}{reason}")
    } else if found.white_is_material {
        format!("{solid} is material: {}", found.reason)
    } else {
        format!("warning: {solid} is taken as material, but {}", found.reason)
    };
    let is_doubt = found.is_weak || !found.white_is_material;
    if set.is_described && (found.is_weak || found.white_is_material) {
        return Ok(());
    }
    let note = Note::new(note).or(remedies(ends)[0].clone());
    if is_doubt && !matches!(set.parts.problems, ProblemSource::None) {
        set.parts.doubt = Some(note);
    } else {
        set.note(note);
    }
    Ok(())
}

/// What a sample of the designs shows, dark standing for the low end, and which designs these are.
fn look(set: &Opening) -> Result<(Evidence, Vec<usize>), DataError> {
    let n = set.len();
    let sample: Vec<usize> = (0..n).step_by(n.div_ceil(SAMPLE)).collect();
    let (height, width) = set.size();
    let mut design = vec![0.0; height * width];
    let (mut scratch, mut border) = (Vec::new(), (0.0, 0.0));
    let mut evidence = Evidence { values: Values::Numbers, ..Evidence::default() };
    for index in &sample {
        set.parts.designs.read(*index, &mut design, &mut scratch)?;
        let mean = design.iter().map(|value| f64::from(*value)).sum::<f64>() / design.len() as f64;
        evidence.darkness.push(1.0 - mean);
        let low: Vec<bool> = design.iter().map(|value| *value < 0.5).collect();
        for (place, low) in low.iter().enumerate() {
            let (row, column) = (place / width, place % width);
            if row == 0 || row + 1 == height || column == 0 || column + 1 == width {
                border = (border.0 + f64::from(u8::from(*low)), border.1 + 1.0);
            }
        }
        evidence.pieces.extend(largest_shares(&low, width));
    }
    evidence.border = border.0 / f64::max(border.1, 1.0);
    Ok((evidence, sample))
}

/// Whether a stated volume fraction says that the designs are the right way round.
fn fits_volumes(
    set: &Opening,
    ends: ValueRange,
    evidence: &Evidence,
    sample: &[usize],
) -> Result<bool, DataError> {
    for (column, condition) in set.parts.conditions.iter().enumerate() {
        if !is_volume(&condition.name) {
            continue;
        }
        let stated: Vec<f32> = sample.iter().map(|row| set.parts.values[[*row, column]]).collect();
        let Some(stated) = shares(&stated) else { continue };
        let off = |inverted: bool| {
            let found = |dark: f64| if inverted { dark } else { 1.0 - dark };
            median(stated.iter().zip(&evidence.darkness).map(|(v, dark)| (v - found(*dark)).abs()))
        };
        let (as_is, exchanged) = (off(false), off(true));
        if OFF < as_is && exchanged <= OFF {
            return Err(ReadingError::Polarity {
                file: set.parts.designs.file(0),
                column: condition.name.clone(),
                stated: median(stated.iter().copied()),
                found: median(evidence.darkness.iter().map(|dark| 1.0 - dark)),
                remedies: Box::new(remedies(ends)),
            }
            .into());
        }
        return Ok(as_is <= OFF && CLEARLY * as_is < exchanged);
    }
    Ok(false)
}

/// What exchanges material and void in designs of these values, and what keeps them.
pub(crate) fn remedies(ends: ValueRange) -> [Remedy; 2] {
    let exchanged = ends.exchanged().to_string();
    [
        Remedy::set("range", exchanged, "exchanges material and void"),
        Remedy::set("range", ends.to_string(), "keeps them"),
    ]
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    use ndarray::Array3;

    use crate::set::details::Details;

    /// What is noted of four designs of these densities.
    fn noted(density: impl Fn(usize, usize) -> f32, is_described: bool) -> Vec<String> {
        let designs = Array3::from_shape_fn((4, 9, 15), |(_, row, column)| density(row, column));
        let mut set = Opening::new("x", designs, Details::default()).unwrap();
        set.is_described = is_described;
        check(&mut set, ValueRange { void: 0.0, solid: 1.0 }).unwrap();
        set.parts.notes.iter().map(|note| note.found.clone()).collect()
    }

    /// A cross is one piece, and what is left of its design is four.
    fn cross(row: usize, column: usize) -> f32 {
        f32::from(u8::from(row == 4 || column == 7))
    }

    #[test]
    fn what_is_material_is_said_warned_about_or_a_guess() {
        let whole = "1 is material: high values hang together, and low ones are in several pieces";
        assert_eq!(noted(cross, false), [whole]);
        let but = "warning: 1 is taken as material, but low values hang together, and high ones are \
                   in several pieces";
        let exchanged = |row, column| 1.0 - cross(row, column);
        assert_eq!(noted(exchanged, false), [but]);
        let half = |_, column: usize| f32::from(u8::from(column < 7));
        let nothing = "warning: it is a guess that 1 is material and 0 void: ";
        let found = noted(half, false);
        assert!(found.len() == 1 && found[0].starts_with(nothing), "{found:?}");
        // A set that describes itself is warned only if its designs look exchanged.
        assert_eq!(noted(cross, true), Vec::<String>::new());
        assert_eq!(noted(half, true), Vec::<String>::new());
        assert_eq!(noted(exchanged, true), [but]);
    }
}
