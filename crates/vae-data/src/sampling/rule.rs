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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Stated values of a condition: `holdout:COLUMN=VALUE,…`. Test groups are those with such a
    /// value, however many they are, so training has none.
    Holdout {
        /// Name of the condition.
        column: String,
        /// The values, in the condition's units.
        values: Vec<f32>,
    },
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
            Some(("holdout", stated)) => {
                holdout(stated).ok_or_else(|| SplitError::Rule { text: text.into() })
            }
            _ => Err(SplitError::Rule { text: text.into() }),
        }
    }
}

/// Reads `COLUMN=VALUE,…`; `None` if it is something else.
fn holdout(stated: &str) -> Option<SplitRule> {
    let (column, values) = stated.rsplit_once('=')?;
    let values: Vec<f32> =
        values.split(',').map(|value| value.trim().parse().ok()).collect::<Option<_>>()?;
    let sensible = !column.is_empty() && values.iter().all(|value| value.is_finite());
    sensible.then(|| SplitRule::Holdout { column: column.into(), values })
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
            Self::Holdout { column, values } => {
                let values: Vec<String> = values.iter().map(f32::to_string).collect();
                write!(f, "holdout:{column}={}", values.join(","))
            }
        }
    }
}
