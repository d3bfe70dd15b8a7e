//! What training makes of designs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What the model is trained to reproduce.
///
/// # Examples
/// ```
/// use vae_train::data::TargetKind;
///
/// assert_eq!("grey".parse(), Ok(TargetKind::Grey));
/// assert_eq!(TargetKind::Binary.to_string(), "binary");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// Designs thresholded to 0 and 1 such that the number of solid pixels is their volume; bounds
    /// are then likelihoods.
    Binary,
    /// Designs drawn to 0 and 1 pixel by pixel, with the densities as probabilities, anew in each
    /// epoch. Scores use one fixed draw of each design. Bounds are likelihoods of such draws.
    Dynamic,
    /// Densities as they are.
    Grey,
    /// Densities as 256 grey levels k, each spread evenly over its width: `(k + u)/256` with u
    /// uniform on [0, 1), drawn anew in each epoch and fixed where scores are computed. The bits
    /// of such a density, plus 8 per pixel, bound the bits of the levels from above.
    Dequantized,
}

impl TargetKind {
    /// Every kind, with one sentence on each.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Binary, "Designs thresholded to 0 and 1 at their own volume"),
        (Self::Dynamic, "Designs drawn to 0 and 1 anew in each epoch, densities as probabilities"),
        (Self::Grey, "Densities as they are"),
        (Self::Dequantized, "Densities as 256 grey levels, each spread evenly over its width"),
    ];

    /// Whether every target is 0 or 1.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Binary | Self::Dynamic)
    }

    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Dynamic => "dynamic",
            Self::Grey => "grey",
            Self::Dequantized => "dequantized",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TargetKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|(kind, _)| kind.name() == text);
        found.map(|(kind, _)| kind).ok_or_else(|| {
            format!("targets are one of {}", Self::ALL.map(|(kind, _)| kind.name()).join(", "))
        })
    }
}
