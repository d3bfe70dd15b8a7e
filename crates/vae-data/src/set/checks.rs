//! Checks that the parts of a set fit together.

use ndarray::Array2;

use crate::error::SetError;
use crate::set::metadata::Condition;

/// Conditions of a set at most: some of what is computed with them takes the square of their
/// number.
pub(crate) const MAX_CONDITIONS: usize = 1024;

/// Checks the number of conditions.
pub(crate) fn check_condition_count(file: &str, found: usize) -> Result<(), SetError> {
    if found <= MAX_CONDITIONS {
        return Ok(());
    }
    Err(SetError::TooManyConditions { file: file.into(), found, most: MAX_CONDITIONS })
}

/// Checks values (N, C) against their descriptions, and gives them the shape (N, 0) if there are no
/// conditions.
pub(crate) fn check_conditions(
    file: &str,
    n: usize,
    conditions: &[Condition],
    values: Array2<f32>,
) -> Result<Array2<f32>, SetError> {
    check_count(file, "columns of conditions", values.ncols(), conditions.len())?;
    if conditions.is_empty() {
        return Ok(Array2::zeros((n, 0)));
    }
    check_condition_count(file, conditions.len())?;
    check_count(file, "rows of conditions", values.nrows(), n)?;
    for (condition, column) in conditions.iter().zip(values.columns()) {
        // A range of NaN would let everything pass.
        let (min, max) = (condition.min, condition.max);
        let wrong = |value: f32| !(value.is_finite() && min <= value && value <= max);
        if let Some(design) = column.iter().position(|value| wrong(*value)) {
            let (condition, value) = (condition.name.clone(), column[design]);
            return Err(SetError::ConditionValue {
                file: file.into(),
                condition,
                design,
                value,
                min,
                max,
            });
        }
    }
    Ok(values)
}

/// Checks a length.
pub(crate) fn check_count(
    file: &str,
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), SetError> {
    if found == expected {
        return Ok(());
    }
    Err(SetError::Count { file: file.into(), what, found, expected })
}
