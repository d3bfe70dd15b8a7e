//! Plain loops compiled a second time for wide vectors.
#![expect(unsafe_code, reason = "calling code compiled for more than the baseline instruction set")]

/// Runs `f`, compiled for AVX2 where the processor has it.
///
/// The compiler vectorizes the loops of `f` with whatever is enabled where they are inlined, and a crate is built for the
/// baseline of 2003. Products and sums are not contracted, so the result has the same bits on every processor.
#[inline]
pub(crate) fn wide<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the one feature that `with_avx2` enables was just detected.
        return unsafe { with_avx2(f) };
    }
    f()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[cfg(test)]
mod tests {
    use super::wide;

    #[test]
    fn wide_loops_give_the_bits_of_narrow_ones() {
        let xs: Vec<f32> = (0..1003).map(|i| (i as f32).sin()).collect();
        let f = || xs.iter().map(|x| x * 1.7 + 0.3 / (1.0 + x * x)).collect::<Vec<f32>>();
        assert_eq!(wide(f), f());
    }
}
