//! Whether pixels scatter around reconstructions as a Gaussian model states.

use candle_core::DType;
use vae_models::Vae;

use crate::data::Pixels;
use crate::error::Result;

/// Whether pixels scatter around reconstructions as the Gaussian of the model says, z drawn from
/// q(z|x).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Calibration {
    /// The stated deviation of a pixel.
    pub sigma: f64,
    /// `√(mean (x − m)²) / σ`: 1 if the pixels scatter as stated, above 1 if the model is
    /// overconfident.
    pub ratio: f64,
    /// Share of the pixels within σ of their reconstruction; 0.683 if they are normal.
    pub within_1: f64,
    /// Share of the pixels within 2 σ; 0.954 if they are normal.
    pub within_2: f64,
}

/// Running sums of how pixels scatter around reconstructions, in units of the stated deviation.
pub(crate) struct Scatter {
    sigma: f64,
    squares: f64,
    within: [usize; 2],
    pixels: usize,
}

impl Scatter {
    /// Sums of nothing yet; `None` for a model that states no deviation.
    pub(crate) fn of(vae: &Vae) -> Result<Option<Self>> {
        let Some(sigma) = vae.sigma()? else { return Ok(None) };
        let sigma = sigma.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        Ok(Some(Self { sigma, squares: 0.0, within: [0, 0], pixels: 0 }))
    }

    /// Adds several designs with their reconstructions.
    pub(crate) fn add(&mut self, targets: &Pixels, reconstructions: &[f32]) {
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

    /// What the sums say.
    pub(crate) fn calibration(&self) -> Calibration {
        let n = (self.pixels as f64).max(1.0);
        let [within_1, within_2] = self.within.map(|count| count as f64 / n);
        Calibration { sigma: self.sigma, ratio: (self.squares / n).sqrt(), within_1, within_2 }
    }
}

#[cfg(test)]
mod tests {
    use vae_prob::IsotropicNormal;

    use super::*;

    fn waves(n: usize, shift: f32) -> Vec<f32> {
        (0..n).map(|i| 0.5 + 0.5 * (i as f32 + shift).sin()).collect()
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
}
