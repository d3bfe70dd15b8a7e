//! The network as an operation of candle.
//!
//! An operation of candle takes at most three arguments, but a network has two parameters per
//! layer. Each layer's parameters are therefore passed through an operation that computes nothing:
//! it makes a token of one element from the token before it and the two parameters. The network
//! takes the image and the last token. On the way back it leaves its gradients for the tokens to
//! collect.

use super::elsewhere;
use super::forward::{Network, Results};
use super::layer::Layer;
use super::plan::Plan;
use super::planes::{Interleaved, interleaved, to_planes};
use super::view::View;
use crate::composed::device;
use crate::error::Error;
use crate::kernels::element::Element;
use crate::kernels::micro::level::Level;
use crate::layers::batch_norm::Statistics;
use crate::tensors::operation::{Operation, apply2, apply3};
use crate::tensors::storage::reading;
use candle_core::{CpuStorage, Device, Result, Shape, Tensor};
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
    if device::is_elsewhere(xs) {
        return elsewhere::sequential(layers, xs, train);
    }
    let fixed = layers.iter().map(|layer| layer.fixed_statistics(train)).collect::<Result<_>>()?;
    let shared = Arc::new(Shared::default());
    let mut token = Tensor::zeros(1, xs.dtype(), xs.device())?;
    for (layer, parameters) in layers.iter().enumerate() {
        if let Some([weight, bias]) = parameters.parameters() {
            let collect = Collect { layer, shared: shared.clone() };
            token = apply3([&token, weight, bias], collect)?;
        }
    }
    let op = NetworkOp { layers: layers.to_vec(), plan: plan.clone(), fixed, train, shared };
    let shared = op.shared.clone();
    let ys = apply2([xs, &token], op)?;
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

/// What the operations of one network have in common.
#[derive(Default)]
struct Shared {
    /// `Results<T>` of a forward pass that keeps them.
    results: OnceLock<Box<dyn Any + Send + Sync>>,
    /// Per value the statistics of the batch.
    measured: OnceLock<Vec<Option<Statistics>>>,
    /// Per layer the gradients by weight and bias, between the two halves of the backward pass.
    gradients: Mutex<Vec<Option<[CpuStorage; 2]>>>,
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

    /// Whether the backward pass reads the last value.
    fn needs_last(&self) -> bool {
        !self.plan.value().is_plain()
            || self.plan.blocks.last().is_none_or(|block| block.pool.is_some())
    }
}

impl Operation<2> for NetworkOp {
    const NAME: &'static str = OP;

    fn shape(&self, _arguments: [&Shape; 2]) -> Shape {
        let last = self.plan.value();
        (self.plan.batch, last.channels, last.height, last.width).into()
    }

    fn forward<T: Element>(&self, [xs, _token]: [&[T]; 2]) -> Result<Vec<T>> {
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

    /// Leaves the gradients by the parameters to the tokens.
    fn backward<T: Element>(
        &self,
        [x, token]: [&[T]; 2],
        [wants_x, wants_token]: [bool; 2],
        g: &[T],
    ) -> Result<[Option<Vec<T>>; 2]> {
        let (first, last) = (self.plan.values[0], self.plan.value());
        let batch = self.plan.batch;
        let n_blocks = self.plan.blocks.len();
        let by_x = self.with_network(|network| {
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
            let (gradients, by_x) = network.backward(x.values(), results, gradient, wants_x);
            *self.shared.gradients.lock().unwrap_or_else(PoisonError::into_inner) = gradients
                .into_iter()
                .map(|pair| pair.map(|pair| pair.map(T::to_cpu_storage_owned)))
                .collect();
            Ok(by_x.map(|by_x| {
                let mut planes = vec![T::ZERO; by_x.len()];
                to_planes(&by_x, &first, &View::new(None, 1.0), &mut planes);
                planes
            }))
        })?;
        Ok([by_x, wants_token.then(|| vec![T::ZERO; token.len()])])
    }
}

/// Takes the gradients of one layer from the network to its parameters.
struct Collect {
    layer: usize,
    shared: Arc<Shared>,
}

impl Operation<3> for Collect {
    const NAME: &'static str = OP;

    fn forward<T: Element>(&self, [token, _weight, _bias]: [&[T]; 3]) -> Result<Vec<T>> {
        Ok(vec![T::ZERO; token.len()])
    }

    fn backward<T: Element>(
        &self,
        [token, _weight, _bias]: [&[T]; 3],
        [wants_token, wants_weight, wants_bias]: [bool; 3],
        _gradient: &[T],
    ) -> Result<[Option<Vec<T>>; 3]> {
        let mut gradients = self.shared.gradients.lock().unwrap_or_else(PoisonError::into_inner);
        let Some([by_weight, by_bias]) = gradients.get_mut(self.layer).and_then(Option::take)
        else {
            return Err(candle_core::Error::msg("sequential: backward before forward").bt());
        };
        Ok([
            wants_token.then(|| vec![T::ZERO; token.len()]),
            wants_weight.then(|| T::cpu_storage_data(by_weight)).transpose()?,
            wants_bias.then(|| T::cpu_storage_data(by_bias)).transpose()?,
        ])
    }
}
