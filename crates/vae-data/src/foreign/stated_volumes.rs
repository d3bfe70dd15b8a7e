//! Designs held against the volume fractions that are stated for them.

use vae_base::Note;

use crate::error::{DataError, ReadingError};
use crate::foreign::number_polarity::{OFF, SAMPLE, median};
use crate::foreign::polarity::{is_volume, shares};
use crate::set::opening::Opening;
use crate::set::problems::ProblemSource;

/// Volumes of the same designs in another order are nearer than this once both are sorted.
const SAME: f64 = 0.02;

/// Holds the mean density of designs against the first condition that is called a volume fraction,
/// and says so if they differ.
///
/// # Errors
///
/// [`ReadingError::VolumeOrder`] if they differ, but not once both are sorted: then conditions and
/// designs are in different orders.
pub(crate) fn check(set: &mut Opening) -> Result<(), DataError> {
    let names = set.parts.conditions.iter().map(|condition| condition.name.clone());
    let Some((column, name)) = names.enumerate().find(|(_, name)| is_volume(name)) else {
        return Ok(());
    };
    let Some(stated) = shares(&set.parts.values.column(column).to_vec()) else { return Ok(()) };
    let sample: Vec<usize> = (0..set.len()).step_by(set.len().div_ceil(SAMPLE).max(1)).collect();
    let (height, width) = set.size();
    let (mut design, mut scratch) = (vec![0.0; height * width], Vec::new());
    let mut found = Vec::with_capacity(sample.len());
    for index in &sample {
        set.parts.designs.read(*index, &mut design, &mut scratch)?;
        found.push(design.iter().map(|v| f64::from(*v)).sum::<f64>() / design.len() as f64);
    }
    let mut stated: Vec<f64> = sample.iter().map(|index| stated[*index]).collect();
    let off = median_difference(&stated, &found);
    if off.is_nan() || off <= OFF {
        return Ok(());
    }
    stated.sort_by(f64::total_cmp);
    found.sort_by(f64::total_cmp);
    if median_difference(&stated, &found) <= SAME {
        let file = set.parts.designs.file(0);
        return Err(ReadingError::VolumeOrder { file, column: name, off }.into());
    }
    // A volume may be one in cubic meters, and a problem may state a domain that is smaller than the
    // designs; its volume is held against them where problems are read.
    let is_known = !matches!(set.parts.problems, ProblemSource::None);
    if name.to_lowercase().contains("frac") && !is_known {
        set.note(Note::new(format!(
            "warning: {name} and the mean density differ by {off:.2} at the median"
        )));
    }
    Ok(())
}

fn median_difference(a: &[f64], b: &[f64]) -> f64 {
    median(a.iter().zip(b).map(|(a, b)| (a - b).abs()))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};

    use super::*;
    use crate::set::details::Details;
    use crate::set::metadata::Condition;

    #[test]
    fn volumes_are_said_to_differ_only_if_they_do() {
        let said = |name: &str, stated: f32| {
            let designs = Array3::from_elem((5, 1, 2), 0.5);
            let values = Array2::from_elem((5, 1), stated);
            let conditions = vec![Condition::covering(name, "", values.column(0))];
            let details = Details { conditions, values, ..Details::default() };
            let mut set = Opening::new("x", designs, details).unwrap();
            check(&mut set).unwrap();
            set.parts.notes.iter().map(|note| note.found.clone()).collect::<Vec<_>>().join("; ")
        };
        let words = "warning: volume_fraction and the mean density differ by 0.20 at the median";
        assert_eq!(said("volume_fraction", 0.3), words);
        assert_eq!(said("volume_fraction", 0.48), "");
        assert_eq!(said("volume", 0.3), "", "it may be one in cubic meters");
    }
}
