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
    /// Looks up how each mirror changes each condition of designs of `rows` and `columns`.
    ///
    /// # Errors
    /// [`TrainError::NoMirrorRule`] if the data have no rule for a condition,
    /// [`TrainError::NotSquare`] for a transposition of designs that are not square.
    pub fn new(
        mirrors: &[Mirror],
        told: &[&Condition],
        (rows, columns): (usize, usize),
    ) -> Result<Self> {
        if mirrors.iter().any(|mirror| !mirror.fits(rows, columns)) {
            return Err(TrainError::NotSquare { rows, columns });
        }
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

    /// Number of images of a design that the mirrors make together, itself included.
    pub(crate) fn images(&self) -> usize {
        1 << self.mirrors.len()
    }

    /// Makes image number `image` of each design, which is below [`Augmentation::images`]: bit k
    /// stands for mirror k.
    pub(crate) fn make(
        &self,
        image: usize,
        pixels: &mut Pixels,
        conditions: &mut Array2<f32>,
        width: usize,
    ) -> Vec<(usize, Mirror)> {
        self.apply_where(pixels, conditions, width, |mirror| image >> mirror & 1 == 1)
    }

    /// Applies each mirror to each design with probability 1/2, independently: to targets, masks
    /// and conditions `(B, C)` together. Returns which mirrors were applied to which design.
    pub(crate) fn apply(
        &self,
        pixels: &mut Pixels,
        conditions: &mut Array2<f32>,
        width: usize,
        rng: &mut impl Rng,
    ) -> Vec<(usize, Mirror)> {
        self.apply_where(pixels, conditions, width, |_| rng.random::<bool>())
    }

    fn apply_where(
        &self,
        pixels: &mut Pixels,
        conditions: &mut Array2<f32>,
        width: usize,
        mut chosen: impl FnMut(usize) -> bool,
    ) -> Vec<(usize, Mirror)> {
        let mut applied = Vec::new();
        let n = conditions.nrows();
        let cells = pixels.values.len() / n.max(1);
        for design in 0..n {
            let range = design * cells..(design + 1) * cells;
            for (number, (mirror, rules)) in self.mirrors.iter().enumerate() {
                if chosen(number) {
                    applied.push((design, *mirror));
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
        applied
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
        let augmentation = Augmentation::new(&[Mirror::Y], &[&condition], (2, 2)).unwrap();
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
        let refused = Augmentation::new(&[Mirror::X], &[&condition], (2, 2)).err().unwrap();
        assert!(
            matches!(refused, TrainError::NoMirrorRule { mirror: Mirror::X, condition } if condition == "load_y")
        );
        Augmentation::new(&[Mirror::X], &[], (2, 2)).unwrap();
    }

    #[test]
    fn only_square_designs_without_conditions_are_transposed() {
        let (transpose, condition) = ([Mirror::Transpose], place());
        let refused = |told: &[&Condition], size| Augmentation::new(&transpose, told, size).err();
        assert!(matches!(
            refused(&[], (4, 6)),
            Some(TrainError::NotSquare { rows: 4, columns: 6 })
        ));
        assert!(matches!(refused(&[&condition], (4, 4)), Some(TrainError::NoMirrorRule { .. })));
        assert!(refused(&[], (4, 4)).is_none());
    }
}
