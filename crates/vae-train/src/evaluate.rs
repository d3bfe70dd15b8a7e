//! Held-out scores of a model: bounds, reconstruction, active units.

use candle_core::{D, DType, Device, Tensor};
use ndarray::{Array2, Array3, Axis};
use rand::Rng;
use rand_distr::StandardNormal;
use vae_models::{ElboTerms, Vae};
use vae_nn::stream;
use vae_prob::iwae_bound;

use crate::error::Result;
use crate::targets::{Batch, Pixels, Targets, stack};

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

/// Bounds from `samples` draws per design; the draws of a design depend on its position in the data set only.
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
    let (mut elbos, mut iwaes) =
        (Vec::with_capacity(indices.len()), Vec::with_capacity(indices.len()));
    let (mut log_likelihoods, mut kls) = (0.0, 0.0);
    let mut kl_per_dim = vec![0.0; vae.config().latent_dim];
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let posterior = vae.encode(&batch.xs, batch.cs.as_ref(), false)?;
        let kl_terms = posterior.kl()?.to_dtype(DType::F64)?;
        add_to(&mut kl_per_dim, &kl_terms)?;
        let kl = row_sums(&kl_terms)?;
        // One row of log-weights per design.
        let mut log_weights = vec![Vec::with_capacity(samples); chunk.len()];
        let mut log_likelihood = vec![0.0; chunk.len()];
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
                log_likelihood[i] += ln_p / samples as f64;
                log_weights[i].push(ln_p + 0.5 * prior_ratio[i]);
            }
        }
        for (i, log_weights) in log_weights.iter().enumerate() {
            log_likelihoods += log_likelihood[i];
            kls += kl[i];
            elbos.push(log_likelihood[i] - kl[i]);
            iwaes.push(iwae_bound(log_weights));
        }
        progress(chunk.len());
    }
    let n = indices.len() as f64;
    let (elbo, elbo_standard_error) = mean_and_standard_error(&elbos);
    let (iwae, iwae_standard_error) = mean_and_standard_error(&iwaes);
    Ok(Bounds {
        elbo,
        iwae,
        expected_log_likelihood: log_likelihoods / n,
        kl: kls / n,
        kl_per_dim: kl_per_dim.into_iter().map(|kl| kl / n).collect(),
        elbo_standard_error,
        iwae_standard_error,
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
    activity.iter().filter(|&&variance| ACTIVE_VARIANCE < variance).count()
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
fn noise_by_design(
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

fn mean_and_standard_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance =
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
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
