//! Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};

use crate::failure::INTERRUPTED;
use crate::output::note;

/// A flag that the first Ctrl-C sets; the second ends the process.
pub(crate) fn flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            end_now();
        }
        note("stopping after this step; Ctrl-C again to stop at once");
    })
    .context("cannot catch Ctrl-C")?;
    Ok(stop)
}

#[expect(clippy::exit, reason = "files are written whole, so nothing is lost")]
fn end_now() {
    std::process::exit(i32::from(INTERRUPTED))
}
