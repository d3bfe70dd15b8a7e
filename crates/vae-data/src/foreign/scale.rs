//! Which values mean void and solid: what two values mean, and how deep whole numbers go. Every
//! source passes through here once it is decoded.

use vae_base::{Note, Remedy};

use crate::error::{DataError, ReadingError};
use crate::foreign::setting::Setting;
use crate::formats::npy::Element;
use crate::set::density::{ROUNDING, clip};
use crate::set::designs::Designs as _;
use crate::set::stored::Stored;
use crate::set::value_range::ValueRange;

/// Number of designs looked at to tell what values there are.
const SAMPLE: usize = 64;

/// Settles which values of stored designs are void and solid: as asked for, else by the values of
/// some designs. `is_described` designs say by their type what they mean; only bytes of 0 and 1 are
/// taken as void and solid.
pub(crate) fn settle(
    stored: Stored,
    asked: Setting<ValueRange>,
    is_described: bool,
    notes: &mut Vec<Note>,
) -> Result<Stored, DataError> {
    if let Some(range) = asked.given() {
        let stored = stored.in_range(Some(*range));
        notes.extend(clipped(&stored, *range)?);
        return Ok(stored.clipped());
    }
    let is_bytes = stored.element() == Element::U8;
    let numbers = stored.clone().in_range(Some(ValueRange::DENSITIES));
    let (mut seen, mut scratch) = (Seen::default(), Vec::new());
    let mut values = vec![0.0; stored.size().0 * stored.size().1];
    for design in (0..stored.len()).step_by(stored.len().div_ceil(SAMPLE)) {
        numbers.read(design, &mut values, &mut scratch)?;
        seen.add(&values);
    }
    if is_described && !(is_bytes && seen.max <= 1.0) {
        return Ok(stored);
    }
    let unit = if is_bytes { 255.0 } else { 1.0 };
    Ok(match seen.range(unit, &stored.file(0))? {
        Some((range, note)) => {
            notes.push(note);
            stored.in_range(Some(range))
        }
        None => stored,
    })
}

/// How many values exceed the range of stored designs by rounding, in words.
pub(crate) fn clipped(stored: &Stored, range: ValueRange) -> Result<Option<Note>, DataError> {
    let (mut values, mut scratch) = (vec![0.0; stored.size().0 * stored.size().1], Vec::new());
    let mut n = 0;
    for design in 0..stored.len() {
        stored.read(design, &mut values, &mut scratch)?;
        n += clip(&mut values);
    }
    Ok(note_on_clipped(n, range))
}

/// The note on values that exceed a range by rounding.
pub(crate) fn note_on_clipped(n: u64, range: ValueRange) -> Option<Note> {
    let found =
        format!("{n} values exceed the range {range} by rounding and are moved to its ends");
    (0 < n).then(|| Note::new(found))
}

/// The values that are there.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) min: f32,
    pub(crate) max: f32,
    /// Whether all of them are whole numbers.
    whole: bool,
    /// Different values, up to a few.
    distinct: Vec<f32>,
}

/// More different values than these are many.
const MANY: usize = 8;
/// The largest number of a class in the usual sets of masks.
const LAST_CLASS: f32 = 20.0;
/// The level of pixels of no class in these masks.
const IGNORED: f32 = 255.0;
/// The largest values of whole numbers of 8, 10, 12, 14 and 16 bits.
const DEPTHS: [(f32, &str); 5] = [
    (255.0, "8 bits"),
    (1023.0, "10 bits"),
    (4095.0, "12 bits"),
    (16383.0, "14 bits"),
    (65535.0, "16 bits"),
];
/// Other largest values that people use.
const SHARES: [(f32, &str); 2] = [(100.0, "percent"), (1000.0, "per mille")];
/// Share of a depth that the largest value reaches at least, if it does not reach it.
const ALMOST: f32 = 0.9;

impl Default for Seen {
    fn default() -> Self {
        Self { min: f32::INFINITY, max: f32::NEG_INFINITY, whole: true, distinct: Vec::new() }
    }
}

impl Seen {
    /// Adds values; those that are not finite are passed over.
    pub(crate) fn add(&mut self, values: &[f32]) {
        let mut last = f32::NAN;
        for value in values.iter().copied().filter(|value| value.is_finite()) {
            if value.to_bits() == last.to_bits() {
                continue;
            }
            last = value;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            self.whole &= value.fract() == 0.0;
            if self.distinct.len() <= MANY && !self.distinct.contains(&value) {
                self.distinct.push(value);
            }
        }
    }

    /// Whether there are two different values and no others.
    pub(crate) fn is_two(&self) -> bool {
        self.distinct.len() == 2
    }

    /// The two values that are there, if there are no others.
    fn two(&self) -> Option<[f32; 2]> {
        self.is_two().then_some([self.min, self.max])
    }

    /// Whether the values are a few numbers of classes beside 255, which says that a pixel is to be
    /// ignored: 0, 1 and 255.
    fn are_classes(&self) -> bool {
        let is_class = |value: &&f32| (0.0..=LAST_CLASS).contains(*value);
        let classes = self.distinct.iter().filter(is_class).count();
        (3..=MANY).contains(&self.distinct.len())
            && classes + 1 == self.distinct.len()
            && self.whole
            && self.max.to_bits() == IGNORED.to_bits()
    }

    /// What the values mean, if it is not 0 for void and `unit` for solid: the range, and the note
    /// that says so.
    ///
    /// Two values are void and solid, whatever they are, unless they are densities and one of them
    /// is 0 or 1. Whole numbers reach from 0 to the largest
    /// one of their depth, or to 100 % or 1000 ‰.
    ///
    /// # Errors
    ///
    /// [`ReadingError::Values`] for whole numbers of another kind, such as the numbers of classes.
    pub(crate) fn range(
        &self,
        unit: f32,
        file: &str,
    ) -> Result<Option<(ValueRange, Note)>, ReadingError> {
        if let Some([low, high]) = self.two() {
            // Two densities may be meant, if one of them is void or solid; bytes count to 255.
            let are_densities = unit <= 1.0 && 0.0 <= low && high <= 1.0;
            if (low == 0.0 && high.to_bits() == unit.to_bits())
                || (are_densities && (low == 0.0 || high.to_bits() == unit.to_bits()))
            {
                return Ok(None);
            }
            let range = ValueRange { void: low, solid: high };
            if low == 0.0 && (high - 1.0).abs() <= ROUNDING {
                let note = Note::new("bytes of 0 and 1 only are taken as void and solid");
                let levels = ValueRange { void: 0.0, solid: unit };
                let remedy = Remedy::set("range", levels.to_string(), "takes them as levels");
                return Ok(Some((range, note.or(remedy))));
            }
            let note = Note::new(format!(
                "all values are {low} or {high}; they are taken as the ends of the range from void \
                 to solid"
            ));
            return Ok(Some((range, note.or(kept(unit)))));
        }
        if self.are_classes() {
            return Err(ReadingError::Values { file: file.into(), min: self.min, max: self.max });
        }
        let far = self.max < 0.5 * unit && 1.0 < unit;
        if self.distinct.len() < 2 || !self.whole || self.min < 0.0 || (self.max <= unit && !far) {
            return Ok(None);
        }
        let max = self.max;
        let exact = |all: &[(f32, &'static str)]| {
            all.iter().find(|(most, _)| most.to_bits() == max.to_bits()).copied()
        };
        let almost = || {
            let wide = DEPTHS.iter().filter(|(most, _)| 255.0 <= max && max < *most);
            wide.copied().find(|(most, _)| ALMOST * most <= max)
        };
        let found = exact(&DEPTHS).or_else(|| exact(&SHARES)).or_else(almost);
        let Some((solid, depth)) = found else {
            return Err(ReadingError::Values { file: file.into(), min: self.min, max });
        };
        let reached = if exact(&[(solid, depth)]).is_some() {
            format!("the largest is {max}")
        } else {
            format!("the largest is {max}, less than the {solid} of {depth}")
        };
        let note =
            Note::new(format!("whole numbers are taken as {depth}, 0 to {solid}: {reached}"));
        let range = ValueRange { void: 0.0, solid };
        Ok(Some((range, note.or(Remedy::set("range", "VOID:SOLID", "says otherwise")))))
    }
}

/// The remedy that keeps values as they are.
fn kept(unit: f32) -> Remedy {
    let levels = ValueRange { void: 0.0, solid: unit };
    Remedy::set("range", levels.to_string(), "takes them as they are")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(values: &[f32], unit: f32) -> Option<String> {
        let mut seen = Seen::default();
        seen.add(values);
        seen.range(unit, "a.npy").unwrap().map(|(range, _)| range.to_string())
    }

    #[test]
    fn two_values_are_void_and_solid_whatever_they_are() {
        for (values, unit, expected) in [
            ([0.0, 1.0], 1.0, None),
            ([0.0, 255.0], 255.0, None),
            ([0.0, 1.0], 255.0, Some("0:1")),
            ([1.0, 2.0], 255.0, Some("1:2")),
            ([15.0, 0.0], 255.0, Some("0:15")),
            ([-1.0, 1.0], 1.0, Some("-1:1")),
            ([0.001, 1.0], 1.0, None),
            ([0.25, 1.0], 1.0, None),
            ([0.2, 0.8], 1.0, Some("0.2:0.8")),
            ([0.0, 4095.0], 65535.0, Some("0:4095")),
        ] {
            assert_eq!(range(&values, unit).as_deref(), expected, "{values:?} of {unit}");
        }
    }

    #[test]
    fn whole_numbers_reach_to_their_depth() {
        for (values, unit, expected) in [
            (vec![0.0, 7.0, 4095.0], 65535.0, Some("0:4095")),
            (vec![0.0, 7.0, 4095.0], 1.0, Some("0:4095")),
            (vec![0.0, 7.0, 4001.0], 65535.0, Some("0:4095")),
            (vec![0.0, 70.0, 255.0], 1.0, Some("0:255")),
            (vec![0.0, 128.0, 255.0], 255.0, None),
            (vec![0.0, 7.0, 100.0], 255.0, Some("0:100")),
            (vec![0.0, 7.0, 100.0], 1.0, Some("0:100")),
            (vec![0.0, 7.0, 1000.0], 1.0, Some("0:1000")),
            (vec![0.0, 7.0, 65535.0], 65535.0, None),
            (vec![0.0, 7.0, 40000.0], 65535.0, None),
            (vec![0.0, 7.0, 254.0], 255.0, None),
            (vec![0.0, 0.5, 1.0], 1.0, None),
            (vec![0.0, 0.5, 1.0000134], 1.0, None),
            (vec![-1.0, 0.5, 1.0], 1.0, None),
            (vec![7.0], 255.0, None),
        ] {
            assert_eq!(range(&values, unit).as_deref(), expected, "{values:?} of {unit}");
        }
        // Numbers of classes, the last two with one for pixels to be ignored.
        for (values, unit) in [
            (vec![0.0, 1.0, 15.0], 255.0),
            (vec![0.0, 1.0, 2.0], 1.0),
            (vec![0.0, 1.0, 255.0], 255.0),
            (vec![0.0, 15.0, 255.0], 255.0),
        ] {
            let mut seen = Seen::default();
            seen.add(&values);
            let error = seen.range(unit, "a.npy").unwrap_err();
            assert!(matches!(error, ReadingError::Values { .. }), "{values:?}: {error}");
            assert!(error.is_callers_mistake());
        }
    }

    #[test]
    fn what_values_are_taken_as_is_said_and_nothing_of_densities() {
        let said = |values: &[f32], unit: f32| {
            let mut seen = Seen::default();
            seen.add(values);
            seen.range(unit, "a.npy").unwrap().map(|(_, note)| note.found)
        };
        for (values, unit, expected) in [
            (&[0.0, 1.0][..], 255.0, "bytes of 0 and 1 only are taken as void and solid"),
            (&[1.0, 2.0], 255.0, "all values are 1 or 2; they are taken as the ends of the range"),
            (&[0.0, 7.0, 100.0], 255.0, "0 to 100: the largest is 100"),
            (&[0.0, 7.0, 4001.0], 65535.0, "the largest is 4001, less than the 4095 of"),
        ] {
            let found = said(values, unit).unwrap();
            assert!(found.contains(expected), "{found}");
        }
        assert!(!said(&[0.0, 7.0, 4095.0], 65535.0).unwrap().contains("less than"));
        assert_eq!(said(&[0.0, 0.5, 1.0], 1.0), None);
        assert_eq!(said(&[0.0, 128.0, 255.0], 255.0), None);
    }
}
