//! Batch normalization of images.

use crate::error::{Error, at_least_one};
use crate::network::{self, Layer, Statistics};
use candle_core::{DType, ModuleT, Result, Tensor};
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

    /// Layer over `channels` channels; new ones start as the identity: weight 1, bias 0, running
    /// mean 0 and variance 1.
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

    /// `(B, C, H, W) → (B, C, H, W)`, with the statistics of the batch if `train`, which also
    /// updates the running ones.
    ///
    /// # Errors
    /// If the shape does not fit, or there is only one value per channel in training (a batch of
    /// one image is fine as long as it has more than one pixel).
    ///
    /// # Accuracy
    /// Sums are taken of differences from a value of the batch, so a large mean costs no digits;
    /// parts of a batch are put together in f64.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{DType, Device, Tensor};
    /// use vae_nn::{BatchNorm2d, Parameters};
    ///
    /// let parameters = Parameters::new(1, DType::F64, Device::Cpu);
    /// let norm = BatchNorm2d::new(1, parameters.var_builder())?;
    /// let xs = Tensor::new(&[[[[1.0_f64, 3.0]]]], &Device::Cpu)?;
    /// let ys = norm.forward_t(&xs, true)?.flatten_all()?.to_vec1::<f64>()?;
    /// assert!((ys[0] + 1.0).abs() < 1e-5 && (ys[1] - 1.0).abs() < 1e-5);
    /// // A tenth of the way from (0, 1) to the mean 2 and the unbiased variance 2.
    /// assert!((norm.running_mean().to_vec1::<f64>()?[0] - 0.2).abs() < 1e-12);
    /// assert!((norm.running_var().to_vec1::<f64>()?[0] - 1.1).abs() < 1e-12);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    ///
    /// # References
    /// S. Ioffe, C. Szegedy, Batch Normalization, 2015, algorithm 1.
    pub fn forward_t(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        network::run(&[Layer::BatchNorm2d(self.clone())], xs, train)
    }

    /// # Errors
    /// If the channels are others.
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

impl ModuleT for BatchNorm2d {
    fn forward_t(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        self.forward_t(xs, train)
    }
}
