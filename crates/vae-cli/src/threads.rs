//! The number of threads.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::failure::UsageError;

/// The variable that rayon and candle read, once, before their first parallel loop.
const VARIABLE: &str = "RAYON_NUM_THREADS";
/// How long a thread of candle's waits for work before it sleeps. Its default of 25,000 turns keeps
/// a core from rayon's threads, which share it: a fifth of a training step of the default model on
/// two cores.
const SPINS: (&str, &str) = ("CANDLE_BARRIER_POOL_SPIN_LIMIT", "1");

/// More than any machine has cores: starting them would fail.
const MAX_THREADS: usize = 1024;

/// Threads of the kernels in this process.
pub(crate) fn current() -> usize {
    std::env::var(VARIABLE)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|&threads| 0 < threads)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Makes sure that this process runs with `threads` threads. candle reads its settings from the
/// environment only, and changing the environment of a running process is unsafe, so the command
/// starts itself again; the code is then that of the new process.
pub(crate) fn ensure(threads: Option<usize>) -> Result<Option<ExitCode>> {
    let wanted = threads.unwrap_or_else(current);
    if !(1..=MAX_THREADS).contains(&wanted) {
        let message = format!("--threads is {wanted}, but must be 1 to {MAX_THREADS}");
        return Err(UsageError::new(message).into());
    }
    let spins = std::env::var_os(SPINS.0).unwrap_or_default();
    let is_set = std::env::var(VARIABLE).is_ok_and(|text| text == wanted.to_string());
    if is_set && !spins.is_empty() {
        return Ok(None);
    }
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).env(VARIABLE, wanted.to_string());
    if spins.is_empty() {
        command.env(SPINS.0, SPINS.1);
    }
    replace(command).map(Some)
}

/// The new process takes the place of this one, so signals reach it.
#[cfg(unix)]
fn replace(mut command: Command) -> Result<ExitCode> {
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    Err(error).context("cannot start this program again")
}

#[cfg(not(unix))]
fn replace(mut command: Command) -> Result<ExitCode> {
    let status = command.status().context("cannot start this program again")?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
