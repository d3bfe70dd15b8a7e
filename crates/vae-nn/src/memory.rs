//! Reuse of freed memory between the steps of a training run.
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "declares one function of the C library")
)]

/// Asks the C library to keep freed memory for the next tensors, and returns whether it will.
///
/// Each operation of candle allocates its result. Blocks of megabytes are normally given back to
/// the system when freed, so that every step pays again for the system's clearing of each page:
/// about a sixth of a training step. A program that trains calls this once, at the start of `main`;
/// memory use then stays at its peak until the program ends. It has no effect and returns `false`
/// if the C library is not glibc.
///
/// # Examples
/// ```
/// // The result depends on the platform alone.
/// assert_eq!(vae_nn::keep_freed_memory(), cfg!(all(target_os = "linux", target_env = "gnu")));
/// ```
pub fn keep_freed_memory() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        // From malloc.h of glibc.
        const M_TRIM_THRESHOLD: c_int = -1;
        const M_MMAP_MAX: c_int = -4;
        // SAFETY: the signature is that of malloc.h; the function takes two integers, touches
        // nothing but the settings of the allocator, and reports by its result whether it took
        // them.
        unsafe extern "C" {
            safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        mallopt(M_MMAP_MAX, 0) == 1 && mallopt(M_TRIM_THRESHOLD, c_int::MAX) == 1
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    false
}
