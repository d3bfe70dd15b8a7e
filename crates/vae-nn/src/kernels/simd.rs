//! Plain loops compiled a second time for wide vectors.
#![expect(unsafe_code, reason = "calling code compiled for more than the baseline instruction set")]

/// Runs a block, compiled for AVX2 where the processor has it. The block may not `return`.
///
/// The compiler vectorizes loops with whatever is enabled where they are inlined, and a crate is
/// built for the baseline of 2003. Products and sums are not contracted, so the result has the same
/// bits on every processor. This is a macro rather than a function of a closure, because each copy
/// of the block then has one caller, without which the compiler does not inline it.
macro_rules! wide {
    ($body:block) => {
        if $crate::kernels::simd::is_wide() {
            $crate::kernels::simd::on_wide(|| $body)
        } else {
            $body
        }
    };
}
pub(crate) use wide;

/// Whether the processor has AVX2.
#[inline]
pub(crate) fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Runs `f` compiled for AVX2.
///
/// # Panics
/// If the processor does not have it.
#[inline]
pub(crate) fn on_wide<R>(f: impl FnOnce() -> R) -> R {
    assert!(is_wide(), "AVX2 was detected a moment ago");
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the one feature that `with_avx2` enables was just detected.
    return unsafe { with_avx2(f) };
    #[cfg(not(target_arch = "x86_64"))]
    f()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[cfg(test)]
mod tests {
    #[test]
    fn wide_loops_give_the_bits_of_narrow_ones() {
        let xs: Vec<f32> = (0..1003).map(|i| (i as f32).sin()).collect();
        let f = |x: &f32| x * 1.7 + 0.3 / (1.0 + x * x);
        let wide = wide!({ xs.iter().map(f).collect::<Vec<f32>>() });
        assert_eq!(wide, xs.iter().map(f).collect::<Vec<f32>>());
    }
}
