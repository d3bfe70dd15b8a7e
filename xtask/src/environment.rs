//! A Python with torch, outside the tree.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::say;

/// The Python to measure with: the one given, or that of an environment in `cache`, which is made
/// when it is not there.
pub(crate) fn python(given: Option<&Path>, cache: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        if has_torch(given) {
            return Ok(given.to_owned());
        }
        bail!(
            "{0} cannot import torch; install it with: {0} -m pip install -r {REQUIREMENTS}",
            given.display()
        );
    }
    let folder = match cache {
        Some(cache) => cache.to_owned(),
        None => user_cache()?.join("topovae").join("pytorch"),
    };
    let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let python = folder.join(inside);
    if !has_torch(&python) {
        say(&format!("installing torch into {} (some 5 GB; once)", folder.display()));
        let base = if cfg!(windows) { "python" } else { "python3" };
        let made = succeeds(Command::new(base).args(["-m", "venv"]).arg(&folder))
            && succeeds(Command::new(&python).args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "-r",
                REQUIREMENTS,
            ]));
        if !made || !has_torch(&python) {
            bail!(
                "torch could not be installed into {}: with Python 3 and a network run this again, or give --python PATH of a Python that has it",
                folder.display()
            );
        }
    }
    Ok(python)
}

const REQUIREMENTS: &str = "benches/pytorch/requirements.txt";

fn has_torch(python: &Path) -> bool {
    let mut probe = Command::new(python);
    probe.args(["-c", "import torch"]).stdout(Stdio::null()).stderr(Stdio::null());
    succeeds(&mut probe)
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn user_cache() -> Result<PathBuf> {
    let variable =
        |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .context("no cache folder is known: give one with --cache DIR")
}
