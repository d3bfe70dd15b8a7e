//! Batch normalization of images.

use crate::error::{Error, at_least_one};
use candle_core::{DType, Result, Tensor};
use candle_nn::{Init, VarBuilder};

const OP: &str = "batch_norm2d";

/// Batch normalization over batch, height and width, as PyTorch's with its default settings
/// (momentum 0.1, ε = 1e-5).
///
/// In training `y = (x − m) / √(v + ε) · weight + bias` with the mean `m` and the biased variance
/// `v` of the batch, and the running statistics move by a tenth towards `m` and the unbiased
/// variance. In evaluation the running statistics take the place of `m` and `v`. The parameters are
/// `weight`, `bias`, `running_mean` and `running_var`.
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm2d {
    /// Share of the batch in a new running statistic.
    pub const MOMENTUM: f64 = 0.1;
    /// Added to the variance.
    pub const EPS: f64 = 1e-5;

    /// Layer over `channels` channels. A new layer is the identity: weight 1, bias 0, running mean
    /// 0 and variance 1.
    ///
    /// # Errors
    /// If `channels` is 0, or `vb` holds a tensor of another shape.
    #[expect(clippy::needless_pass_by_value, reason = "candle's layers take the builder by value")]
    pub fn new(channels: usize, vb: VarBuilder) -> Result<Self> {
        at_least_one("channels", channels)?;
        let get = |name, value| vb.get_with_hints(channels, name, Init::Const(value));
        Ok(Self {
            weight: get("weight", 1.0)?,
            bias: get("bias", 0.0)?,
            running_mean: get("running_mean", 0.0)?,
            running_var: get("running_var", 1.0)?,
        })
    }

    /// The scale, `(C,)`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The shift, `(C,)`.
    pub fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// The mean used in evaluation, `(C,)`; changed in place by training.
    pub fn running_mean(&self) -> &Tensor {
        &self.running_mean
    }

    /// The variance used in evaluation, `(C,)`; changed in place by training.
    pub fn running_var(&self) -> &Tensor {
        &self.running_var
    }

    /// Checks whether images of this shape can be normalized.
    ///
    /// # Errors
    /// If the number of channels differs, or each channel has a single value in training.
    pub(crate) fn check(&self, dims: &[usize; 4], train: bool) -> Result<()> {
        let channels = self.weight.elem_count();
        let [batch, actual, height, width] = *dims;
        if actual != channels {
            let expected = format!("(B, {channels}, H, W)");
            return Err(Error::Shape { op: OP, expected, actual: dims.to_vec() }.into());
        }
        if train && batch * height * width < 2 {
            return Err(Error::SingleValue { actual: dims.to_vec() }.into());
        }
        Ok(())
    }

    /// The running statistics.
    pub(crate) fn running(&self) -> Result<Statistics> {
        let values = |tensor: &Tensor| tensor.to_dtype(DType::F64)?.to_vec1();
        Ok(Statistics { mean: values(&self.running_mean)?, var: values(&self.running_var)? })
    }

    /// Moves the running statistics, in place, towards mean and biased variance of a batch of `n`
    /// values per channel.
    pub(crate) fn learn(&self, mean: &Tensor, var: &Tensor, n: usize) -> Result<()> {
        let unbiased = n as f64 / (n - 1) as f64;
        for (running, batch, factor) in
            [(&self.running_mean, mean, 1.0), (&self.running_var, var, unbiased)]
        {
            let old = running.detach().to_dtype(batch.dtype())?;
            let new =
                (old * (1.0 - Self::MOMENTUM))? + (batch.detach() * (Self::MOMENTUM * factor))?;
            running.slice_set(&new?.to_dtype(running.dtype())?, 0, 0)?;
        }
        Ok(())
    }
}

/// Mean and biased variance per channel.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    pub(crate) mean: Vec<f64>,
    pub(crate) var: Vec<f64>,
}

impl Statistics {
    /// One over the standard deviation of a channel.
    pub(crate) fn inv_std(&self, channel: usize) -> f64 {
        1.0 / (self.var[channel] + BatchNorm2d::EPS).sqrt()
    }
}
