//! Results on stdout, and files that are whole or absent.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use ndarray::{Array2, Array3};
use serde::Serialize;
use vae_data::npz;

/// Writes a line to stdout.
pub(crate) fn line(text: impl std::fmt::Display) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to stdout")
}

/// Writes one JSON object to stdout.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    line(serde_json::to_string(value)?)
}

/// Writes a line to stderr: what is neither a result nor an error.
pub(crate) fn note(text: impl std::fmt::Display) {
    // Nothing is left to do if stderr is gone.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A path as the user would type it: relative to the working folder where it lies below.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// A path as a word of a command that can be pasted: in quotes if the shell would take it apart.
pub(crate) fn typed(path: &Path) -> String {
    let path = shown(path);
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// Writes designs, the conditions they were asked for, and their latent vectors as one `.npz`, which `--data` and `vae decode` read again.
pub(crate) fn arrays(
    path: &Path,
    designs: &Array3<f32>,
    conditions: &Array2<f32>,
    latents: &Array2<f32>,
) -> Result<()> {
    npz::write(path, |out| {
        out.add("designs", designs.view())?;
        if 0 < conditions.ncols() {
            out.add("conditions", conditions.view())?;
        }
        out.add("z", latents.view())
    })?;
    Ok(())
}

/// Makes a folder for results.
pub(crate) fn folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let typed = |path: &str| typed(Path::new(path));
        assert_eq!(typed("runs/beams-default-1"), "runs/beams-default-1");
        assert_eq!(typed("my runs/first"), "'my runs/first'");
        assert_eq!(typed("it's"), "'it'\\''s'");
        assert_eq!(typed("a$(b)"), "'a$(b)'");
    }
}
