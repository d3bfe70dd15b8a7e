//! The rules of the classic codes.

use serde::{Deserialize, Serialize};

/// Whose rules to follow where the classic codes differ.
///
/// | | `Top99` | `Top88` |
/// |---|---|---|
/// | stiffness | xᵖ | 1e-9 + xᵖ (1 − 1e-9) |
/// | design variables | in [0.001, 1] | in [0, 1] |
/// | multiplier λ | bisection of [0, 1e5] to 1e-4 absolute | bisection of [0, 1e9] to 1e-3 relative |
/// | passive elements | hold 0.001 or 1 from the start | hold 0 or 1 after the first update |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// Andreassen et al. 2011.
    #[serde(rename = "88")]
    Top88,
    /// Sigmund 2001.
    #[serde(rename = "99")]
    Top99,
}

impl Code {
    /// Smallest value of a design variable.
    pub(crate) const fn least_density(self) -> f64 {
        match self {
            Self::Top88 => 0.0,
            Self::Top99 => 0.001,
        }
    }
}
