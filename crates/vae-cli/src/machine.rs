//! What the process takes, and what is recorded of it.

use vae_train::Manifest;

use crate::threads;

/// Most memory that this process has held so far, in MiB; known on Linux.
pub(crate) fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// The command line, word by word; what is not Unicode is replaced, because it is kept as text.
pub(crate) fn command() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// What the record of a run says of its data, its seed, this program and this machine.
pub(crate) fn manifest(data_fingerprint: String, seed: u64) -> Manifest {
    Manifest {
        format: Manifest::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_fingerprint,
        seed,
        device: "cpu".to_owned(),
        threads: threads::current(),
        command: command(),
        size: None,
        resumed_at_step: Vec::new(),
        continued_by: Vec::new(),
    }
}
