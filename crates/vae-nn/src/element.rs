//! The two element types our kernels are written for, and the ways in and out of candle's storage.

use crate::error::Error;
use crate::kernels::exponential;
use crate::kernels::micro::{self, Kernel, Level};
use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, Device, InplaceOp1, Layout, Result, Shape, Storage, Tensor, WithDType,
};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Mutex;
use std::thread::LocalKey;

/// `f32` or `f64`. Sealed: the kernels are tested for these two.
pub(crate) trait Element:
    WithDType + std::ops::Neg<Output = Self> + std::iter::Sum + Default
{
    /// A zero and a one, without naming `num-traits`.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Nearest value of this type; for literals and for sums kept in f64.
    fn lit(x: f64) -> Self;
    /// The value as f64, exactly.
    fn wide(self) -> f64;
    /// `(e^−x, ln(1 + e^−x))` for `x ≥ 0`: the two parts of a softplus and its derivative.
    fn decay_and_log(x: Self) -> (Self, Self);
    /// Without its sign.
    fn abs(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// The values of a storage of this type.
    fn values_mut(storage: &mut CpuStorage) -> Option<&mut [Self]>;
    /// The scratch buffers of this thread, one per [`Scratch`] purpose.
    fn scratch(purpose: Scratch) -> &'static LocalKey<Cell<Vec<Self>>>;
    /// Buffers that wait for their next use, see [`crate::buffer`].
    fn spare() -> &'static Mutex<Vec<Vec<Self>>>;
    /// Elements of a vector that the innermost loops use.
    fn lanes(level: Level) -> usize;
    /// Vectors per block of channels at most.
    fn vectors(level: Level) -> usize;
    /// Runs an innermost loop.
    ///
    /// # Safety
    /// What the kernel asks for holds.
    #[expect(unsafe_code, reason = "passes the demands of the kernel on")]
    unsafe fn run(level: Level, kernel: impl Kernel<Self>);
}

/// What a scratch buffer is for. Two live buffers of one thread have different purposes.
#[derive(Clone, Copy)]
pub(crate) enum Scratch {
    /// Rows that a convolution reads.
    Source,
    /// Rows of the gradient by the result of a convolution.
    Gradient,
    /// Rows on their way to a pool, or into another layout.
    Rows,
}

macro_rules! element {
    ($t:ty, $variant:ident, $decay_and_log:path, $micro:ident) => {
        impl Element for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[expect(clippy::allow_attributes, reason = "the macro serves both types")]
            #[allow(clippy::cast_lossless, reason = "a no-op for one of the types")]
            #[inline]
            fn lit(x: f64) -> Self {
                x as $t
            }

            #[expect(clippy::allow_attributes, reason = "the macro serves both types")]
            #[allow(clippy::cast_lossless, reason = "a no-op for one of the types")]
            #[inline]
            fn wide(self) -> f64 {
                self as f64
            }

            #[inline]
            fn decay_and_log(x: Self) -> (Self, Self) {
                $decay_and_log(x)
            }

            #[inline]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }

            #[inline]
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }

            fn values_mut(storage: &mut CpuStorage) -> Option<&mut [Self]> {
                match storage {
                    CpuStorage::$variant(values) => Some(values),
                    _ => None,
                }
            }

            fn scratch(purpose: Scratch) -> &'static LocalKey<Cell<Vec<Self>>> {
                thread_local! {
                    static SOURCE: Cell<Vec<$t>> = const { Cell::new(Vec::new()) };
                    static GRADIENT: Cell<Vec<$t>> = const { Cell::new(Vec::new()) };
                    static ROWS: Cell<Vec<$t>> = const { Cell::new(Vec::new()) };
                }
                match purpose {
                    Scratch::Source => &SOURCE,
                    Scratch::Gradient => &GRADIENT,
                    Scratch::Rows => &ROWS,
                }
            }

            fn spare() -> &'static Mutex<Vec<Vec<Self>>> {
                static SPARE: Mutex<Vec<Vec<$t>>> = Mutex::new(Vec::new());
                &SPARE
            }

            fn lanes(level: Level) -> usize {
                micro::$micro::lanes(level)
            }

            fn vectors(level: Level) -> usize {
                micro::$micro::vectors(level)
            }

            #[expect(unsafe_code, reason = "passes the demands of the kernel on")]
            unsafe fn run(level: Level, kernel: impl Kernel<Self>) {
                // SAFETY: passed on to the caller.
                unsafe { micro::$micro::run(level, kernel) }
            }
        }
    };
}
element!(f32, F32, exponential::decay_and_log_f32, single);
element!(f64, F64, exponential::decay_and_log_f64, double);

/// Lends a buffer of `len` elements with unspecified contents, kept by the thread between calls: no
/// allocation in the steady state, and no page faults.
pub(crate) fn with_scratch<T: Element, R>(
    purpose: Scratch,
    len: usize,
    f: impl FnOnce(&mut [T]) -> R,
) -> R {
    // Taken out rather than borrowed, so that a nested use by a stolen task merely allocates.
    let key = T::scratch(purpose);
    let mut buffer = key.take();
    if buffer.len() < len {
        buffer.resize(len, T::ZERO);
    }
    let result = f(&mut buffer[..len]);
    key.set(buffer);
    result
}

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
/// If the layout is strided (callers make their arguments contiguous first) or the element type is
/// another.
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

/// Opens a contiguous CPU tensor for reading.
pub(crate) fn reading<'a>(
    op: &'static str,
    tensor: &'a Tensor,
) -> Reading<'a, impl Deref<Target = Storage> + use<'a>> {
    let (guard, layout) = tensor.storage_and_layout();
    Reading { guard, layout, op }
}

/// A tensor held open. Nothing can write to it in the meantime.
pub(crate) struct Reading<'a, G> {
    guard: G,
    layout: &'a Layout,
    op: &'static str,
}

impl<G: Deref<Target = Storage>> Reading<'_, G> {
    pub(crate) fn shape(&self) -> &Shape {
        self.layout.shape()
    }

    /// # Errors
    /// If the tensor is strided, of another type, or not on the CPU.
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
/// If the tensor is strided, of another type, or not on the CPU.
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
