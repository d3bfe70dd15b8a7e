//! What each latent dimension learned, and why some dimensions learned nothing.

use candle_core::{DType, Device};
use faer::{Mat, MatRef, Side};
use ndarray::{Array2, Array3};
use serde::Serialize;
use vae_models::Vae;
use vae_prob::Normal;

use crate::codes::{posteriors, reconstruct};
use crate::data::{Targets, strided};
use crate::error::Result;
use crate::score::activity::{is_active, unit_activity};
use crate::score::controls::matrix;
use crate::score::kernel::KernelRidge;

/// At most this many training designs are used; of more, evenly spaced ones.
const DESIGNS: usize = 768;
/// A dimension with a KL below this, in nats, carries no information.
const SILENT: f64 = 0.02;
/// A direction counts if it has at least this share of the variance that the conditions do not
/// explain; with less it is a detail of a shape, not another factor.
const MATERIAL: f64 = 0.001;
/// With fewer designs the variance along a direction has a standard error above a quarter, and three
/// of them hide it: half of the designs measure it.
const FEW_DESIGNS: usize = 64;
/// A run of fewer steps has not learned enough for a verdict.
const FEW_STEPS: u64 = 100;
/// A bound that rises by more than this between two quarters of a run, in nats, still rises steeply,
const STEEP: f64 = 2.0;
/// if that is more than this share of its whole rise.
const STEEP_SHARE: f64 = 0.02;
/// The matrices of designs hold at most about so many numbers each, of 8 bytes.
const NUMBERS: usize = 1 << 25;

/// The latent space of a trained model, compared with what its own loss makes worthwhile.
///
/// In a linear model a latent dimension lowers the loss if the variance of its direction exceeds
/// βσ². Directions are therefore counted twice: in the part of the designs that the **conditions**
/// do not explain, and in the part that the **model** does not explain (on top of the dimensions it
/// uses). Both counts bound the number of worthwhile dimensions from above; the smaller is taken.
///
/// * If more dimensions are worthwhile at the loss of the run (βσ²) than are used, the difference
///   has *collapsed*.
/// * If more are worthwhile only at β ≤ 1 and a σ no larger than the errors of the model, the
///   difference was *switched off*.
/// * All other unused dimensions are *not needed*.
///
/// Where the evidence is too weak for that, the unused dimensions are *unclear*: see [`Unclear`].
///
/// # References
/// Tipping & Bishop 1999, "Probabilistic principal component analysis"; Lucas, Tucker, Grosse &
/// Norouzi 2019, "Don't blame the ELBO! A linear VAE perspective on posterior collapse"; Burda,
/// Grosse & Salakhutdinov 2016, section 5.2, for the threshold of activity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// All latent dimensions, in order.
    pub dimensions: Vec<Dimension>,
    /// KL weight at the end of training.
    pub beta: f64,
    /// The deviation of a pixel that the loss states or implies; `None` if each pixel has its own,
    /// in whose place the errors of the model are used.
    pub sigma: Option<f64>,
    /// Root of the mean squared error of reconstructions from posterior means.
    pub error: f64,
    /// Share of the variance of the designs that the conditions explain, each design predicted from
    /// the others.
    pub explained_by_conditions: f64,
    /// Directions worth a dimension at the loss of the run.
    pub worth: Worth,
    /// Directions worth a dimension at β ≤ 1 and a σ no larger than the errors of the model.
    pub worth_without_pressure: Worth,
    /// Number of training designs used.
    pub n: usize,
    /// Why some dimensions are unclear; `None` if none is.
    pub unclear: Option<Unclear>,
}

/// Why nothing can be said about a silent dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unclear {
    /// The run has taken few steps, or its bound was still rising steeply.
    ShortRun,
    /// There are too few training designs to tell a direction from noise.
    FewDesigns,
    /// A β above 1, or a σ above the errors of the model, makes these errors larger than those of a
    /// model without it, and what they hide is not seen.
    Pressed,
}

/// Numbers of directions worth a dimension; counting stops at one more than there are latent
/// dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Worth {
    /// In the part of the designs that the conditions do not explain.
    pub after_conditions: usize,
    /// In the part of the designs that the model does not explain.
    pub after_model: usize,
}

/// One latent dimension.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dimension {
    /// Variance of its posterior means over the training designs.
    pub activity: f64,
    /// Its mean KL over them, in nats.
    pub kl: f64,
    /// What became of it.
    pub state: State,
    /// The epoch from which on its KL on the validation split stayed below 0.02 nats; `None` if it
    /// did not, or nothing was logged.
    pub silent_since: Option<u64>,
    /// Its largest KL in any epoch, in nats; `None` if nothing was logged.
    pub peak_kl: Option<f64>,
}

/// What became of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It varies with the designs and carries at least 0.02 nats about them.
    Active,
    /// The conditions and the other dimensions leave nothing to encode.
    NotNeeded,
    /// A β above 1, or a σ above the errors of the model, made it cost more than it gains.
    SwitchedOff,
    /// It would lower the loss, but training did not find that.
    Collapsed,
    /// It is silent, and the evidence does not say why.
    Unclear,
}

impl Diagnosis {
    /// Number of dimensions in a state.
    pub fn count(&self, state: State) -> usize {
        self.dimensions.iter().filter(|dimension| dimension.state == state).count()
    }

    /// Whether the KL weight exceeds 1, that of a bound.
    pub fn pressed_by_beta(&self) -> bool {
        1.0 < self.beta
    }

    /// Whether the noise that the loss states is well above the errors of the model.
    pub fn pressed_by_sigma(&self) -> bool {
        is_pressing(self.sigma, self.error)
    }
}

/// What a diagnosis has to know about how a model was trained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// KL weight at the end of training.
    pub beta: f64,
    /// The deviation of a pixel that a loss of plain means implies at that weight; `None` for a
    /// loss that states its noise.
    pub implied_sigma: Option<f64>,
    /// Optimizer steps of the run; `None` if nothing is known.
    pub steps: Option<u64>,
    /// What the run logged; empty if nothing is known.
    pub epochs: Vec<EpochKl>,
}

impl Course {
    /// Whether the run has taken few steps, or its bound was still rising steeply at the end: over
    /// the last quarter of the epochs, compared with the quarter before.
    fn is_short(&self) -> bool {
        let bounds: Vec<f64> = self.epochs.iter().map(|epoch| epoch.bound).collect();
        let Some(&first) = bounds.first() else { return false };
        let quarter = (bounds.len() / 4).max(1);
        let mean = |some: &[f64]| some.iter().sum::<f64>() / (some.len() as f64).max(1.0);
        let (before, last) = bounds.split_at(bounds.len() - quarter);
        let before = &before[before.len().saturating_sub(quarter)..];
        let (end, rise) = (mean(last), mean(last) - mean(before));
        self.steps.is_some_and(|steps| steps < FEW_STEPS)
            || before.is_empty()
            || (STEEP < rise && STEEP_SHARE * (end - first) < rise)
    }
}

/// KL of the latent dimensions after one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochKl {
    /// The epoch, from 1.
    pub epoch: u64,
    /// KL weight at its end.
    pub beta: f64,
    /// The bound at β = 1 on the validation split, or on the training batches if that is empty, in
    /// nats.
    pub bound: f64,
    /// KL of each latent dimension on the validation split, in nats.
    pub kl_per_dim: Vec<f64>,
}

/// Diagnoses a model on its training designs.
///
/// # Errors
/// When a design cannot be read.
pub fn diagnose(
    vae: &Vae,
    course: &Course,
    designs: &Targets<'_>,
    train: &[usize],
    device: &Device,
) -> Result<Diagnosis> {
    let Course { beta, implied_sigma: implied, ref epochs, .. } = *course;
    let most = DESIGNS.min(NUMBERS / designs.data().design_len().max(1)).max(1);
    let chosen = strided(train, most);
    let n = chosen.len();
    let (means, log_vars) = posteriors(vae, designs, train, device)?;
    let (activity, kl) = (unit_activity(&means), mean_kl(&means, &log_vars));
    let latent_dim = activity.len();
    let alive = |dim: usize| is_active(activity[dim]) && SILENT <= kl[dim];
    let active = (0..latent_dim).filter(|&dim| alive(dim)).count();

    // What the conditions do not explain and what the model does not explain, one row per design;
    // pixels that do not count are 0 in both.
    let pixels = matrix(designs, &chosen)?.transpose().to_owned();
    let mut after_conditions = without_conditions(designs, &chosen, &pixels);
    let reconstructions = reconstruct(vae, designs, &chosen, device)?;
    let mut after_model = difference(&pixels, &reconstructions);
    if let Some(active) = designs.read(&chosen)?.active {
        let width = pixels.ncols();
        for rows in [&mut after_conditions, &mut after_model] {
            for (i, row) in rows.row_iter_mut().enumerate() {
                let own = &active[i * width..(i + 1) * width];
                row.iter_mut().zip(own).for_each(|(value, &active)| *value *= f64::from(active));
            }
        }
    }

    // The noise of each pixel, twice: as the loss states it, and limited by the errors.
    let errors: Vec<f64> =
        after_model.col_iter().map(|column| column.squared_norm_l2() / n as f64).collect();
    let stated = match vae.sigma()? {
        Some(sigma) => Some(sigma.to_dtype(DType::F64)?.to_scalar::<f64>()?),
        None => implied,
    };
    // The lecture's squared error implies βσ² as a whole.
    let weight = if implied.is_some() { 1.0 } else { beta };
    let by_loss: Vec<f64> =
        errors.iter().map(|&error| weight * stated.map_or(error, |sigma| sigma * sigma)).collect();
    let fair: Vec<f64> = errors
        .iter()
        .map(|&error| weight.min(1.0) * stated.map_or(error, |sigma| error.min(sigma * sigma)))
        .collect();

    let count = latent_dim + 1;
    let spread = after_conditions.squared_norm_l2() / n as f64;
    let (of_data, of_model) =
        (directions(&after_conditions, count), directions(&after_model, count));
    let worth = |noise: &[f64]| Worth {
        after_conditions: of_data.worth(noise, MATERIAL * spread),
        after_model: of_model.worth(noise, MATERIAL * spread),
    };
    let (worth, worth_without_pressure) = (worth(&by_loss), worth(&fair));
    let mut dimensions: Vec<Dimension> = (0..latent_dim)
        .map(|dim| Dimension {
            activity: activity[dim],
            kl: kl[dim],
            state: State::Active,
            silent_since: silent_since(epochs, dim),
            peak_kl: peak(epochs, dim, f64::INFINITY),
        })
        .collect();
    let supported = |worth: &Worth| {
        worth.after_conditions.min(active + worth.after_model).clamp(active, latent_dim)
    };
    let at_run = supported(&worth);
    let fair = supported(&worth_without_pressure).max(at_run);
    let states = [
        (State::NotNeeded, latent_dim - fair),
        (State::SwitchedOff, fair - at_run),
        (State::Collapsed, at_run - active),
    ];
    let mut silent: Vec<usize> = (0..latent_dim).filter(|&dim| !alive(dim)).collect();
    // Silent dimensions are all alike now; those that never carried much are taken as the ones that
    // were not needed.
    silent.sort_by(|&a, &b| {
        dimensions[a].peak_kl.unwrap_or(0.0).total_cmp(&dimensions[b].peak_kl.unwrap_or(0.0))
    });
    let labels = states.into_iter().flat_map(|(state, count)| std::iter::repeat_n(state, count));
    let error = (errors.iter().sum::<f64>() / errors.len() as f64).sqrt();
    let unclear = why_unclear(course, n, is_pressing(stated, error));
    for (dim, state) in silent.into_iter().zip(labels) {
        // A dimension that carried information under a smaller weight and lost it under one above 1
        // was switched off.
        let spoke = 1.0 < beta && peak(epochs, dim, beta).is_some_and(|kl| SILENT < kl);
        dimensions[dim].state = match (state, unclear) {
            (State::Collapsed, _) | (_, Some(Unclear::ShortRun | Unclear::FewDesigns)) if spoke => {
                State::SwitchedOff
            }
            (_, Some(Unclear::ShortRun | Unclear::FewDesigns))
            | (State::NotNeeded, Some(Unclear::Pressed)) => State::Unclear,
            (state, _) => state,
        };
    }
    let unclear = unclear.filter(|_| dimensions.iter().any(|d| d.state == State::Unclear));
    let total = centered(pixels.as_ref()).squared_norm_l2();
    let explained = if 0.0 < total { 1.0 - spread * n as f64 / total } else { 0.0 };
    Ok(Diagnosis {
        dimensions,
        beta,
        sigma: stated,
        error,
        explained_by_conditions: explained.max(0.0),
        worth,
        worth_without_pressure,
        n,
        unclear,
    })
}

/// Why nothing can be said about silent dimensions of a run on `n` designs; `None` if something can.
fn why_unclear(course: &Course, n: usize, sigma_presses: bool) -> Option<Unclear> {
    if course.is_short() {
        Some(Unclear::ShortRun)
    } else if n < FEW_DESIGNS {
        Some(Unclear::FewDesigns)
    } else {
        (1.0 < course.beta || sigma_presses).then_some(Unclear::Pressed)
    }
}

/// Whether the noise that a loss states is well above the errors of the model.
fn is_pressing(sigma: Option<f64>, error: f64) -> bool {
    sigma.is_some_and(|sigma| 1.5 * error < sigma)
}

/// Designs as rows, less what their conditions predict.
fn without_conditions(designs: &Targets<'_>, chosen: &[usize], pixels: &Mat<f64>) -> Mat<f64> {
    let table = designs.conditions(chosen).mapv(f64::from);
    if table.ncols() == 0 {
        return centered(pixels.as_ref());
    }
    let deviations: Vec<f64> = table.columns().into_iter().map(|column| column.std(0.0)).collect();
    let inputs = Mat::from_fn(table.ncols(), table.nrows(), |column, i| {
        let deviation = deviations[column];
        if 0.0 < deviation { table[(i, column)] / deviation } else { 0.0 }
    });
    KernelRidge::fit(inputs, pixels).left_out
}

fn difference(rows: &Mat<f64>, designs: &Array3<f32>) -> Mat<f64> {
    let width = designs.len_of(ndarray::Axis(2));
    Mat::from_fn(rows.nrows(), rows.ncols(), |i, pixel| {
        rows[(i, pixel)] - f64::from(designs[(i, pixel / width, pixel % width)])
    })
}

fn centered(rows: MatRef<'_, f64>) -> Mat<f64> {
    let n = rows.nrows().max(1) as f64;
    let means: Vec<f64> = rows.col_iter().map(|column| column.iter().sum::<f64>() / n).collect();
    Mat::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] - means[j])
}

/// The leading principal directions of one half of some rows, with the variance of the other half
/// along each. For pure noise that variance is unbiased, while the eigenvalues of the sample itself
/// are too large.
struct Directions {
    /// One column each.
    vectors: Mat<f64>,
    variances: Vec<f64>,
    /// Number of rows that the variances are computed from.
    n: usize,
}

fn directions(rows: &Mat<f64>, count: usize) -> Directions {
    let half = |parity: usize| {
        let own = Mat::from_fn((rows.nrows() + 1 - parity) / 2, rows.ncols(), |i, j| {
            rows[(2 * i + parity, j)]
        });
        centered(own.as_ref())
    };
    let (a, b) = (half(0), half(1));
    // Fails only on values that are not finite, which reading refuses.
    let eigen = (&a * a.transpose()).self_adjoint_eigen(Side::Lower).expect("finite values");
    let count = count.min(a.nrows());
    // Ascending: the last are the largest.
    let weights = Mat::from_fn(a.nrows(), count, |i, k| eigen.U()[(i, a.nrows() - 1 - k)]);
    let mut vectors = a.transpose() * weights;
    for vector in vectors.col_iter_mut() {
        let length = vector.norm_l2();
        if 0.0 < length {
            vector.iter_mut().for_each(|value| *value /= length);
        }
    }
    let along = &b * &vectors;
    let variances =
        along.col_iter().map(|c| c.squared_norm_l2() / (b.nrows() as f64).max(1.0)).collect();
    Directions { vectors, variances, n: b.nrows() }
}

impl Directions {
    /// Number of directions whose variance exceeds the noise along them by three standard errors of
    /// the estimate, and is at least `least`.
    fn worth(&self, noise: &[f64], least: f64) -> usize {
        let margin = 1.0 - 3.0 * (2.0 / self.n.max(1) as f64).sqrt();
        let counts = self.vectors.col_iter().zip(&self.variances).filter(|(vector, variance)| {
            let along: f64 = vector.iter().zip(noise).map(|(v, noise)| v * v * noise).sum();
            along < **variance * margin && least <= **variance
        });
        counts.count()
    }
}

/// Mean over the designs of the KL of each dimension.
fn mean_kl(means: &Array2<f32>, log_vars: &Array2<f32>) -> Vec<f64> {
    let n = (means.nrows() as f64).max(1.0);
    let columns = means.columns().into_iter().zip(log_vars.columns());
    let kl = |(&mean, &log_var): (&f32, &f32)| {
        let normal = Normal::from_log_var(f64::from(mean), f64::from(log_var));
        normal.map_or(f64::NAN, |normal| normal.kl_to_standard())
    };
    columns.map(|(means, log_vars)| means.iter().zip(log_vars).map(kl).sum::<f64>() / n).collect()
}

/// The first epoch from which on the KL of a dimension stayed below [`SILENT`].
fn silent_since(epochs: &[EpochKl], dim: usize) -> Option<u64> {
    let kl = |epoch: &EpochKl| epoch.kl_per_dim.get(dim).copied().unwrap_or(f64::INFINITY);
    let silent = epochs.iter().rev().take_while(|epoch| kl(epoch) < SILENT);
    silent.last().map(|epoch| epoch.epoch)
}

/// The largest KL of a dimension in epochs that ended with a KL weight below `beta`.
fn peak(epochs: &[EpochKl], dim: usize, beta: f64) -> Option<f64> {
    let below = epochs.iter().filter(|epoch| epoch.beta < beta);
    below.filter_map(|epoch| epoch.kl_per_dim.get(dim).copied()).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use rand::Rng;
    use rand_distr::StandardNormal;
    use vae_base::stream;

    use super::*;

    /// `x = Σ √λ_k z_k e_k + σ ε`: as many directions are worth a dimension as there are `λ_k + σ²`
    /// above βσ².
    #[test]
    fn directions_of_a_linear_gaussian_model_are_counted() {
        let (n, pixels, sigma) = (400, 60, 0.3_f64);
        let spectrum = [9.0_f64, 4.0, 1.0];
        let mut rng = stream(5, "test", 0);
        let mut rows = Mat::zeros(n, pixels);
        for i in 0..n {
            for j in 0..pixels {
                let deviation = spectrum.get(j).map_or(0.0, |variance| variance.sqrt());
                let (z, eps): (f64, f64) = (rng.sample(StandardNormal), rng.sample(StandardNormal));
                rows[(i, j)] = deviation * z + sigma * eps;
            }
        }
        let found = directions(&rows, 8);
        for (k, expected) in spectrum.iter().enumerate() {
            let variance = found.variances[k] / (expected + sigma * sigma);
            assert!((variance - 1.0).abs() < 0.3, "{k}: {variance}");
        }
        // Beyond the factors: the variance of the noise, although each sample eigenvalue is larger.
        assert!(found.variances[3..].iter().all(|v| (v / (sigma * sigma) - 1.0).abs() < 0.35));
        for (beta, expected) in [(1.0, 3), (8.0, 3), (25.0, 2), (60.0, 1), (200.0, 0)] {
            let noise = vec![beta * sigma * sigma; pixels];
            assert_eq!(found.worth(&noise, 0.0), expected, "β = {beta}");
        }
        assert_eq!(found.worth(&vec![0.09; pixels], 2.0), 2, "the third is too small to matter");
    }

    fn epoch(epoch: u64, beta: f64, kl: f64) -> EpochKl {
        EpochKl { epoch, beta, bound: 0.0, kl_per_dim: vec![kl] }
    }

    #[test]
    fn a_run_is_long_enough_when_its_bound_has_settled() {
        let course = |steps, bounds: &[f64]| {
            let one = |(i, &bound)| EpochKl { bound, ..epoch(i as u64 + 1, 1.0, 0.0) };
            let epochs = bounds.iter().enumerate().map(one).collect();
            Course { steps: Some(steps), epochs, ..Course::default() }
        };
        let settling = |rate: f64| -> Vec<f64> {
            (0..30).map(|i| -200.0 - 1000.0 * (-rate * f64::from(i)).exp()).collect()
        };
        assert!(course(2400, &settling(0.05)).is_short());
        assert!(!course(2400, &settling(0.4)).is_short());
        assert!(course(90, &settling(0.4)).is_short(), "too few steps");
        assert!(course(2400, &[-300.0]).is_short(), "nothing to compare with");
        assert!(course(2400, &[-900.0, -500.0, -300.0]).is_short());
        assert!(!course(2400, &[-300.0; 8]).is_short());
        assert!(!Course::default().is_short(), "nothing is known of an imported run");
    }

    #[test]
    fn silence_has_a_beginning() {
        let log = [(1, 0.1, 0.0), (2, 0.5, 3.0), (3, 1.0, 0.5), (4, 1.0, 0.01), (5, 1.0, 0.0)]
            .map(|(number, beta, kl)| epoch(number, beta, kl));
        assert_eq!(silent_since(&log, 0), Some(4));
        assert_eq!(silent_since(&log[..3], 0), None);
        assert_eq!(silent_since(&[], 0), None);
        assert_eq!((peak(&log, 0, 1.0), peak(&log, 0, 0.3)), (Some(3.0), Some(0.0)));
    }

    #[test]
    fn nothing_is_unclear_of_a_long_run_on_many_designs_under_no_pressure() {
        let unclear = |steps, beta, n, sigma_presses| {
            let bounds = [(1, 0.0), (2, 10.0), (3, 10.0), (4, 10.0)];
            let epoch = |(epoch, bound)| EpochKl { epoch, beta, bound, kl_per_dim: Vec::new() };
            let epochs = bounds.map(epoch).to_vec();
            let course = Course { beta, implied_sigma: None, steps: Some(steps), epochs };
            why_unclear(&course, n, sigma_presses)
        };
        assert_eq!(unclear(1000, 1.0, 500, false), None);
        assert_eq!(unclear(50, 1.0, 500, false), Some(Unclear::ShortRun));
        assert_eq!(unclear(1000, 1.0, 50, false), Some(Unclear::FewDesigns));
        assert_eq!(unclear(1000, 4.0, 500, false), Some(Unclear::Pressed));
        assert_eq!(unclear(1000, 1.0, 500, true), Some(Unclear::Pressed));
        assert!(is_pressing(Some(0.2), 0.1) && !is_pressing(Some(0.1), 0.1));
        assert!(!is_pressing(None, 0.1));
    }
}
