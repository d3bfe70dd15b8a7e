//! What a training will take: memory and time, before its first step.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};
use vae_data::{DataSet, FieldMaps, Split};
use vae_models::{Fields, ModelConfig};

use crate::data::Targets;
use crate::error::{Result, TrainError};
use crate::learn::benchmark::Workload;
use crate::learn::config::{Config, steps_per_epoch};
use crate::learn::network::{model_config, network};

/// Copies of the weights during a step: themselves, their gradient, and two moments of Adam; and
/// while a checkpoint is written, the weights and moments once as tensors and once as bytes.
const COPIES_OF_WEIGHTS: f64 = 8.0;
/// Numbers that a step holds at its peak for each value between two layers: the value and its
/// gradient. This and the next are above what was measured, by 5 to 20 %, for batches of 4 and 8
/// designs of 96 × 192 to 400 × 800 pixels.
const COPIES_OF_VALUES: f64 = 2.0;
/// Numbers that a step holds for each pixel: design, mask, parameters of the likelihood, its terms
/// and their gradients.
const COPIES_OF_PIXELS: f64 = 10.0;
/// Numbers that a step holds for each pixel of a field: as it is stored, and as it is told.
const COPIES_OF_FIELDS: f64 = 2.0;
/// Numbers of 8 bytes for each pixel that the analysis after the training holds of each design.
const COPIES_OF_DESIGNS: f64 = 6.0;
/// Designs that this analysis takes, at most, and numbers of one of its matrices.
const ANALYZED: (f64, f64) = (768.0, (1_u64 << 25) as f64);
/// What the program takes before it begins, in bytes.
const PROGRAM: f64 = 5e7;
/// Share of the memory that is free which a training may take.
const SHARE: f64 = 0.9;
/// Share of it that a training after resizing takes: what is free changes.
const SHARE_AFTER: f64 = 0.5;
/// Multiply-adds of a trial step, at most: less than a second.
const TRIAL: u64 = 5_000_000_000;

/// What a training will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Bytes of memory at the peak.
    pub memory: f64,
    /// Bytes that are free on this machine, or in the group of processes that it is limited to;
    /// `None` if that is unknown.
    pub free: Option<f64>,
    /// Seconds of all steps, by a trial step.
    pub seconds: f64,
    /// Steps in all.
    pub steps: u64,
}

impl Estimate {
    /// Estimates what a training takes: the memory from the sizes of the network, the time from a
    /// trial step with random designs.
    ///
    /// # Errors
    /// [`TrainError::TooLarge`] if the machine does not have the memory; if no network can be built.
    pub fn of(config: &Config, data: &DataSet, split: &Split) -> Result<Self> {
        let told = config.data.told.columns(data)?;
        let (sizes, free) = ((data.height(), data.width()), free_memory());
        let designs = Targets::new(data, config.data.targets, told.clone());
        let whole = model_config(config, &designs, split)?;
        let maps = data.fields().map_or(0, FieldMaps::problems);
        let told = Told { conditions: told.len(), fields: whole.fields.clone(), maps };
        let memory = checked(config, sizes, split.train.len(), &told, free)?;
        let batch_size = config.training.batch_size.min(split.train.len()).max(1);
        let mut trial = config.clone();
        let bare = network(config, sizes, Vec::new()).multiply_adds().total().max(1);
        let one = 3 * bare;
        trial.training.batch_size = ((TRIAL / one) as usize).clamp(1, batch_size);
        let seconds_of_design =
            1.0 / Workload::new(&trial, sizes, told.conditions)?.training(1)?.steps.designs_per_s();
        let steps =
            config.training.epochs * steps_per_epoch(split.train.len(), config.training.batch_size);
        // The trial knows no fields of problems.
        let whole = whole.multiply_adds().total();
        let seconds_of_design = seconds_of_design * whole as f64 / bare as f64;
        let seconds = steps as f64 * batch_size as f64 * seconds_of_design;
        Ok(Self { memory, free, seconds, steps })
    }
}

/// What a model is told of the designs.
#[derive(Clone, Debug, Default)]
struct Told {
    /// Number of conditions.
    conditions: usize,
    /// Fields of the problem of each design.
    fields: Option<Fields>,
    /// Number of problems whose fields are kept.
    maps: usize,
}

/// The memory of a training in bytes.
///
/// # Errors
/// [`TrainError::TooLarge`] if that is more than is free, or a network of that size cannot be built.
fn checked(
    config: &Config,
    (height, width): (usize, usize),
    designs: usize,
    told: &Told,
    free: Option<f64>,
) -> Result<f64> {
    let needed = memory(config, (height, width), designs, told);
    let network = network(config, (height, width), Vec::new());
    let buildable = network.validate().is_ok();
    if buildable && free.is_none_or(|free| needed <= SHARE * free) {
        return Ok(needed);
    }
    let room = SHARE_AFTER * free.unwrap_or(f64::INFINITY);
    let fits = |size: &(usize, usize)| {
        memory(config, *size, designs, told) <= room
            && crate::learn::network::network(config, *size, Vec::new()).validate().is_ok()
    };
    let scaled = |n: usize, percent: usize| (n * percent / 100 / 8 * 8).max(8);
    let smaller = (1..100).rev().map(|percent| (scaled(height, percent), scaled(width, percent)));
    let size = smaller.filter(|size| size.0 < height || size.1 < width).find(fits);
    match size {
        Some(size) => Err(TrainError::TooLarge { size: (height, width), needed, free, fits: size }),
        // The designs are not what is large; the limits of the network say what is.
        None => network.validate().map(|()| needed).map_err(|err| TrainError::Model(err.into())),
    }
}

fn memory(config: &Config, sizes: (usize, usize), designs: usize, told: &Told) -> f64 {
    let bare: ModelConfig = network(config, sizes, Vec::new());
    let network = ModelConfig { fields: told.fields.clone(), ..bare };
    let channels = told.fields.as_ref().map_or(0, |fields| fields.names.len()) as f64;
    let pixels = (sizes.0 * sizes.1) as f64;
    let batch = config.training.batch_size.min(designs) as f64;
    let draws = config.training.objective.draws() as f64;
    let values = COPIES_OF_VALUES * network.layer_outputs() as f64;
    let inputs = COPIES_OF_FIELDS * channels * pixels;
    let of_design = 4.0 * ((values + COPIES_OF_PIXELS * pixels) * draws + inputs);
    let weights = 4.0 * COPIES_OF_WEIGHTS * (network.weight_count() + told.conditions) as f64;
    // The fields of each problem, in half precision.
    let maps = 2.0 * channels * pixels * told.maps as f64;
    let (most, numbers) = ANALYZED;
    let analyzed = (designs as f64).min(most).min((numbers / pixels).max(1.0));
    let after = 8.0 * COPIES_OF_DESIGNS * pixels * analyzed;
    // Freed memory stays with the program, in pieces that do not always fit what comes next.
    PROGRAM + weights + maps + (batch * of_design).max(after)
}

/// The memory of this machine, or of the group of processes that it is limited to, in bytes; `None`
/// where the system does not say.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Memory {
    /// All of it.
    pub total: Option<f64>,
    /// What is free.
    pub free: Option<f64>,
}

impl Memory {
    /// The memory now.
    pub fn now() -> Self {
        let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(memory);
        let group = system.cgroup_limits();
        let smaller = |machine: u64, group: Option<u64>| {
            let known = Some(machine).filter(|&bytes| 0 < bytes);
            known.into_iter().chain(group).min().map(|bytes| bytes as f64)
        };
        let in_group = group.as_ref();
        Self {
            total: smaller(system.total_memory(), in_group.map(|limits| limits.total_memory)),
            free: smaller(system.available_memory(), in_group.map(|limits| limits.free_memory)),
        }
    }
}

/// Bytes that are free: on the machine, or within the limit of the group of processes.
fn free_memory() -> Option<f64> {
    Memory::now().free
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six pictures of 1500 × 3000 took 14.8 GB.
    #[test]
    fn large_pictures_are_refused_with_a_size_that_fits() {
        let config = Config::preset("default").unwrap();
        let gigabytes =
            |free: f64| checked(&config, (1500, 3000), 6, &Told::default(), Some(1e9 * free));
        let needed = gigabytes(1000.0).unwrap();
        assert!((11e9..22e9).contains(&needed), "{needed:e}");
        for free in [2.0, 4.0, 8.0] {
            let error = gigabytes(free).unwrap_err();
            let TrainError::TooLarge { fits, .. } = error else { panic!("{error}") };
            assert!(
                fits.0 < 1500 && fits.0.is_multiple_of(8) && fits.1.is_multiple_of(8),
                "{fits:?}"
            );
            assert!((fits.1 as f64 / fits.0 as f64 - 2.0).abs() < 0.1, "{fits:?}");
            assert!(
                checked(&config, fits, 6, &Told::default(), Some(1e9 * free)).is_ok(),
                "{fits:?} fits"
            );
        }
        // More weights than any network may have, whatever the machine.
        let error = checked(&config, (6000, 6000), 6, &Told::default(), None).unwrap_err();
        assert!(matches!(error, TrainError::TooLarge { .. }), "{error}");
        let told = Told { conditions: 3, ..Told::default() };
        assert!(checked(&config, (48, 96), 2603, &told, Some(4e9)).is_ok());
    }

    /// The fields of each problem are kept, and those of a batch are in its step.
    #[test]
    fn fields_of_problems_take_memory() {
        let config = Config::preset("default").unwrap();
        let needed = |channels: usize, maps: usize| {
            let names: Vec<String> = (0..channels).map(|channel| channel.to_string()).collect();
            let fields = Fields {
                recipe: "x".into(),
                names,
                pooled: 8,
                averaged: false,
                prior: 8,
                blocks: 2,
                decoder_blocks: 1,
            };
            let fields = (0 < channels).then_some(fields);
            checked(&config, (96, 192), 64, &Told { conditions: 0, fields, maps }, None).unwrap()
        };
        let (without, few, many) = (needed(0, 0), needed(6, 10), needed(6, 5010));
        assert!(without < few && few < 2.0 * without, "{without:e} {few:e}");
        let kept = 5000.0 * 2.0 * 6.0 * 96.0 * 192.0;
        assert!((many - few - kept).abs() < 1.0, "{few:e} {many:e}");
    }
}
