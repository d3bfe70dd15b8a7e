//! What is known of the course of a training, as series over optimizer steps.

/// Values of a quantity by optimizer step, in ascending order of the steps. A curve has a gap where
/// the value is `None` or not finite.
pub type Series = Vec<(u64, Option<f64>)>;

/// One quantity on both splits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Splits {
    /// Means over the training batches of each epoch.
    pub training: Series,
    /// Means over the validation split at the end of each epoch.
    pub validation: Series,
}

/// The course of a training. Series without values give empty panels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Training {
    /// Number of finished epochs.
    pub epochs: usize,
    /// Evidence lower bound, nats per design. If the validation series has no values, the
    /// likelihood is not normalized for the data, and the loss is drawn in its place.
    pub bound: Splits,
    /// The objective on each batch, per design.
    pub loss: Series,
    /// Expected log-likelihood, nats per design.
    pub log_likelihood: Splits,
    /// KL divergence from the prior, nats per design.
    pub kl: Splits,
    /// KL divergence of each latent dimension on the validation split, nats per design.
    pub kl_by_dimension: Vec<Series>,
    /// Mean squared error per pixel of the reconstructions of the validation split.
    pub mse: Series,
    /// Intersection over union of the reconstructions of the validation split.
    pub iou: Series,
    /// The learning rate.
    pub learning_rate: Series,
    /// The weight β of the KL divergence in the objective.
    pub kl_weight: Series,
    /// The norm of the whole gradient before clipping.
    pub gradient_norm: Series,
}

impl Training {
    /// Whether the likelihood is normalized for the data, so that there is a bound; unknown, and
    /// `false`, before the first epoch ends.
    pub(crate) fn states_a_bound(&self) -> bool {
        self.bound.validation.iter().any(|(_, value)| value.is_some())
    }

    /// The last step of any series; `None` if nothing was recorded.
    pub(crate) fn last_step(&self) -> Option<u64> {
        let splits = [&self.bound, &self.log_likelihood, &self.kl];
        let both = splits.into_iter().flat_map(|splits| [&splits.training, &splits.validation]);
        let others = [
            &self.loss,
            &self.mse,
            &self.iou,
            &self.learning_rate,
            &self.kl_weight,
            &self.gradient_norm,
        ];
        let all = both.chain(others).chain(&self.kl_by_dimension);
        all.flatten().map(|&(step, _)| step).max()
    }
}
