//! Residual blocks.

use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use crate::architecture::modules::Layer;
use crate::network::sequential::Sequential;

/// Blocks `x + f(x)`, one after the other.
///
/// # References
/// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016; without
/// normalization.
#[derive(Debug)]
pub(super) struct ResidualBlocks(Vec<Sequential>);

impl ResidualBlocks {
    /// Given the layers f of each block.
    pub(super) fn new(name: &str, blocks: &[Vec<Layer>], vb: &VarBuilder<'_>) -> Result<Self> {
        let named = blocks.iter().enumerate().map(|(i, block)| {
            Sequential::new(&[(format!("{name}.{i}").as_str(), block.clone())], vb)
        });
        Ok(Self(named.collect::<Result<_>>()?))
    }

    pub(super) fn forward(&self, xs: Tensor, train: bool) -> Result<Tensor> {
        self.0.iter().try_fold(xs, |xs, block| &xs + block.forward(&xs, train)?)
    }
}
