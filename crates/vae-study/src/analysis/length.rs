//! Lengths with their units.

use std::str::FromStr;

/// A positive length, read from a text such as `2mm` or `0.5 in`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Length {
    /// The length in millimeters.
    pub mm: f64,
}

/// How many millimeters each unit has.
const UNITS: [(&str, f64); 4] = [("mm", 1.0), ("cm", 10.0), ("m", 1000.0), ("in", 25.4)];

/// Why a text is not a length.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LengthError {
    /// A number without a unit.
    #[error("a length needs its unit, as in {0}mm; known are mm, cm, m and in")]
    NoUnit(String),
    /// A unit that is not known.
    #[error("unknown unit `{0}`: known are mm, cm, m and in")]
    Unit(String),
    /// Text where the number should stand.
    #[error("`{0}` is not a number")]
    Number(String),
    /// Zero, a negative number, or infinity.
    #[error("a length must be positive and finite")]
    NotPositive,
}

/// The lengths that a grid of densities does not have, in millimeters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// Side of a cell.
    pub cell_size: f64,
    /// Thickness of the plate.
    pub thickness: f64,
}

impl FromStr for Length {
    type Err = LengthError;

    fn from_str(text: &str) -> Result<Self, LengthError> {
        let text = text.trim();
        let number = text.trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.');
        let unit = text[number.len()..].trim();
        let value: f64 = number.parse().map_err(|_| LengthError::Number(text.to_owned()))?;
        if unit.is_empty() {
            return Err(LengthError::NoUnit(number.to_owned()));
        }
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, mm) = known.ok_or_else(|| LengthError::Unit(unit.to_owned()))?;
        let mm = value * mm;
        if 0.0 < mm && mm.is_finite() { Ok(Self { mm }) } else { Err(LengthError::NotPositive) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_millimeters() {
        let mm = |text: &str| text.parse::<Length>().map(|length| length.mm);
        for (text, expected) in
            [("2mm", 2.0), (" 0.5 in ", 12.7), ("1e-3m", 1.0), (".2cm", 2.0), ("3.m", 3000.0)]
        {
            assert_eq!(mm(text), Ok(expected), "{text}");
        }
        assert_eq!(mm("2"), Err(LengthError::NoUnit("2".into())));
        assert_eq!(mm("2ft"), Err(LengthError::Unit("ft".into())));
        assert_eq!(mm("2 µm"), Err(LengthError::Unit("µm".into())));
        assert_eq!(mm("mm"), Err(LengthError::Number("mm".into())));
        assert_eq!(mm(""), Err(LengthError::Number(String::new())));
        for text in ["0mm", "-1mm", "1e999m"] {
            assert_eq!(mm(text), Err(LengthError::NotPositive), "{text}");
        }
    }
}
