//! The formulas of `tests/fixtures/make_networks.py`: weights, designs, conditions, fields, masks
//! and noise that both sides compute.

#![allow(clippy::allow_attributes, dead_code, reason = "each test binary uses its own part")]

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use vae_models::{ElboTerms, ModelConfig, Vae};
use vae_nn::Parameters;

/// The inputs of one fixture.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) batch: usize,
    pub(crate) mask: MaskKind,
    pub(crate) grey: bool,
    pub(crate) config: ModelConfig,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MaskKind {
    None,
    Shared,
    Each,
}

/// `n` numbers in [-1, 1): `SplitMix64` of (FNV-1a of the name) + position.
pub(crate) fn uniform(name: &str, n: usize) -> Vec<f64> {
    let fnv = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100000001b3);
    let seed = name.bytes().fold(0xcbf29ce484222325, fnv);
    let value = |i: u64| {
        let x = (i + 1).wrapping_mul(0x9e3779b97f4a7c15).wrapping_add(seed);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d049bb133111eb);
        let x = x ^ (x >> 31);
        2.0 * ((x >> 11) as f64 * 2f64.powi(-53)) - 1.0
    };
    (0..n as u64).map(value).collect()
}

/// The value of the weight `name`.
fn weight(name: &str, shape: &[usize]) -> Vec<f64> {
    let value = |v: f64| match name.rsplit('.').next() {
        Some("log_std") => -1.0 + 0.1 * v,
        Some("running_mean") => 0.1 * v,
        Some("running_var") => 1.0 + 0.25 * v,
        _ if 1 < shape.len() => v * (3.0 / shape[1..].iter().product::<usize>() as f64).sqrt(),
        Some("weight") => 1.0 + 0.1 * v,
        _ => 0.1 * v,
    };
    uniform(name, shape.iter().product()).into_iter().map(value).collect()
}

pub(crate) fn network(config: &ModelConfig, dtype: DType) -> (Vae, Parameters) {
    let parameters = Parameters::new(0, dtype, Device::Cpu);
    let vae = Vae::new(config, parameters.var_builder()).unwrap();
    let values: HashMap<_, _> = parameters
        .iter()
        .map(|(name, variable)| {
            let value = tensor(weight(&name, variable.dims()), variable.dims(), dtype);
            (name, value)
        })
        .collect();
    parameters.load(&values).unwrap();
    (vae, parameters)
}

impl Case {
    pub(crate) fn designs(&self, dtype: DType) -> Tensor {
        let (height, width) = (self.config.height, self.config.width);
        let shape = [self.batch, 1, height, width];
        let values = if self.grey {
            uniform("designs", shape.iter().product()).into_iter().map(|v| 0.5 + 0.5 * v).collect()
        } else {
            self.pixels(|design, row, column| ((5 * row + 3 * column + 7 * design) / 16 % 2) as f64)
        };
        tensor(values, &shape, dtype)
    }

    pub(crate) fn conditions(&self, dtype: DType) -> Option<Tensor> {
        let stats = &self.config.conditions;
        if stats.is_empty() {
            return None;
        }
        let shape = [self.batch, stats.len()];
        let values = uniform("conditions", self.batch * stats.len()).into_iter().enumerate();
        let raw =
            |(i, v): (usize, f64)| stats[i % stats.len()].mean + stats[i % stats.len()].std * v;
        Some(tensor(values.map(raw).collect(), &shape, dtype))
    }

    pub(crate) fn fields(&self, dtype: DType) -> Option<Tensor> {
        let names = &self.config.fields.as_ref()?.names;
        let shape = [self.batch, names.len(), self.config.height, self.config.width];
        Some(tensor(uniform("fields", shape.iter().product()), &shape, dtype))
    }

    pub(crate) fn mask(&self, dtype: DType) -> Option<Tensor> {
        let (height, width) = (self.config.height, self.config.width);
        let active =
            |design, row, column| f64::from(u8::from((row + 2 * column + design) % 5 != 0));
        match self.mask {
            MaskKind::None => None,
            MaskKind::Shared => {
                let values = self.pixels(active)[..height * width].to_vec();
                Some(tensor(values, &[1, 1, height, width], dtype))
            }
            MaskKind::Each => {
                Some(tensor(self.pixels(active), &[self.batch, 1, height, width], dtype))
            }
        }
    }

    pub(crate) fn eps(&self, step: usize, dtype: DType) -> Tensor {
        let shape = [self.batch, self.config.latent_dim];
        let values =
            uniform(&format!("eps.{step}"), shape.iter().product()).into_iter().map(|v| 1.5 * v);
        tensor(values.collect(), &shape, dtype)
    }

    /// Both terms of the bound for the noise of `step`.
    pub(crate) fn elbo(&self, vae: &Vae, step: usize, train: bool) -> ElboTerms {
        let dtype = vae.dtype();
        let (conditions, fields) = (self.conditions(dtype), self.fields(dtype));
        let mask = self.mask(dtype);
        vae.elbo(
            &self.designs(dtype),
            &vae.context(conditions.as_ref(), fields.as_ref(), train).unwrap(),
            &self.eps(step, dtype),
            mask.as_ref(),
            train,
        )
        .unwrap()
    }

    fn pixels(&self, value: impl Fn(usize, usize, usize) -> f64) -> Vec<f64> {
        let (height, width) = (self.config.height, self.config.width);
        let value = &value;
        (0..self.batch)
            .flat_map(|i| {
                (0..height).flat_map(move |row| (0..width).map(move |column| value(i, row, column)))
            })
            .collect()
    }
}

/// Minus the mean of the bound over the designs.
pub(crate) fn loss(terms: &ElboTerms) -> Tensor {
    terms.value().unwrap().mean_all().unwrap().neg().unwrap()
}

pub(crate) fn tensor(values: Vec<f64>, shape: &[usize], dtype: DType) -> Tensor {
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

/// The elements, as f64.
pub(crate) fn elements(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

pub(crate) fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}
