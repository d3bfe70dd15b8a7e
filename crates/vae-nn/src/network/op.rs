//! The network as an operation of candle.
//!
//! candle's own operations take three arguments, a network has two parameters per layer. So each
//! layer's parameters are passed through an operation that computes nothing: it makes a token of
//! one element from the token before it and the two parameters. The network takes the image and the
//! last token. On the way back its gradients wait until the tokens' turn comes.

use super::Layer;
use super::forward::{Network, Results};
use super::plan::Plan;
use super::planes::{Interleaved, interleaved, to_planes};
use super::view::{Statistics, View};
use crate::composed;
use crate::element::{Element, by_dtype, elements, reading, tensor};
use crate::error::Error;
use crate::kernels::micro::Level;
use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CustomOp2, CustomOp3, DType, Device, Layout, Result, Shape, Tensor, WithDType,
};
use std::any::Any;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

const OP: &str = "sequential";

/// Applies `layers` one after the other.
///
/// # Errors
/// If the shape does not fit a layer, or the element type is neither `f32` nor `f64`.
pub(crate) fn run(layers: &[Layer], xs: &Tensor, train: bool) -> Result<Tensor> {
    let dims = match *xs.dims() {
        [batch, c, h, w] if 0 < c && 0 < h && 0 < w => [batch, c, h, w],
        _ => {
            let (op, channels) =
                layers.first().map_or((OP, None), |layer| (layer.name(), layer.in_channels()));
            let channels = channels.map_or_else(|| "C".to_owned(), |n| n.to_string());
            let expected = format!("(B, {channels}, H, W) with at least one pixel");
            return Err(Error::Shape { op, expected, actual: xs.dims().to_vec() }.into());
        }
    };
    let plan = Plan::new(layers, dims, train)?;
    if composed::takes(xs) {
        return composed::sequential(layers, xs, train);
    }
    let fixed = layers.iter().map(|layer| layer.fixed_statistics(train)).collect::<Result<_>>()?;
    let shared = Arc::new(Shared::default());
    let mut token = Tensor::zeros(1, xs.dtype(), xs.device())?;
    for (layer, parameters) in layers.iter().enumerate() {
        if let Some([weight, bias]) = parameters.parameters() {
            token = token.apply_op3(weight, bias, Collect { layer, shared: shared.clone() })?;
        }
    }
    let op = NetworkOp { layers: layers.to_vec(), plan: plan.clone(), fixed, train, shared };
    let shared = op.shared.clone();
    let ys = xs.contiguous()?.apply_op2(&token, op)?;
    if train {
        let measured = shared.measured.get().map_or(&[][..], |measured| measured);
        for (value, statistics) in plan.values.iter().zip(measured) {
            if let (Some(Layer::BatchNorm2d(norm)), Some(statistics)) =
                (value.norm.and_then(|layer| layers.get(layer)), statistics)
            {
                let values = |values: &[f64]| Tensor::new(values, &Device::Cpu);
                let (mean, var) = (values(&statistics.mean)?, values(&statistics.var)?);
                norm.learn(&mean, &var, plan.batch * value.height * value.width)?;
            }
        }
    }
    Ok(ys)
}

impl Layer {
    fn name(&self) -> &'static str {
        match self {
            Self::Conv2d(_) => "conv2d",
            Self::ConvTranspose2d(_) => "conv_transpose2d",
            Self::BatchNorm2d(_) => "batch_norm2d",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::MaxPool2d { .. } => "max_pool2d",
            Self::AvgPool2d { .. } => "avg_pool2d",
        }
    }

    /// Channels that it takes; `None` for any.
    fn in_channels(&self) -> Option<usize> {
        match self {
            Self::Conv2d(layer) => Some(layer.weight().dims()[1]),
            Self::ConvTranspose2d(layer) => Some(layer.weight().dims()[0]),
            Self::BatchNorm2d(layer) => Some(layer.weight().elem_count()),
            _ => None,
        }
    }

    /// Weight and bias.
    fn parameters(&self) -> Option<[&Tensor; 2]> {
        match self {
            Self::Conv2d(layer) => Some([layer.weight(), layer.bias()]),
            Self::ConvTranspose2d(layer) => Some([layer.weight(), layer.bias()]),
            Self::BatchNorm2d(layer) => Some([layer.weight(), layer.bias()]),
            Self::LeakyRelu { .. } | Self::MaxPool2d { .. } | Self::AvgPool2d { .. } => None,
        }
    }

    /// The running statistics, where they are used.
    fn fixed_statistics(&self, train: bool) -> Result<Option<Statistics>> {
        match self {
            Self::BatchNorm2d(norm) if !train => norm.running().map(Some),
            _ => Ok(None),
        }
    }
}

/// What the operations of one network have in common.
#[derive(Default)]
struct Shared {
    /// `Results<T>` of a forward pass that keeps them.
    results: OnceLock<Box<dyn Any + Send + Sync>>,
    /// Per value the statistics of the batch.
    measured: OnceLock<Vec<Option<Statistics>>>,
    /// Per layer the gradients by weight and bias, between the two halves of the backward pass.
    gradients: Mutex<Vec<Option<[Tensor; 2]>>>,
}

struct NetworkOp {
    layers: Vec<Layer>,
    plan: Plan,
    fixed: Vec<Option<Statistics>>,
    train: bool,
    shared: Arc<Shared>,
}

impl NetworkOp {
    /// Calls `f` with the network on the parameters as they are now, on a thread of the pool: every
    /// parallel loop that is started from another thread would put that one to sleep and wake it up
    /// again.
    fn with_network<T: Element, R: Send>(
        &self,
        f: impl FnOnce(&Network<'_, T>) -> Result<R> + Send,
    ) -> Result<R> {
        let readings: Vec<_> = self
            .layers
            .iter()
            .map(|layer| layer.parameters().map(|pair| pair.map(|tensor| reading(OP, tensor))))
            .collect();
        let parameters = readings
            .iter()
            .map(|readings| match readings {
                Some([weight, bias]) => Ok(Some([weight.elements()?, bias.elements()?])),
                None => Ok(None),
            })
            .collect::<Result<Vec<_>>>()?;
        let network = Network {
            plan: &self.plan,
            parameters: &parameters,
            fixed: &self.fixed,
            train: self.train,
            level: Level::best(),
        };
        rayon::scope(|_| f(&network))
    }

    fn forward<T: Element>(&self, xs: &[T]) -> Result<Vec<T>> {
        let (first, last) = (self.plan.values[0], self.plan.value());
        let batch = self.plan.batch;
        let mut ys = vec![T::ZERO; batch * last.len()];
        if batch == 0 {
            return Ok(ys);
        }
        self.with_network(|network| {
            let xs = Interleaved::new(xs, &first);
            if !self.train {
                network.infer(xs.values(), |images, values, view| {
                    let ys = &mut ys[images.start * last.len()..images.end * last.len()];
                    to_planes(values, &last, view, ys);
                });
                return Ok(());
            }
            let n_blocks = self.plan.blocks.len();
            let mut results = network.forward(xs.values(), batch, n_blocks);
            let measured = results.views.iter().map(View::measured).collect();
            to_planes(
                results.value(n_blocks, xs.values()),
                &last,
                &results.views[n_blocks],
                &mut ys,
            );
            if !self.needs_last() {
                results.values.truncate(n_blocks - 1);
            }
            // The op is made for one forward pass, so the cells are empty here.
            let _ = self.shared.measured.set(measured);
            let _ = self.shared.results.set(Box::new(results));
            Ok(())
        })?;
        Ok(ys)
    }

    /// Whether the backward pass reads the last value.
    fn needs_last(&self) -> bool {
        !self.plan.value().is_plain()
            || self.plan.blocks.last().is_none_or(|block| block.pool.is_some())
    }

    /// Leaves the gradients by the parameters to the tokens; gives that by `xs` if it tracks one.
    fn backward<T: Element>(&self, xs: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (x_read, g_read) = (reading(OP, xs), reading(OP, grad));
        let (x, g) = (x_read.elements::<T>()?, g_read.elements::<T>()?);
        let (first, last) = (self.plan.values[0], self.plan.value());
        let batch = self.plan.batch;
        let n_blocks = self.plan.blocks.len();
        self.with_network(|network| {
            let x = Interleaved::new(x, &first);
            let kept = self.shared.results.get().and_then(|kept| kept.downcast_ref());
            let computed;
            let results: &Results<T> = if let Some(results) = kept {
                results
            } else {
                let n = if self.needs_last() { n_blocks } else { n_blocks - 1 };
                let mut results = network.forward(x.values(), batch, n);
                results.views.resize_with(n_blocks + 1, || View::new(None, 1.0));
                computed = results;
                &computed
            };
            let gradient = interleaved(g, &last);
            let (gradients, grad_xs) =
                network.backward(x.values(), results, gradient, xs.track_op());
            let gradients = self
                .layers
                .iter()
                .zip(gradients)
                .map(|(layer, gradients)| match (layer.parameters(), gradients) {
                    (Some([weight, bias]), Some([by_weight, by_bias])) => {
                        let by_weight = tensor(by_weight, weight.shape())?;
                        Ok(Some([by_weight, tensor(by_bias, bias.shape())?]))
                    }
                    _ => Ok(None),
                })
                .collect::<Result<Vec<_>>>()?;
            *self.shared.gradients.lock().unwrap_or_else(PoisonError::into_inner) = gradients;
            grad_xs
                .map(|grad_xs| {
                    let mut planes = vec![T::ZERO; grad_xs.len()];
                    to_planes(&grad_xs, &first, &View::new(None, 1.0), &mut planes);
                    tensor(planes, xs.shape())
                })
                .transpose()
        })
    }
}

impl CustomOp2 for NetworkOp {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        _s2: &CpuStorage,
        _l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let last = self.plan.value();
        let shape = (self.plan.batch, last.channels, last.height, last.width);
        by_dtype!(OP, s1.dtype(), T => {
            let ys = self.forward::<T>(elements(OP, s1, l1)?)?;
            Ok((T::to_cpu_storage_owned(ys), shape.into()))
        })
    }

    fn bwd(
        &self,
        xs: &Tensor,
        token: &Tensor,
        _ys: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let grad_xs = by_dtype!(OP, grad.dtype(), T => self.backward::<T>(xs, &grad))?;
        Ok((grad_xs, token.track_op().then(|| token.zeros_like()).transpose()?))
    }
}

/// Takes the gradients of one layer from the network to its parameters.
struct Collect {
    layer: usize,
    shared: Arc<Shared>,
}

impl CustomOp3 for Collect {
    fn name(&self) -> &'static str {
        "parameters"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        _l2: &Layout,
        s3: &CpuStorage,
        _l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        for dtype in [s2.dtype(), s3.dtype()] {
            if dtype != s1.dtype() {
                return Err(Error::DType { op: OP, dtype }.into());
            }
        }
        let storage = match s1.dtype() {
            DType::F32 => CpuStorage::F32(vec![0.0]),
            DType::F64 => CpuStorage::F64(vec![0.0]),
            dtype => return Err(Error::DType { op: OP, dtype }.into()),
        };
        Ok((storage, l1.shape().clone()))
    }

    fn bwd(
        &self,
        token: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _res: &Tensor,
        _grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.shared.gradients.lock().unwrap_or_else(PoisonError::into_inner);
        let Some([by_weight, by_bias]) = gradients.get_mut(self.layer).and_then(Option::take)
        else {
            return Err(candle_core::Error::msg("sequential: backward before forward").bt());
        };
        Ok((
            token.track_op().then(|| token.zeros_like()).transpose()?,
            weight.track_op().then_some(by_weight),
            bias.track_op().then_some(by_bias),
        ))
    }
}
