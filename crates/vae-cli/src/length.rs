//! Lengths with their unit.

use std::str::FromStr;

/// A positive length, such as `2mm` or `0.5 in`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Length {
    pub(crate) mm: f64,
}

/// Millimeters by unit.
const UNITS: [(&str, f64); 4] = [("mm", 1.0), ("cm", 10.0), ("m", 1000.0), ("in", 25.4)];

/// Why a text is no length.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum LengthError {
    #[error("a length needs its unit, as in {0}mm; known are mm, cm, m and in")]
    NoUnit(String),
    #[error("unknown unit `{0}`: known are mm, cm, m and in")]
    Unit(String),
    #[error("`{0}` is not a number")]
    Number(String),
    #[error("a length must be positive and finite")]
    NotPositive,
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
