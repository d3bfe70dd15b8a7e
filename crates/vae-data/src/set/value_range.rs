//! The values that stand for void and solid.

use std::fmt;
use std::str::FromStr;

use crate::error::ReadingError;

/// The values that mean void and solid: `VOID:SOLID`, such as `0:255` or `-1:1`; `1:0` if 0 is
/// solid.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ValueRange {
    pub void: f32,
    pub solid: f32,
}

impl ValueRange {
    /// The range of densities themselves.
    pub(crate) const DENSITIES: Self = Self { void: 0.0, solid: 1.0 };

    /// The range in which void and solid have changed places.
    pub(crate) fn exchanged(self) -> Self {
        Self { void: self.solid, solid: self.void }
    }

    /// The density that a value stands for: 0 for void, 1 for solid, in between linearly.
    pub(crate) fn density(self, value: f32) -> f32 {
        (value - self.void) / (self.solid - self.void)
    }
}

impl FromStr for ValueRange {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let parse = || {
            let (void, solid) = text.split_once(':')?;
            let number = |text: &str| text.trim().parse().ok().filter(|x: &f32| x.is_finite());
            let range = Self { void: number(void)?, solid: number(solid)? };
            // Equal ends would divide by zero, and so may ends that differ by less than a float can
            // hold.
            (1.0 / (range.solid - range.void)).is_finite().then_some(range)
        };
        parse().ok_or_else(|| ReadingError::Setting {
            text: text.into(),
            wanted: "the values of void and solid: 0:1, 0:255, -1:1",
        })
    }
}

impl fmt::Display for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.void, self.solid)
    }
}
