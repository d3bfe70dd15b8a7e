//! Rounds of re-encoding that lead to draws from the model itself.

use candle_core::{Device, Tensor};
use ndarray::{Array2, Axis, concatenate};
use rand::Rng;
use rand_distr::StandardNormal;
use vae_base::stream;
use vae_models::{Context, Likelihood, Vae};

use crate::codes::{BATCH, row_sums, values};
use crate::data::Given;
use crate::error::{Result, TrainError};
use crate::generate::flow::to_tensor;

/// Codes at the end of a chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Codes, (N, Z).
    pub codes: Array2<f32>,
    /// Share of the proposed codes that were accepted.
    pub accepted: f64,
}

/// Moves codes (N, Z) by `rounds` rounds of Metropolis within Gibbs: draws a design from p(x|z),
/// proposes a code z' from q(z|x), and accepts it with probability min(1, w(z')/w(z)), where
/// `w(z) = p(x|z) p(z) / q(z|x)`.
///
/// Whatever the encoder, codes and designs that have the joint distribution of the model keep it,
/// and others come closer to it. `given` has one row for each code. The end of the i-th chain
/// depends on the seed, i, its code and its row only.
///
/// # Errors
/// [`TrainError::NoChain`] for a model that is not a Bernoulli; if conditions or fields are not the
/// model's.
///
/// # References
/// Mattei & Frellsen 2018, "Leveraging the exact likelihood of deep latent variable models",
/// section 3.3; without the acceptance, Rezende, Mohamed & Wierstra 2014, appendix F.
pub fn chain(
    vae: &Vae,
    given: &Given,
    codes: &Array2<f32>,
    rounds: usize,
    seed: u64,
) -> Result<Chain> {
    if vae.config().likelihood != Likelihood::Bernoulli {
        return Err(TrainError::NoChain { likelihood: vae.config().likelihood.to_string() });
    }
    let rows: Vec<usize> = (0..codes.nrows()).collect();
    let (mut ends, mut accepted) = (codes.slice(ndarray::s![..0, ..]).to_owned(), 0);
    for rows in rows.chunks(BATCH) {
        let joint = ModelJoint { vae, context: given.select(rows).context(vae)? };
        let mut rngs: Vec<_> = rows.iter().map(|&row| stream(seed, "chain", row as u64)).collect();
        let start = codes.select(Axis(0), rows);
        let (end, count) = metropolis(&joint, start, rounds, &mut rngs)?;
        ends = concatenate![Axis(0), ends, end];
        accepted += count;
    }
    let proposed = (rounds * codes.nrows()).max(1);
    Ok(Chain { codes: ends, accepted: accepted as f64 / proposed as f64 })
}

/// A joint distribution of codes and designs, p(z) p(x|z), with an encoder q(z|x).
trait Joint {
    /// Designs from p(x|z), one for each code.
    fn designs<R: Rng>(&self, codes: &Array2<f32>, rngs: &mut [R]) -> Result<Tensor>;

    /// Mean and deviation of q(z|x) of each design.
    fn posterior(&self, designs: &Tensor) -> Result<(Array2<f32>, Array2<f32>)>;

    /// ln p(x|z) of each design under its code, up to a constant of the design.
    fn log_likelihood(&self, designs: &Tensor, codes: &Array2<f32>) -> Result<Vec<f64>>;
}

/// Codes after some rounds, and how many proposals were accepted.
fn metropolis<R: Rng>(
    joint: &impl Joint,
    mut codes: Array2<f32>,
    rounds: usize,
    rngs: &mut [R],
) -> Result<(Array2<f32>, usize)> {
    let mut accepted = 0;
    for _ in 0..rounds {
        let designs = joint.designs(&codes, rngs)?;
        let (mean, deviation) = joint.posterior(&designs)?;
        let mut proposed = mean.clone();
        for ((mut code, deviation), rng) in
            proposed.rows_mut().into_iter().zip(deviation.rows()).zip(&mut *rngs)
        {
            code.iter_mut()
                .zip(deviation)
                .for_each(|(z, s)| *z += s * rng.sample::<f32, _>(StandardNormal));
        }
        let log_weight = |codes: &Array2<f32>| -> Result<Vec<f64>> {
            let likelihoods = joint.log_likelihood(&designs, codes)?;
            let ratios = log_ratios(codes, &mean, &deviation);
            Ok(likelihoods
                .iter()
                .zip(ratios)
                .map(|(likelihood, ratio)| likelihood + ratio)
                .collect())
        };
        let (now, then) = (log_weight(&codes)?, log_weight(&proposed)?);
        for (row, rng) in rngs.iter_mut().enumerate() {
            if rng.random::<f64>().ln() < then[row] - now[row] {
                codes.row_mut(row).assign(&proposed.row(row));
                accepted += 1;
            }
        }
    }
    Ok((codes, accepted))
}

/// ln p(z) − ln q(z|x) of each code, up to a constant of the design.
fn log_ratios(codes: &Array2<f32>, mean: &Array2<f32>, deviation: &Array2<f32>) -> Vec<f64> {
    let rows = codes.rows().into_iter().zip(mean.rows()).zip(deviation.rows());
    rows.map(|((code, mean), deviation)| {
        let terms = code.iter().zip(mean).zip(deviation).map(|((&z, &mean), &deviation)| {
            let (z, mean, deviation) = (f64::from(z), f64::from(mean), f64::from(deviation));
            0.5 * (((z - mean) / deviation).powi(2) - z * z)
        });
        terms.sum()
    })
    .collect()
}

/// The joint distribution of a Bernoulli model under a context.
struct ModelJoint<'a> {
    vae: &'a Vae,
    context: Context,
}

impl ModelJoint<'_> {
    fn params(&self, codes: &Array2<f32>) -> Result<Tensor> {
        let codes = to_tensor(codes)?.to_device(self.vae.device())?.to_dtype(self.vae.dtype())?;
        Ok(self.vae.decode(&codes, &self.context, false)?)
    }
}

impl Joint for ModelJoint<'_> {
    fn designs<R: Rng>(&self, codes: &Array2<f32>, rngs: &mut [R]) -> Result<Tensor> {
        let probabilities = self.vae.mean(&self.params(codes)?)?.to_device(&Device::Cpu)?;
        let mut pixels = values(&probabilities)?;
        let each = pixels.len() / rngs.len().max(1);
        for (design, rng) in pixels.chunks_exact_mut(each.max(1)).zip(rngs) {
            for pixel in design {
                *pixel = f32::from(u8::from(rng.random::<f32>() < *pixel));
            }
        }
        let designs = Tensor::from_vec(pixels, probabilities.dims(), self.vae.device())?;
        Ok(designs.to_dtype(self.vae.dtype())?)
    }

    fn posterior(&self, designs: &Tensor) -> Result<(Array2<f32>, Array2<f32>)> {
        let posterior = self.vae.encode(designs, &self.context, false)?;
        let shape = posterior.mean.dims2()?;
        let table = |tensor: &Tensor| -> Result<Array2<f32>> {
            Ok(Array2::from_shape_vec(shape, values(tensor)?).expect("one row for each design"))
        };
        Ok((table(&posterior.mean)?, table(&(posterior.log_var * 0.5)?.exp()?)?))
    }

    fn log_likelihood(&self, designs: &Tensor, codes: &Array2<f32>) -> Result<Vec<f64>> {
        let found = self.vae.log_prob(&self.params(codes)?, designs, None)?;
        row_sums(&found.unsqueeze(1)?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::DType;
    use vae_models::ModelConfig;
    use vae_nn::Parameters;

    use super::*;
    use crate::codes::prior_draws;

    const CHAINS: usize = 20_000;

    /// x = 1.5 z + 0.4 + 0.8 ε of a standard normal z, with an encoder that is off in its mean and
    /// twice as wide as the posterior, N(0.52 (x − 0.4), 0.47²).
    struct LinearGaussian;

    impl LinearGaussian {
        fn encoded(x: f32) -> (f32, f32) {
            (0.52 * (x - 0.4) + 0.3, 0.94)
        }
    }

    impl Joint for LinearGaussian {
        fn designs<R: Rng>(&self, codes: &Array2<f32>, rngs: &mut [R]) -> Result<Tensor> {
            let rows = codes.iter().zip(rngs);
            let xs: Vec<f32> = rows
                .map(|(z, rng)| 1.5 * z + 0.4 + 0.8 * rng.sample::<f32, _>(StandardNormal))
                .collect();
            Ok(Tensor::from_vec(xs, (codes.nrows(), 1), &Device::Cpu)?)
        }

        fn posterior(&self, designs: &Tensor) -> Result<(Array2<f32>, Array2<f32>)> {
            let encoded: Vec<(f32, f32)> =
                values(designs)?.into_iter().map(Self::encoded).collect();
            let column = |of: fn(&(f32, f32)) -> f32| {
                Array2::from_shape_fn((encoded.len(), 1), |(row, _)| of(&encoded[row]))
            };
            Ok((column(|q| q.0), column(|q| q.1)))
        }

        fn log_likelihood(&self, designs: &Tensor, codes: &Array2<f32>) -> Result<Vec<f64>> {
            let xs = values(designs)?;
            let term = |(x, z): (&f32, &f32)| {
                let gap = (f64::from(*x) - 1.5 * f64::from(*z) - 0.4) / 0.8;
                -0.5 * gap * gap
            };
            Ok(xs.iter().zip(codes).map(term).collect())
        }
    }

    fn generators() -> Vec<impl Rng> {
        (0..CHAINS as u64).map(|row| stream(5, "test/chain", row)).collect()
    }

    /// Mean of z, and its mean square.
    fn moments(codes: &Array2<f32>) -> (f64, f64) {
        let n = codes.len() as f64;
        let codes = codes.mapv(f64::from);
        (codes.sum() / n, codes.mapv(|z| z * z).sum() / n)
    }

    /// Within four standard errors of N(0, 1).
    fn assert_standard(codes: &Array2<f32>) {
        let ((mean, square), n) = (moments(codes), codes.len() as f64);
        assert!(mean.abs() < 4.0 / n.sqrt(), "mean {mean}");
        assert!((square - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "mean square {square}");
    }

    #[test]
    fn the_joint_distribution_of_a_linear_gaussian_model_stays() {
        let mut rngs = generators();
        let draws = rngs.iter_mut().map(|rng| rng.sample::<f32, _>(StandardNormal)).collect();
        let start = Array2::from_shape_vec((CHAINS, 1), draws).unwrap();
        let (end, accepted) = metropolis(&LinearGaussian, start.clone(), 6, &mut rngs).unwrap();
        assert_standard(&end);
        let share = accepted as f64 / (6 * CHAINS) as f64;
        assert!((0.3..0.8).contains(&share), "{share}");

        // And x with it: E x z = 1.5 and E x² = 1.5² + 0.4² + 0.8² of the joint distribution.
        let xs = LinearGaussian.designs(&end, &mut rngs).unwrap();
        let xs = Array2::from_shape_vec((CHAINS, 1), values(&xs).unwrap()).unwrap();
        let mean = |table: Array2<f32>| f64::from(table.mean().unwrap());
        assert!((mean(&xs * &end) - 1.5).abs() < 0.08, "{}", mean(&xs * &end));
        assert!((mean(&xs * &xs) - 3.05).abs() < 0.13, "{}", mean(&xs * &xs));

        // Without the acceptance the encoder's errors stay.
        let mut codes = start;
        for _ in 0..6 {
            let designs = LinearGaussian.designs(&codes, &mut rngs).unwrap();
            let (means, deviations) = LinearGaussian.posterior(&designs).unwrap();
            let noise = rngs.iter_mut().map(|rng| rng.sample::<f32, _>(StandardNormal)).collect();
            codes = means + deviations * Array2::from_shape_vec((CHAINS, 1), noise).unwrap();
        }
        let (mean, square) = moments(&codes);
        assert!(0.5 < mean && 1.5 < square, "{mean} and {square}");
    }

    /// ln w(z') − ln w(z), as a chain computes it and as the importance-weighted bound does.
    #[test]
    fn weights_are_those_of_the_importance_weighted_bound() {
        let parameters = Parameters::new(2, DType::F32, Device::Cpu);
        let config = ModelConfig { latent_dim: 3, ..ModelConfig::compact(8, 16, Vec::new()) };
        let vae = Vae::new(&config, parameters.var_builder()).unwrap();
        let given = Given::repeated(&[], None, 4);
        let joint = ModelJoint { vae: &vae, context: given.context(&vae).unwrap() };
        let mut rngs = generators();
        rngs.truncate(4);
        let designs = joint.designs(&prior_draws(3, 4, 1), &mut rngs).unwrap();
        let (mean, deviation) = joint.posterior(&designs).unwrap();
        let eps = [prior_draws(3, 4, 2), prior_draws(3, 4, 3)];
        let [one, other] = eps.each_ref().map(|eps| &mean + &deviation * eps);
        let weight = |codes: &Array2<f32>| -> Vec<f64> {
            let likelihoods = joint.log_likelihood(&designs, codes).unwrap();
            let ratios = log_ratios(codes, &mean, &deviation);
            likelihoods.iter().zip(ratios).map(|(a, b)| a + b).collect()
        };
        let both: Vec<f32> = eps.iter().flatten().copied().collect();
        let both = Tensor::from_vec(both, (2, 4, 3), &Device::Cpu).unwrap();
        let terms = vae.importance_weights(&designs, &joint.context, &both, None, false).unwrap();
        let expected: Vec<Vec<f32>> =
            (terms.log_likelihood + terms.log_ratio).unwrap().to_vec2().unwrap();
        for (row, (other, one)) in weight(&other).iter().zip(weight(&one)).enumerate() {
            let expected = f64::from(expected[1][row]) - f64::from(expected[0][row]);
            assert!((other - one - expected).abs() < 1e-3, "{} and {expected}", other - one);
        }

        // A chain does not depend on how many there are beside it.
        let codes = prior_draws(3, 4, 1);
        let all = chain(&vae, &given, &codes, 3, 7).unwrap();
        let few = chain(&vae, &given.select(&[0, 1]), &codes.select(Axis(0), &[0, 1]), 3, 7);
        let few = few.unwrap();
        assert!((0.0..=1.0).contains(&all.accepted));
        let gap = (&few.codes - &all.codes.slice(ndarray::s![..2, ..])).mapv(f32::abs).sum();
        assert!(gap < 1e-4, "{gap}");

        let grey = ModelConfig { likelihood: Likelihood::SquaredError, ..config };
        let parameters = Parameters::new(2, DType::F32, Device::Cpu);
        let grey = Vae::new(&grey, parameters.var_builder()).unwrap();
        let error = chain(&grey, &given, &codes, 3, 7).unwrap_err();
        assert!(matches!(error, TrainError::NoChain { .. }), "{error}");
    }

    #[test]
    fn chains_from_elsewhere_come_to_the_joint_distribution() {
        let start = Array2::from_elem((CHAINS, 1), 3.0);
        let (end, _) = metropolis(&LinearGaussian, start.clone(), 60, &mut generators()).unwrap();
        assert_standard(&end);
        let (same, accepted) =
            metropolis(&LinearGaussian, start.clone(), 0, &mut generators()).unwrap();
        assert_eq!((same, accepted), (start, 0));
    }
}
