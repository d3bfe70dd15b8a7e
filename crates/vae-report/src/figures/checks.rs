//! What every figure of designs refuses.

use ndarray::{ArrayView2, ArrayView3};

use crate::error::ReportError;

/// Refuses arrays without designs, designs without pixels, and values that are not finite.
pub(crate) fn check(what: &'static str, designs: &ArrayView3<'_, f32>) -> Result<(), ReportError> {
    if designs.is_empty() {
        return Err(ReportError::Empty { what });
    }
    match designs.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((design, row, column), &value)) => {
            Err(ReportError::NotFinite { what, position: vec![design, row, column], value })
        }
        None => Ok(()),
    }
}

/// Refuses a design without elements, and values that are not finite.
pub(crate) fn check_design(
    what: &'static str,
    design: &ArrayView2<'_, f32>,
) -> Result<(), ReportError> {
    check(what, &design.insert_axis(ndarray::Axis(0)))
}

/// Refuses a list of labels that is neither empty nor complete.
pub(crate) fn check_labels(
    what: &'static str,
    labels: &[String],
    expected: usize,
) -> Result<(), ReportError> {
    if labels.is_empty() || labels.len() == expected {
        Ok(())
    } else {
        Err(ReportError::Count { what, expected, got: labels.len() })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    #[test]
    fn values_that_are_no_numbers_are_named() {
        let mut designs = Array3::<f32>::zeros((2, 3, 4));
        assert!(check("designs", &designs.view()).is_ok());
        designs[[1, 2, 3]] = f32::NAN;
        let error = check("designs", &designs.view()).unwrap_err();
        assert_eq!(error.to_string(), "designs: the value at [1, 2, 3] is NaN");
        let none = Array3::<f32>::zeros((0, 3, 4));
        assert!(matches!(
            check("designs", &none.view()),
            Err(ReportError::Empty { what: "designs" })
        ));
    }
}
