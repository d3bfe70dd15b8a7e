//! Where the codes of new designs come from: the prior, or a distribution fitted to the codes of
//! the data, under the conditions asked for.

use ndarray::{Array2, Axis, concatenate};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use vae_base::stream;
use vae_models::Vae;

use crate::codes::{posteriors, prior_draws};
use crate::data::Targets;
use crate::error::{Result, TrainError};
use crate::generate::mixture::Mixture;
use crate::learn::{RunFolder, read_to_string, write_json};

/// Version of the layout of `samplers.json`.
const FORMAT: u32 = 1;
/// Numbers of components that are tried.
const COMPONENTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Draws from the posterior of each design.
const DRAWS: usize = 2;
/// The distributions are fitted to the codes of at most this many designs; of more, evenly spaced
/// ones.
const DESIGNS: usize = 4096;

/// A way to draw codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// The prior N(0, I), whatever the conditions.
    #[default]
    Standard,
    /// One normal of codes and conditions together, conditioned.
    Gaussian,
    /// A mixture of them, conditioned.
    Mixture,
}

/// Distributions of codes and conditions, `p(z, c)`, fitted to draws from q(z|x, c) of the training
/// designs.
///
/// The codes of the data need not be spread like the prior: under one condition they often fill
/// only a part of it, and the decoder was not trained on the rest. The number of components is the
/// one that gives the codes of the validation designs the largest likelihood given their
/// conditions.
///
/// # References
/// Hoffman & Johnson 2016, "ELBO surgery"; Ghosh et al. 2020, "From variational to deterministic
/// autoencoders", section 4, for densities fitted to the codes afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samplers {
    /// Version of the file.
    format: u32,
    /// Checksum of the weight file whose codes these are.
    #[serde(default)]
    weights: String,
    /// One component.
    gaussian: Mixture,
    /// The number of components that suits the validation designs best.
    mixture: Mixture,
    /// The likelihoods of the validation designs.
    pub scores: SamplerScores,
}

/// Mean `ln p(z | c)` of codes of the validation designs, in nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplerScores {
    /// Under the prior.
    pub standard: f64,
    /// Under mixtures, by number of components; the first is one.
    pub mixtures: Vec<(usize, f64)>,
}

impl Samplers {
    /// Fits both distributions to the codes of the training designs, which come with those of the
    /// validation. `progress` receives how many components are fitted, and how many there will be.
    ///
    /// # Errors
    /// When a design cannot be read.
    pub fn fit(
        vae: &Vae,
        designs: &Targets<'_>,
        (train, validation): (&[usize], &[usize]),
        seed: u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self> {
        let stride = train.len().div_ceil(DESIGNS).max(1);
        let chosen: Vec<usize> = train.iter().copied().step_by(stride).collect();
        let examples = codes(vae, designs, &chosen, seed)?;
        let (held_out, latent_dim) =
            (codes(vae, designs, validation, seed)?, vae.config().latent_dim);
        let mut fitted = Vec::new();
        let mut scores = Vec::new();
        // Each component needs at least ten designs.
        let counts: Vec<usize> = COMPONENTS
            .into_iter()
            .filter(|&count| count == 1 || 10 * count <= chosen.len())
            .collect();
        let (mut done, total) = (0, counts.iter().sum::<usize>() as u64);
        progress(done, total);
        for count in counts {
            let rng = &mut stream(seed, "mixture", count as u64);
            let (mixture, _) = Mixture::fit(&examples, count, rng);
            scores.push((count, conditional(&mixture, &held_out, latent_dim)));
            fitted.push(mixture);
            done += count as u64;
            progress(done, total);
        }
        let best = (0..scores.len()).max_by(|&a, &b| scores[a].1.total_cmp(&scores[b].1));
        let (zs, _) = held_out.view().split_at(Axis(1), latent_dim);
        let ln_2pi = std::f64::consts::TAU.ln();
        let standard = -0.5 * zs.iter().map(|z| z * z + ln_2pi).sum::<f64>()
            / (held_out.nrows() as f64).max(1.0);
        Ok(Self {
            format: FORMAT,
            weights: String::new(),
            gaussian: fitted[0].clone(),
            mixture: fitted[best.unwrap_or(0)].clone(),
            scores: SamplerScores { standard, mixtures: scores },
        })
    }

    /// Number of components of the mixture.
    pub fn components(&self) -> usize {
        self.mixture.components.len()
    }

    /// Codes for conditions in their own units, one per row of `(N, C)`; the i-th depends on the
    /// seed, i and its conditions only.
    pub fn draws(&self, vae: &Vae, sampler: Sampler, cs: &Array2<f32>, seed: u64) -> Array2<f32> {
        let latent_dim = vae.config().latent_dim;
        let mut zs = prior_draws(latent_dim, cs.nrows(), seed);
        let mixture = match sampler {
            Sampler::Standard => return zs,
            Sampler::Gaussian => &self.gaussian,
            Sampler::Mixture => &self.mixture,
        };
        let given = standardized(vae, cs);
        let mut last: Option<(Vec<f64>, Mixture)> = None;
        for (i, mut z) in zs.rows_mut().into_iter().enumerate() {
            let given = given.row(i).to_vec();
            // Rows of one condition vector follow each other.
            let known = match last.take() {
                Some((of, conditioned)) if of == given => conditioned,
                _ => mixture.conditioned(&given),
            };
            let uniform = stream(seed, "component", i as u64).random::<f64>();
            let eps: Vec<f64> = z.iter().map(|&eps| f64::from(eps)).collect();
            for (value, drawn) in z.iter_mut().zip(known.draw(uniform, &eps)) {
                *value = drawn as f32;
            }
            last = Some((given, known));
        }
        zs
    }

    /// Writes the distributions into the folder of a run, as JSON with a checksum of its weights.
    ///
    /// # Errors
    /// When the weights cannot be read or the file cannot be written.
    pub fn save(&mut self, run: &RunFolder) -> Result<()> {
        self.weights = checksum(run)?;
        write_json(&run.samplers(), self)
    }

    /// Reads what [`save`](Self::save) wrote; `None` if there is no file, or the weights have
    /// changed since.
    ///
    /// # Errors
    /// [`TrainError::Damaged`] for a file of another kind or of another model;
    /// [`TrainError::Format`] for another version.
    pub fn read(run: &RunFolder, vae: &Vae) -> Result<Option<Self>> {
        let path = run.samplers();
        if !path.is_file() {
            return Ok(None);
        }
        let damaged = |message: String| TrainError::Damaged { path: path.clone(), message };
        let found: Self = serde_json::from_str(&read_to_string(&path)?)
            .map_err(|err| damaged(err.to_string()))?;
        if found.format != FORMAT {
            return Err(TrainError::Format {
                path: path.clone(),
                found: found.format,
                known: FORMAT,
            });
        }
        if found.weights != checksum(run)? {
            return Ok(None);
        }
        let dim = vae.config().latent_dim + vae.config().conditions.len();
        let components = [&found.gaussian, &found.mixture].map(|mixture| &mixture.components);
        for component in components.into_iter().flatten() {
            let fits = component.mean.len() == dim && component.covariance.len() == dim * dim;
            let normal = fits
                .then(|| vae_prob::MultivariateNormal::new(&component.mean, &component.covariance));
            if !matches!(normal, Some(Ok(_))) || !(0.0..=1.0).contains(&component.weight) {
                return Err(damaged(
                    "it does not hold distributions of this model's codes".to_owned(),
                ));
            }
        }
        if components.iter().any(|components| components.is_empty()) {
            return Err(damaged("it holds no component".to_owned()));
        }
        Ok(Some(found))
    }
}

fn checksum(run: &RunFolder) -> Result<String> {
    let path = run.model();
    let bytes = std::fs::read(&path).map_err(|source| TrainError::io("reading", &path, source))?;
    Ok(format!("{:032x}", twox_hash::XxHash3_128::oneshot(&bytes)))
}

/// Draws from the posteriors of some designs beside their conditions in units of the model, `(N ·
/// DRAWS, Z + C)`.
fn codes(vae: &Vae, designs: &Targets<'_>, indices: &[usize], seed: u64) -> Result<Array2<f64>> {
    let (means, log_vars) = posteriors(vae, designs, indices, vae.device())?;
    let given = standardized(vae, &designs.conditions(indices));
    let mut blocks = Vec::with_capacity(DRAWS);
    for draw in 0..DRAWS {
        let mut zs = means.mapv(f64::from);
        for (i, (mut z, log_var)) in zs.rows_mut().into_iter().zip(log_vars.rows()).enumerate() {
            let mut rng = stream(seed, &format!("codes/{draw}"), indices[i] as u64);
            for (z, &log_var) in z.iter_mut().zip(log_var) {
                *z += (0.5 * f64::from(log_var)).exp() * rng.sample::<f64, _>(StandardNormal);
            }
        }
        blocks.push(concatenate![Axis(1), zs, given]);
    }
    let views: Vec<_> = blocks.iter().map(|block| block.view()).collect();
    Ok(concatenate(Axis(0), &views).expect("blocks of one width"))
}

/// Mean `ln p(z | c) = ln p(z, c) − ln p(c)` of rows `(z, c)`.
fn conditional(mixture: &Mixture, rows: &Array2<f64>, latent_dim: usize) -> f64 {
    let sum: f64 = rows
        .rows()
        .into_iter()
        .map(|row| {
            let (z, given) = row.split_at(Axis(0), latent_dim);
            mixture.conditioned(&given.to_vec()).log_prob(&z.to_owned().insert_axis(Axis(0)))[0]
        })
        .sum();
    sum / (rows.nrows() as f64).max(1.0)
}

/// Conditions in units of their deviations, as the network sees them.
fn standardized(vae: &Vae, cs: &Array2<f32>) -> Array2<f64> {
    let stats = &vae.config().conditions;
    Array2::from_shape_fn(cs.dim(), |(i, j)| (f64::from(cs[(i, j)]) - stats[j].mean) / stats[j].std)
}
