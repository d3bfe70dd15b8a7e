//! Which values are densities.

/// Densities may lie this far outside 0 to 1, as rounding leaves them; they are then moved to the
/// nearest end.
pub const ROUNDING: f32 = 1e-6;

/// Position of the first value that is not a density; `None` if all are.
pub(crate) fn first_invalid(densities: &[f32]) -> Option<usize> {
    // One branch per design while all is well, so that the loop runs on whole vectors. NaN fails
    // both comparisons.
    let valid = |value: f32| (-ROUNDING..=1.0 + ROUNDING).contains(&value);
    if densities.iter().fold(true, |all, value| all & valid(*value)) {
        return None;
    }
    densities.iter().position(|value| !valid(*value))
}
