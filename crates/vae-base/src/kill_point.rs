//! Points between the steps of writing a file, at which a test can kill the process.

/// Kills the process, as the loss of power does, if this is the point that the environment variable
/// `VAE_KILL_POINT` names, counted from 1 in the order in which the process reaches them.
///
/// Builds without debug assertions have no such points.
pub(crate) fn kill_point() {
    #[cfg(debug_assertions)]
    {
        use std::sync::OnceLock;
        use std::sync::atomic::{AtomicU64, Ordering};

        static CHOSEN: OnceLock<Option<u64>> = OnceLock::new();
        static REACHED: AtomicU64 = AtomicU64::new(0);
        let chosen =
            CHOSEN.get_or_init(|| std::env::var("VAE_KILL_POINT").ok()?.parse::<u64>().ok());
        if let Some(chosen) = chosen
            && REACHED.fetch_add(1, Ordering::Relaxed) + 1 == *chosen
        {
            // Nothing is dropped, flushed or removed.
            std::process::abort();
        }
    }
}
