//! The conditions of a new design, set by name.

use vae_base::text::nearest;
use vae_models::Vae;

use crate::error::{Result, TrainError};

/// The column of the condition with this name.
///
/// # Errors
/// [`TrainError::UnknownCondition`], with the nearest name.
pub fn condition_column(vae: &Vae, name: &str) -> Result<usize> {
    let stats = &vae.config().conditions;
    stats.iter().position(|condition| condition.name == name).ok_or_else(|| {
        let known: Vec<String> = stats.iter().map(|condition| condition.name.clone()).collect();
        let suggestion = nearest(name, known.iter().map(String::as_str));
        TrainError::UnknownCondition { name: name.to_owned(), suggestion, known }
    })
}

/// The condition vector with some values set by name and the others at their training mean.
///
/// # Errors
/// [`TrainError::UnknownCondition`] or [`TrainError::ConditionRange`].
pub fn conditions(vae: &Vae, set: &[(String, f32)]) -> Result<Vec<f32>> {
    let means = vae.config().conditions.iter().map(|condition| condition.mean as f32);
    let mut values: Vec<f32> = means.collect();
    set_conditions(vae, &mut values, set)?;
    Ok(values)
}

/// Sets some values of a condition vector by name.
///
/// # Errors
/// As [`conditions`].
pub fn set_conditions(vae: &Vae, values: &mut [f32], set: &[(String, f32)]) -> Result<()> {
    let stats = &vae.config().conditions;
    for (name, value) in set {
        let column = condition_column(vae, name)?;
        let (min, max) = (stats[column].min, stats[column].max);
        // Conditions are stored as f32: allow for the rounding of the ends.
        let slack = 1e-6 * (max - min).abs().max(max.abs());
        if !(min - slack <= *value && *value <= max + slack) {
            return Err(TrainError::ConditionRange { name: name.clone(), value: *value, min, max });
        }
        values[column] = *value;
    }
    Ok(())
}
