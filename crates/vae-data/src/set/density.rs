//! Which values are densities.

/// Densities may lie this far outside 0 to 1, as rounding leaves them; they are then moved to the
/// nearest end.
pub const ROUNDING: f32 = 1e-6;

/// Densities of a stated range may lie this far outside, as sums and single precision leave them.
pub(crate) const BEYOND: f32 = 1e-3;

/// Moves densities that lie outside 0 to 1 by rounding to the nearest end, and returns how many.
pub(crate) fn clip(densities: &mut [f32]) -> u64 {
    let mut clipped = 0;
    for density in densities {
        if (-BEYOND..0.0).contains(density) {
            *density = 0.0;
            clipped += 1;
        } else if 1.0 < *density && *density <= 1.0 + BEYOND {
            *density = 1.0;
            clipped += 1;
        }
    }
    clipped
}

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
