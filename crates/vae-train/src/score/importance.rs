//! How far an importance-weighted bound can be trusted.

use vae_prob::ImportanceEstimate;

/// How good an importance-weighted bound (`iwae`) is as an estimate of ln p(x), judged by its own
/// draws.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Importance {
    /// Standard error of `iwae` from the draws of z, in nats; `None` for a single
    /// draw.
    pub standard_error: Option<f64>,
    /// How far `iwae` lies below ln p(x) in expectation, by the delta method, in nats; `None`
    /// for a single draw.
    pub bias: Option<f64>,
    /// Median over the designs of the number of equally weighted draws that would be worth as much.
    pub effective_sample_size: f64,
    /// Its smallest value.
    pub smallest_effective_sample_size: f64,
    /// Share of the designs where it is below 2, so that one draw decides and the bound is loose.
    pub loose_share: f64,
}

impl Importance {
    /// Of the estimates of all designs.
    pub(crate) fn of(estimates: &[ImportanceEstimate]) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

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
