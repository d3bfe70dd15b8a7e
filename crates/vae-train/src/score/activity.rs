//! Which latent dimensions a model uses.

use ndarray::Array2;

/// A latent dimension is active if its posterior mean varies more than this over the data.
/// Burda, Grosse & Salakhutdinov 2016, "Importance weighted autoencoders", section 5.2.
const ACTIVE_VARIANCE: f64 = 0.01;

/// Variance over the data of each dimension of the posterior means, `Var_x(E_q[z_u|x])`.
pub fn unit_activity(means: &Array2<f32>) -> Vec<f64> {
    means.mapv(f64::from).columns().into_iter().map(|column| column.var(0.0)).collect()
}

/// Number of active units among those variances.
pub fn active_units(activity: &[f64]) -> usize {
    activity.iter().filter(|&&variance| is_active(variance)).count()
}

/// Whether a dimension of this variance is active.
pub(crate) fn is_active(variance: f64) -> bool {
    ACTIVE_VARIANCE < variance
}
