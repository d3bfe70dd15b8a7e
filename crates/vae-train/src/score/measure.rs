//! The unit of a likelihood, so that only comparable numbers are compared.

use serde::Serialize;
use vae_models::{Likelihood, Vae};
use vae_prob::{binary_entropy, bits_per_dim};

use crate::data::{TargetKind, Targets};
use crate::error::Result;

/// What a log-likelihood is the logarithm of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// A probability of designs of 0 and 1: nats.
    BinaryMass,
    /// A probability of designs of 256 grey levels: bits per pixel.
    LevelMass,
    /// A density of such designs with uniform noise of one level: bits per pixel, 8 added, which
    /// bound those of the levels from above.
    DequantizedDensity,
    /// A density of the designs as they are: nats, comparable with other densities of the same
    /// designs only.
    Density,
    /// No likelihood: a cross-entropy of grey designs, or a squared error.
    None,
}

impl Measure {
    /// The measure of a likelihood on such targets; `binary_data` tells whether every target is
    /// 0 or 1 whatever their kind.
    ///
    /// It is [`Measure::None`] where a bound on the likelihood is no bound on ln p(x): a Bernoulli
    /// on grey values is a cross-entropy, and the squared error is no distribution.
    pub fn of(likelihood: Likelihood, targets: TargetKind, binary_data: bool) -> Self {
        match (likelihood, targets) {
            (Likelihood::Bernoulli, _) if binary_data || targets.is_binary() => Self::BinaryMass,
            (Likelihood::Bernoulli | Likelihood::SquaredError, _) => Self::None,
            (Likelihood::DiscretizedLogistic { .. }, _) => Self::LevelMass,
            (_, TargetKind::Dequantized) => Self::DequantizedDensity,
            _ => Self::Density,
        }
    }

    /// A log-likelihood in nats per design as bits per pixel, for designs of so many pixels; `None`
    /// if that is not a code length of 8-bit data.
    pub fn bits_per_pixel(self, log_likelihood: f64, pixels: usize) -> Option<f64> {
        let bits = bits_per_dim(-log_likelihood, pixels);
        match self {
            Self::LevelMass => Some(bits),
            Self::DequantizedDensity => Some(bits + 8.0),
            Self::BinaryMass | Self::Density | Self::None => None,
        }
    }

    /// A standard error of such a log-likelihood, in bits per pixel.
    pub fn bits_per_pixel_error(self, standard_error: f64, pixels: usize) -> Option<f64> {
        self.bits_per_pixel(0.0, pixels).map(|_| bits_per_dim(standard_error, pixels))
    }

    /// What such a log-likelihood is, as the end of a sentence.
    pub fn spoken(self) -> &'static str {
        match self {
            Self::BinaryMass => "a probability of designs of 0 and 1, in nats per design",
            Self::LevelMass => "a probability of designs of 256 grey levels, in bits per pixel",
            Self::DequantizedDensity => {
                "a density of 256 grey levels with uniform noise of one level, in bits per pixel of the levels (8 added)"
            }
            Self::Density => {
                "a density, in nats per design: not comparable with probabilities, nor with other data"
            }
            Self::None => "no likelihood, so there is no bound",
        }
    }
}

/// The value that a cross-entropy cannot fall below: the mean over designs of `Σ H(x)`, summed over
/// active pixels, in nats.
///
/// # Errors
/// When a design cannot be read.
pub fn cross_entropy_floor(designs: &Targets<'_>, indices: &[usize]) -> Result<f64> {
    let mut sum = 0.0;
    for index in indices {
        let pixels = designs.read(&[*index])?;
        for (position, &value) in pixels.values.iter().enumerate() {
            if pixels.active.as_ref().is_none_or(|active| 0.0 < active[position]) {
                sum += binary_entropy(f64::from(value));
            }
        }
    }
    Ok(sum / (indices.len() as f64).max(1.0))
}

/// Number of active pixels per design, on average: all pixels if designs have no mask.
///
/// # Errors
/// When a design cannot be read.
pub fn active_pixels(vae: &Vae, designs: &Targets<'_>, indices: &[usize]) -> Result<usize> {
    let all = vae.config().height * vae.config().width;
    let mut sum = 0.0;
    for index in indices {
        let active = designs.read(&[*index])?.active;
        sum += active.map_or(all as f64, |active| active.iter().map(|&a| f64::from(a)).sum());
    }
    Ok((sum / (indices.len() as f64).max(1.0)).round() as usize)
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use vae_data::{DataSet, Details};
    use vae_prob::{Bernoulli, ContinuousBernoulli, Normal};

    use super::*;

    #[test]
    fn only_codes_of_eight_bit_data_have_bits() {
        // One fair coin per bit of a level, whichever way it is said.
        let nats = -100.0 * 8.0 * std::f64::consts::LN_2;
        assert_eq!(Measure::LevelMass.bits_per_pixel(nats, 100), Some(8.0));
        assert_eq!(Measure::DequantizedDensity.bits_per_pixel(0.0, 100), Some(8.0));
        // An error is a difference: it is scaled, and nothing is added.
        for measure in [Measure::LevelMass, Measure::DequantizedDensity] {
            let bits = |nats| measure.bits_per_pixel(nats, 100).unwrap();
            let error = measure.bits_per_pixel_error(3.0, 100).unwrap();
            assert!((error - (bits(-53.0) - bits(-50.0))).abs() < 1e-12, "{error}");
        }
        for measure in [Measure::BinaryMass, Measure::Density, Measure::None] {
            assert_eq!(measure.bits_per_pixel(nats, 100), None);
            assert_eq!(measure.bits_per_pixel_error(1.0, 100), None);
        }
    }

    /// Simpson's rule on [0, 1].
    fn integral(f: impl Fn(f64) -> f64) -> f64 {
        let n = 64;
        let weight = |i| if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
        (0..=n).map(|i| weight(i) * f(f64::from(i) / f64::from(n))).sum::<f64>() / f64::from(3 * n)
    }

    /// `∫ ln p((k + u)/256) du − ln 256 ≤ ln P(k)`, the mass of a level by quadrature: bits of
    /// dequantized levels are never too few, and the same where the density is even.
    #[test]
    fn bits_of_dequantized_levels_bound_those_of_their_masses() {
        let coin = |logit| {
            let law = ContinuousBernoulli::from_logit(logit).unwrap();
            Box::new(move |x: f64| law.log_prob(x)) as Box<dyn Fn(f64) -> f64>
        };
        let normal = |mean, sigma: f64| {
            let law = Normal::from_log_var(mean, 2.0 * sigma.ln()).unwrap();
            Box::new(move |x: f64| law.log_prob(x)) as Box<dyn Fn(f64) -> f64>
        };
        let laws = [
            (coin(0.0), 0.0),
            (coin(-40.0), 1e-4),
            (coin(900.0), 1e-2),
            (normal(0.5, 0.05), 1e-4),
            (normal(0.98, 0.2), 1e-6),
        ];
        for (i, (log_density, least)) in laws.iter().enumerate() {
            let (mut total, mut largest) = (0.0, 0.0_f64);
            for level in 0..256 {
                let at = |u: f64| log_density((f64::from(level) + u) / 256.0);
                let mass = integral(|u| at(u).exp()) / 256.0;
                total += mass;
                // Of what would underflow there is no logarithm.
                if mass < 1e-300 {
                    continue;
                }
                let bound = Measure::DequantizedDensity.bits_per_pixel(integral(at), 1).unwrap();
                let exact = Measure::LevelMass.bits_per_pixel(mass.ln(), 1).unwrap();
                assert!(-1e-9 < bound - exact, "law {i}, level {level}: {bound} below {exact}");
                largest = largest.max(bound - exact);
            }
            assert!(*least <= largest && (0.0 < *least || largest < 1e-12), "law {i}: {largest}");
            assert!(total < 1.0 + 1e-6, "law {i}: all levels together have {total}");
        }
    }

    /// The cross-entropy of any probabilities is no less; that of the densities themselves is it.
    #[test]
    fn the_floor_of_a_cross_entropy_is_reached_by_the_densities_only() {
        let rows = [[0.0_f32, 0.3, 1.0], [0.5, 0.9, 0.02]];
        let designs = Array3::from_shape_fn((2, 1, 3), |(i, _, column)| rows[i][column]);
        let data = DataSet::new("grey", designs, Details::default()).unwrap();
        let targets = Targets::new(&data, TargetKind::Grey, Vec::new());
        let floor = cross_entropy_floor(&targets, &[0, 1]).unwrap();
        let cross_entropy = |shift: f64| {
            let pixel = |&x: &f32| {
                let density = f64::from(x).clamp(1e-15, 1.0 - 1e-15);
                let logit = (density / (1.0 - density)).ln() + shift;
                Bernoulli::from_logit(logit).unwrap().cross_entropy(f64::from(x))
            };
            rows.iter().flatten().map(pixel).sum::<f64>() / 2.0
        };
        assert!((cross_entropy(0.0) - floor).abs() < 1e-12, "{floor}");
        for shift in [-2.0, -0.1, 0.1, 3.0] {
            assert!(floor + 1e-3 < cross_entropy(shift), "{shift}");
        }
    }
}
