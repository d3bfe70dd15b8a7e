//! Which instruction set the innermost loops run on.
#![expect(unsafe_code, reason = "calling code compiled for more than the baseline instruction set")]

#[cfg(target_arch = "x86_64")]
use super::vector::{Avx2, Avx512};
use super::vector::{Portable, Vector};
use std::sync::OnceLock;

/// The instruction set that the innermost loops run on here: `portable`, `avx2` (with FMA) or
/// `avx512` (AVX-512F).
pub fn instruction_set() -> &'static str {
    match Level::best() {
        Level::Portable => "portable",
        Level::Avx2 => "avx2",
        Level::Avx512 => "avx512",
    }
}

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// What every processor of the architecture has.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512F.
    Avx512,
}

impl Level {
    /// The widest set that this processor has.
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let all = [Self::Avx512, Self::Avx2];
            all.into_iter().find(|level| level.is_available()).unwrap_or(Self::Portable)
        })
    }

    /// Whether this processor has it.
    pub(crate) fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => is_x86_feature_detected!("avx512f") && Self::Avx2.is_available(),
        };
        #[cfg(not(target_arch = "x86_64"))]
        return self == Self::Portable;
    }
}

/// A loop over vectors of any kind.
pub(crate) trait Kernel<T> {
    /// Runs it. Implementations are `#[inline(always)]`, so that they are compiled for the
    /// instruction set of the caller.
    ///
    /// # Safety
    /// The processor has the instructions of `V`, and the requirements of the kernel itself are
    /// met.
    unsafe fn run<V: Vector<Scalar = T>>(self);
}

/// `f32` on every instruction set.
pub(crate) mod single {
    #[cfg(target_arch = "x86_64")]
    use super::{Avx2, Avx512, with_avx2, with_avx512};
    use super::{Kernel, Level, Portable, Vector};

    /// Elements of a vector.
    pub(crate) fn lanes(level: Level) -> usize {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Avx512::LANES,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Avx2::LANES,
            _ => Portable::<f32>::LANES,
        }
    }

    /// Largest number of vectors per block of channels.
    pub(crate) fn vectors(level: Level) -> usize {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Avx512::VECTORS,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Avx2::VECTORS,
            _ => Portable::<f32>::VECTORS,
        }
    }

    /// Runs `kernel`.
    ///
    /// # Safety
    /// The requirements of the kernel are met.
    ///
    /// # Panics
    /// If the processor does not have the instructions.
    pub(crate) unsafe fn run(level: Level, kernel: impl Kernel<f32>) {
        assert!(level.is_available(), "{level:?} on a processor without it");
        // SAFETY: the instructions were just detected; the rest is passed on to the caller.
        unsafe {
            match level {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => with_avx512(kernel),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => with_avx2::<Avx2, _>(kernel),
                _ => kernel.run::<Portable<f32>>(),
            }
        }
    }
}

/// `f64`, for tests and for callers who need it: portable code, compiled for wide vectors where the
/// processor has them.
pub(crate) mod double {
    #[cfg(target_arch = "x86_64")]
    use super::with_avx2;
    use super::{Kernel, Level, Portable, Vector};

    /// Elements of a vector.
    pub(crate) fn lanes(_level: Level) -> usize {
        Portable::<f64>::LANES
    }

    /// Largest number of vectors per block of channels.
    pub(crate) fn vectors(_level: Level) -> usize {
        Portable::<f64>::VECTORS
    }

    /// Runs `kernel`.
    ///
    /// # Safety
    /// The requirements of the kernel are met.
    ///
    /// # Panics
    /// If the processor does not have the instructions.
    pub(crate) unsafe fn run(level: Level, kernel: impl Kernel<f64>) {
        assert!(level.is_available(), "{level:?} on a processor without it");
        // SAFETY: the instructions were just detected; the rest is passed on to the caller.
        unsafe {
            match level {
                // A processor with AVX-512 has these two as well: `is_available` asks for all
                // three.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 | Level::Avx2 => with_avx2::<Portable<f64>, _>(kernel),
                _ => kernel.run::<Portable<f64>>(),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn with_avx512(kernel: impl Kernel<f32>) {
    // SAFETY: the attribute holds the caller to the instructions.
    unsafe { kernel.run::<Avx512>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2<V: Vector, K: Kernel<V::Scalar>>(kernel: K) {
    // SAFETY: the attribute holds the caller to the instructions.
    unsafe { kernel.run::<V>() }
}
