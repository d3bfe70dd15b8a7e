//! Which tensors a network has, known before any of them is allocated.

use crate::architecture::config::ModelConfig;
use crate::architecture::modules::Layer;

impl ModelConfig {
    /// Name and shape of every floating-point tensor of the network, running statistics included,
    /// sorted by name.
    ///
    /// The names are those of the equal PyTorch module (`encoder.0.weight`, `fc_mu.bias`, …), whose
    /// `state_dict` has in addition an integer scalar `num_batches_tracked` per batch
    /// normalization.
    ///
    /// # Examples
    /// ```
    /// let shapes = vae_models::ModelConfig::pool(64, 64, Vec::new()).parameter_shapes();
    /// assert!(shapes.contains(&("encoder.3.weight".to_owned(), vec![64, 32, 3, 3])));
    /// assert!(shapes.contains(&("decoder.4.weight".to_owned(), vec![32, 1, 4, 4])));
    /// ```
    pub fn parameter_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let mut shapes: Vec<_> = self
            .modules()
            .into_iter()
            .flat_map(|(name, layer)| {
                layer
                    .tensors()
                    .into_iter()
                    .map(move |(tensor, shape)| (format!("{name}.{tensor}"), shape))
            })
            .collect();
        shapes.extend(self.likelihood.tensor().map(|(name, shape)| (name.to_owned(), shape)));
        shapes.sort();
        shapes
    }

    /// Number of values that training changes: weights and biases, without running statistics.
    ///
    /// # Examples
    /// ```
    /// use vae_models::{ConditionStats, ModelConfig};
    ///
    /// let volume = ConditionStats::from_values("volume_fraction", "", &[0.2, 0.8]).ok_or("empty")?;
    /// assert_eq!(ModelConfig::tutorial(128, 128, vec![volume]).weight_count(), 917_225);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn weight_count(&self) -> usize {
        let trained =
            |name: &str| !name.ends_with("running_mean") && !name.ends_with("running_var");
        let shapes = self.parameter_shapes();
        let weights = shapes.iter().filter(|(name, _)| trained(name));
        weights.map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }

    /// Names of the batch normalizations, sorted.
    pub(crate) fn norms(&self) -> Vec<String> {
        let mut norms: Vec<_> = self
            .modules()
            .into_iter()
            .filter(|(_, layer)| matches!(layer, Layer::Norm { .. }))
            .map(|(name, _)| name)
            .collect();
        norms.sort();
        norms
    }
}
