//! Conditions: raw units outside, standardized inside.

use serde::{Deserialize, Serialize};

/// One condition: its name, and how its raw values are standardized, `(c − mean) / std`.
///
/// Mean and deviation are those of the TRAINING designs. They travel with the weights, so that a
/// model is asked in the data's own units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionStats {
    /// Name of the column.
    pub name: String,
    /// Its unit, empty if it has none.
    pub unit: String,
    /// Mean over the training designs.
    pub mean: f64,
    /// Standard deviation over the training designs (divided by n), positive; 1 for a constant
    /// column.
    pub std: f64,
    /// Smallest value among the training designs.
    pub min: f32,
    /// Largest value among the training designs.
    pub max: f32,
}

impl ConditionStats {
    /// The statistics of a column of training values, summed in f64; `None` if it is empty or holds
    /// a value that is not finite.
    ///
    /// # Examples
    /// ```
    /// use vae_models::ConditionStats;
    ///
    /// let stats = ConditionStats::from_values("load_y", "m", &[1.0, 3.0]).ok_or("empty")?;
    /// assert_eq!((stats.mean, stats.std, stats.min, stats.max), (2.0, 1.0, 1.0, 3.0));
    /// assert_eq!(ConditionStats::from_values("load_y", "m", &[2.0, 2.0]).ok_or("empty")?.std, 1.0);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn from_values(name: &str, unit: &str, values: &[f32]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        let variance =
            values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
        let (min, max) =
            values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), &value| {
                (min.min(value), max.max(value))
            });
        // A constant column carries nothing; its standardized value is then 0 instead of 0/0. The
        // comparison is made on the values, because the deviation of equal values may be a rounding
        // error instead of 0.
        let std = if min < max { variance.sqrt() } else { 1.0 };
        Some(Self { name: name.to_owned(), unit: unit.to_owned(), mean, std, min, max })
    }
}
