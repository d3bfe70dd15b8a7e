//! What the kernels need of an element type besides arithmetic: vectors, and memory that is reused.

use crate::kernels::micro::level::{Kernel, Level, double, single};
use crate::kernels::number::Number;
use candle_core::CpuStorage;
use std::cell::Cell;
use std::sync::Mutex;
use std::thread::LocalKey;

/// A [`Number`] with its innermost loops and its buffers.
pub(crate) trait Element: Number {
    /// The values of a storage of this type.
    fn values_mut(storage: &mut CpuStorage) -> Option<&mut [Self]>;
    /// The scratch buffers of this thread, one per [`Scratch`] purpose.
    fn scratch(purpose: Scratch) -> &'static LocalKey<Cell<Vec<Self>>>;
    /// Buffers that wait for their next use; see [`Buffer`](crate::kernels::buffer::Buffer).
    fn spare() -> &'static Mutex<Vec<Vec<Self>>>;
    /// Elements of a vector that the innermost loops use.
    fn lanes(level: Level) -> usize;
    /// Largest number of vectors per block of channels.
    fn vectors(level: Level) -> usize;
    /// Runs an innermost loop.
    ///
    /// # Safety
    /// The requirements of the kernel are met.
    #[expect(unsafe_code, reason = "passes the requirements of the kernel on")]
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
    ($t:ty, $variant:ident, $micro:ident) => {
        impl Element for $t {
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
                $micro::lanes(level)
            }

            fn vectors(level: Level) -> usize {
                $micro::vectors(level)
            }

            #[expect(unsafe_code, reason = "passes the requirements of the kernel on")]
            unsafe fn run(level: Level, kernel: impl Kernel<Self>) {
                // SAFETY: passed on to the caller.
                unsafe { $micro::run(level, kernel) }
            }
        }
    };
}
element!(f32, F32, single);
element!(f64, F64, double);

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
