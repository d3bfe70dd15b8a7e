//! candle's custom operations, written once for all of ours.
//!
//! On the CPU, a custom operation of candle has to dispatch on the element type, look behind
//! storages and layouts, and wrap its results up again, both forward and backward. An
//! [`Operation`] only computes: slices in, vectors out. [`apply1`], [`apply2`] and [`apply3`] do
//! the rest for one, two and three arguments.

use crate::error::Error;
use crate::kernels::element::Element;
use crate::tensors::storage::{by_dtype, elements, reading, tensor};
use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, WithDType,
};

/// A differentiable function of `N` tensors, on the slices behind them. A value is made for a
/// single application, so it may keep what the backward pass needs.
pub(crate) trait Operation<const N: usize>: Send + Sync + 'static {
    /// Its name in errors.
    const NAME: &'static str;

    /// The shape of the result: that of the first argument, unless stated otherwise.
    fn shape(&self, arguments: [&Shape; N]) -> Shape {
        arguments[0].clone()
    }

    /// The result.
    ///
    /// # Errors
    /// What the operation itself refuses.
    fn forward<T: Element>(&self, arguments: [&[T]; N]) -> Result<Vec<T>>;

    /// From the gradient by the result those by the `wanted` arguments.
    ///
    /// # Errors
    /// What the operation itself refuses.
    fn backward<T: Element>(
        &self,
        arguments: [&[T]; N],
        wanted: [bool; N],
        gradient: &[T],
    ) -> Result<[Option<Vec<T>>; N]>;
}

/// Applies an operation of one argument.
pub(crate) fn apply1(xs: &Tensor, operation: impl Operation<1>) -> Result<Tensor> {
    xs.contiguous()?.apply_op1(Applied(operation))
}

/// Applies an operation of two arguments.
pub(crate) fn apply2([xs, ys]: [&Tensor; 2], operation: impl Operation<2>) -> Result<Tensor> {
    xs.contiguous()?.apply_op2(&ys.contiguous()?, Applied(operation))
}

/// Applies an operation of three arguments.
pub(crate) fn apply3([xs, ys, zs]: [&Tensor; 3], operation: impl Operation<3>) -> Result<Tensor> {
    xs.contiguous()?.apply_op3(&ys.contiguous()?, &zs.contiguous()?, Applied(operation))
}

/// An operation as candle wants it.
struct Applied<O>(O);

/// The forward pass of an operation of any number of arguments.
fn forward<O: Operation<N>, const N: usize>(
    operation: &O,
    arguments: [(&CpuStorage, &Layout); N],
) -> Result<(CpuStorage, Shape)> {
    let dtype = arguments[0].0.dtype();
    if let Some((other, _)) = arguments.iter().find(|(storage, _)| storage.dtype() != dtype) {
        return Err(Error::DType { op: O::NAME, dtype: other.dtype() }.into());
    }
    by_dtype!(O::NAME, dtype, T => {
        let mut slices: [&[T]; N] = [&[]; N];
        for (slice, (storage, layout)) in slices.iter_mut().zip(arguments) {
            *slice = elements(O::NAME, storage, layout)?;
        }
        let shape = operation.shape(arguments.map(|(_, layout)| layout.shape()));
        Ok((T::to_cpu_storage_owned(operation.forward(slices)?), shape))
    })
}

/// The backward pass of an operation of any number of arguments, which are those that the forward
/// pass got and thus contiguous.
fn backward<O: Operation<N>, const N: usize>(
    operation: &O,
    arguments: [&Tensor; N],
    gradient: &Tensor,
) -> Result<[Option<Tensor>; N]> {
    // candle promises no layout of the gradient.
    let gradient = gradient.contiguous()?;
    by_dtype!(O::NAME, gradient.dtype(), T => {
        let readings = arguments.map(|argument| reading(O::NAME, argument));
        let mut slices: [&[T]; N] = [&[]; N];
        for (slice, reading) in slices.iter_mut().zip(&readings) {
            *slice = reading.elements()?;
        }
        let wanted = arguments.map(Tensor::track_op);
        let gradient = reading(O::NAME, &gradient);
        let gradients = operation.backward::<T>(slices, wanted, gradient.elements()?)?;
        let mut tensors = [const { None }; N];
        for (of, (gradient, argument)) in tensors.iter_mut().zip(gradients.into_iter().zip(arguments)) {
            *of = gradient.map(|gradient| tensor(gradient, argument.shape())).transpose()?;
        }
        Ok(tensors)
    })
}

impl<O: Operation<1>> CustomOp1 for Applied<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        forward(&self.0, [(s, l)])
    }

    fn bwd(&self, xs: &Tensor, _result: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let [by_xs] = backward(&self.0, [xs], gradient)?;
        Ok(by_xs)
    }
}

impl<O: Operation<2>> CustomOp2 for Applied<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        forward(&self.0, [(s1, l1), (s2, l2)])
    }

    fn bwd(
        &self,
        xs: &Tensor,
        ys: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok(backward(&self.0, [xs, ys], gradient)?.into())
    }
}

impl<O: Operation<3>> CustomOp3 for Applied<O> {
    fn name(&self) -> &'static str {
        O::NAME
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
        forward(&self.0, [(s1, l1), (s2, l2), (s3, l3)])
    }

    fn bwd(
        &self,
        xs: &Tensor,
        ys: &Tensor,
        zs: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        Ok(backward(&self.0, [xs, ys, zs], gradient)?.into())
    }
}
