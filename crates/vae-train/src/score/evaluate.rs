//! Held-out scores of a model: bounds, reconstruction, active units.

use candle_core::{D, DType, Device, Tensor};
use ndarray::{Array2, Array3, Axis};
use rand::Rng;
use rand_distr::StandardNormal;
use vae_models::{ElboTerms, Vae};
use vae_nn::stream;
use vae_prob::ImportanceEstimate;

use crate::data::targets::{Batch, Pixels, Targets, stack};
use crate::error::Result;

/// Designs per forward pass of an evaluation; no result depends on it.
const BATCH: usize = 64;
/// A latent dimension is active if its posterior mean varies more than this over the data.
/// Burda, Grosse & Salakhutdinov 2016, "Importance weighted autoencoders", section 5.2.
const ACTIVE_VARIANCE: f64 = 0.01;
/// The seed of evaluation noise is fixed, so that models and epochs are compared on the same draws.
const SEED: u64 = 0;

/// Quick scores, as printed after every epoch; averages over designs.
pub struct Scores {
    /// `ln p(x|z)` of one draw; minus the squared error of a model without likelihood.
    pub log_likelihood: f64,
    /// KL per latent dimension.
    pub kl_per_dim: Vec<f64>,
    /// Of reconstructions from posterior means.
    pub reconstruction: Reconstruction,
}

/// Both terms of the bound of one design, from one draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// `ln p(x|z)`; minus the squared error of a model without likelihood.
    pub log_likelihood: f64,
    /// `KL(q(z|x) ‖ p(z))`.
    pub kl: f64,
}

/// Bounds on ln p(x), in nats per design.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// `expected_log_likelihood − kl`.
    pub elbo: f64,
    /// Importance-weighted bound with as many draws as asked.
    pub iwae: f64,
    /// `E_q ln p(x|z)`.
    pub expected_log_likelihood: f64,
    /// `KL(q(z|x) ‖ p(z))`.
    pub kl: f64,
    /// Its parts, one per latent dimension.
    pub kl_per_dim: Vec<f64>,
    /// Standard error of `elbo` over the designs.
    pub elbo_standard_error: f64,
    /// Standard error of `iwae` over the designs.
    pub iwae_standard_error: f64,
    /// How far the draws can be trusted.
    pub importance: Importance,
    /// Of reconstructions from one draw of q(z|x) for each design, where the quick scores take its
    /// mean.
    pub sampled: Reconstruction,
    /// Of the stated noise of the pixels; none for a model that states none.
    pub calibration: Option<Calibration>,
}

/// How good `iwae` is as an estimate of ln p(x), as far as its own draws can tell.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Importance {
    /// Standard error of `iwae` from the draws of z, in nats; none for a single draw.
    pub standard_error: Option<f64>,
    /// How far `iwae` lies below ln p(x) in expectation, by the delta method, in nats; none for a
    /// single draw.
    pub bias: Option<f64>,
    /// Median over the designs of the number of equally weighted draws that would be worth as much.
    pub effective_sample_size: f64,
    /// Its smallest value.
    pub smallest_effective_sample_size: f64,
    /// Share of the designs where it is below 2, so that one draw decides and the bound is loose.
    pub loose_share: f64,
}

/// Whether pixels scatter around reconstructions as the Gaussian of the model says, z drawn from
/// q(z|x).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Calibration {
    /// The stated deviation of a pixel.
    pub sigma: f64,
    /// `√(mean (x − m)²) / σ`: 1 if it is met, more if the model is too sure of itself.
    pub ratio: f64,
    /// Share of the pixels within σ of their reconstruction; 0.683 if they are normal.
    pub within_1: f64,
    /// Share of the pixels within 2 σ; 0.954 if they are normal.
    pub within_2: f64,
}

/// How far reconstructions are from their targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Reconstruction {
    /// Mean squared error per active pixel.
    pub mse: f64,
    /// Mean over designs of intersection over union at 0.5; 1 if both are empty.
    pub iou: f64,
    /// Mean over designs of the difference in mean density over active pixels, without its sign.
    pub volume_error: f64,
}

/// Scores some designs with one draw of fixed noise.
///
/// # Errors
/// When a design cannot be read.
pub fn score(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Scores> {
    let mut log_likelihood = 0.0;
    let mut kl_per_dim = vec![0.0; vae.config().latent_dim];
    let mut reconstruction = Tally::default();
    for chunk in indices.chunks(BATCH) {
        let (batch, elbo) = one_draw(vae, designs, chunk, device)?;
        log_likelihood += sum(&elbo.log_likelihood)?;
        add_to(&mut kl_per_dim, &elbo.kl.to_dtype(DType::F64)?)?;
        let mean = vae.mean(&vae.decode(&elbo.posterior.mean, batch.cs.as_ref(), false)?)?;
        reconstruction.add(&designs.read(chunk)?, &values(&mean)?, designs.data().design_len());
    }
    let n = indices.len() as f64;
    for kl in &mut kl_per_dim {
        *kl /= n;
    }
    let log_likelihood = log_likelihood / n;
    Ok(Scores { log_likelihood, kl_per_dim, reconstruction: reconstruction.mean() })
}

/// Both terms of every design, with the draw that [`score`] takes.
///
/// # Errors
/// When a design cannot be read.
pub fn terms_by_design(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Vec<Terms>> {
    let mut all = Vec::with_capacity(indices.len());
    for chunk in indices.chunks(BATCH) {
        let (_, elbo) = one_draw(vae, designs, chunk, device)?;
        let log_likelihoods = elbo.log_likelihood.to_dtype(DType::F64)?.to_vec1::<f64>()?;
        let terms = log_likelihoods.into_iter().zip(row_sums(&elbo.kl)?);
        all.extend(terms.map(|(log_likelihood, kl)| Terms { log_likelihood, kl }));
    }
    Ok(all)
}

/// Bounds from `samples` draws per design; the draws of a design depend on its position in the data
/// set only.
///
/// Designs are encoded once. Weights are summed as they come ([`ImportanceEstimate`]), so memory
/// does not grow with the draws. `progress` is told how many draws are done since it was last
/// called.
///
/// # Errors
/// When a design cannot be read.
pub fn bounds(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    samples: usize,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Result<Bounds> {
    let n = indices.len();
    let mut log_likelihoods = vec![0.0; n];
    let mut kls = Vec::with_capacity(n);
    let mut estimates = vec![ImportanceEstimate::new(); n];
    let mut kl_per_dim = vec![0.0; vae.config().latent_dim];
    let (mut sampled, mut scatter) = (Tally::default(), Scatter::of(vae)?);
    for (block, chunk) in indices.chunks(BATCH).enumerate() {
        let batch = designs.batch(chunk, device)?;
        let posterior = vae.encode(&batch.xs, batch.cs.as_ref(), false)?;
        let kl_terms = posterior.kl()?.to_dtype(DType::F64)?;
        add_to(&mut kl_per_dim, &kl_terms)?;
        kls.extend(row_sums(&kl_terms)?);
        for draw in 0..samples {
            let eps = noise_by_design(chunk, draw as u64, vae.config().latent_dim, device)?;
            let z = posterior.reparameterize(&eps)?;
            let params = vae.decode(&z, batch.cs.as_ref(), false)?;
            let ln_p = vae
                .log_prob(&params, &batch.xs, batch.mask.as_ref())?
                .to_dtype(DType::F64)?
                .to_vec1::<f64>()?;
            // ln p(z) − ln q(z|x) = ½ Σ (ε² + ln σ² − z²): the constants cancel.
            let prior_ratio = row_sums(&((eps.sqr()? + &posterior.log_var)? - z.sqr()?)?)?;
            for (i, ln_p) in ln_p.into_iter().enumerate() {
                log_likelihoods[block * BATCH + i] += ln_p / samples as f64;
                estimates[block * BATCH + i].push(ln_p + 0.5 * prior_ratio[i]);
            }
            if draw == 0 {
                let (targets, means) = (designs.read(chunk)?, values(&vae.mean(&params)?)?);
                if let Some(scatter) = &mut scatter {
                    scatter.add(&targets, &means);
                }
                sampled.add(&targets, &means, designs.data().design_len());
            }
            progress(chunk.len());
        }
    }
    let elbos: Vec<f64> = log_likelihoods.iter().zip(&kls).map(|(ln_p, kl)| ln_p - kl).collect();
    let iwaes: Vec<f64> = estimates.iter().map(ImportanceEstimate::log_likelihood).collect();
    let (elbo, elbo_standard_error) = mean_and_standard_error(&elbos);
    let (iwae, iwae_standard_error) = mean_and_standard_error(&iwaes);
    let n = n as f64;
    Ok(Bounds {
        elbo,
        iwae,
        expected_log_likelihood: log_likelihoods.iter().sum::<f64>() / n,
        kl: kls.iter().sum::<f64>() / n,
        kl_per_dim: kl_per_dim.into_iter().map(|kl| kl / n).collect(),
        elbo_standard_error,
        iwae_standard_error,
        importance: Importance::of(&estimates),
        sampled: sampled.mean(),
        calibration: scatter.map(|scatter| scatter.calibration()),
    })
}

/// Posterior means of some designs, `(N, Z)`.
///
/// # Errors
/// When a design cannot be read.
pub fn encode(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Array2<f32>> {
    Ok(posteriors(vae, designs, indices, device)?.0)
}

/// Means and log-variances of q(z|x) of some designs, `(N, Z)` each.
///
/// # Errors
/// When a design cannot be read.
pub fn posteriors(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<(Array2<f32>, Array2<f32>)> {
    let (mut means, mut log_vars) = (Vec::new(), Vec::new());
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let posterior = vae.encode(&batch.xs, batch.cs.as_ref(), false)?;
        means.extend(values(&posterior.mean)?);
        log_vars.extend(values(&posterior.log_var)?);
    }
    let shape = (indices.len(), vae.config().latent_dim);
    Ok((table(means, shape), table(log_vars, shape)))
}

/// Variance over the data of each dimension of the posterior means, `Var_x(E_q[z_u|x])`.
pub fn unit_activity(means: &Array2<f32>) -> Vec<f64> {
    means.mapv(f64::from).columns().into_iter().map(|column| column.var(0.0)).collect()
}

/// Number of active units among those variances.
pub fn active_units(activity: &[f64]) -> usize {
    activity.iter().filter(|&&variance| is_active(variance)).count()
}

/// Whether a dimension of this variance is active.
pub fn is_active(variance: f64) -> bool {
    ACTIVE_VARIANCE < variance
}

/// Reconstructions of some designs from their posterior means, `(N, H, W)`.
///
/// # Errors
/// When a design cannot be read.
pub fn reconstruct(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Array3<f32>> {
    let mut means = Vec::with_capacity(indices.len() * designs.data().design_len());
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let posterior = vae.encode(&batch.xs, batch.cs.as_ref(), false)?;
        means.extend(values(&vae.mean(&vae.decode(
            &posterior.mean,
            batch.cs.as_ref(),
            false,
        )?)?)?);
    }
    Ok(stack(means, (vae.config().height, vae.config().width)))
}

/// Compares reconstructions of any origin with the targets of some designs.
///
/// # Errors
/// When a design cannot be read.
pub fn compare(
    designs: &Targets<'_>,
    indices: &[usize],
    reconstructions: &Array3<f32>,
) -> Result<Reconstruction> {
    let mut tally = Tally::default();
    for (chunk, reconstructions) in
        indices.chunks(BATCH).zip(reconstructions.axis_chunks_iter(Axis(0), BATCH))
    {
        let reconstructions: Vec<f32> = reconstructions.iter().copied().collect();
        tally.add(&designs.read(chunk)?, &reconstructions, designs.data().design_len());
    }
    Ok(tally.mean())
}

fn table(values: Vec<f32>, shape: (usize, usize)) -> Array2<f32> {
    Array2::from_shape_vec(shape, values).expect("one row per design")
}

/// A batch, and its bound with the first draw of each design.
fn one_draw(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<(Batch, ElboTerms)> {
    let batch = designs.batch(indices, device)?;
    let eps = noise_by_design(indices, 0, vae.config().latent_dim, device)?;
    let elbo = vae.elbo(&batch.xs, batch.cs.as_ref(), &eps, batch.mask.as_ref(), false)?;
    Ok((batch, elbo))
}

/// Standard normal draws of a shape.
pub(crate) fn noise(rng: &mut impl Rng, shape: (usize, usize), device: &Device) -> Result<Tensor> {
    let values: Vec<f32> = (0..shape.0 * shape.1).map(|_| rng.sample(StandardNormal)).collect();
    Ok(Tensor::from_vec(values, shape, device)?)
}

/// All values of a tensor, row after row.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

/// One row of noise per design, keyed by its position and the number of the draw.
pub(crate) fn noise_by_design(
    indices: &[usize],
    draw: u64,
    latent_dim: usize,
    device: &Device,
) -> Result<Tensor> {
    let rows = indices.iter().flat_map(|&index| {
        let mut rng = stream(SEED, &format!("evaluate/{draw}"), index as u64);
        (0..latent_dim).map(move |_| rng.sample::<f32, _>(StandardNormal)).collect::<Vec<_>>()
    });
    Ok(Tensor::from_vec(rows.collect::<Vec<f32>>(), (indices.len(), latent_dim), device)?)
}

/// Adds the sum over the designs of `(B, Z)` terms.
fn add_to(totals: &mut [f64], terms: &Tensor) -> Result<()> {
    totals.iter_mut().zip(terms.sum(0)?.to_vec1::<f64>()?).for_each(|(total, term)| *total += term);
    Ok(())
}

fn row_sums(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_dtype(DType::F64)?.sum(D::Minus1)?.to_vec1()?)
}

fn sum(tensor: &Tensor) -> Result<f64> {
    Ok(tensor.to_dtype(DType::F64)?.sum_all()?.to_scalar()?)
}

/// Of numbers of equal weight.
pub(crate) fn mean_and_standard_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance =
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

impl Importance {
    fn of(estimates: &[ImportanceEstimate]) -> Self {
        let n = estimates.len() as f64;
        let sum = |of: &dyn Fn(&ImportanceEstimate) -> f64| estimates.iter().map(of).sum::<f64>();
        let known = |value: f64| value.is_finite().then_some(value);
        let mut sizes: Vec<f64> =
            estimates.iter().map(ImportanceEstimate::effective_sample_size).collect();
        sizes.sort_by(f64::total_cmp);
        Self {
            standard_error: known(sum(&|one| one.standard_error().powi(2)).sqrt() / n),
            bias: known(sum(&|one| one.bias()) / n),
            effective_sample_size: sizes.get(sizes.len() / 2).copied().unwrap_or(0.0),
            smallest_effective_sample_size: sizes.first().copied().unwrap_or(0.0),
            loose_share: sizes.iter().filter(|&&size| size < 2.0).count() as f64 / n.max(1.0),
        }
    }
}

/// Running sums of how pixels scatter around reconstructions, in units of the stated deviation.
struct Scatter {
    sigma: f64,
    squares: f64,
    within: [usize; 2],
    pixels: usize,
}

impl Scatter {
    /// None for a model that states no deviation.
    fn of(vae: &Vae) -> Result<Option<Self>> {
        let Some(sigma) = vae.sigma()? else { return Ok(None) };
        let sigma = sigma.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        Ok(Some(Self { sigma, squares: 0.0, within: [0, 0], pixels: 0 }))
    }

    fn add(&mut self, targets: &Pixels, reconstructions: &[f32]) {
        for (position, (&x, &mean)) in targets.values.iter().zip(reconstructions).enumerate() {
            if targets.active.as_ref().is_none_or(|active| 0.0 < active[position]) {
                let z = f64::from(x - mean).abs() / self.sigma;
                self.squares += z * z;
                self.within[0] += usize::from(z <= 1.0);
                self.within[1] += usize::from(z <= 2.0);
                self.pixels += 1;
            }
        }
    }

    fn calibration(&self) -> Calibration {
        let n = (self.pixels as f64).max(1.0);
        let [within_1, within_2] = self.within.map(|count| count as f64 / n);
        Calibration { sigma: self.sigma, ratio: (self.squares / n).sqrt(), within_1, within_2 }
    }
}

/// Running sums of reconstruction scores.
#[derive(Default)]
struct Tally {
    squared_error: f64,
    pixels: usize,
    iou: f64,
    volume_error: f64,
    designs: usize,
}

impl Tally {
    fn add(&mut self, targets: &Pixels, reconstructions: &[f32], pixels: usize) {
        let pairs = targets.values.chunks_exact(pixels).zip(reconstructions.chunks_exact(pixels));
        for (design, (target, reconstruction)) in pairs.enumerate() {
            let active = targets
                .active
                .as_ref()
                .map(|active| &active[design * pixels..(design + 1) * pixels]);
            let (mut both, mut either) = (0_usize, 0_usize);
            let (mut volume, mut own) = (0.0, 0_usize);
            for (position, (&a, &b)) in target.iter().zip(reconstruction).enumerate() {
                if active.is_none_or(|active| 0.0 < active[position]) {
                    self.squared_error += f64::from(a - b).powi(2);
                    volume += f64::from(a - b);
                    own += 1;
                    both += usize::from(0.5 < a && 0.5 < b);
                    either += usize::from(0.5 < a || 0.5 < b);
                }
            }
            self.pixels += own;
            self.volume_error += volume.abs() / (own as f64).max(1.0);
            self.iou += if either == 0 { 1.0 } else { both as f64 / either as f64 };
            self.designs += 1;
        }
    }

    fn mean(&self) -> Reconstruction {
        let designs = (self.designs as f64).max(1.0);
        Reconstruction {
            mse: self.squared_error / (self.pixels as f64).max(1.0),
            iou: self.iou / designs,
            volume_error: self.volume_error / designs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vae_prob::IsotropicNormal;

    fn waves(n: usize, shift: f32) -> Vec<f32> {
        (0..n).map(|i| 0.5 + 0.5 * (i as f32 + shift).sin()).collect()
    }

    #[test]
    fn scores_are_what_they_are_by_hand() {
        let values = vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let mut tally = Tally::default();
        let reconstruction = [1.0, 0.0, 1.0, 0.0, 0.25, 0.25, 0.0, 0.0];
        tally.add(&Pixels { values, active: None }, &reconstruction, 4);
        let found = tally.mean();
        assert!((found.mse - 2.125 / 8.0).abs() < 1e-12);
        // One third and both empty; no error and an eighth.
        assert!((found.iou - 2.0 / 3.0).abs() < 1e-12);
        assert!((found.volume_error - 0.0625).abs() < 1e-12);
    }

    /// `ratio² − 1` is the derivative of the mean log-density of a pixel with respect to ln σ: 0 at
    /// the best σ.
    #[test]
    fn a_calibrated_deviation_has_no_gradient() {
        let (targets, means) = (waves(40, 0.0), waves(40, 0.4));
        let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        for sigma in [0.05, 0.2, 1.0] {
            let mut scatter = Scatter { sigma, squares: 0.0, within: [0, 0], pixels: 0 };
            scatter.add(&Pixels { values: targets.clone(), active: None }, &means);
            let centers = wide(&means);
            let density = IsotropicNormal::new(&centers, sigma).unwrap();
            let gradient = density.log_std_dev_gradient(&wide(&targets)) / 40.0;
            let found = scatter.calibration();
            assert!((found.ratio.powi(2) - 1.0 - gradient).abs() < 1e-5 * (1.0 + gradient.abs()));
            assert!(found.within_1 <= found.within_2);
        }
    }

    #[test]
    fn one_draw_has_no_error_of_its_own() {
        let once: ImportanceEstimate = [-3.0].into_iter().collect();
        let found = Importance::of(&[once]);
        assert_eq!((found.standard_error, found.bias, found.loose_share), (None, None, 1.0));
        let equal: ImportanceEstimate = [-3.0; 8].into_iter().collect();
        let found = Importance::of(&[equal, equal]);
        assert_eq!((found.standard_error, found.effective_sample_size), (Some(0.0), 8.0));
    }
}
