//! Signals.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::INTERRUPTED;

/// Ends the process at Ctrl-C (or termination), which loses nothing, because files are written
/// whole. While somebody looks at `asked`, the first signal sets it, and the second ends the
/// process.
pub(crate) struct Stop {
    pub(crate) asked: Arc<AtomicBool>,
    at_once: Arc<AtomicBool>,
}

impl Stop {
    pub(crate) fn new(looked_at: bool) -> Result<Self> {
        let at_once = Arc::new(AtomicBool::new(!looked_at));
        let stop = Self { asked: Arc::default(), at_once };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal that is looked for passes, and sets both flags.
            flag::register_conditional_shutdown(signal, INTERRUPTED.into(), stop.at_once.clone())
                .and_then(|_| flag::register(signal, stop.asked.clone()))
                .and_then(|_| flag::register(signal, stop.at_once.clone()))
                .context("cannot catch Ctrl-C")?;
        }
        Ok(stop)
    }

    /// Is told whether somebody looks at the flag from here on, several times a second, and says
    /// what there is.
    pub(crate) fn flow(&self, looked_at: bool) -> ControlFlow<()> {
        let asked = self.asked.load(Ordering::Relaxed);
        self.at_once.store(!looked_at || asked, Ordering::Relaxed);
        if asked { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Lets a write beyond the allowed file size fail with an error, as a full disk does, where the
/// default is to kill the process.
pub(crate) fn errors_for_large_files() -> Result<()> {
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default())
        .context("cannot catch a signal")?;
    Ok(())
}
