//! The ways in and out of candle's storage.

use crate::error::Error;
use crate::kernels::element::Element;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Shape, Storage, Tensor};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Deref;

/// Runs `$body` with the type `$T` that `$dtype` stands for.
macro_rules! by_dtype {
    ($op:expr, $dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $T = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $T = f64;
                $body
            }
            dtype => Err(crate::error::Error::DType { op: $op, dtype }.into()),
        }
    };
}
pub(crate) use by_dtype;

/// The elements of a contiguous tensor inside `cpu_fwd`.
///
/// # Errors
/// If the layout is strided (callers make their arguments contiguous first) or the element type
/// differs.
pub(crate) fn elements<'a, T: Element>(
    op: &'static str,
    storage: &'a CpuStorage,
    layout: &Layout,
) -> Result<&'a [T]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        return Err(candle_core::Error::RequiresContiguous { op }.bt());
    };
    Ok(&T::cpu_storage_as_slice(storage)?[start..end])
}

/// Opens a contiguous CPU tensor for reading. Nothing can write to it in the meantime.
pub(crate) fn reading<'a>(
    op: &'static str,
    tensor: &'a Tensor,
) -> Reading<'a, impl Deref<Target = Storage> + use<'a>> {
    let (guard, layout) = tensor.storage_and_layout();
    Reading { guard, layout, op }
}

/// A tensor held open for reading.
pub(crate) struct Reading<'a, G> {
    guard: G,
    layout: &'a Layout,
    op: &'static str,
}

impl<G: Deref<Target = Storage>> Reading<'_, G> {
    /// # Errors
    /// If the tensor is strided, has another element type, or is not on the CPU.
    pub(crate) fn elements<T: Element>(&self) -> Result<&[T]> {
        match &*self.guard {
            Storage::Cpu(storage) => elements(self.op, storage, self.layout),
            _ => Err(Error::Device { op: self.op }.into()),
        }
    }
}

/// Opens a contiguous CPU tensor for writing, while `f` runs. Nothing else can read it in the
/// meantime.
///
/// # Errors
/// If the tensor is strided, has another element type, or is not on the CPU.
pub(crate) fn writing<T: Element, R>(
    op: &'static str,
    tensor: &Tensor,
    f: impl FnOnce(&mut [T]) -> Result<R>,
) -> Result<R> {
    let writing =
        Writing { op, f: Cell::new(Some(f)), result: Cell::new(None), _type: PhantomData };
    tensor.inplace_op1(&writing)?;
    writing.result.take().ok_or(Error::Device { op })?
}

/// candle lends what is behind a tensor to in-place operations only.
struct Writing<T, F, R> {
    op: &'static str,
    f: Cell<Option<F>>,
    result: Cell<Option<Result<R>>>,
    _type: PhantomData<fn(T)>,
}

impl<T: Element, R, F: FnOnce(&mut [T]) -> Result<R>> InplaceOp1 for Writing<T, F, R> {
    fn name(&self) -> &'static str {
        self.op
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            return Err(candle_core::Error::RequiresContiguous { op: self.op }.bt());
        };
        let dtype = storage.dtype();
        let values = T::values_mut(storage).ok_or(Error::DType { op: self.op, dtype })?;
        self.result.set(self.f.take().map(|f| f(&mut values[start..end])));
        Ok(())
    }
}

/// A tensor that takes over `data` without a copy.
pub(crate) fn tensor<T: Element>(data: Vec<T>, shape: impl Into<Shape>) -> Result<Tensor> {
    let shape = shape.into();
    Tensor::from_vec(data, shape, &Device::Cpu)
}
