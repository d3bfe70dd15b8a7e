//! How far a generated design can be trusted: whether it is a copy, whether it is like the data,
//! and where the model is unsure.

use candle_core::{DType, Device};
use ndarray::{Array3, Axis};
use vae_data::{Condition, DataError, DataSet, Details, FieldMaps};
use vae_models::{Likelihood, Vae};
use vae_prob::Elbo;

use crate::codes::{BATCH, noise_by_design, values};
use crate::data::{Given, Targets, stack, strided};
use crate::error::Result;
use crate::score::controls::nearest_with_distances;
use crate::score::one_draw::terms_by_design;

/// A new design is ranked among the scores of at most this many training designs; of more, evenly
/// spaced ones.
const RANKED: usize = 512;
/// Number of codes per design that its uncertainty is computed from.
const CODES: u64 = 16;

/// Evidence for and against each generated design.
pub struct Trust {
    /// Position in the data set of the training design with the smallest squared distance over
    /// pixels.
    pub nearest: Vec<usize>,
    /// That distance: root of the mean squared difference of a pixel.
    pub distance: Vec<f64>,
    /// Median of the same distance for held-out designs of the data: the usual distance of a new
    /// design of this kind.
    pub usual_distance: f64,
    /// Share of the training designs whose score is no higher than that of the design, in `[0, 1]`:
    /// `ln p(x|z, c) − KL`, one draw, under its own conditions. Below 0.01 the design is unlike
    /// nearly everything that the model has seen.
    pub percentile: Vec<f64>,
    /// Deviation of every pixel, `(N, H, W)`, by the law of total variance over codes z ~ q(z|x, c)
    /// of the design: `Var x = E_z Var(x|z) + Var_z E(x|z)`; the first term is `m (1 − m)` of a
    /// Bernoulli and σ² of a Gaussian, and is left out of the others.
    pub deviation: Array3<f32>,
}

/// Judges designs against the training designs; `given` is what they were generated for.
///
/// The designs are thresholded to 0 and 1 at their volume first if the model was trained on such
/// designs.
///
/// # Errors
/// When a design cannot be read.
pub fn trust(
    vae: &Vae,
    designs: &Targets<'_>,
    (train, held_out): (&[usize], &[usize]),
    generated: &Array3<f32>,
    given: &Given,
    device: &Device,
) -> Result<Trust> {
    let (infos, cs) = (designs.condition_info(), given.conditions());
    let conditions = infos.iter().zip(cs.columns());
    let details = Details {
        conditions: conditions
            .map(|(info, values)| Condition::covering(&info.name, &info.unit, values))
            .collect(),
        values: cs.clone(),
        ..Details::default()
    };
    let all: Vec<usize> = (0..generated.len_of(Axis(0))).collect();
    let mut new = DataSet::new("generated", generated.clone(), details)?;
    if let Some(known) = designs.data().fields().filter(|_| !given.fields().is_empty()) {
        let (channels, maps) = (known.channels().to_vec(), given.fields().to_vec());
        let fields = FieldMaps::new(known.recipe(), channels, maps, all.clone());
        new = new.with_fields(fields.map_err(DataError::from)?)?;
    }
    let new = Targets::new(&new, designs.kind(), (0..cs.ncols()).collect());

    let (nearest, distance) = nearest_with_distances(designs, train, &new, &all)?;
    let (_, mut usual) = nearest_with_distances(designs, train, designs, held_out)?;
    usual.sort_by(f64::total_cmp);

    let score = |terms: &Elbo<f64>| terms.value();
    let ranked = strided(train, RANKED);
    let known: Vec<f64> =
        terms_by_design(vae, designs, &ranked, device)?.iter().map(score).collect();
    let percentile = terms_by_design(vae, &new, &all, device)?
        .iter()
        .map(|terms| share_at_most(&known, score(terms)))
        .collect();
    Ok(Trust {
        nearest,
        distance,
        usual_distance: usual.get(usual.len() / 2).copied().unwrap_or(0.0),
        percentile,
        deviation: deviation(vae, &new, &all, device)?,
    })
}

/// Share of the values that are no larger.
fn share_at_most(values: &[f64], limit: f64) -> f64 {
    values.iter().filter(|&&value| value <= limit).count() as f64 / (values.len() as f64).max(1.0)
}

fn deviation(
    vae: &Vae,
    designs: &Targets<'_>,
    indices: &[usize],
    device: &Device,
) -> Result<Array3<f32>> {
    let sigma = match vae.sigma()? {
        Some(sigma) => sigma.to_dtype(DType::F64)?.to_scalar::<f64>()?,
        None => 0.0,
    };
    let binary = vae.config().likelihood == Likelihood::Bernoulli;
    let mut deviations = Vec::with_capacity(indices.len() * designs.data().design_len());
    for chunk in indices.chunks(BATCH) {
        let batch = designs.batch(chunk, device)?;
        let context = batch.context(vae, false)?;
        let posterior = vae.encode(&batch.xs, &context, false)?;
        let mut sums = vec![(0.0_f64, 0.0_f64); chunk.len() * designs.data().design_len()];
        for draw in 0..CODES {
            let eps = noise_by_design(chunk, draw, vae.config().latent_dim, device)?;
            let params = vae.decode(&posterior.reparameterize(&eps)?, &context, false)?;
            for ((sum, squares), mean) in sums.iter_mut().zip(values(&vae.mean(&params)?)?) {
                *sum += f64::from(mean);
                *squares += f64::from(mean).powi(2);
            }
        }
        deviations.extend(sums.into_iter().map(|(sum, squares)| {
            let (mean, square) = (sum / CODES as f64, squares / CODES as f64);
            // E m (1 − m) + Var m = E m − (E m)²: a Bernoulli of the mean, however the codes
            // scatter.
            let variance =
                if binary { mean * (1.0 - mean) } else { square - mean * mean + sigma * sigma };
            variance.max(0.0).sqrt() as f32
        }));
    }
    Ok(stack(deviations, (vae.config().height, vae.config().width)))
}

#[cfg(test)]
mod tests {
    use vae_models::{ModelConfig, Sigma};
    use vae_nn::Parameters;

    use super::*;
    use crate::data::TargetKind;

    #[test]
    fn a_share_counts_its_limit() {
        let values = [1.0, 2.0, 3.0, 4.0];
        for (limit, expected) in [(0.5, 0.0), (1.0, 0.25), (3.5, 0.75), (9.0, 1.0)] {
            assert!((share_at_most(&values, limit) - expected).abs() < 1e-12, "{limit}");
        }
    }
    /// Six pixels each, no two designs alike.
    fn dots() -> DataSet {
        let designs = Array3::from_shape_fn((6, 2, 3), |(i, row, column)| {
            f32::from(u8::from((3 * row + column + i) % 6 < 2 || i == column))
        });
        DataSet::new("dots", designs, Details::default()).unwrap()
    }

    fn model(likelihood: Likelihood) -> Vae {
        let config = ModelConfig { likelihood, ..ModelConfig::tutorial_mlp(2, 3, Vec::new()) };
        Vae::new(&config, Parameters::new(3, DType::F32, Device::Cpu).var_builder()).unwrap()
    }

    /// The two terms on their own, over the same codes.
    #[test]
    fn the_variance_of_a_pixel_is_the_one_within_codes_and_the_one_between_them() {
        let data = dots();
        let targets = Targets::new(&data, TargetKind::Grey, Vec::new());
        let all: Vec<usize> = (0..6).collect();
        let gaussian = |sigma| Likelihood::Gaussian { sigma: Sigma::Fixed(sigma) };
        for (likelihood, noise) in [
            (Likelihood::Bernoulli, None),
            (gaussian(0.3), Some(0.09)),
            (gaussian(0.01), Some(1e-4)),
            (Likelihood::SquaredError, Some(0.0)),
        ] {
            let vae = model(likelihood);
            let batch = targets.batch(&all, &Device::Cpu).unwrap();
            let context = batch.context(&vae, false).unwrap();
            let posterior = vae.encode(&batch.xs, &context, false).unwrap();
            let draws: Vec<Vec<f32>> = (0..CODES)
                .map(|draw| {
                    let eps = noise_by_design(&all, draw, 2, &Device::Cpu).unwrap();
                    let z = posterior.reparameterize(&eps).unwrap();
                    values(&vae.mean(&vae.decode(&z, &context, false).unwrap()).unwrap()).unwrap()
                })
                .collect();
            let found = deviation(&vae, &targets, &all, &Device::Cpu).unwrap();
            for (i, found) in found.iter().enumerate() {
                let means: Vec<f64> = draws.iter().map(|draw| f64::from(draw[i])).collect();
                let over_codes = |f: &dyn Fn(f64) -> f64| {
                    means.iter().map(|&m| f(m)).sum::<f64>() / means.len() as f64
                };
                let center = over_codes(&|m| m);
                let between = over_codes(&|m| (m - center).powi(2));
                let within = noise.unwrap_or_else(|| over_codes(&|m| m * (1.0 - m)));
                assert!(1e-7 < between, "the codes matter: {between}");
                let expected = (within + between).sqrt();
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{found}, {expected}");
            }
        }
    }

    /// Of all training designs by hand; a copy is at distance 0, and nobody is near to what was
    /// held out.
    #[test]
    fn the_nearest_design_is_the_nearest() {
        let data = dots();
        let targets = Targets::new(&data, TargetKind::Grey, Vec::new());
        let (train, held_out) = ([0, 1, 3, 4, 5], [2]);
        let all = targets.array(&[0, 1, 2, 3, 4, 5]).unwrap();
        let mut generated = all.select(Axis(0), &[3, 5, 2]);
        generated[[1, 0, 1]] = 0.4;
        let found = trust(
            &model(Likelihood::Bernoulli),
            &targets,
            (&train, &held_out),
            &generated,
            &Given::repeated(&[], None, 3),
            &Device::Cpu,
        )
        .unwrap();
        for (i, design) in generated.outer_iter().enumerate() {
            let distance = |&index: &usize| {
                let difference = &all.index_axis(Axis(0), index) - &design;
                f64::from(difference.mapv(|d| d * d).sum() / 6.0).sqrt()
            };
            let smallest = train.iter().map(distance).fold(f64::INFINITY, f64::min);
            assert!((found.distance[i] - smallest).abs() < 1e-3, "{i}: {smallest}");
            assert!(train.contains(&found.nearest[i]));
            assert!((distance(&found.nearest[i]) - smallest).abs() < 1e-6, "{i}");
        }
        assert_eq!((found.nearest[0], found.nearest[1]), (3, 5));
        assert!((found.usual_distance - found.distance[2]).abs() < 1e-6);
        assert!(found.percentile.iter().all(|share| (0.0..=1.0).contains(share)));
    }
}
