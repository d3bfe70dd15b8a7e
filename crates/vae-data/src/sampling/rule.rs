//! How the test side of a split is chosen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::SplitError;

/// How the test side is chosen.
///
/// # Examples
///
/// ```
/// use vae_data::SplitRule;
///
/// let rule: SplitRule = "extrapolate:volume_fraction".parse()?;
/// assert_eq!(rule, SplitRule::Extrapolate("volume_fraction".into()));
/// assert_eq!(rule.to_string(), "extrapolate:volume_fraction");
/// # Ok::<(), vae_data::SplitError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SplitRule {
    /// [`SplitRule::Standard`] if the data state their test side, else [`SplitRule::Random`]:
    /// `auto`.
    #[default]
    Auto,
    /// The test side is the one that the data state: `standard`. See
    /// [`DataSet::stated_test`](crate::DataSet::stated_test).
    Standard,
    /// Groups at random, whatever the data state: `random`.
    Random,
    /// A band in the middle of a condition: `interpolate:COLUMN`. Test groups are those that reach
    /// into the band; training has values on both sides of it and none inside.
    Interpolate(String),
    /// The upper end of a condition: `extrapolate:COLUMN`. Test groups are those that reach into
    /// the band at the end; every training value lies below it.
    Extrapolate(String),
}

impl FromStr for SplitRule {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "standard" => Ok(Self::Standard),
            None if text == "random" => Ok(Self::Random),
            Some(("interpolate", column)) if !column.is_empty() => {
                Ok(Self::Interpolate(column.into()))
            }
            Some(("extrapolate", column)) if !column.is_empty() => {
                Ok(Self::Extrapolate(column.into()))
            }
            _ => Err(SplitError::Rule { text: text.into() }),
        }
    }
}

impl TryFrom<String> for SplitRule {
    type Error = SplitError;

    fn try_from(text: String) -> Result<Self, SplitError> {
        text.parse()
    }
}

impl From<SplitRule> for String {
    fn from(rule: SplitRule) -> Self {
        rule.to_string()
    }
}

impl fmt::Display for SplitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Standard => f.write_str("standard"),
            Self::Random => f.write_str("random"),
            Self::Interpolate(column) => write!(f, "interpolate:{column}"),
            Self::Extrapolate(column) => write!(f, "extrapolate:{column}"),
        }
    }
}
