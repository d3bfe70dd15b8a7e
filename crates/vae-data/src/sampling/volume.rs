//! Cutting a grey design to 0 and 1 at exactly its volume.

/// Makes a design of 0 and 1 that holds exactly the volume asked for.
///
/// `sum over active cells = round(v n)`, where v is the volume fraction and n the number of active
/// cells: the round(v n) densest become 1, the others become 0. Of equal densities the first in
/// row-major order comes first, so the result is unique. Inactive cells keep their values.
///
/// # Panics
///
/// If `volume_fraction` lies outside 0 to 1, if `active` has another length than `design`, or if a
/// density is NaN.
///
/// # Examples
///
/// ```
/// let mut design = [0.9, 0.2, 0.6, 0.6];
/// vae_data::cut_at_volume(&mut design, None, 0.5);
/// assert_eq!(design, [1.0, 0.0, 1.0, 0.0]);
/// ```
#[track_caller]
#[expect(clippy::float_cmp, reason = "the threshold is one of the densities compared with it")]
pub fn cut_at_volume(design: &mut [f32], active: Option<&[bool]>, volume_fraction: f32) {
    assert!(
        (0.0..=1.0).contains(&volume_fraction),
        "volume fraction {volume_fraction} lies outside 0 to 1"
    );
    assert!(!design.iter().any(|density| density.is_nan()), "a density is NaN");
    assert!(
        active.is_none_or(|active| active.len() == design.len()),
        "there is one mask value per cell"
    );
    let active = |position: usize| active.is_none_or(|active| active[position]);
    let mut densities: Vec<f32> =
        (0..design.len()).filter(|&i| active(i)).map(|i| design[i]).collect();
    let solid = ((volume_fraction * densities.len() as f32).round() as usize).min(densities.len());
    // The smallest density that becomes 1; above it all do, at it the first ones, until there are
    // enough.
    let least = match solid {
        0 => f32::INFINITY,
        _ => *densities.select_nth_unstable_by(solid - 1, |a, b| b.total_cmp(a)).1,
    };
    let mut at_least = solid - densities.iter().filter(|&&density| least < density).count();
    for (_, density) in design.iter_mut().enumerate().filter(|(i, _)| active(*i)) {
        let first = *density == least && 0 < at_least;
        at_least -= usize::from(first);
        *density = if least < *density || first { 1.0 } else { 0.0 };
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "a cut design is exactly 0 or 1")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_volume_is_exact_and_the_densest_win(
            cells in prop::collection::vec((0_u8..12, any::<bool>()), 0..300),
            volume_fraction in 0.0_f32..=1.0,
            masked: bool,
        ) {
            // Few levels, so that ties are common.
            let before: Vec<f32> = cells.iter().map(|cell| f32::from(cell.0) / 11.0).collect();
            let active: Vec<bool> = cells.iter().map(|cell| cell.1 || !masked).collect();
            let mut after = before.clone();
            cut_at_volume(&mut after, masked.then_some(&active[..]), volume_fraction);

            let positions: Vec<usize> = (0..cells.len()).filter(|i| active[*i]).collect();
            let expected = (volume_fraction * positions.len() as f32).round() as usize;
            prop_assert!(positions.iter().all(|i| after[*i] == 0.0 || after[*i] == 1.0));
            prop_assert_eq!(positions.iter().filter(|i| after[**i] == 1.0).count(), expected);
            for i in 0..cells.len() {
                prop_assert!(active[i] || after[i].to_bits() == before[i].to_bits());
            }
            // Sorting by (density descending, position ascending) is the definition.
            let mut sorted = positions;
            sorted.sort_by(|a, b| before[*b].partial_cmp(&before[*a]).unwrap());
            prop_assert!(sorted[..expected].iter().all(|i| after[*i] == 1.0));
        }
    }

    #[test]
    fn negative_zero_is_zero() {
        let mut design = [-0.0, 0.0, 0.0];
        cut_at_volume(&mut design, None, 0.34);
        assert_eq!(design, [1.0, 0.0, 0.0]);
    }
}
