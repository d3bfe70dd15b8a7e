//! Signals.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::INTERRUPTED;

/// A flag that the first Ctrl-C (or termination) sets; the second ends the process at once, which
/// loses nothing: files are written whole.
pub(crate) fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, passes, and sets it.
        flag::register_conditional_shutdown(signal, i32::from(INTERRUPTED), Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .context("cannot catch Ctrl-C")?;
    }
    Ok(stop)
}

/// Lets a write beyond the allowed file size fail with an error, as a full disk does, where the
/// default is to kill the process.
pub(crate) fn errors_for_large_files() -> Result<()> {
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default())
        .context("cannot catch a signal")?;
    Ok(())
}
