//! Numbers in JSON, which has no NaN and no infinity: serde writes `null` for both.

use serde::{Deserialize, Deserializer};

/// Reads a number, and NaN for `null`.
pub(crate) fn number<'de, D: Deserializer<'de>>(value: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or(f64::NAN))
}

/// Reads numbers, and NaN for each `null`.
pub(crate) fn numbers<'de, D: Deserializer<'de>>(values: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Option<f64>>::deserialize(values)?;
    Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}
