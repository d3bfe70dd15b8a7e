//! The network of a flow: the velocity of a code at a time.

use candle_core::{Device, Module, Result, Tensor};
use vae_nn::{Linear, Parameters, silu};

/// Residual blocks.
const BLOCKS: usize = 4;
/// Frequencies that a time is written in, from 1 to e⁵.
const FREQUENCIES: usize = 16;

/// `v(u, t, c)`: a multilayer perceptron of residual blocks, which are told time and context.
///
/// Each block is `h + W₂ silu(W₁ silu(h) + W₃ e)`, with an embedding e of time and context.
///
/// # References
/// He et al. 2016, "Identity mappings in deep residual networks", for the order of a block.
#[derive(Debug)]
pub(super) struct Velocity {
    input: Linear,
    embedding: [Linear; 2],
    blocks: Vec<Block>,
    output: Linear,
}

#[derive(Debug)]
struct Block {
    /// W₁ and W₂.
    layers: [Linear; 2],
    /// W₃.
    told: Linear,
}

impl Velocity {
    /// The network for codes of `latent_dim` numbers and contexts of `context` numbers, with hidden
    /// layers of a width; new weights make it 0 everywhere.
    pub(super) fn new(
        (latent_dim, context): (usize, usize),
        width: usize,
        parameters: &Parameters,
    ) -> Result<Self> {
        let vb = parameters.var_builder();
        let linear = |inputs, outputs, name: String| Linear::new(inputs, outputs, vb.pp(name));
        let is_new = parameters.is_empty();
        let block = |i: usize| -> Result<Block> {
            Ok(Block {
                layers: [
                    linear(width, width, format!("blocks.{i}.0"))?,
                    linear(width, width, format!("blocks.{i}.1"))?,
                ],
                told: linear(width, width, format!("blocks.{i}.told"))?,
            })
        };
        let network = Self {
            input: linear(latent_dim, width, "input".into())?,
            embedding: [
                linear(context + 2 * FREQUENCIES, width, "embedding.0".into())?,
                linear(width, width, "embedding.1".into())?,
            ],
            blocks: (0..BLOCKS).map(block).collect::<Result<_>>()?,
            output: linear(width, latent_dim, "output".into())?,
        };
        if is_new {
            start(parameters)?;
        }
        Ok(network)
    }

    /// The velocities (B, Z) of codes (B, Z) at times (B, 1) under contexts (B, C).
    pub(super) fn at(&self, codes: &Tensor, times: &Tensor, context: &Tensor) -> Result<Tensor> {
        let features = Tensor::cat(&[context, &waves(times)?], 1)?;
        let [first, second] = &self.embedding;
        let embedded = silu(&second.forward(&silu(&first.forward(&features)?)?)?)?;
        let mut hidden = self.input.forward(codes)?;
        for Block { layers: [first, second], told } in &self.blocks {
            let inner = (first.forward(&silu(&hidden)?)? + told.forward(&embedded)?)?;
            hidden = (hidden + second.forward(&silu(&inner)?)?)?;
        }
        self.output.forward(&silu(&hidden)?)
    }
}

/// Weights under which the velocity is 0.
fn start(parameters: &Parameters) -> Result<()> {
    for (name, variable) in parameters.iter() {
        if name.starts_with("output.") {
            variable.set(&variable.as_tensor().zeros_like()?)?;
        }
    }
    Ok(())
}

/// Sines and cosines of times (B, 1) in each frequency.
fn waves(times: &Tensor) -> Result<Tensor> {
    let frequency = |i: usize| (5.0 * i as f32 / (FREQUENCIES - 1) as f32).exp();
    let frequencies: Vec<f32> = (0..FREQUENCIES).map(frequency).collect();
    let frequencies = Tensor::from_vec(frequencies, (1, FREQUENCIES), &Device::Cpu)?;
    let phases = times.broadcast_mul(&frequencies.to_dtype(times.dtype())?)?;
    Tensor::cat(&[phases.sin()?, phases.cos()?], 1)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use candle_core::DType;
    use serde::Deserialize;

    use super::*;

    const LATENTS: usize = 3;
    const CONTEXT: usize = 2;
    const WIDTH: usize = 192;
    const BATCH: usize = 5;
    /// Of single precision, relative to the size of what is compared.
    const TOLERANCE: f64 = 1e-5;

    #[derive(Deserialize)]
    struct Fixture {
        velocity: Vec<f64>,
        loss: f64,
        gradients: BTreeMap<String, Gradient>,
    }

    #[derive(Deserialize)]
    struct Gradient {
        norm: f64,
        samples: Vec<(usize, f64)>,
    }

    /// The formula of `tests/fixtures/make_velocity.py`: numbers in [−1, 1).
    fn wave(seed: u64, shape: &[usize]) -> Tensor {
        let value = |i: u64| {
            let x = (i + 1 + 1_000_003 * seed).wrapping_mul(2_654_435_761) & 0xffff_ffff;
            let x = (x ^ (x >> 15)).wrapping_mul(2_246_822_519) & 0xffff_ffff;
            x as f64 * 2_f64.powi(-31) - 1.0
        };
        let n = shape.iter().product::<usize>() as u64;
        let values: Vec<f64> = (0..n).map(value).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap()
    }

    fn values(tensor: &Tensor) -> Vec<f64> {
        tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    fn norm(values: &[f64]) -> f64 {
        values.iter().map(|value| value * value).sum::<f64>().sqrt()
    }

    fn network() -> (Velocity, Parameters) {
        let parameters = Parameters::new(0, DType::F32, Device::Cpu);
        let velocity = Velocity::new((LATENTS, CONTEXT), WIDTH, &parameters).unwrap();
        let names: BTreeMap<_, _> = parameters.iter().collect();
        let weights: HashMap<_, _> = names
            .into_iter()
            .enumerate()
            .map(|(seed, (name, variable))| {
                let scale = match variable.dims() {
                    [_, inputs] => (3.0 / *inputs as f64).sqrt(),
                    _ => 0.1,
                };
                (name, (wave(seed as u64, variable.dims()) * scale).unwrap())
            })
            .collect();
        parameters.load(&weights).unwrap();
        (velocity, parameters)
    }

    /// Codes, times and contexts.
    fn inputs() -> (Tensor, Tensor, Tensor) {
        let times: Vec<f32> = (0..BATCH).map(|i| i as f32 / 8.0).collect();
        (
            (wave(100, &[BATCH, LATENTS]) * 1.5).unwrap(),
            Tensor::from_vec(times, (BATCH, 1), &Device::Cpu).unwrap(),
            wave(101, &[BATCH, CONTEXT]),
        )
    }

    #[test]
    fn velocity_and_gradients_are_those_of_pytorch() {
        let fixture: Fixture =
            serde_json::from_str(include_str!("../../../tests/fixtures/velocity.json")).unwrap();
        let (network, parameters) = network();
        let (codes, times, context) = inputs();
        let velocity = network.at(&codes, &times, &context).unwrap();
        let scale = norm(&fixture.velocity);
        for (found, expected) in values(&velocity).into_iter().zip(&fixture.velocity) {
            assert!((found - expected).abs() < TOLERANCE * scale, "{found} and {expected}");
        }
        let wanted = wave(102, &[BATCH, LATENTS]);
        let loss = (velocity - wanted).unwrap().sqr().unwrap().mean_all().unwrap();
        assert!((values(&loss)[0] / fixture.loss - 1.0).abs() < TOLERANCE);

        let gradients = loss.backward().unwrap();
        let names: Vec<String> = parameters.iter().map(|(name, _)| name).collect();
        assert_eq!(names, fixture.gradients.keys().cloned().collect::<Vec<_>>());
        for (name, variable) in parameters.iter() {
            let expected = &fixture.gradients[&name];
            let found = values(gradients.get(&variable).unwrap());
            assert!((norm(&found) / expected.norm - 1.0).abs() < TOLERANCE, "norm of {name}");
            for &(i, expected_value) in &expected.samples {
                let gap = (found[i] - expected_value).abs() / expected.norm;
                assert!(gap < TOLERANCE, "{name}[{i}]: {} and {expected_value}", found[i]);
            }
        }
    }

    #[test]
    fn new_weights_make_it_nothing_and_loaded_ones_stay() {
        let parameters = Parameters::new(3, DType::F32, Device::Cpu);
        let network = Velocity::new((LATENTS, CONTEXT), WIDTH, &parameters).unwrap();
        let (codes, times, context) = inputs();
        assert_eq!(values(&network.at(&codes, &times, &context).unwrap()), [0.0; BATCH * LATENTS]);
        // Of the same parameters, as when a file has been read.
        let (_, parameters) = self::network();
        let before: Vec<Vec<f64>> = parameters.iter().map(|(_, weight)| values(&weight)).collect();
        let again = Velocity::new((LATENTS, CONTEXT), WIDTH, &parameters).unwrap();
        let after: Vec<Vec<f64>> = parameters.iter().map(|(_, weight)| values(&weight)).collect();
        assert_eq!(before, after);
        assert!(0.0 < values(&again.at(&codes, &times, &context).unwrap())[0].abs());
    }

    /// A row of a batch is what it is alone, up to the rounding of sums in another order.
    #[test]
    fn rows_do_not_meet() {
        let (network, _) = network();
        let (codes, times, context) = inputs();
        let together = values(&network.at(&codes, &times, &context).unwrap());
        for row in 0..BATCH {
            let one = |tensor: &Tensor| tensor.narrow(0, row, 1).unwrap();
            let alone = values(&network.at(&one(&codes), &one(&times), &one(&context)).unwrap());
            for (alone, together) in alone.iter().zip(&together[row * LATENTS..]) {
                assert!((alone - together).abs() < 1e-5, "{alone} and {together}");
            }
        }
    }
}
