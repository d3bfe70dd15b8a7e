//! Augmentation: training designs are replaced by mirror images at random, with their masks and
//! conditions.

use ndarray::Array2;
use rand::Rng;
use vae_data::{Condition, Mirror, MirrorRule};

use crate::data::pixels::Pixels;
use crate::error::{Result, TrainError};

/// The mirrors to draw from, each with one rule per condition that the model is told.
pub struct Augmentation {
    mirrors: Vec<(Mirror, Vec<MirrorRule>)>,
}

impl Augmentation {
    /// Looks up how each mirror changes each condition.
    ///
    /// # Errors
    /// [`TrainError::NoMirrorRule`] if the data have no rule for a condition.
    pub fn new(mirrors: &[Mirror], told: &[&Condition]) -> Result<Self> {
        let rules = |mirror: Mirror| {
            let rule = |condition: &&Condition| {
                condition.mirror_rule(mirror).ok_or_else(|| TrainError::NoMirrorRule {
                    mirror,
                    condition: condition.name.clone(),
                })
            };
            told.iter().map(rule).collect::<Result<_>>()
        };
        let mut mirrors = mirrors.to_vec();
        mirrors.sort_unstable();
        mirrors.dedup();
        let mirrors = mirrors.into_iter().map(|mirror| Ok((mirror, rules(mirror)?)));
        Ok(Self { mirrors: mirrors.collect::<Result<_>>()? })
    }

    /// Applies each mirror to each design with probability 1/2, independently: to targets, masks
    /// and conditions `(B, C)` together.
    pub(crate) fn apply(
        &self,
        pixels: &mut Pixels,
        conditions: &mut Array2<f32>,
        width: usize,
        rng: &mut impl Rng,
    ) {
        let n = conditions.nrows();
        let cells = pixels.values.len() / n.max(1);
        for design in 0..n {
            let range = design * cells..(design + 1) * cells;
            for (mirror, rules) in &self.mirrors {
                if rng.random::<bool>() {
                    mirror.apply(&mut pixels.values[range.clone()], width);
                    if let Some(active) = &mut pixels.active {
                        mirror.apply(&mut active[range.clone()], width);
                    }
                    for (value, rule) in conditions.row_mut(design).iter_mut().zip(rules) {
                        *value = rule.apply(*value);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    fn place() -> Condition {
        Condition {
            mirror_y: Some(MirrorRule::Sum(1.0)),
            ..Condition::covering("load_y", "", ndarray::arr1(&[0.0, 1.0]).view())
        }
    }

    #[test]
    fn target_mask_and_condition_are_mirrored_together_and_all_images_come() {
        let condition = place();
        let augmentation = Augmentation::new(&[Mirror::Y], &[&condition]).unwrap();
        let mut rng = vae_base::stream(1, "mirror", 0);
        let mut mirrored = 0;
        for _ in 0..50 {
            let mut pixels =
                Pixels { values: vec![1.0, 0.0, 0.5, 0.0], active: Some(vec![0.0, 1.0, 1.0, 1.0]) };
            let mut conditions = arr2(&[[0.25]]);
            augmentation.apply(&mut pixels, &mut conditions, 2, &mut rng);
            if pixels.values == [0.5, 0.0, 1.0, 0.0] {
                assert_eq!(pixels.active.unwrap(), [1.0, 1.0, 0.0, 1.0]);
                assert_eq!(conditions, arr2(&[[0.75]]));
                mirrored += 1;
            } else {
                assert_eq!(pixels.values, [1.0, 0.0, 0.5, 0.0]);
                assert_eq!(pixels.active.unwrap(), [0.0, 1.0, 1.0, 1.0]);
                assert_eq!(conditions, arr2(&[[0.25]]));
            }
        }
        assert!((15..=35).contains(&mirrored), "{mirrored}");
    }

    #[test]
    fn a_condition_without_a_rule_is_refused() {
        let condition = place();
        let refused = Augmentation::new(&[Mirror::X], &[&condition]).err().unwrap();
        assert!(
            matches!(refused, TrainError::NoMirrorRule { mirror: Mirror::X, condition } if condition == "load_y")
        );
        Augmentation::new(&[Mirror::X], &[]).unwrap();
    }
}
