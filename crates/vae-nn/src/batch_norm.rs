//! Batch normalization of images.

use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::{Error, at_least_one};
use crate::kernels::parallel::{sum, sum_of};
use crate::kernels::simd::wide;
use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CustomOp3, InplaceOp1, Layout, ModuleT, Result, Shape, Tensor, WithDType,
};
use candle_nn::{Init, VarBuilder};
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};

const OP: &str = "batch_norm2d";

/// Batch normalization over batch, height and width, as PyTorch's with its default settings (momentum 0.1, ε = 1e-5).
///
/// In training `y = (x − m) / √(v + ε) · weight + bias` with the mean `m` and the biased variance `v` of the batch, and the
/// running statistics move by a tenth towards `m` and the unbiased variance. In evaluation the running statistics take
/// the place of `m` and `v`. The parameters are `weight`, `bias`, `running_mean` and `running_var`.
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

    /// Layer over `channels` channels; new ones start as the identity: weight 1, bias 0, running mean 0 and variance 1.
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

    /// `(B, C, H, W) → (B, C, H, W)`, with the statistics of the batch if `train`, which also updates the running ones.
    ///
    /// # Errors
    /// If the shape does not fit, or there is only one value per channel in training (a batch of one image is fine as
    /// long as it has more than one pixel).
    ///
    /// # Accuracy
    /// Means and variances are summed in f64, in two passes.
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
        // A slope of 1 is no activation.
        self.forward_leaky_relu(xs, train, 1.0)
    }

    /// [`BatchNorm2d::forward_t`] followed by [`leaky_relu`](crate::leaky_relu), in one operation: the same values and gradients
    /// with half the passes over memory.
    ///
    /// # Errors
    /// As [`BatchNorm2d::forward_t`].
    ///
    /// # Examples
    /// ```
    /// use candle_core::{DType, Device, Tensor};
    /// use vae_nn::{BatchNorm2d, Parameters, leaky_relu};
    ///
    /// let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    /// let norm = BatchNorm2d::new(1, parameters.var_builder())?;
    /// let xs = Tensor::new(&[[[[1.0_f32, 3.0, -2.0]]]], &Device::Cpu)?;
    /// let fused = norm.forward_leaky_relu(&xs, true, 0.01)?;
    /// let composed = leaky_relu(&norm.forward_t(&xs, true)?, 0.01)?;
    /// assert_eq!(fused.flatten_all()?.to_vec1::<f32>()?, composed.flatten_all()?.to_vec1::<f32>()?);
    /// # Ok::<(), candle_core::Error>(())
    /// ```
    pub fn forward_leaky_relu(&self, xs: &Tensor, train: bool, slope: f64) -> Result<Tensor> {
        let channels = self.weight.elem_count();
        let [batch, xs_channels, height, width] = *xs.dims() else {
            return Err(self.shape_error(xs));
        };
        if xs_channels != channels || height * width == 0 {
            return Err(self.shape_error(xs));
        }
        let n = batch * height * width;
        if train && n < 2 {
            return Err(Error::SingleValue { actual: xs.dims().to_vec() }.into());
        }
        let statistics = if train {
            Arc::default()
        } else {
            let mean = self.running_mean.to_dtype(candle_core::DType::F64)?.to_vec1()?;
            let var = self.running_var.to_dtype(candle_core::DType::F64)?.to_vec1()?;
            Arc::new(OnceLock::from(Statistics { mean, var }))
        };
        let op = BatchNormOp {
            channels,
            pixels: height * width,
            train,
            slope,
            statistics: statistics.clone(),
        };
        let ys = xs.contiguous()?.apply_op3(&self.weight, &self.bias, op)?;
        if let (true, Some(Statistics { mean, var })) = (train, statistics.get()) {
            let unbiased = n as f64 / (n - 1) as f64;
            self.running_mean.inplace_op1(&Towards { target: mean, factor: 1.0 })?;
            self.running_var.inplace_op1(&Towards { target: var, factor: unbiased })?;
        }
        Ok(ys)
    }

    fn shape_error(&self, xs: &Tensor) -> candle_core::Error {
        let expected = format!("(B, {}, H, W)", self.weight.elem_count());
        Error::Shape { op: OP, expected, actual: xs.dims().to_vec() }.into()
    }
}

impl ModuleT for BatchNorm2d {
    fn forward_t(&self, xs: &Tensor, train: bool) -> Result<Tensor> {
        self.forward_t(xs, train)
    }
}

/// Mean and biased variance per channel.
struct Statistics {
    mean: Vec<f64>,
    var: Vec<f64>,
}

struct BatchNormOp {
    channels: usize,
    /// Values per image and channel.
    pixels: usize,
    /// Whether the statistics are those of the input, so that the gradient goes through them.
    train: bool,
    /// Factor on negative results.
    slope: f64,
    /// Set from the start in evaluation, by the forward pass in training.
    statistics: Arc<OnceLock<Statistics>>,
}

impl BatchNormOp {
    /// The planes of one channel, one per image.
    fn planes<'a, T>(
        &self,
        xs: &'a [T],
        channel: usize,
    ) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
        xs.chunks_exact(self.pixels).skip(channel).step_by(self.channels)
    }

    fn measure<T: Element>(&self, xs: &[T]) -> Statistics {
        let n = (xs.len() / self.channels) as f64;
        let (mean, var) = (0..self.channels)
            .into_par_iter()
            .map(|channel| {
                let mean = self.planes(xs, channel).map(sum).sum::<f64>() / n;
                let square = move |x: T| (x.wide() - mean) * (x.wide() - mean);
                let squares: f64 =
                    self.planes(xs, channel).map(|plane| sum_of(plane, square)).sum();
                (mean, squares / n)
            })
            .unzip();
        Statistics { mean, var }
    }

    fn forward<T: Element>(&self, xs: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
        let statistics = self.statistics.get_or_init(|| self.measure(xs));
        let mut ys = vec![T::ZERO; xs.len()];
        ys.par_chunks_exact_mut(self.pixels)
            .zip(xs.par_chunks_exact(self.pixels))
            .enumerate()
            .for_each(|(plane, (ys, xs))| {
                let line = Line::new(statistics, weight, bias, plane % self.channels);
                let slope = T::lit(self.slope);
                wide!({
                    // Copies of their own, or every store might change them and nothing vectorizes.
                    let (line, slope) = (line, slope);
                    for (y, &x) in ys.iter_mut().zip(xs) {
                        let h = line.at(x);
                        let leaked = slope * h;
                        *y = if h > T::ZERO { h } else { leaked };
                    }
                });
            });
        ys
    }

    fn backward<T: Element>(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (x_read, w_read) = (reading(OP, xs), reading(OP, weight));
        let (b_read, g_read) = (reading(OP, bias), reading(OP, grad));
        let (x, w) = (x_read.elements::<T>()?, w_read.elements::<T>()?);
        let (b, g) = (b_read.elements::<T>()?, g_read.elements::<T>()?);
        let Some(statistics) = self.statistics.get() else {
            return Err(candle_core::Error::msg("batch_norm2d: backward before forward").bt());
        };
        let line = |channel: usize| Line::new(statistics, w, b, channel);
        let leak = T::lit(self.slope);
        // The gradient in front of the activation. Its sign is computed again: cheaper than kept.
        let through = move |line: Line<T>, x: T, g: T| {
            let leaked = leak * g;
            if line.at(x) > T::ZERO { g } else { leaked }
        };
        // Sums of g and of g times the normalized input: the gradients of bias and weight.
        let sums: Vec<(f64, f64)> = (0..self.channels)
            .into_par_iter()
            .map(|channel| {
                let line = line(channel);
                let mut sums = (0.0, 0.0);
                for (xs, gs) in self.planes(x, channel).zip(self.planes(g, channel)) {
                    let (g, gx) = sum_and_dot(gs, xs, line.mean, move |x, g| through(line, x, g));
                    sums = (sums.0 + g, sums.1 + gx);
                }
                (sums.0, sums.1 * statistics.inv_std(channel))
            })
            .collect();
        let grad_xs = xs
            .track_op()
            .then(|| {
                let n = (x.len() / self.channels) as f64;
                let mut grad_xs = vec![T::ZERO; x.len()];
                grad_xs
                    .par_chunks_exact_mut(self.pixels)
                    .zip(x.par_chunks_exact(self.pixels))
                    .zip(g.par_chunks_exact(self.pixels))
                    .enumerate()
                    .for_each(|(plane, ((out, xs), gs))| {
                        let channel = plane % self.channels;
                        let line = line(channel);
                        let (mean_g, slope) = if self.train {
                            let inv_std = statistics.inv_std(channel);
                            (sums[channel].0 / n, sums[channel].1 / n * inv_std)
                        } else {
                            (0.0, 0.0)
                        };
                        let (mean_g, slope) = (T::lit(mean_g), T::lit(slope));
                        wide!({
                            let (line, through) = (line, through);
                            let (mean_g, slope) = (mean_g, slope);
                            for ((out, &x), &g) in out.iter_mut().zip(xs).zip(gs) {
                                let g = through(line, x, g);
                                *out = (g - mean_g - (x - line.mean) * slope) * line.scale;
                            }
                        });
                    });
                tensor(grad_xs, xs.shape())
            })
            .transpose()?;
        let per_channel = |parameter: &Tensor, values: Vec<T>| {
            parameter.track_op().then(|| tensor(values, parameter.shape())).transpose()
        };
        let grad_weight = per_channel(weight, sums.iter().map(|s| T::lit(s.1)).collect())?;
        let grad_bias = per_channel(bias, sums.iter().map(|s| T::lit(s.0)).collect())?;
        Ok((grad_xs, grad_weight, grad_bias))
    }
}

impl Statistics {
    fn inv_std(&self, channel: usize) -> f64 {
        1.0 / (self.var[channel] + BatchNorm2d::EPS).sqrt()
    }
}

/// What becomes of the values of one channel: `(x − mean) · scale + shift`.
#[derive(Clone, Copy)]
struct Line<T> {
    mean: T,
    scale: T,
    shift: T,
}

impl<T: Element> Line<T> {
    fn new(statistics: &Statistics, weight: &[T], bias: &[T], channel: usize) -> Self {
        Self {
            mean: T::lit(statistics.mean[channel]),
            scale: T::lit(weight[channel].wide() * statistics.inv_std(channel)),
            shift: bias[channel],
        }
    }

    /// Not `scale · x + shift`: the two would cancel where the mean is large.
    #[inline]
    fn at(self, x: T) -> T {
        (x - self.mean) * self.scale + self.shift
    }
}

/// `(Σ h, Σ h (x − mean))` in f64, in lanes, with `h = f(x, g)`.
fn sum_and_dot<T: Element>(
    gs: &[T],
    xs: &[T],
    mean: T,
    f: impl Fn(T, T) -> T + Copy,
) -> (f64, f64) {
    const LANES: usize = 16;
    wide!({
        let (mean, f) = (mean, f);
        let (mut sums, mut dots) = ([0.0; LANES], [0.0; LANES]);
        let (g_chunks, x_chunks) = (gs.chunks_exact(LANES), xs.chunks_exact(LANES));
        let mut tail = (0.0, 0.0);
        for (&g, &x) in g_chunks.remainder().iter().zip(x_chunks.remainder()) {
            let h = f(x, g).wide();
            tail = (tail.0 + h, tail.1 + h * (x - mean).wide());
        }
        for (g, x) in g_chunks.zip(x_chunks) {
            for i in 0..LANES {
                let h = f(x[i], g[i]).wide();
                sums[i] += h;
                dots[i] += h * (x[i] - mean).wide();
            }
        }
        (sums.iter().sum::<f64>() + tail.0, dots.iter().sum::<f64>() + tail.1)
    })
}

impl CustomOp3 for BatchNormOp {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_dtype!(OP, s1.dtype(), T => {
            let ys = self.forward::<T>(
                elements(OP, s1, l1)?,
                elements(OP, s2, l2)?,
                elements(OP, s3, l3)?,
            );
            Ok((T::to_cpu_storage_owned(ys), l1.shape().clone()))
        })
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _ys: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, weight, bias, &grad))
    }
}

/// Moves a running statistic towards `factor * target`, in place.
struct Towards<'a> {
    target: &'a [f64],
    factor: f64,
}

impl Towards<'_> {
    fn apply<T: Element>(&self, running: &mut [T]) {
        for (running, &target) in running.iter_mut().zip(self.target) {
            let old = running.wide();
            let momentum = BatchNorm2d::MOMENTUM;
            *running = T::lit((1.0 - momentum) * old + momentum * self.factor * target);
        }
    }
}

impl InplaceOp1 for Towards<'_> {
    fn name(&self) -> &'static str {
        "running_statistics"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            return Err(candle_core::Error::RequiresContiguous { op: "running_statistics" }.bt());
        };
        match storage {
            CpuStorage::F32(values) => self.apply(&mut values[start..end]),
            CpuStorage::F64(values) => self.apply(&mut values[start..end]),
            other => return Err(Error::DType { op: OP, dtype: other.dtype() }.into()),
        }
        Ok(())
    }
}
