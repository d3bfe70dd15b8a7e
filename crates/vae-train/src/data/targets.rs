//! Targets: what training makes of the designs of a data set, and the tensors of a batch.

use candle_core::{Device, Tensor};
use ndarray::{Array2, Array3, Axis};
use rand::Rng;
use rayon::prelude::*;
use vae_base::stream;
use vae_data::{Condition, DataSet, FREE, FieldMaps, Mirror, ProblemMaps, mirror_fields};
use vae_models::{Context, Vae};

use crate::data::augment::Augmentation;
use crate::data::given::Given;
use crate::data::kind::TargetKind;
use crate::data::pixels::{Pixels, stack, tensor};
use crate::error::Result;

/// A data set seen as training targets.
pub struct Targets<'a> {
    data: &'a DataSet,
    kind: TargetKind,
    told: Vec<usize>,
}

/// A batch of designs as the model takes it.
pub struct Batch {
    /// Targets `(B, 1, H, W)`.
    pub xs: Tensor,
    /// Conditions `(B, C)` in their own units; `None` for a model without conditions.
    pub cs: Option<Tensor>,
    /// Fields of the problems `(B, F, H, W)`; `None` for a model that is not told the problem.
    pub fields: Option<Tensor>,
    /// 1 where a pixel counts, `(B, 1, H, W)`; `None` if all count.
    pub mask: Option<Tensor>,
}

impl Batch {
    /// What a model makes of conditions and fields. `train` means what it does for
    /// [`Vae::encode`].
    ///
    /// # Errors
    /// If conditions or fields are not the model's.
    pub fn context(&self, vae: &Vae, train: bool) -> Result<Context> {
        Ok(vae.context(self.cs.as_ref(), self.fields.as_ref(), train)?)
    }
}

impl<'a> Targets<'a> {
    /// Wraps a data set; `told` are the columns of the conditions that the model is told
    /// ([`Told::columns`](crate::data::Told::columns)).
    pub fn new(data: &'a DataSet, kind: TargetKind, told: Vec<usize>) -> Self {
        Self { data, kind, told }
    }

    /// The data set.
    pub fn data(&self) -> &'a DataSet {
        self.data
    }

    /// What training makes of the designs.
    pub fn kind(&self) -> TargetKind {
        self.kind
    }

    /// The conditions that the model is told, in its order.
    pub fn condition_info(&self) -> Vec<&'a Condition> {
        self.told.iter().map(|&column| &self.data.condition_info()[column]).collect()
    }

    /// Targets of some designs. If targets are drawn at random, these draws are fixed, whatever the
    /// seed of the run, so that models are compared on equal terms.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub fn read(&self, indices: &[usize]) -> Result<Pixels> {
        self.read_drawn(indices, (0, "binarize/evaluation"))
    }

    /// [`Targets::read`] with random targets from the generator of a seed and a purpose, one draw
    /// for each design.
    fn read_drawn(&self, indices: &[usize], (seed, purpose): (u64, &str)) -> Result<Pixels> {
        let pixels = self.data.design_len();
        let mut values = vec![0.0; indices.len() * pixels];
        self.data.read_into(indices, &mut values)?;
        let active = self.active(indices)?;
        if matches!(self.kind, TargetKind::Dynamic | TargetKind::Dequantized) {
            let dynamic = self.kind == TargetKind::Dynamic;
            let designs = values.par_chunks_exact_mut(pixels).zip(indices);
            designs.for_each(|(design, index)| {
                let mut rng = stream(seed, purpose, *index as u64);
                for value in design {
                    let u = rng.random::<f32>();
                    *value = if dynamic {
                        if u < *value { 1.0 } else { 0.0 }
                    } else {
                        ((255.0 * *value).round() + u) / 256.0
                    };
                }
            });
        }
        if self.kind == TargetKind::Binary {
            values.par_chunks_exact_mut(pixels).enumerate().for_each(|(i, design)| {
                let active: Option<Vec<bool>> = active.as_ref().map(|active| {
                    active[i * pixels..(i + 1) * pixels].iter().map(|&a| 0.0 < a).collect()
                });
                let volume = own_volume(design, active.as_deref());
                vae_data::cut_at_volume(design, active.as_deref(), volume);
            });
        }
        Ok(Pixels { values, active })
    }

    /// Targets of some designs, `(N, H, W)`.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub fn array(&self, indices: &[usize]) -> Result<Array3<f32>> {
        Ok(stack(self.read(indices)?.values, (self.data.height(), self.data.width())))
    }

    /// What training made of the densities of some designs, to be said behind their name; empty if
    /// they are as they were.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub fn made_of(&self, indices: &[usize]) -> Result<&'static str> {
        let made = match self.kind {
            TargetKind::Binary => ", cut to 0/1",
            TargetKind::Dynamic => ", drawn to 0/1",
            TargetKind::Grey | TargetKind::Dequantized => return Ok(""),
        };
        let mut stored = vec![0.0; indices.len() * self.data.design_len()];
        self.data.read_into(indices, &mut stored)?;
        let grey = stored.iter().any(|&value| 0.0 < value && value < 1.0);
        Ok(if grey { made } else { "" })
    }

    /// Whether all targets of some designs are 0 or 1.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub fn are_binary(&self, indices: &[usize]) -> Result<bool> {
        for index in indices {
            if self.read(&[*index])?.values.iter().any(|&value| 0.0 < value && value < 1.0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One batch.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub fn batch(&self, indices: &[usize], device: &Device) -> Result<Batch> {
        self.tensors(self.read(indices)?, &self.given(indices), &[], device)
    }

    /// One batch to train on: with mirror images, and with the random targets of this seed and
    /// epoch.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub(crate) fn augmented_batch(
        &self,
        indices: &[usize],
        (seed, epoch): (u64, u64),
        augmentation: &Augmentation,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Result<Batch> {
        let pixels = self.read_drawn(indices, (seed, &format!("binarize/{epoch}")))?;
        self.mirrored(indices, pixels, device, |pixels, conditions, width| {
            augmentation.apply(pixels, conditions, width, rng)
        })
    }

    /// The batch of one mirror image of some designs: [`Augmentation::make`].
    ///
    /// # Errors
    /// When a design cannot be read.
    pub(crate) fn image_batch(
        &self,
        indices: &[usize],
        augmentation: &Augmentation,
        image: usize,
        device: &Device,
    ) -> Result<Batch> {
        self.mirrored(indices, self.read(indices)?, device, |pixels, conditions, width| {
            augmentation.make(image, pixels, conditions, width)
        })
    }

    fn mirrored(
        &self,
        indices: &[usize],
        mut pixels: Pixels,
        device: &Device,
        mirror: impl FnOnce(&mut Pixels, &mut Array2<f32>, usize) -> Vec<(usize, Mirror)>,
    ) -> Result<Batch> {
        let given = self.given(indices);
        let mut conditions = given.conditions().clone();
        let mirrored = mirror(&mut pixels, &mut conditions, self.data.width());
        let given = Given::new(conditions, given.fields().to_vec());
        self.tensors(pixels, &given, &mirrored, device)
    }

    /// The batch of some designs; the fields of those that are mirrored have yet to follow.
    fn tensors(
        &self,
        pixels: Pixels,
        given: &Given,
        mirrored: &[(usize, Mirror)],
        device: &Device,
    ) -> Result<Batch> {
        let shape = (given.len(), 1, self.data.height(), self.data.width());
        let channels = self.data.fields().map_or(&[][..], FieldMaps::channels);
        let follow = |row: usize, maps: &mut [f32]| {
            for (_, mirror) in mirrored.iter().filter(|(of, _)| *of == row) {
                mirror_fields(channels, *mirror, maps, self.data.width());
            }
        };
        let Pixels { values, active } = pixels;
        Ok(Batch {
            xs: Tensor::from_vec(values, shape, device)?,
            cs: tensor(given.conditions(), device)?,
            fields: given.field_tensor(device, follow)?,
            mask: active.map(|active| Tensor::from_vec(active, shape, device)).transpose()?,
        })
    }

    /// Conditions of some designs, `(N, C)`; without columns for an unconditional model.
    pub fn conditions(&self, indices: &[usize]) -> Array2<f32> {
        self.data.conditions().select(Axis(0), indices).select(Axis(1), &self.told)
    }

    /// What the model is told beside some designs.
    pub fn given(&self, indices: &[usize]) -> Given {
        let maps = |fields: &FieldMaps| -> Vec<ProblemMaps> {
            indices.iter().map(|&index| fields.of_design(index).clone()).collect()
        };
        Given::new(self.conditions(indices), self.data.fields().map_or_else(Vec::new, maps))
    }

    fn active(&self, indices: &[usize]) -> Result<Option<Vec<f32>>> {
        if !self.data.has_masks() {
            return Ok(None);
        }
        let mut masks = vec![0; indices.len() * self.data.design_len()];
        self.data.read_masks_into(indices, &mut masks)?;
        Ok(Some(masks.into_iter().map(|mask| if mask == FREE { 1.0 } else { 0.0 }).collect()))
    }
}

/// Mean density over the active pixels.
fn own_volume(design: &[f32], active: Option<&[bool]>) -> f32 {
    let (mut sum, mut n) = (0.0_f64, 0_usize);
    for (position, &value) in design.iter().enumerate() {
        if active.is_none_or(|active| active[position]) {
            sum += f64::from(value);
            n += 1;
        }
    }
    if n == 0 { 0.0 } else { (sum / n as f64) as f32 }
}

#[cfg(test)]
mod tests {
    use vae_data::Details;

    use super::*;

    /// 300 designs of three pixels: never, sometimes, always material.
    fn grey() -> DataSet {
        let designs = Array3::from_shape_fn((300, 1, 3), |(_, _, column)| [0.0, 0.3, 1.0][column]);
        DataSet::new("grey", designs, Details::default()).unwrap()
    }

    #[test]
    fn what_was_made_of_grey_designs_has_a_name() {
        let data = grey();
        let made = |kind| Targets::new(&data, kind, Vec::new()).made_of(&[0, 1]).unwrap();
        assert_eq!(made(TargetKind::Binary), ", cut to 0/1");
        assert_eq!(made(TargetKind::Dynamic), ", drawn to 0/1");
        assert_eq!(made(TargetKind::Grey), "");
        let white = DataSet::new("white", Array3::zeros((1, 2, 2)), Details::default()).unwrap();
        assert_eq!(Targets::new(&white, TargetKind::Binary, Vec::new()).made_of(&[0]).unwrap(), "");
    }

    #[test]
    fn draws_have_the_densities_as_probabilities_and_depend_on_seed_epoch_and_design_only() {
        let data = grey();
        let targets = Targets::new(&data, TargetKind::Dynamic, Vec::new());
        let all: Vec<usize> = (0..300).collect();
        let batch = |indices: &[usize], seed, epoch| {
            let none = Augmentation::new(&[], &[], (1, 1)).unwrap();
            let rng = &mut stream(0, "unused", 0);
            let batch =
                targets.augmented_batch(indices, (seed, epoch), &none, rng, &Device::Cpu).unwrap();
            batch.xs.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        let first = batch(&all, 1, 1);
        assert!(first.iter().all(|&value| value * (1.0 - value) == 0.0));
        let sum = |column: usize| first.iter().skip(column).step_by(3).sum::<f32>();
        assert_eq!((sum(0), sum(2)), (0.0, 300.0));
        // 90 is expected, with a standard deviation of 8.
        assert!((sum(1) - 90.0).abs() < 32.0, "{}", sum(1));

        assert_eq!(batch(&all, 1, 1), first);
        assert_eq!(batch(&[7, 290], 1, 1), [&first[21..24], &first[870..873]].concat());
        assert_ne!(batch(&all, 1, 2), first);
        assert_ne!(batch(&all, 2, 1), first);
        let scored = targets.read(&all).unwrap().values;
        assert_ne!(scored, first);
        assert_eq!(scored, targets.read(&all).unwrap().values);
        assert!(targets.are_binary(&all).unwrap());
    }

    /// `(k + u) / 256` with u even on [0, 1): its integer part is the level, what is left has the
    /// moments of u.
    #[test]
    fn dequantized_levels_are_spread_evenly_over_their_width() {
        let data = grey();
        let targets = Targets::new(&data, TargetKind::Dequantized, Vec::new());
        let all: Vec<usize> = (0..300).collect();
        let values = targets.read(&all).unwrap().values;
        for column in 0..3 {
            let level = (255.0 * [0.0_f32, 0.3, 1.0][column]).round();
            let rest: Vec<f32> =
                values.iter().skip(column).step_by(3).map(|value| 256.0 * value - level).collect();
            assert!(rest.iter().all(|u| (0.0..=1.0).contains(u)));
            let (mean, square) =
                (rest.iter().sum::<f32>() / 300.0, rest.iter().map(|u| u * u).sum::<f32>() / 300.0);
            // ½ and ⅓, five standard deviations of 0.29 / √300 and 0.30 / √300.
            assert!((mean - 0.5).abs() < 0.084 && (square - 1.0 / 3.0).abs() < 0.086, "{mean}");
        }
    }
}
